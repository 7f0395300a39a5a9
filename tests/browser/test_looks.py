"""Every page, at both widths, light and dark: readable, also with large text, as wide as the window, with controls
that a finger hits, and without a fault that axe knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe, large_text, targets
from tests.browser.conftest import Come
from tests.browser.contrast import hard_to_read
from tests.browser.geometry import sideways, wait_until_still
from tests.browser.person import DESKTOP, PHONE
from tests.browser.tour import tour
from tests.factories import Hall

# Codes are drawn anew each time, and some are much wider than others: each is looked at as the widest of all.
WIDEST = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    walker.currentNode.data = walker.currentNode.data.replace(/\\b(\\d+)-[2-9A-Z]{6}\\b/g, "$1-WMWMWM");
  }
}
"""


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page(come: Come, box_office: None, screen: dict[str, Any]) -> None:
    # Nothing moves: what fades in would be looked at half faded.
    anna = come(**screen, reduced_motion="reduce")

    faults = [f"{name}: {fault}" for name in tour(anna) for fault in _faults(anna.page)]

    assert not faults, "\n".join(["", *faults])


def _faults(page: Page) -> Iterator[str]:
    # Styles are there.
    page.wait_for_load_state()
    page.evaluate(WIDEST)
    wait_until_still(page)
    if (by := sideways(page)) != 0:
        yield f"{by} pixels wider than the window"
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        yield from (f"hard to read, {scheme}: {text}" for text in hard_to_read(page))
    yield from axe.violations(page)
    yield from large_text.faults(page)
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        yield from targets.faults(page)


def test_nothing_moves_where_somebody_asked_for_less_motion(come: Come, hall: Hall) -> None:
    anna = come(reduced_motion="reduce")
    anna.open_event(hall)
    anna.page.route("**/seats", lambda _: None)

    # The answer never comes: the seat would breathe for ever.
    anna.seat("A5").click()

    expect(anna.seat("A5")).to_have_attribute("data-pending", "")
    longest_ms = anna.page.evaluate(
        "Math.max(0, ...document.getAnimations().map(one => one.effect.getComputedTiming().activeDuration))"
    )
    assert longest_ms <= 10
