// The best seats for a group: no more are offered than one may still take and than are left, which changes with
// every click, one's own and others'. Where nothing can be had the form is not there.

const form = document.getElementById("best");
const quantity = document.getElementById("best-quantity");

function offer() {
  const room = Number(document.getElementById("basket").dataset.room);
  const left = Number(document.getElementById("figures").dataset.seatsLeft);
  const most = Math.min(room, left);
  for (const option of quantity.options) option.hidden = option.disabled = Number(option.value) > most;
  const chosen = Number(quantity.value);
  if (most > 0 && !(chosen && chosen <= most)) quantity.value = String(Math.min(chosen || 2, most));
  const hadFocus = form.contains(document.activeElement);
  form.hidden = most <= 0;
  // Whoever has just found the last seats by keyboard goes on from the basket, and not from the top of the page.
  if (form.hidden && hadFocus) document.querySelector("#basket [name=release]")?.focus();
}

if (form) document.addEventListener("htmx:after:swap", offer);
