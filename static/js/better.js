// Seats that can be had instead of those that were refused are marked while they are offered: those of the first
// offer, or of the one that is looked at. Hands on the keyboard are led to the offers, and back by Escape.

const choices = document.getElementById("choices");
let cameFrom = null;
let takes = null;

function mark(form) {
  for (const seat of document.querySelectorAll("[data-better]")) {
    seat.removeAttribute("data-better");
    seat.removeAttribute("aria-describedby");
  }
  for (const id of form?.dataset.seats.split(" ") ?? []) {
    const seat = document.getElementById(`seat-${id}`);
    seat?.setAttribute("data-better", "");
    seat?.setAttribute("aria-describedby", "better");
  }
}

function show() {
  const first = choices.querySelector("form");
  mark(first);
  if (first && document.activeElement?.matches("#places :focus-visible")) {
    cameFrom = document.activeElement;
    first.querySelector("button").focus();
  } else if (takes) {
    document.getElementById(`seat-${takes}`)?.focus();
  }
  takes = null;
}

function close() {
  choices.replaceChildren();
  document.getElementById("refused").replaceChildren();
  mark(null);
  cameFrom?.focus();
  cameFrom = null;
}

if (choices) {
  const formOf = (event) => event.target.closest("#choices form");
  choices.addEventListener("pointerover", (event) => formOf(event) && mark(formOf(event)));
  choices.addEventListener("focusin", (event) => formOf(event) && mark(formOf(event)));
  choices.addEventListener("submit", (event) => {
    // Without this the focus would be lost with the button.
    if (event.submitter?.matches(":focus-visible")) takes = formOf(event).dataset.seats.split(" ")[0];
  }, true);
  choices.addEventListener("click", (event) => event.target.closest("[data-close]") && close());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && choices.childElementCount) close();
  });
  new MutationObserver(show).observe(choices, { childList: true });
}
