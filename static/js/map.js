// A drawn hall under hands: a closer look by wheel, two fingers, keys and buttons, pushed by fingers, a mouse, arrows
// and scroll bars. The hall scrolls in its own box; a closer look only makes it larger, so that everything the
// browser knows about scrolling works here too. Of a big house the seats of a part come when somebody is near it.

const FINGERS = matchMedia("(pointer: coarse)");
const STEP = 1.5;
const LARGEST_SEAT = 46; // Pixels: 44 are enough for any finger, wherever their edges come to lie.
const MOST_SECTIONS = 6; // So many have their seats on the page at once.
const DRAG_PIXELS = 6;

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

function makeMap(hall) {
  const box = hall.parentElement;
  const map = box.parentElement;
  const units = Number(getComputedStyle(hall).getPropertyValue("--units"));
  const overview = location.pathname.replace(/\/sections\/\d+$/, "");
  const isBig = "big" in hall.dataset;
  const where = map.querySelector(".map-where");
  const coming = new Map();
  let zoom = 1;
  let opened = [];

  const pitch = () => hall.getBoundingClientRect().width / units;
  // Too small to be pressed: then the parts of the hall are what one presses.
  const tooSmall = () => pitch() < (FINGERS.matches ? 20 : 12);
  const partOf = (id) => document.getElementById(`part-${id}`);
  const rowsOf = (id) => document.getElementById(`rows-${id}`);
  // The key of a part, by its outline or its name: a section's id, or "a" and an area's.
  const keyOf = (one) => one?.closest("[data-part]")?.dataset.part ?? one?.closest(".part")?.id.slice("part-".length);
  const isArea = (key) => key.startsWith("a");

  // --- closer and further ---

  function zoomTo(next, at = middleOf(box)) {
    const before = hall.getBoundingClientRect();
    const share = { x: (at.x - before.left) / before.width, y: (at.y - before.top) / before.height };
    zoom = clamp(next, 1, Math.max(1, (LARGEST_SEAT / pitch()) * zoom));
    hall.style.setProperty("--zoom", zoom);
    // With room around it, so that its edges can come to the middle.
    box.toggleAttribute("data-moves", zoom > 1);
    const after = hall.getBoundingClientRect();
    box.scrollLeft += after.left + share.x * after.width - at.x;
    box.scrollTop += after.top + share.y * after.height - at.y;
    settle();
  }

  function settle() {
    const isFar = tooSmall() && hall.querySelector(".part") !== null;
    if (hall.hasAttribute("data-far") !== isFar) {
      hall.toggleAttribute("data-far", isFar);
      document.dispatchEvent(new Event("seatbook:stops"));
    }
    map.querySelector('[data-zoom="out"]').disabled = map.querySelector('[data-zoom="all"]').disabled = zoom <= 1;
    map.querySelector('[data-zoom="in"]').disabled = pitch() >= LARGEST_SEAT - 0.5;
    moved();
  }

  function wholeHall() {
    zoomTo(1);
    if (location.pathname !== overview || location.hash) history.replaceState(history.state, "", overview);
  }

  // Bring something to the middle, with seats of so many pixels; where it has no room, this seat of it.
  function goTo(frame, seatPixels, seat) {
    zoomTo((seatPixels / pitch()) * zoom, middleOf(frame));
    const [there, here, aim] = [middleOf(frame), middleOf(box), middleOf(seat ?? frame)];
    const [size, room] = [frame.getBoundingClientRect(), box.getBoundingClientRect()];
    box.scrollLeft += (size.width < room.width ? there.x : aim.x) - here.x;
    box.scrollTop += (size.height < room.height ? there.y : aim.y) - here.y;
  }

  // --- a part of the hall ---

  async function open(id, { byKey = false, seatId = null } = {}) {
    const part = partOf(id);
    if (isBig && !rowsOf(id)) await load(id);
    const frame = document.getElementById(`section-${id}`);
    if (!frame) return;
    const seat = seatId && document.getElementById(`seat-${seatId}`);
    const room = box.getBoundingClientRect();
    const size = frame.getBoundingClientRect();
    const fits = pitch() * 0.92 * Math.min(room.width / size.width, room.height / size.height);
    const aim = seat ?? seatNear(rowsOf(id), middleOf(frame));
    goTo(frame, FINGERS.matches ? LARGEST_SEAT : clamp(fits, 22, LARGEST_SEAT), aim);
    if (part) history.replaceState(history.state, "", part.getAttribute("href"));
    if (byKey || seat) (aim ?? part)?.focus({ preventScroll: true });
  }

  // While it is on its way its outline breathes. Where nothing can be reached, poll.js says so.
  function load(id) {
    if (!coming.has(id)) {
      const address = partOf(id).getAttribute("href").split("#")[0];
      const outline = hall.querySelector(`[data-part="${id}"]`);
      outline.dataset.pending = "";
      const asked = htmx.ajax("GET", address, { source: hall, target: hall, swap: "beforeend" });
      const ended = () => {
        coming.delete(id);
        delete outline.dataset.pending;
      };
      coming.set(id, asked.finally(ended).then(() => arrived(id), () => {}));
    }
    return coming.get(id);
  }

  function arrived(id) {
    const rows = rowsOf(id);
    if (!rows) return;
    opened = [...opened.filter((other) => other !== id), id];
    mark();
    document.dispatchEvent(new CustomEvent("seatbook:section", { detail: { drawn: rows.dataset.drawn } }));
    const far = opened.filter((other) => other !== id && !isInSight(partOf(other)));
    for (const other of far.slice(0, Math.max(0, opened.length - MOST_SECTIONS))) {
      if (rowsOf(other).contains(document.activeElement)) continue;
      rowsOf(other).remove();
      opened = opened.filter((one) => one !== other);
    }
    mark();
  }

  // Of a big house the server tells what a section has left. Otherwise its seats are all here, and an area of alike
  // places tells it below the map.
  const figure = new Intl.NumberFormat(document.documentElement.lang);
  function count() {
    for (const part of hall.querySelectorAll("a.part")) {
      const id = keyOf(part);
      const meter = isArea(id) && document.querySelector(`#area-${id.slice(1)}-left meter`);
      if (!meter && (isBig || !rowsOf(id))) continue;
      const left = meter ? meter.value : rowsOf(id).querySelectorAll("[data-status=available]").length;
      const all = meter ? meter.max : rowsOf(id).querySelectorAll("button:not([data-status=blocked])").length;
      const said = document.getElementById(`${part.id}-left`);
      const words = left ? hall.dataset.left.replace("#", figure.format(left)) : hall.dataset.none;
      if (said.textContent !== words) said.textContent = words;
      said.dataset.thirds = all ? Math.ceil((3 * left) / all) : 0;
    }
  }

  // Parts whose seats are shown need no name over them; and each outline wears what its part has left.
  function mark() {
    count();
    const mine = {};
    for (const { dataset } of document.querySelectorAll('#basket[data-state="open"] [data-section]')) {
      mine[dataset.section] = (mine[dataset.section] ?? 0) + 1;
    }
    for (const outline of hall.querySelectorAll("[data-part]")) {
      const id = outline.dataset.part;
      const isOpen = rowsOf(id) !== null;
      partOf(id).toggleAttribute("data-open", isOpen);
      outline.toggleAttribute("data-open", isOpen);
      for (const one of [partOf(id), outline]) {
        if (mine[id]) one.dataset.mine = mine[id];
        else delete one.dataset.mine;
      }
      const left = document.getElementById(`part-${id}-left`);
      if (outline.dataset.thirds !== left.dataset.thirds) outline.dataset.thirds = left.dataset.thirds;
    }
    document.dispatchEvent(new Event("seatbook:stops"));
  }

  let waiting;
  function moved() {
    clearTimeout(waiting);
    waiting = setTimeout(lookAround, 120);
  }

  // Where one is, and the seats of what one sees.
  function lookAround() {
    const middle = middleOf(box);
    const away = (part) => distance(middleOf(part), middle);
    const seen = zoom > 1 ? [...hall.querySelectorAll(".part")].filter(isInSight) : [];
    seen.sort((one, other) => away(one) - away(other));
    const under = document.elementsFromPoint(middle.x, middle.y).find((one) => one.closest("[data-part]"));
    const part = under ? partOf(under.closest("[data-part]").dataset.part) : seen[0];
    const said = zoom > 1 && part ? [...part.firstElementChild.children] : [];
    where.textContent = said.map((word) => word.textContent).join(" · ");
    if (!isBig || hall.hasAttribute("data-far")) return;
    const missing = seen.map(keyOf).filter((id) => !isArea(id) && !rowsOf(id));
    for (const id of missing.slice(0, Math.max(0, 2 - coming.size))) load(id).then(moved);
  }

  function isInSight(element) {
    const [one, all] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
    return one.right > all.left && one.left < all.right && one.bottom > all.top && one.top < all.bottom;
  }

  function seatNear(rows, middle) {
    let best = null;
    let least = Infinity;
    for (const seat of rows?.querySelectorAll("button[name=hold]") ?? []) {
      const away = distance(middleOf(seat), middle);
      if (away < least) [best, least] = [seat, away];
    }
    return best;
  }

  // --- hands ---

  map.querySelector(".map-head").hidden = false;
  map.addEventListener("click", (event) => {
    const way = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (way === "all") return wholeHall();
    if (way) return zoomTo(way === "in" ? zoom * STEP : zoom / STEP);
    const id = keyOf(event.target);
    if (!id || isArea(id) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(id, { byKey: event.detail === 0 });
  });

  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoomTo(zoom * STEP, middleOf(event.target.closest("button, .part") ?? box));
    else if (event.key === "-") zoomTo(zoom / STEP);
    else if (event.key === "0" || (event.key === "Escape" && zoom > 1)) {
      const id = event.target.closest(".rows")?.id.slice("rows-".length);
      wholeHall();
      if (id) partOf(id)?.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });

  // With Ctrl, as on other maps; a pad's two fingers come as that too. Without, the wheel scrolls.
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-clamp(event.deltaY, -60, 60) / 120), { x: event.clientX, y: event.clientY });
  }, { passive: false });

  // While two fingers move, the hall is only stretched, which costs nothing; its seats follow when they are lifted.
  let pinch = null;
  const spread = ([one, other]) => ({
    apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
    at: { x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2 },
  });
  box.addEventListener("touchstart", ({ touches }) => {
    if (touches.length !== 2) return;
    const { left, top } = hall.getBoundingClientRect();
    pinch = { ...spread(touches), scale: 1, dx: 0, dy: 0, most: LARGEST_SEAT / pitch() };
    hall.style.transformOrigin = `${pinch.at.x - left}px ${pinch.at.y - top}px`;
  }, { passive: true });
  box.addEventListener("touchmove", (event) => {
    if (!pinch || event.touches.length !== 2) return;
    event.preventDefault();
    const { apart, at } = spread(event.touches);
    pinch.scale = clamp(apart / pinch.apart, 1 / zoom, Math.max(1, pinch.most));
    [pinch.dx, pinch.dy] = [at.x - pinch.at.x, at.y - pinch.at.y];
    hall.style.transform = `translate(${pinch.dx}px, ${pinch.dy}px) scale(${pinch.scale})`;
  }, { passive: false });
  const lift = () => {
    if (!pinch) return;
    const { at, scale, dx, dy } = pinch;
    pinch = null;
    hall.style.transform = hall.style.transformOrigin = "";
    zoomTo(zoom * scale, at);
    box.scrollLeft -= dx;
    box.scrollTop -= dy;
  };
  box.addEventListener("touchend", lift, { passive: true });
  box.addEventListener("touchcancel", lift, { passive: true });

  let drag = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && zoom > 1) {
      drag = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop, moved: false };
    }
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.hypot(dx, dy) < DRAG_PIXELS) return;
    drag.moved = true;
    box.dataset.moves = "now";
    box.scrollTo(drag.left - dx, drag.top - dy);
  });
  addEventListener("pointerup", () => {
    if (drag?.moved) {
      box.dataset.moves = "";
      // What the mouse was let go over was not meant.
      box.addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => box.removeEventListener("click", stop, { capture: true }));
    }
    drag = null;
  });
  box.addEventListener("dragstart", (event) => event.preventDefault());
  const stop = (event) => (event.preventDefault(), event.stopPropagation());

  box.addEventListener("scroll", moved, { passive: true });
  // Once for all that is swapped in a breath.
  let marking = 0;
  document.addEventListener("htmx:after:swap", () => {
    marking ||= requestAnimationFrame(() => {
      marking = 0;
      mark();
    });
  });
  document.addEventListener("seatbook:show", ({ detail }) => {
    if (!partOf(detail.section)) return;
    open(String(detail.section), { seatId: detail.seat }).then(() => box.scrollIntoView({ block: "nearest" }));
  });
  // From the basket to the seat. On a phone the basket lies over the map.
  document.addEventListener("click", (event) => {
    const line = event.target.closest("#basket a[data-section]");
    if (!line || !partOf(line.dataset.section) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.getElementById("sheet").checked = false;
    const detail = { section: line.dataset.section, seat: line.hash.slice("#seat-".length) };
    document.dispatchEvent(new CustomEvent("seatbook:show", { detail }));
  });
  // Focus that keys moved stays in sight. Under a finger nothing moves, or it would let go of something else.
  hall.addEventListener("focusin", (event) => {
    if (event.target.matches(":is(button, .part):focus-visible")) event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  new ResizeObserver(settle).observe(box);

  hall.dataset.ready = "";
  mark();
  for (const rows of hall.querySelectorAll(".rows[id]")) opened.push(rows.id.slice("rows-".length));
  settle();
  const asked = location.hash.match(/^#section-(\d+)$/)?.[1];
  const seat = document.getElementById(location.hash.slice(1))?.closest(".drawn button");
  if (asked && partOf(asked)) {
    open(asked);
    // The browser goes to the middle of the part; here the box does that, and the page shows all of the map.
    addEventListener("load", () => requestAnimationFrame(() => {
      map.querySelector(".map-head").scrollIntoView({ block: "nearest" });
    }));
  } else if (seat) open(seat.closest(".rows").id.slice("rows-".length), { seatId: seat.id.slice("seat-".length) });
  else if (FINGERS.matches && !hall.querySelector(".part")) {
    // Without parts there is nothing else to press: it begins close, at the middle of the first row.
    const { x, top } = { ...middleOf(hall), top: hall.getBoundingClientRect().top };
    goTo(hall, LARGEST_SEAT, seatNear(hall, { x, y: top }));
  }
}

function middleOf(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

for (const hall of document.querySelectorAll(".hall.drawn")) makeMap(hall);

// A small hall that is wider than a phone begins at its middle, where the stage is.
if (!location.hash) {
  for (const box of document.querySelectorAll(".map-box:not(:has(.drawn))")) {
    box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
  }
}
