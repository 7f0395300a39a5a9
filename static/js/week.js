// Another week of a room has come: whatever changed since it was drawn is asked for, the address says which week it
// is, and the keyboard stays where it was.

const places = document.getElementById("places");
let pressed = null;

places?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-week-link]");
  if (link) pressed = { key: link.dataset.weekLink, id: link.closest(".slots").id, had: document.activeElement === link };
});

function arrived() {
  const week = pressed && document.getElementById(pressed.id);
  if (!week || week === pressed.shown) return;
  if (!week.dataset.drawn || week.dataset.seen !== undefined) return;
  week.dataset.seen = "";
  document.dispatchEvent(new CustomEvent("seatbook:section", { detail: { drawn: week.dataset.drawn } }));
  document.dispatchEvent(new Event("seatbook:stops"));
  history.replaceState(history.state, "", week.dataset.address);
  if (pressed.had) (week.querySelector(`[data-week-link="${pressed.key}"]`) ?? week.querySelector(".week-name")).focus();
  pressed = null;
}

// What the page itself was drawn with is no news.
for (const week of document.querySelectorAll(".slots")) week.dataset.seen = "";
document.addEventListener("htmx:after:swap", arrived);
places?.addEventListener("change", (event) => {
  if (event.target.closest(".day-strip")) document.dispatchEvent(new Event("seatbook:stops"));
});
