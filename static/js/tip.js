// The name of the seat under the pointer or the focus: the words that a screen reader hears, beside the seat.

const tip = document.getElementById("tip");
const places = document.getElementById("places");

function show(seat) {
  const [name, ...rest] = seat.getAttribute("aria-label").split(" · ");
  tip.firstElementChild.textContent = name;
  tip.lastElementChild.textContent = rest.join(" · ");
  tip.hidden = false;
  const at = seat.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
  const above = at.top - own.height - 8;
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(above < 60 ? at.bottom + 8 : above)}px)`;
}

function hide() {
  tip.hidden = true;
}

if (tip && places) {
  // A slot says all of this on its face.
  const seatOf = (event) => event.target.closest(".hall button");
  places.addEventListener("pointerover", (event) => {
    const seat = event.pointerType === "mouse" && seatOf(event);
    if (seat) show(seat);
    else hide();
  });
  places.addEventListener("pointerleave", hide);
  places.addEventListener("focusin", (event) => {
    const seat = seatOf(event);
    if (seat?.matches(":focus-visible")) show(seat);
  });
  places.addEventListener("focusout", hide);
  addEventListener("scroll", hide, { passive: true, capture: true });
  // What the name says may change while it is shown.
  document.addEventListener("htmx:after:swap", () => {
    const seat = places.querySelector(".hall button:hover") ?? places.querySelector(".hall button:focus-visible");
    if (!tip.hidden && seat) show(seat);
  });
}
