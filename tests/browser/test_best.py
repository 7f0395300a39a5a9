"""The best seats for a group, found by a person at a browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from seatbook.domain.inventory import hold_seats, release_hold
from tests.browser.person import Person
from tests.factories import make_event, make_holder


def test_the_form_offers_less_with_every_seat_and_goes_with_the_last(anna: Person, box_office: None) -> None:
    hall = make_event(seats=40, max_seats=3)
    anna.open_event(hall)
    how_many = anna.page.get_by_label("Best seats for")
    expect(how_many).to_have_value("2")

    anna.press("Find")

    expect(how_many).to_have_value("1")
    expect(how_many.locator("option:enabled")).to_have_text(["1"])
    anna.press("Find")
    expect(how_many).to_be_hidden()

    anna.page.get_by_role("button", name=re.compile("^Give back: ")).first.click()
    expect(how_many).to_be_visible()
    expect(how_many).to_have_value("1")


def test_what_others_take_is_not_offered_and_comes_back_with_them(anna: Person, box_office: None) -> None:
    hall = make_event(seats=4)
    anna.open_event(hall)
    how_many = anna.page.get_by_label("Best seats for")
    expect(how_many.locator("option:enabled")).to_have_text(["1", "2", "3", "4"])
    somebody = make_holder()

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=somebody)
    expect(how_many.locator("option:enabled")).to_have_text(["1"])
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[3:], holder=somebody)
    expect(how_many).to_be_hidden()

    release_hold(hall.event_id, holder=somebody)
    expect(how_many.locator("option:enabled")).to_have_text(["1", "2", "3", "4"])
