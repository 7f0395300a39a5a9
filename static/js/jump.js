// Marks the part of the hall that is looked at closely; the links themselves work without this.

function mark() {
  for (const link of document.querySelectorAll(".jump a")) {
    const isHere = link.hash === location.hash && location.hash !== "";
    const isWhole = link.classList.contains("jump-all") && !document.querySelector(".hall :target");
    if (isHere || isWhole) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", mark);
mark();

// A small hall that is wider than a phone begins at its middle, where the stage is.
if (!location.hash) {
  for (const box of document.querySelectorAll(".map-box")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
}
