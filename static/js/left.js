// How many seats of each part of a hall are left: as the page was drawn, and again whenever seats were.

const hint = document.querySelector(".map-hint");
const figure = new Intl.NumberFormat(document.documentElement.lang);
let drawing = 0;

function count() {
  drawing = 0;
  for (const part of document.querySelectorAll(".block[data-thirds]")) {
    const left = part.querySelectorAll("[data-status=available]").length;
    const forSale = part.querySelectorAll("button:not([data-status=blocked])").length;
    part.dataset.thirds = forSale ? Math.ceil((3 * left) / forSale) : 0;
    const words = left ? hint.dataset.left.replace("#", figure.format(left)) : hint.dataset.none;
    const said = part.querySelector("small");
    if (said.textContent !== words) said.textContent = words;
  }
}

// Once for all that is swapped in a breath.
if (hint) document.addEventListener("htmx:after:swap", () => (drawing ||= requestAnimationFrame(count)));
