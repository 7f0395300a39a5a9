"""A hand that never touches a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.person import REFERENCE, Person
from tests.factories import Hall
from tests.visitor import PASSWORD


def tab_to(person: Person, target: Locator, *, at_most: int) -> None:
    """Press Tab until the target has the focus; how often is part of what is promised."""
    for _ in range(at_most):
        person.page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} has no focus after {at_most} times Tab")


def test_from_the_first_tab_to_the_reservation(anna: Person, hall: Hall, account: str) -> None:
    keys = anna.page.keyboard
    anna.open_event(hall)
    # The first stop leads past the header; the map is one stop, whichever its size.
    tab_to(anna, anna.page.get_by_role("link", name="Skip to the content"), at_most=1)
    keys.press("Enter")
    expect(anna.page).to_have_url(re.compile("#main$"))
    # Past the form for a group, and the choice of map or list.
    tab_to(anna, anna.seat("A1"), at_most=6)

    keys.press("ArrowRight")
    keys.press("ArrowDown")
    expect(anna.seat("B2")).to_be_focused()
    keys.press("Enter")
    anna.has("B2")
    expect(anna.seat("B2")).to_be_focused()
    keys.press("ArrowUp")
    expect(anna.seat("A2")).to_be_focused()
    keys.press("Space")
    anna.has("A2")
    expect(anna.seat("A2")).to_be_focused()
    # Once more is a second click.
    keys.press("Enter")
    anna.sees("A2", "available")
    expect(anna.basket).not_to_contain_text("Row A, seat 2")
    expect(anna.seat("A2")).to_be_focused()

    tab_to(anna, anna.page.get_by_role("button", name="Reserve", exact=True).filter(visible=True), at_most=4)
    keys.press("Enter")
    expect(anna.page).to_have_url(re.compile("/sign-in"))
    expect(anna.page.get_by_label("Username or mail address")).to_be_focused()
    keys.type(account)
    keys.press("Tab")
    keys.type(PASSWORD)
    anna.led_on(lambda: keys.press("Enter"))

    anna.sees("B2", "mine")
    reserve = anna.page.get_by_role("button", name="Reserve", exact=True).filter(visible=True)
    # Each line of the basket leads to its seat, and gives it back.
    tab_to(anna, reserve, at_most=16)
    keys.press("Enter")
    expect(anna.page.get_by_text(REFERENCE)).to_be_visible()


def test_the_focus_is_always_to_be_seen(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    stops = []
    while (stop := next_stop(anna)) is not None:
        stops.append(stop)
        if stop == "1":
            anna.page.keyboard.press("Enter")
            anna.has("A1")
    assert [stop for stop in stops if stop in ("1", "×", "Reserve", "Give all back")] == [
        "1",
        "×",
        "Reserve",
        "Give all back",
    ]


def next_stop(person: Person) -> str | None:
    """Press Tab; the text of what has the focus now, None at the end of the page.

    Fails where nobody could see it: no ring, or outside the window.
    """
    person.page.keyboard.press("Tab")
    stop = person.page.evaluate(
        """() => {
          const on = document.activeElement;
          if (on === document.body) return null;
          const style = getComputedStyle(on);
          const box = on.getBoundingClientRect();
          return {
            text: on.textContent.trim() || on.id,
            ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
            inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
          };
        }"""
    )
    if stop is None:
        return None
    assert stop["ring"] >= 2, f"no ring around {stop['text']!r}"
    assert stop["inside"], f"{stop['text']!r} has the focus outside the window"
    return str(stop["text"])


def test_a_seat_that_somebody_takes_keeps_the_focus(anna: Person, ben: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.seat("A5").focus()
    ben.open_event(hall)

    ben.hold("A5")

    anna.sees("A5", "held")
    expect(anna.seat("A5")).to_be_focused()
    anna.page.keyboard.press("Enter")
    anna.page.keyboard.press("ArrowRight")
    expect(anna.seat("A6")).to_be_focused()
    anna.page.keyboard.press("Enter")
    anna.sees("A6", "mine")
    ben.sees("A5", "mine")
