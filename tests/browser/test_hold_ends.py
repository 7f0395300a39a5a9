"""A hold ends by time, in every window and without anybody's help: no sweep runs on the live server."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from seatbook.domain.inventory import confirm_reservation, hold_seats
from tests.browser.person import Person
from tests.factories import (
    END_IN_SECONDS,
    Hall,
    changes,
    let_hold_end,
    make_holder,
    open_reservations,
    seat_row,
)

RUNNING = re.compile(r"^(5:00|4:\d\d)$")


def test_a_hold_ends_in_every_window_and_is_taken_back(anna: Person, ben: Person, hall: Hall) -> None:
    ben.open_event(hall)
    anna.open_event(hall)
    anna.hold("A5")
    ben.sees("A5", "held")
    anna.reads(RUNNING)
    for person in (anna, ben):
        person.hears()

    let_hold_end(hall, open_reservations(hall)[0], seconds_ago=-END_IN_SECONDS)

    expect(anna.basket).to_contain_text(
        re.compile(r"Your hold ended at \d+:\d\d\s[AP]M\. Nothing was charged\.")
    )
    expect(anna.basket).to_contain_text("Row A, seat 5 is free again: take it back?")
    anna.sees("A5", "available")
    anna.figures(available=40, held=0, reserved=0)
    ben.sees("A5", "available")
    ben.figures(available=40, held=0, reserved=0)
    # Time alone did this: nothing has been written down.
    assert seat_row(hall, hall.seat_ids[4]).status == "held"
    assert len(changes(hall)) == 1

    anna.press("Take it back")

    anna.sees("A5", "mine")
    expect(anna.basket).to_contain_text("Row A, seat 5")
    anna.reads(RUNNING)
    ben.sees("A5", "held")


def test_a_seat_that_somebody_else_took_after_the_end_is_not_offered_again(anna: Person, hall: Hall) -> None:
    anna.open_event(hall)
    anna.hold("A5", "A6")
    let_hold_end(hall, open_reservations(hall)[0])
    anna.open_event(hall)
    expect(anna.basket).to_contain_text("Row A, seat 5 and Row A, seat 6 are free again: take them back?")

    somebody = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=somebody)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=somebody)

    anna.sees("A5", "reserved")
    expect(anna.basket).to_contain_text("Row A, seat 6 is free again: take it back?")


def test_reserving_after_the_end_says_so_and_buys_nothing(anna: Person, hall: Hall, account: str) -> None:
    anna.keep_clock()
    anna.open("/sign-in")
    anna.sign_in(account)
    anna.open_event(hall)
    anna.hold("A5")
    anna.hears()
    anna.stop_hearing()
    # The page hears of nothing, so its button stays; by its own countdown the time is up. A stream that said nothing
    # for so long is given up.
    anna.let_time_pass(anna.seconds_left)
    anna.reads(re.compile(r"^0:00$"))
    let_hold_end(hall, open_reservations(hall)[0])

    assert anna.answered(lambda: anna.press("Reserve")) == 410

    expect(anna.alert).to_contain_text(re.compile(r"Your hold ended at .*\. Nothing was charged\."))
    expect(anna.page).to_have_url(re.compile(r"/events/"))
    anna.sees("A5", "available")
    assert seat_row(hall, hall.seat_ids[4]).status == "held"
