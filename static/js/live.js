// Follows the event's stream: what changes comes as markup and is swapped in. While the stream runs nobody
// polls; when it cannot run, poll.js asks instead.
//
// Everything that is drawn says which place in the log it knows of. A part of the page never takes a drawing
// that is older than the one it shows, whichever way and in whichever order they come.

const poll = document.getElementById("poll");
const path = poll?.dataset.stream;

const SILENCE_MS = 40_000; // The server says something every 15 s.
const ANSWER_MS = 100; // How often to look whether the answer to one's own click is there.
const OFFER_MS = 1_000; // How old the offer of a hold that ended may be.
const LONGEST_WAIT_MS = 60_000;
const MOST_ACTS = 8;

let source = null;
let runs = false;
let failures = 0;
let silence;
let next;
// Where the stream is ahead of what this page has fetched; until then the page's own place stays.
let behind = null;
let basketKnows = null;
// Whether an answer to the poll is on its way, and what has to be caught up with after it.
let asks = false;
let late = null;
// Requests of this page that somebody made, by htmx's own record of each.
const clicks = new Set();
const ON_ITS_WAY = new Set(["issuing", "response received"]);
let offer;
let turn = Promise.resolve();

const field = (name) => poll.elements.namedItem(name);
const here = () => field("since").value;

function isOlder(cursor, other) {
  const [a, b] = [cursor, other].map((text) => text.split(".").map(Number));
  const nth = a.findIndex((number, index) => number !== b[index]);
  return nth >= 0 && a[nth] < b[nth];
}

// --- the stream ---

function open() {
  close();
  if (document.hidden) return;
  behind = null;
  const query = new URLSearchParams({ since: here(), visitor: field("visitor").value });
  source = new EventSource(`${path}?${query}`);
  listenFor("message", (message) => draw(message));
  listenFor("beat", (message) => moveTo(message.lastEventId));
  listenFor("own", (message) => basketMustKnow(message.data));
  listenFor("refetch", (message) => {
    const { within_ms, cursor } = JSON.parse(message.data);
    behind = cursor;
    setTimeout(look, Math.random() * within_ms);
  });
  listenFor("again", (message) => {
    close();
    next = setTimeout(open, Math.random() * JSON.parse(message.data).within_ms);
  });
  listenFor("reload", (message) => {
    close();
    setTimeout(() => location.reload(), Math.random() * JSON.parse(message.data).within_ms);
  });
  source.onerror = lost;
  hear();
}

function listenFor(name, act) {
  const from = source;
  from.addEventListener(name, (event) => {
    if (from !== source) return;
    hear();
    // Only now: a proxy may open a stream and keep what comes to itself.
    if (!runs) tell(true);
    failures = 0;
    act(event);
  });
}

function close() {
  clearTimeout(silence);
  clearTimeout(next);
  source?.close();
  source = null;
}

function hear() {
  clearTimeout(silence);
  silence = setTimeout(lost, SILENCE_MS);
}

function lost() {
  close();
  failures += 1;
  // Once is a server that restarts, or a tunnel's end.
  if (failures > 1) tell(false);
  const wait = Math.min(1000 * 2 ** (failures - 1), LONGEST_WAIT_MS);
  next = setTimeout(open, wait * (0.5 + Math.random()));
}

function tell(itRuns) {
  runs = itRuns;
  field("basket").disabled = !runs;
  document.dispatchEvent(new CustomEvent("seatbook:stream", { detail: { runs } }));
}

// --- what it brings ---

function draw({ data, lastEventId }) {
  turn = turn
    .then(() => htmx.swap({ sourceElement: poll, target: poll, swap: "none", text: data, drawnAt: lastEventId }))
    .then(() => moveTo(lastEventId), console.error)
    .then(checkOffer);
}

function moveTo(cursor) {
  if (cursor && !behind && isOlder(here(), cursor)) field("since").value = cursor;
}

function look() {
  document.dispatchEvent(new Event("seatbook:look"));
}

