// Keys of the staff pages. What they are stands in the page (_nav.html), and "?" shows it.

const keys = document.getElementById("keys");
const opener = document.querySelector("[data-keys]");
let afterG = false;

function toggleKeys() {
  keys.hidden = !keys.hidden;
  opener.setAttribute("aria-expanded", String(!keys.hidden));
}

function rows() {
  return [...document.querySelectorAll("[data-row]")].map((row) => row.querySelector("a")).filter(Boolean);
}

function step(by) {
  const links = rows();
  const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus();
}

function go(key) {
  const link = [...document.querySelectorAll(".staff-nav a[data-key]")].find((one) => one.dataset.key === key);
  if (link) location.assign(link.href);
  return Boolean(link);
}

// Somebody who types a name does not mean a key.
function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio], [type=submit]), select, textarea") !== null;
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const wasAfterG = afterG;
  afterG = false;
  if (wasAfterG && go(event.key)) return event.preventDefault();
  if (event.key === "?") toggleKeys();
  else if (event.key === "Escape" && !keys.hidden) toggleKeys();
  else if (event.key === "g") afterG = true;
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") document.querySelector("[data-search]")?.focus();
  else return;
  event.preventDefault();
}

opener.hidden = false;
opener.addEventListener("click", toggleKeys);
document.addEventListener("keydown", pressed);
