// A sale that opens at a set instant: counted down by the server's clock, from the seconds that it told; what this
// machine's clock says does not matter. At that instant what can be pressed can be pressed, on all open pages and
// without asking anybody. What else is new then is asked for a little later, by each page at a moment of its own.

const SPREAD_MS = 10_000; // So long it takes until all pages have asked.
const A_DAY = 86_400;

let opensAt = null;
let told = null;
let timer;

const note = () => document.querySelector("[data-opens-in]");

// When the answer came that the page was made of: later than the server's look at its clock, and never earlier.
const [navigation] = performance.getEntriesByType("navigation");
let toldAt = navigation?.responseStart ?? performance.now();

function read() {
  const shown = note();
  if (!shown || shown.dataset.opensIn === told) return;
  told = shown.dataset.opensIn;
  opensAt = toldAt + Number(told) * 1000;
  count();
}

function count() {
  clearTimeout(timer);
  const shown = note();
  if (!shown) return;
  const left = (opensAt - performance.now()) / 1000;
  if (left <= 0) return open(shown);
  shown.hidden = left > A_DAY;
  const words = text(Math.ceil(left));
  const clock = shown.querySelector("b");
  if (clock.textContent !== words) clock.textContent = words;
  timer = setTimeout(count, Math.min(left, left % 1 || 1) * 1000);
}

function text(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function open(shown) {
  const { opened, free, notYet } = shown.dataset;
  for (const fields of document.querySelectorAll("fieldset.waits")) fields.disabled = false;
  for (const seat of document.querySelectorAll('#places button[data-status="available"]:not([name])')) {
    const id = seat.id.replace("seat-", "");
    seat.type = "submit";
    seat.name = "hold";
    seat.value = id;
    seat.removeAttribute("aria-disabled");
    seat.setAttribute("aria-label", seat.getAttribute("aria-label").replace(notYet, free));
  }
  const sentence = shown.closest(".sale-note");
  sentence.dataset.sale = "on_sale";
  sentence.textContent = opened;
  const heard = document.createElement("p");
  heard.textContent = opened;
  document.getElementById("said").replaceChildren(heard);
  setTimeout(ask, Math.random() * SPREAD_MS);
}

function ask() {
  const whole = document.getElementById("poll").elements.namedItem("basket");
  const was = whole.disabled;
  whole.disabled = false;
  document.addEventListener("htmx:finally:request", () => (whole.disabled = was), { once: true });
  document.dispatchEvent(new Event("seatbook:look"));
}

document.addEventListener("htmx:after:swap", () => {
  toldAt = performance.now();
  read();
});
// A machine that slept has counted nothing.
document.addEventListener("visibilitychange", () => document.hidden || (note() && ask()));
read();
