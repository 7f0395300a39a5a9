// How many seats of each section are left, in the list: again whenever seats were drawn.

const list = document.querySelectorAll(".seat-list");
const figure = new Intl.NumberFormat(document.documentElement.lang);
let drawing = 0;

function count() {
  drawing = 0;
  for (const part of document.querySelectorAll(".list-part")) {
    const left = part.querySelectorAll("[data-status=available]").length;
    const { left: some, none } = part.closest(".seat-list").dataset;
    const words = left ? some.replace("#", figure.format(left)) : none;
    const said = part.querySelector(".list-left");
    if (said.textContent !== words) said.textContent = words;
  }
}

// Once for all that is swapped in a breath.
if (list.length) document.addEventListener("htmx:after:swap", () => (drawing ||= requestAnimationFrame(count)));
