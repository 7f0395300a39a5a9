"""A drop: it opens at a set instant on every open page, by the server's clock, and not a moment before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import func

from tests.browser.conftest import Come
from tests.browser.events import make_alike
from tests.browser.geometry import sideways, too_small
from tests.browser.person import PHONE, Person
from tests.browser.waiting import PATIENCE_MS
from tests.factories import Hall, change_event, make_event, statuses

OPENS_IN_SECONDS = 600


def take(person: Person, name: str = "Medium") -> Locator:
    return person.page.get_by_role("region", name=name).get_by_role("button", name="Take")


def quantity(person: Person, name: str = "Medium") -> Locator:
    return person.page.get_by_role("region", name=name).get_by_role("combobox")


def come_before_it_opens(person: Person, hall: Hall, *, seconds: float = OPENS_IN_SECONDS) -> None:
    """At the event's page, so long before its sale opens."""
    change_event(hall, on_sale_from=func.clock_timestamp() + timedelta(seconds=seconds))
    person.open_event(hall)


def leap(person: Person, seconds: float) -> None:
    # A question that is on its way would be given up: its minute is over.
    person.hears()
    person.let_time_pass(seconds)


def let_it_open(person: Person, hall: Hall) -> None:
    """The instant has come: for the server, and by the clock of an open page, which counts from what it was told."""
    change_event(hall, on_sale_from=func.clock_timestamp() - timedelta(seconds=1))
    leap(person, OPENS_IN_SECONDS)


@pytest.mark.parametrize("days", [0, 2, -2])
def test_it_opens_by_itself_at_its_instant_whatever_the_browsers_clock_says(
    come: Come, box_office: None, days: int
) -> None:
    anna = come()
    anna.keep_clock(datetime.now(UTC) + timedelta(days=days))
    hall = make_alike("stock", Medium=5)
    come_before_it_opens(anna, hall)
    anna.page.evaluate("window.stayed = true")
    anna.reads("The sale opens on")
    # Not a moment before: a minute that a slow machine may use up.
    leap(anna, OPENS_IN_SECONDS - 60)
    expect(anna.page.get_by_role("timer")).to_have_text(re.compile(r"^(1:00|0:\d\d)$"))
    expect(take(anna)).to_be_disabled()
    expect(quantity(anna)).to_be_disabled()

    # At once, and without a word to the server: the stream is given up, as it said nothing for so long.
    anna.stop_hearing()
    let_it_open(anna, hall)

    expect(take(anna)).to_be_enabled()
    anna.reads("The sale is open.")
    quantity(anna).select_option("2")
    assert anna.answered(take(anna).click) == 200
    expect(anna.basket).to_contain_text("2 items")
    assert anna.page.evaluate("window.stayed")


def test_seats_open_as_well_and_keep_their_names(anna: Person, box_office: None) -> None:
    hall = make_event(seats=6)
    anna.keep_clock()
    come_before_it_opens(anna, hall)
    expect(anna.seat("A1")).to_have_accessible_name(re.compile(" free, not on sale now$"))
    expect(anna.page.get_by_role("button", name="Find")).to_be_disabled()
    anna.stop_hearing()
    let_it_open(anna, hall)
    expect(anna.seat("A1")).to_have_accessible_name(re.compile(" available$"))
    expect(anna.page.get_by_role("button", name="Find")).to_be_enabled()
    anna.seat("A1").click()
    expect(anna.seat("A1")).to_have_attribute("data-status", "mine")


def test_what_is_new_is_asked_for_a_little_later(anna: Person, box_office: None) -> None:
    hall = make_alike("stock", Medium=5)
    anna.keep_clock()
    come_before_it_opens(anna, hall)
    expect(anna.basket).to_contain_text("The sale opens on")
    let_it_open(anna, hall)
    anna.reads("The sale is open.")
    # Up to ten seconds later, so that not all pages ask at once.
    anna.let_time_pass(10)
    expect(anna.basket).to_contain_text("Choose how many you want.")
    expect(anna.page.get_by_role("main").get_by_text("The sale is open.").filter(visible=True)).to_have_count(
        0
    )


def test_whoever_presses_before_is_refused(anna: Person, box_office: None) -> None:
    hall = make_alike("stock", Medium=5)
    come_before_it_opens(anna, hall)
    anna.page.evaluate("for (const fields of document.querySelectorAll('fieldset')) fields.disabled = false")
    assert anna.answered(take(anna).click) == 409
    expect(anna.alert).to_have_text(re.compile("^The sale opens on "))
    assert set(statuses(hall)) == {"available"}
    anna.complaints.found.clear()


def test_without_a_script_the_page_comes_again_when_it_is_time(come: Come, box_office: None) -> None:
    anna = come(java_script_enabled=False)
    hall = make_alike("stock", Medium=5)
    # The first of them that leaves enough time to see the page closed, on a machine as slow as may be.
    for seconds in (3, 15, 60):
        come_before_it_opens(anna, hall, seconds=seconds)
        if take(anna).is_disabled():
            break
    else:
        pytest.fail("it was never seen closed")
    expect(take(anna)).to_be_enabled(timeout=2 * PATIENCE_MS)
    expect(anna.page.get_by_role("button", name="One more")).to_be_hidden()
    take(anna).click()
    expect(anna.basket).to_contain_text("1 item")


def test_a_thumb_counts_up_and_down(come: Come, box_office: None) -> None:
    anna = come(**PHONE)
    hall = make_alike("stock", Medium=3, Large=9)
    anna.open_event(hall)
    medium = anna.page.get_by_role("region", name="Medium")
    more, fewer = (medium.get_by_role("button", name=name) for name in ("One more", "One fewer"))
    assert too_small(anna.page.locator(".quantity button, .quantity select")) == []
    fewer.tap()
    expect(quantity(anna)).to_have_value("1")
    for _ in range(5):
        more.tap()
    # No more than there are.
    expect(quantity(anna)).to_have_value("3")
    fewer.tap()
    take(anna).tap()
    expect(anna.basket).to_contain_text("2 items")
    assert sideways(anna.page) == 0
