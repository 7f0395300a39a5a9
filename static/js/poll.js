// Asks every two seconds what changed since the page's cursor, unless the stream tells (see live.js): not while
// nobody looks, at once when somebody looks again, and less often while the server cannot be reached.

const poll = document.getElementById("poll");
const offline = document.getElementById("offline");
const EVERY_MS = 2000;
const SLOWEST_MS = 15000;
let wait = EVERY_MS;
let streams = false;
let timer;

function pollNow() {
  clearTimeout(timer);
  if (document.hidden) return;
  poll.dispatchEvent(new CustomEvent("poll"));
  if (streams) return;
  // A little different every time, so that a thousand pages do not ask in one breath.
  timer = setTimeout(pollNow, wait * (0.9 + Math.random() * 0.2));
}

function isPoll(event) {
  return event.detail?.ctx?.sourceElement === poll;
}

function reached() {
  wait = EVERY_MS;
  tellOffline(false);
}

function failed() {
  wait = Math.min(wait * 2, SLOWEST_MS);
  tellOffline(true);
}

// By a class, and not by `:has(.offline)`: that would style the whole page again, thousands of seats, whenever
// anything on it changes, the countdown's every second included.
function tellOffline(isOffline) {
  offline.hidden = !isOffline;
  document.body.classList.toggle("is-offline", isOffline);
}

if (poll) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!streams) pollNow();
  });
  window.addEventListener("online", () => streams || pollNow());
  document.addEventListener("seatbook:stream", (event) => {
    streams = event.detail.runs;
    if (!streams) return pollNow();
    clearTimeout(timer);
    reached();
  });
  // For whoever knows that something is about to change, as the countdown does.
  document.addEventListener("seatbook:look", pollNow);
  document.addEventListener("htmx:after:request", (event) => {
    if (!isPoll(event)) return;
    const status = event.detail.ctx.response.status;
    if (status >= 500 || status === 429) failed();
    else reached();
    // The event is gone, or the cursor is not ours: only a new page helps, so asking again does not.
    if (status === 404 || status === 422) clearTimeout(timer), (wait = SLOWEST_MS);
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail?.ctx && !event.detail.ctx.response) failed();
  });
  timer = setTimeout(pollNow, EVERY_MS);
}
