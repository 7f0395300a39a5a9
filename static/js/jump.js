// Marks the part of the hall that is looked at closely; the links themselves work without this.

function mark() {
  const isClose = document.getElementById(location.hash.slice(1))?.closest(".hall");
  for (const link of document.querySelectorAll(".jump a")) {
    const isCurrent = isClose ? link.hash === location.hash : link.classList.contains("jump-all");
    if (!isCurrent) {
      link.removeAttribute("aria-current");
      continue;
    }
    link.setAttribute("aria-current", "true");
    const list = link.closest("ul");
    list.scrollLeft += link.getBoundingClientRect().left - list.getBoundingClientRect().left - 16;
  }
}

addEventListener("hashchange", mark);
mark();

// A small hall that is wider than a phone begins at its middle, where the stage is.
if (!location.hash) {
  for (const box of document.querySelectorAll(".map-box")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
}
