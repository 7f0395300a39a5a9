// A number that cannot be had any more is not offered: how many are left changes while one looks.

function offer() {
  for (const left of document.querySelectorAll("[data-left]")) {
    for (const option of left.parentElement.querySelectorAll("option")) {
      option.hidden = option.disabled = Number(option.value) > Number(left.dataset.left);
    }
  }
}

document.addEventListener("htmx:after:swap", offer);
