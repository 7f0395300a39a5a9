// How long a hold is still ours. Counts from the seconds that the server gave, by a clock that nobody can set,
// so it never jumps; a new answer corrects it only when it differs by more than a network's delay.

const LATE_SECONDS = 60;
// From here on "Still there?" is asked, where more time can be had.
const ENDING_SECONDS = 15;
const SAME_SECONDS = 1.5;
let endsAt = null;
let lastTold = null;
let lastLeft = null;
let timer;

// What is heard of the time, and when: a minute before the end, and a quarter of one. That a hold has begun, until
// when, and that it has ended, the basket says.
const said = document.getElementById("clock-said");
const SAID_AT = [15, 60];

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
  const clock = document.querySelector(".has-clock");
  clock?.classList.toggle("is-late", left <= LATE_SECONDS);
  clock?.classList.toggle("is-ending", left > 0 && left <= ENDING_SECONDS);
  say(left);
  if (left === 0) {
    // The server's clock decides; it may need a moment more than ours.
    document.dispatchEvent(new Event("seatbook:look"));
    timer = setTimeout(draw, 1000);
  } else {
    timer = setTimeout(draw, Math.max(50, (left % 1) * 1000));
  }
}

function say(left) {
  const passed = SAID_AT.find((seconds) => left > 0 && left <= seconds && lastLeft > seconds);
  if (passed && said) said.textContent = said.dataset[`at${passed}`];
  else if (said && left > Math.max(...SAID_AT)) said.textContent = "";
  lastLeft = left;
}

function start() {
  clearTimeout(timer);
  const shown = document.querySelector("[data-countdown]");
  if (!shown) {
    endsAt = lastTold = lastLeft = null;
    if (said) said.textContent = "";
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
