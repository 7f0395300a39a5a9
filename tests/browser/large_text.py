"""Text at twice its size: nothing is cut off, nothing lies on something else, and the page does not move sideways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.browser.geometry import sideways

# Left out: drawings of halls, whose seats keep their places; what only screen readers read; and the name of an
# account in the menu, which may be any length and is written out on the account's page.
LEFT_OUT = ".hall, .map svg, .chart, .unseen, .skip, .tip, .top-user, option, [hidden]"

LOOK = """
(leftOut) => {
  const found = [];
  const text = (element) => element.textContent.trim().slice(0, 60);
  const say = (what, element) => found.push(`${what}: ${text(element)} <${element.className}>`);
  const inFlow = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (["fixed", "sticky"].includes(getComputedStyle(one).position)) return false;
    }
    return true;
  };
  const scrolls = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const mayScroll = ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
      if (mayScroll && one.scrollWidth > one.clientWidth) return true;
    }
    return false;
  };
  // What a box that scrolls shows of it now: the rest lies on nothing.
  const shown = (box, element) => {
    let { left, right, top, bottom } = box;
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (!["auto", "scroll"].some((how) => [style.overflowX, style.overflowY].includes(how))) continue;
      const frame = one.getBoundingClientRect();
      [left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)];
      [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    }
    return { left, right, top, bottom, height: box.height };
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const lines = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest(`script, style, noscript, ${leftOut}`)) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    if (style.overflowX !== "visible" && !["auto", "scroll"].includes(style.overflowX)) {
      if (element.scrollWidth > element.clientWidth + 1) say("cut off", element);
    }
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects()) {
      const isBeyond = box.right > document.documentElement.clientWidth + 1 || box.left < -1;
      if (isBeyond && !scrolls(element)) say("beyond the window", element);
      if (inFlow(element)) lines.push({ box: shown(box, element), element });
    }
  }
  for (const [nth, one] of lines.entries()) {
    for (const other of lines.slice(nth + 1)) {
      if (one.element === other.element) continue;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      // Lines of text are higher than their letters.
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 2 && down > Math.min(one.box.height, other.box.height) * 0.3) {
        say(`on top of “${text(other.element)}”`, one.element);
      }
    }
  }
  return [...new Set(found)];
}
"""

SET_SIZE = """
(size) => new Promise((done) => {
  document.documentElement.style.fontSize = size;
  requestAnimationFrame(() => requestAnimationFrame(done));
})
"""


def faults(page: Page) -> Iterator[str]:
    """What is wrong with the page as it now is when its text is twice as large."""
    with _twice(page):
        if (by := sideways(page)) != 0:
            yield f"text at 200 %: {by} pixels wider than the window"
        yield from (f"text at 200 %: {fault}" for fault in page.evaluate(LOOK, LEFT_OUT))


@contextmanager
def _twice(page: Page) -> Iterator[None]:
    """As somebody sees it who set their browser's text to twice the usual size."""
    page.evaluate(SET_SIZE, "200%")
    try:
        yield
    finally:
        page.evaluate(SET_SIZE, "")
