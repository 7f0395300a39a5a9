// Hands on the map: a double click is one click, arrow keys walk the hall, and a late answer shows on its seat.

const places = document.getElementById("places");
const isSeat = (element) => element?.closest?.("#places button:not(.tool)");

if (places) {
  // The second click of a double click would give back what the first one took.
  places.addEventListener("click", (event) => {
    if (event.detail > 1 && isSeat(event.target)) event.preventDefault();
  }, true);

  places.addEventListener("submit", (event) => {
    if (event.submitter) event.submitter.dataset.pending = "";
  }, true);
  document.addEventListener("htmx:finally:request", (event) => {
    const pressed = event.detail?.ctx?.request?.submitter;
    if (pressed) delete pressed.dataset.pending;
  });

  const STILL = matchMedia("(prefers-reduced-motion: reduce)");
  document.addEventListener("htmx:after:swap", () => {
    for (const seat of places.querySelectorAll("[data-lost]")) {
      seat.removeAttribute("data-lost");
      if (!STILL.matches) {
        const steps = [0, -12, 12, -12, 12, 0].map((way) => ({ transform: `translateX(${way}%)` }));
        seat.animate(steps, { duration: 360, easing: "ease-in-out" });
      }
    }
  });

  // The whole map is one stop of the Tab key; inside it, arrows go to the nearest seat that way. Where seats are
  // too small to be pressed, or have not come yet, arrows go from one part of the hall to the next.
  const STOPS = "button:not(.tool), .part";
  const isStop = (element) => element?.closest?.(`#places :is(${STOPS})`);
  const stops = () => {
    const isFar = places.querySelector(".drawn[data-far]") !== null;
    return [...places.querySelectorAll(STOPS)].filter((one) => {
      if (one.matches(".slot")) return one.checkVisibility();
      return !one.closest(".drawn") || one.matches(".part") === isFar;
    });
  };
  let current = null;

  function oneStop() {
    const all = places.querySelectorAll(STOPS);
    if (!current?.isConnected || !stops().includes(current)) {
      const some = stops();
      current = some.find((one) => one.matches("[data-status=available], .part")) ?? some[0] ?? null;
    }
    for (const one of all) {
      const stop = one === current ? 0 : -1;
      if (one.tabIndex !== stop) one.tabIndex = stop;
    }
  }

  oneStop();
  document.addEventListener("seatbook:stops", oneStop);

  places.addEventListener("focusin", (event) => {
    const stop = isStop(event.target);
    if (!stop || stop === current) return;
    if (current) current.tabIndex = -1;
    current = stop;
    current.tabIndex = 0;
  });

  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  places.addEventListener("keydown", (event) => {
    const way = WAYS[event.key];
    const from = isStop(event.target);
    if (!way || !from || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    nearest(from, way)?.focus();
  });

  function nearest(from, [dx, dy]) {
    const here = middle(from);
    let best = null;
    let least = Infinity;
    for (const seat of stops()) {
      if (seat === from || !seat.checkVisibility()) continue;
      const there = middle(seat);
      const along = (there.x - here.x) * dx + (there.y - here.y) * dy;
      const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
      if (along < here.size * 0.4 || aside > along * 1.5 + here.size * 0.6) continue;
      const cost = along + aside * 3;
      if (cost < least) [best, least] = [seat, cost];
    }
    return best;
  }

  function middle(seat) {
    const box = seat.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2, size: box.width };
  }
}
