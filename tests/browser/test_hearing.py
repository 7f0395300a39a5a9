"""What is read out by itself while somebody picks seats: their own results and the time, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from seatbook.domain.inventory import hold_seats, release_hold
from tests.browser.person import Person
from tests.factories import Hall, let_hold_end, make_event, make_holder, open_reservations

# Whenever something inside a live region changes, what the region says then; a batch of changes is one reading.
LISTEN = """
() => {
  window.heard = [];
  const regions = "[role=status], [role=alert], [role=log], [role=timer], [aria-live]:not([aria-live=off])";
  new MutationObserver((changes) => {
    const elements = changes.map(({ target }) => (target.closest ? target : target.parentElement));
    for (const region of new Set(elements.map((element) => element?.closest(regions)))) {
      const text = region?.textContent.trim().replace(/\\s+/g, " ");
      if (text) window.heard.push([region.getAttribute("role"), text]);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""


class Ears:
    """What a screen reader would read out on a page from now on."""

    def __init__(self, person: Person) -> None:
        self._page = person.page
        self._page.evaluate(LISTEN)

    def heard(self, *, at_least: int = 0) -> list[list[str]]:
        """(role, sentence) since the last time that this was asked for; waits until there are so many."""
        self._page.wait_for_function("count => window.heard.length >= count", arg=at_least)
        found: list[list[str]] = self._page.evaluate("window.heard.splice(0)")
        return found


def live_regions(page: Page) -> list[tuple[str, str]]:
    """Role and politeness of every live region, as the browser hands them to a screen reader."""
    session = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    found = []
    for node in nodes:
        properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        # Whatever stands inside a region has its politeness too; the region is its own root.
        if properties.get("live") and not node["ignored"] and "role" in node:
            role = node["role"]["value"]
            if role in ("status", "alert", "log", "timer", "marquee"):
                found.append((role, properties["live"]))
    return sorted(found)


def test_the_regions_are_there_before_they_say_anything(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)

    # The message, its refusals, the basket, the time; being offline is told by a region that is hidden.
    assert live_regions(anna.page) == [("alert", "assertive"), *[("status", "polite")] * 3]


def test_a_click_is_heard_once_with_what_it_did(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    ears = Ears(anna)

    anna.hold("B5")
    seat, basket = sorted(ears.heard(at_least=2))
    assert basket == ["status", "Row B, seat 5 is yours."]
    assert re.fullmatch(r"1 place is yours until .*[AP]M\.", seat[1])

    anna.seat("B5").click()
    anna.sees("B5", "available")
    expect(anna.basket).to_contain_text("Press a seat to hold it.")
    assert sorted(ears.heard(at_least=2)) == [
        ["status", "Row B, seat 5 is given back."],
        ["status", "You hold no places."],
    ]


def test_a_lost_race_is_heard_as_an_alert_and_every_time(anna: Person, hall: Hall) -> None:
    anna.stop_hearing()
    anna.open_event(hall)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=make_holder())
    ears = Ears(anna)
    sentence = ["alert", "A5 was just taken. A4 and A6 beside it are free."]

    anna.seat("A5").click()
    anna.sees("A5", "held")
    expect(anna.alert).to_be_visible()
    assert ears.heard(at_least=1) == [sentence]

    # Once more, from a page that offers it still.
    press = "seat => Object.assign(seat, { name: 'hold', value: seat.id.slice(5), type: 'submit' }).click()"
    assert anna.answered(lambda: anna.seat("A5").evaluate(press)) == 409
    expect(anna.seat("A5")).not_to_have_attribute("name", "hold")
    assert ears.heard(at_least=1) == [sentence]


def test_what_others_do_is_never_read_out(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("B5")
    ears = Ears(anna)

    somebody = make_holder()
    for first in (0, 2, 4):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[first : first + 2], holder=somebody)
        anna.sees(f"A{first + 1}", "held")
    release_hold(hall.event_id, holder=somebody)
    anna.sees("A1", "available")
    anna.figures(available=39, held=1, reserved=0)

    assert ears.heard() == []


@pytest.mark.parametrize(
    ("seconds_left", "sentence"),
    [
        (60, "One minute left to reserve what you hold."),
        (15, "15 seconds left to reserve what you hold."),
    ],
)
def test_the_time_is_heard_a_minute_before_the_end_and_a_quarter_of_one(
    anna: Person, hall: Hall, seconds_left: int, sentence: str
) -> None:
    anna.keep_clock()
    anna.open_event(hall)
    anna.hold("A1")
    anna.hears()
    ears = Ears(anna)
    assert anna.seconds_left > 60

    anna.let_time_pass(anna.seconds_left - seconds_left)

    expect(anna.page.locator("#clock-said")).to_have_text(sentence)
    # A second more, in which the countdown moves on.
    before = anna.page.locator(".countdown").first.text_content()
    expect(anna.page.locator(".countdown").first).not_to_have_text(before or "")

    assert ears.heard(at_least=1) == [["status", sentence]]


def test_the_end_is_heard_once(anna: Person, box_office: None) -> None:
    # Heard from before it begins, however slow the page: it may be over before it is shown.
    hall = make_event(seats=3, hold_ttl_seconds=3)
    anna.open_event(hall)
    ears = Ears(anna)

    anna.seat("A1").click()
    expect(anna.basket).to_contain_text("Your hold ended")
    anna.sees("A1", "available")

    heard = [sentence for _, sentence in ears.heard(at_least=1)]
    ended = re.compile(r"Your hold ended at .*\. Nothing was charged\.")
    assert len([sentence for sentence in heard if ended.fullmatch(sentence)]) == 1
    began = re.compile(r"Row A, seat 1 is yours\.|1 place is yours until .*\.")
    assert [one for one in heard if not ended.fullmatch(one) and not began.fullmatch(one)] == []


def test_a_page_that_is_opened_late_says_nothing_of_the_time(anna: Person, box_office: None) -> None:
    hall = make_event(seats=3)
    anna.open_event(hall)
    anna.hold("A1")
    let_hold_end(hall, open_reservations(hall)[0], seconds_ago=-58)

    anna.page.reload()

    # Between the two sentences, wherever a slow machine is by now.
    expect(anna.page.locator(".countdown").first).to_have_text(re.compile(r"^0:([2-5]\d|1[6-9])$"))
    expect(anna.page.locator("#clock-said")).to_have_text("")
