"""Where things stand on the page, in CSS pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.waiting import soon

# What a thumb needs in each direction, in CSS pixels.
THUMB = 44


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def covers(self, other: Box, *, by: float = 0.5) -> bool:
        """Whether the two share more than a hair's breadth."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > by
            and min(self.bottom, other.bottom) - max(self.top, other.top) > by
        )


def boxes(locator: Locator) -> list[Box]:
    """The box of every element, with its accessible name or text, in one look; waits until there is one."""
    _wait_for_looks(locator)
    found = locator.evaluate_all(
        """elements => elements.map(element => {
          const box = element.getBoundingClientRect();
          const name = element.getAttribute("aria-label") || element.textContent.trim();
          return [name, box.left, box.top, box.right, box.bottom];
        })"""
    )
    return [Box(*values) for values in found]


def around(some: Sequence[Box], *, name: str = "") -> Box:
    """The smallest box around all of them."""
    return Box(
        name,
        min(box.left for box in some),
        min(box.top for box in some),
        max(box.right for box in some),
        max(box.bottom for box in some),
    )


def overlaps(some: Sequence[Box]) -> Iterator[tuple[Box, Box]]:
    """Every two that cover each other, found by walking from left to right."""
    open_boxes: list[Box] = []
    for box in sorted(some, key=lambda box: box.left):
        open_boxes = [before for before in open_boxes if before.right > box.left]
        yield from ((before, box) for before in open_boxes if before.covers(box))
        open_boxes.append(box)


def sideways(page: Page) -> float:
    """How many pixels the page itself can be moved to the side: 0 is right."""
    page.wait_for_load_state()
    return float(
        page.evaluate(
            "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
            " - document.documentElement.clientWidth"
        )
    )


def too_small(locator: Locator) -> list[str]:
    """Which of the elements that are to be seen a thumb can miss: beside its middle something else is hit.

    Measured by what is under the point, so that room around a mark counts when it belongs to it. Fails where there
    is nothing to press at all.
    """
    _wait_for_looks(locator)
    found: list[str] = locator.evaluate_all(
        """(elements, thumb) => elements.flatMap(element => {
          const box = element.getBoundingClientRect();
          const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
          const reach = thumb / 2 - 1;
          // What the sheet of the basket covers a little can be scrolled out from under it.
          const sheet = document.getElementById("basket");
          const floor = sheet && !sheet.contains(element) ? sheet.getBoundingClientRect().top : innerHeight;
          const inside = x > reach && x < innerWidth - reach && y > reach && y < floor - reach;
          const on = (x, y) => {
            const hit = document.elementFromPoint(x, y);
            return hit === element || element.contains(hit);
          };
          if (!inside || !on(x, y)) return [];
          const missed = [[reach, 0], [-reach, 0], [0, reach], [0, -reach]].filter(([dx, dy]) => !on(x + dx, y + dy));
          const name = element.getAttribute("aria-label") || element.textContent.trim() || element.id;
          return missed.length ? [`${name}: ${box.width} x ${box.height}`] : [];
        })""",
        THUMB,
    )
    return found


def _wait_for_looks(locator: Locator) -> None:
    """Until there is something to be measured, on a page that has its styles and in which nothing moves."""
    expect(locator).not_to_have_count(0)
    locator.page.wait_for_load_state()
    wait_until_still(locator.page)


MOVES = """
document.getAnimations().some(one => {
  const { delay, endTime } = one.effect.getComputedTiming();
  const isBrief = one.timeline === document.timeline && delay === 0 && endTime !== Infinity;
  return isBrief && one.playState === "running";
})
"""


def wait_until_still(page: Page) -> None:
    """Until what fades or slides in has done so. Left out is what leaves later, what breathes for ever, and what
    scrolling moves."""
    soon(page, lambda: page.evaluate(MOVES), False)
