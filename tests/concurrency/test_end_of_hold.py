"""At the very end of a hold: bought or free, one of the two, by one clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, expire_due_holds, hold_seats
from seatbook.errors import HoldExpired, SeatsTaken
from seatbook.extensions import db
from tests.factories import Hall, let_hold_end, make_event, make_holder, reservation_row, seat_row
from tests.invariants import assert_books_are_right
from tests.race import race

pytestmark = pytest.mark.usefixtures("app_context")

# Against each of the two rivals: 200 in all.
TIMES = 100
WINDOW_SECONDS = 0.050
# The end is moved to and fro around the moment of the purchase, so that it falls before, after, and into it.
STEP_SECONDS = 0.0007

Rival = Callable[[Hall, int, HolderRef], bool]


def next_buyer(hall: Hall, seat_id: int, ben: HolderRef) -> bool:
    """Try to hold the seat; True when it is Ben's."""
    try:
        hold_seats(hall.event_id, seat_ids=[seat_id], holder=ben)
    except SeatsTaken:
        return False
    return True


def sweep(_hall: Hall, seat_id: int, _ben: HolderRef) -> bool:
    """Try to write down the end of the hold; True when that is done."""
    return seat_id in {seat.seat_id for seat in expire_due_holds(batch=10)}


@pytest.mark.parametrize("rival", [next_buyer, sweep])
def test_confirm_against_expiry_within_50_ms_of_the_end_has_exactly_one_outcome(
    app: Flask, rival: Rival
) -> None:
    hall, ann, ben = make_event(seats=2 * TIMES, max_seats=1_000), make_holder(), make_holder()
    lead_seconds = 0.005
    bought: list[bool] = []
    for seat_id in hall.seat_ids:
        if len(bought) == TIMES:
            break
        held = hold_seats(hall.event_id, seat_ids=[seat_id], holder=ann).reservation_id
        let_hold_end(hall, held, seconds_ago=-lead_seconds)
        seconds_to_end, is_bought, is_lost = _race_to_the_end(app, rival, hall, seat_id, held, ann, ben)

        assert is_bought != is_lost
        reservation, seat = reservation_row(hall, held), seat_row(hall, seat_id)
        if is_bought:
            assert (reservation.status, seat.status, seat.reservation_id) == ("confirmed", "reserved", held)
        else:
            assert reservation.status == "expired"
            assert seat.reservation_id != held
        lead_seconds += -STEP_SECONDS if is_bought else STEP_SECONDS
        # A moment in which the machine did something else is no boundary, and doesn't count as one.
        if abs(seconds_to_end) <= WINDOW_SECONDS:
            bought.append(is_bought)

    assert len(bought) == TIMES
    # Both happened, often: it was the end that decided.
    assert TIMES // 10 < sum(bought) < TIMES - TIMES // 10
    assert_books_are_right()


def _race_to_the_end(
    app: Flask, rival: Rival, hall: Hall, seat_id: int, held: int, ann: HolderRef, ben: HolderRef
) -> tuple[float, bool, bool]:
    """(seconds from the answer to the end of the hold, has Ann bought it, has she lost it)."""
    answered = Event()

    def confirm() -> tuple[float, bool]:
        try:
            confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=[seat_id])
            is_bought = True
        except HoldExpired:
            is_bought = False
        finally:
            answered.set()
        now: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
        return (reservation_row(hall, held).expires_at - now).total_seconds(), is_bought

    def take() -> bool:
        """Try again and again, and once more after Ann has her answer: what she lost must be there by then."""
        while True:
            is_last = answered.is_set()
            is_lost = rival(hall, seat_id, ben)
            if is_lost or is_last:
                return is_lost

    outcomes: list[Any] = race(app, confirm, take)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    (seconds_to_end, is_bought), is_lost = outcomes
    return seconds_to_end, is_bought, is_lost
