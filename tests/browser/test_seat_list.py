"""The seats as a list: for whoever would rather read them, or hears them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from seatbook.domain.inventory import confirm_reservation, hold_seats, release_hold
from seatbook.queries.event_page import MOST_SEATS_AT_ONCE
from tests.browser.conftest import Come
from tests.browser.events import make_sides
from tests.browser.geometry import boxes, sideways
from tests.browser.person import DESKTOP, PHONE, Person
from tests.factories import Hall, make_event, make_holder, make_section


def open_list(person: Person, hall: Hall, more: str = "") -> None:
    person.open(f"/events/{hall.event_id}/list{more}")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_map_to_the_list_and_a_seat_of_it(come: Come, hall: Hall, screen: dict[str, Any]) -> None:
    anna = come(**screen)
    anna.open_event(hall)
    anna.page.get_by_role("link", name="As a list").click()
    expect(anna.page.get_by_role("heading", name="Row B")).to_be_visible()

    anna.hold("B5")

    expect(anna.page).to_have_url(re.compile(rf"/events/{hall.event_id}/list$"))
    expect(anna.page.get_by_role("heading", name="Stalls")).to_contain_text("39 left")
    # What is heard is written on it.
    written = anna.seat("B5").evaluate("seat => getComputedStyle(seat, '::after').content")
    assert "Row B, seat 5" in written
    assert "yours" in written
    for seat in boxes(anna.page.locator(".seat-list button")):
        assert seat.height >= 44
    assert sideways(anna.page) == 0


def test_what_others_do_is_seen_in_the_list(anna: Person, ben: Person, hall: Hall) -> None:
    open_list(anna, hall)
    ben.open_event(hall)
    heading = anna.page.get_by_role("heading", name="Stalls")

    ben.hold("A1", "A2")
    anna.sees("A1", "held")
    expect(heading).to_contain_text("38 left")
    open_list(ben, hall)
    ben.seat("A1").click()

    anna.sees("A1", "available")
    expect(heading).to_contain_text("39 left")
    ben.sees("A2", "mine")


def test_only_what_is_free_is_shown_and_what_comes_back(anna: Person, hall: Hall) -> None:
    somebody = make_holder()
    for first in (0, 8, 16):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[first : min(first + 8, 20)], holder=make_holder())
    open_list(anna, hall, "?free=1")

    expect(anna.page.get_by_role("heading", name="Row A")).to_be_hidden()
    expect(anna.page.get_by_role("heading", name="Row B")).to_be_visible()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[20:21], holder=somebody)
    expect(anna.page.locator(f"#seat-{hall.seat_ids[20]}")).to_be_hidden()
    release_hold(hall.event_id, holder=somebody)
    expect(anna.page.locator(f"#seat-{hall.seat_ids[20]}")).to_be_visible()

    anna.page.get_by_role("link", name="All seats").click()
    expect(anna.page.get_by_role("heading", name="Row A")).to_be_visible()


def test_a_seat_that_goes_while_it_has_the_focus_stays_until_one_moves_on(
    anna: Person, ben: Person, hall: Hall
) -> None:
    open_list(anna, hall, "?free=1")
    ben.open_event(hall)
    anna.seat("A2").focus()

    ben.hold("A2")

    anna.sees("A2", "held")
    expect(anna.seat("A2")).to_be_focused()
    anna.page.keyboard.press("ArrowDown")
    expect(anna.page.locator(f"#seat-{hall.seat_ids[1]}")).to_be_hidden()


def test_where_nothing_is_free_the_list_says_so(anna: Person, box_office: None) -> None:
    hall = make_sides()
    for seat_ids in (hall.seat_ids[:8], hall.seat_ids[8:14]):
        holder = make_holder()
        held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
        confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)
    open_list(anna, hall, "?free=1")
    part = anna.page.get_by_role("region", name="Stalls left")
    expect(part.get_by_role("heading", name="Row B")).to_be_visible()
    expect(part.get_by_text("Nothing is free here at the moment.")).to_be_hidden()

    for row in (14, 28):
        for seat_ids in (hall.seat_ids[row : row + 8], hall.seat_ids[row + 8 : row + 14]):
            hold_seats(hall.event_id, seat_ids=seat_ids, holder=make_holder())

    expect(part.get_by_text("Nothing is free here at the moment.")).to_be_visible()


def test_the_list_is_walked_by_keyboard(anna: Person, hall: Hall) -> None:
    open_list(anna, hall)
    anna.seat("A1").focus()

    anna.page.keyboard.press("ArrowDown")
    anna.page.keyboard.press("Enter")

    expect(anna.page.locator(":focus")).to_have_attribute("data-status", "mine")


def test_without_javascript_the_list_sells_too(come: Come, hall: Hall) -> None:
    anna = come(java_script_enabled=False)
    open_list(anna, hall)

    anna.hold("A3")

    expect(anna.page.get_by_role("heading", name="Row A")).to_be_visible()
    expect(anna.seat("A3")).to_be_in_viewport()


def test_what_the_sections_of_a_big_hall_have_left_changes_by_itself(anna: Person, box_office: None) -> None:
    hall = make_event(seats=MOST_SEATS_AT_ONCE + 1)
    make_section(hall, "Box", *hall.seat_ids[-2:])
    open_list(anna, hall, "?free=1")
    box = anna.page.get_by_role("link", name="Box")
    expect(box).to_contain_text("2 left")
    expect(box).to_contain_text("€45.00")
    somebody = make_holder()

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=somebody)
    expect(box).to_contain_text("1 left")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-2:-1], holder=somebody)
    expect(box).to_be_hidden()
    release_hold(hall.event_id, holder=somebody)
    box.click()

    expect(anna.page.get_by_role("heading", name="Box")).to_contain_text("2 left")
    expect(anna.page).to_have_url(re.compile(r"/list/\d+\?free=1$"))
