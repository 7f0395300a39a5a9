// How long a hold is still ours. Counts from the seconds that the server gave, by a clock that nobody can set,
// so it never jumps; a new answer corrects it only when it differs by more than a network's delay.

const LATE_SECONDS = 60;
const SAME_SECONDS = 1.5;
let endsAt = null;
let lastTold = null;
let timer;

function secondsLeft() {
  return Math.max(0, (endsAt - performance.now()) / 1000);
}

function text(seconds) {
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function draw() {
  const left = secondsLeft();
  for (const shown of document.querySelectorAll("[data-countdown]")) {
    if (shown.textContent !== text(left)) shown.textContent = text(left);
  }
  for (const bar of document.querySelectorAll("[data-countdown-bar]")) {
    const share = Math.min(1, left / Number(bar.dataset.countdownOf));
    bar.firstElementChild.style.transform = `scaleX(${share})`;
  }
  document.getElementById("basket").classList.toggle("is-late", left <= LATE_SECONDS);
  if (left === 0) {
    // The server's clock decides; it may need a moment more than ours.
    document.dispatchEvent(new Event("seatbook:look"));
    timer = setTimeout(draw, 1000);
  } else {
    timer = setTimeout(draw, Math.max(50, (left % 1) * 1000));
  }
}

function start() {
  clearTimeout(timer);
  const shown = document.querySelector("[data-countdown]");
  if (!shown) {
    endsAt = lastTold = null;
    return;
  }
  // Drawn when it was last drawn: only what is new tells what is left now.
  if (shown.dataset.countdown === lastTold) return draw();
  lastTold = shown.dataset.countdown;
  const told = performance.now() + Number(shown.dataset.countdown) * 1000;
  if (endsAt === null || Math.abs(told - endsAt) > SAME_SECONDS * 1000) endsAt = told;
  draw();
}

document.addEventListener("htmx:after:swap", start);
document.addEventListener("visibilitychange", () => document.hidden || start());
start();
