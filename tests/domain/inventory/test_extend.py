"""More time to choose, and never for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seatbook.domain.inventory import confirm_reservation, extend_hold, hold_seats
from seatbook.errors import HoldExpired, NotFound
from tests.factories import change_event, let_hold_end, make_event, make_holder, reservation_row, seat_row
from tests.invariants import assert_books_are_right
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_a_hold_begins_its_time_anew_for_all_of_its_seats() -> None:
    hall, ann = make_event(seats=3, hold_ttl_seconds=300), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    let_hold_end(hall, held.reservation_id, seconds_ago=-20)
    extended = extend_hold(hall.event_id, holder=ann)
    assert extended.seconds_left == pytest.approx(300, abs=5)
    for seat_id in hall.seat_ids[:2]:
        assert seat_row(hall, seat_id).held_until == extended.expires_at
    assert_books_are_right()


def test_a_hold_ends_at_the_cap_however_often_somebody_asks() -> None:
    hall, ann = make_event(seats=1, hold_ttl_seconds=300, hold_cap_seconds=400), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    ends = {extend_hold(hall.event_id, holder=ann).expires_at for _ in range(3)}
    assert max(ends) < held.expires_at + timedelta(seconds=5)
    change_event(hall, hold_cap_seconds=310)
    change_event(hall, hold_ttl_seconds=1000)
    end = extend_hold(hall.event_id, holder=ann).expires_at
    assert extend_hold(hall.event_id, holder=ann).expires_at == end
    assert end == pytest.approx(held.expires_at + timedelta(seconds=10), abs=timedelta(seconds=1))
    # A cap that is lowered afterwards takes nothing away.
    change_event(hall, hold_cap_seconds=1)
    assert extend_hold(hall.event_id, holder=ann).expires_at == end


def test_what_is_over_or_bought_or_somebody_elses_is_not_extended() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    with refused(NotFound):
        extend_hold(hall.event_id, holder=ann)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    with refused(NotFound):
        extend_hold(hall.event_id, holder=ben)
    let_hold_end(hall, held, seconds_ago=0.001)
    with refused(HoldExpired):
        extend_hold(hall.event_id, holder=ann)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ben).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ben)
    with refused(NotFound):
        extend_hold(hall.event_id, holder=ben)
    assert reservation_row(hall, bought).status == "confirmed"
