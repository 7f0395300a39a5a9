// The checkout when its time is over: the page is asked for again, once, and says what became of the places.

let asked = false;

document.addEventListener("seatbook:look", () => {
  if (asked || !document.querySelector("#checkout[data-state=open]")) return;
  asked = true;
  // The server's clock decides; it may need a moment more than ours.
  setTimeout(() => location.reload(), 1200);
});
