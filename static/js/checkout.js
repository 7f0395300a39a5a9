// The checkout when its time is over: the page is asked for again, once, and says what became of the places. And the
// Enter key in a field for people, which works out the prices: by itself it would press the form's first button, that
// of the code.

let asked = false;

document.addEventListener("seatbook:look", () => {
  if (asked || !document.querySelector("#checkout[data-state=open]")) return;
  asked = true;
  // The server's clock decides; it may need a moment more than ours.
  setTimeout(() => location.reload(), 1200);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest(".line-people")) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change", { bubbles: true }));
});