// A part of a big house was drawn before what this page knows already: whatever happened in between is asked for.
function catchUp(cursor) {
  if (!isOlder(cursor, here())) return;
  if (asks) {
    late = late && isOlder(late, cursor) ? late : cursor;
    return;
  }
  behind ??= here();
  field("since").value = cursor;
  look();
}

function basketMustKnow(cursor) {
  if (!basketKnows || isOlder(basketKnows, cursor)) basketKnows = cursor;
  lookAtBasket();
}

// One's own click brings the basket itself; what was done in another window does not.
function lookAtBasket() {
  if (!basketKnows) return;
  for (const click of clicks) if (!ON_ITS_WAY.has(click.status)) clicks.delete(click);
  if (clicks.size) setTimeout(lookAtBasket, ANSWER_MS);
  else if (isOlder(document.getElementById("basket").dataset.drawn, basketKnows)) look();
  else basketKnows = null;
}

// A basket whose time is over offers its places again: which of them are still free changes with everybody.
function checkOffer() {
  if (offer || document.getElementById("basket").dataset.state !== "ended") return;
  offer = setTimeout(() => {
    offer = null;
    look();
  }, OFFER_MS * (1 + Math.random()));
}

function afterLook() {
  asks = false;
  if (late) {
    const cursor = late;
    late = null;
    return catchUp(cursor);
  }
  if (behind && !isOlder(here(), behind)) behind = null;
  if (behind || basketKnows) setTimeout(behind ? look : lookAtBasket, 1000);
}

// --- what is older than what is shown ---

// By the id of a part of the page: where in the log it was drawn. Parts that the stream draws by themselves stand
// within others that only answers draw.
const drawn = new Map();
const WITHIN = "#acts, [data-left]";

function keepWhatIsNewer({ ctx, tasks }) {
  const basket = tasks.map((task) => task.fragment.querySelector("#basket")).find(Boolean);
  const drawnAt = ctx.drawnAt ?? basket?.dataset.drawn;
  if (!drawnAt) return;
  const isOld = (id) => isOlder(drawnAt, drawn.get(id) ?? drawnAt);
  const isNews = ({ target, fragment }) => {
    if (!target || target.closest("#message")) return true;
    if (target.id === "cursor") return !isOlder(fragment.firstElementChild.value, here());
    if (isOld(target.id)) return false;
    for (const part of fragment.querySelectorAll(WITHIN)) {
      if (isOld(part.id)) part.replaceWith(document.getElementById(part.id).cloneNode(true));
      else drawn.set(part.id, drawnAt);
    }
    drawn.set(target.id, drawnAt);
    return true;
  };
  tasks.splice(0, tasks.length, ...tasks.filter(isNews));
  // A line that is there already, as when a stream begins a little before its page ends.
  for (const { target, fragment } of tasks) {
    if (target?.id !== "acts") continue;
    for (const act of [...fragment.children]) document.getElementById(act.id) && act.remove();
  }
}

function keepActsFew() {
  const acts = document.getElementById("acts");
  while (acts?.childElementCount > MOST_ACTS) acts.lastElementChild.remove();
}

// --- other windows ---

// Somebody signed in or out in another window of this browser: what this one shows was drawn for somebody else.
function shareVisitor() {
  const mine = field("visitor").value;
  const channel = new BroadcastChannel("seatbook");
  channel.onmessage = ({ data }) => {
    if (data !== mine && (data + mine).includes("user")) location.reload();
  };
  channel.postMessage(mine);
}

if (path) {
  document.addEventListener("htmx:before:swap", (event) => keepWhatIsNewer(event.detail));
  document.addEventListener("htmx:after:swap", keepActsFew);
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement === poll) asks = true;
    else clicks.add(detail.ctx);
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (detail.ctx.sourceElement === poll) afterLook();
  });
  document.addEventListener("seatbook:section", ({ detail }) => catchUp(detail.drawn));
  document.addEventListener("visibilitychange", () => {
    failures = 0;
    if (document.hidden) close();
    else open();
  });
  window.addEventListener("online", open);
  window.addEventListener("offline", lost);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  open();
  shareVisitor();
}
