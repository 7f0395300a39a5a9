"""A drop: it opens at a set instant on every open page, by the server's clock, and not a moment before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Come
from tests.browser.events import make_alike
from tests.browser.geometry import sideways, too_small
from tests.browser.person import PHONE, Person
from tests.factories import Hall, change_event, make_event, statuses

# A machine whose clock is two days ahead, or behind.
WRONG_CLOCK = """
  const now = Date.now, shift = DAYS * 86_400_000;
  Date.now = () => now() + shift;
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now()); }
  };
"""


def take(person: Person, name: str = "Medium") -> Locator:
    return person.page.get_by_role("region", name=name).get_by_role("button", name="Take")


def quantity(person: Person, name: str = "Medium") -> Locator:
    return person.page.get_by_role("region", name=name).get_by_role("combobox")


def come_to_drop(person: Person, *, seconds: float) -> Hall:
    """At the page of five shirts, so long before their sale opens."""
    hall = make_alike("stock", Medium=5)
    wait_at(person, hall, seconds=seconds)
    return hall


def wait_at(person: Person, hall: Hall, *, seconds: float) -> None:
    # A server that has just begun takes its time for its first page.
    person.open_event(hall)
    change_event(hall, on_sale_from=datetime.now(UTC) + timedelta(seconds=seconds))
    person.open_event(hall)


@pytest.mark.parametrize("days", [0, 2, -2])
def test_it_opens_by_itself_at_its_instant_whatever_the_browsers_clock_says(
    come: Come, box_office: None, days: int
) -> None:
    anna = come()
    anna.page.add_init_script(WRONG_CLOCK.replace("DAYS", str(days)))
    come_to_drop(anna, seconds=8)
    anna.page.evaluate("window.stayed = true")
    anna.reads("The sale opens on")
    expect(anna.page.get_by_role("timer")).to_have_text(re.compile(r"^0:0[1-8]$"))
    expect(take(anna)).to_be_disabled()
    expect(quantity(anna)).to_be_disabled()

    # At once, and without a word to the server.
    anna.stop_hearing()
    expect(take(anna)).to_be_enabled()
    anna.reads("The sale is open.")
    quantity(anna).select_option("2")
    assert anna.answered(take(anna).click) == 200
    expect(anna.basket).to_contain_text("2 items")
    assert anna.page.evaluate("window.stayed")


def test_seats_open_as_well_and_keep_their_names(anna: Person, box_office: None) -> None:
    wait_at(anna, make_event(seats=6), seconds=8)
    expect(anna.seat("A1")).to_have_accessible_name(re.compile(" free, not on sale now$"))
    expect(anna.page.get_by_role("button", name="Find")).to_be_disabled()
    anna.stop_hearing()
    expect(anna.seat("A1")).to_have_accessible_name(re.compile(" available$"))
    expect(anna.page.get_by_role("button", name="Find")).to_be_enabled()
    anna.seat("A1").click()
    expect(anna.seat("A1")).to_have_attribute("data-status", "mine")


def test_what_is_new_is_asked_for_a_little_later(anna: Person, box_office: None) -> None:
    come_to_drop(anna, seconds=6)
    expect(anna.basket).to_contain_text("The sale opens on")
    # Six seconds until it opens, and up to ten more, so that not all pages ask at once.
    expect(anna.basket).to_contain_text("Choose how many you want.", timeout=40_000)
    expect(anna.page.get_by_role("main").get_by_text("The sale is open.").filter(visible=True)).to_have_count(
        0
    )


def test_whoever_presses_before_is_refused(anna: Person, box_office: None) -> None:
    hall = come_to_drop(anna, seconds=3600)
    anna.page.evaluate("for (const fields of document.querySelectorAll('fieldset')) fields.disabled = false")
    assert anna.answered(take(anna).click) == 409
    expect(anna.alert).to_have_text(re.compile("^The sale opens on "))
    assert set(statuses(hall)) == {"available"}
    anna.complaints.found.clear()


def test_without_a_script_the_page_comes_again_when_it_is_time(come: Come, box_office: None) -> None:
    anna = come(java_script_enabled=False)
    come_to_drop(anna, seconds=6)
    expect(take(anna)).to_be_disabled()
    expect(take(anna)).to_be_enabled()
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
