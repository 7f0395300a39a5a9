"""Taking seats off sale and putting them on again, without ever touching somebody's place."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats, unblock_seats
from seatbook.errors import InvalidInput, NotFound, SeatsTaken
from seatbook.extensions import db
from tests.factories import (
    changes,
    claims,
    let_hold_end,
    make_event,
    make_holder,
    reservation_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_block_takes_free_seats_off_sale_with_a_reason_on_the_record() -> None:
    hall, staff = make_event(seats=2), make_holder("sue")

    result = block_seats(
        hall.event_id, seat_ids=hall.seat_ids[:1], reason="  Camera  ", actor_user_id=staff.user_id
    )

    assert result.seat_ids == hall.seat_ids[:1]
    assert statuses(hall) == ["blocked", "available"]
    assert changes(hall) == [(hall.seat_ids[0], "available", "blocked", "block")]
    record = db.session.execute(text("SELECT actor_user_id, note FROM seat_change")).one()
    assert tuple(record) == (staff.user_id, "Camera")
    assert_books_are_right()


def test_unblock_puts_blocked_seats_on_sale_and_leaves_all_others() -> None:
    hall, ann = make_event(seats=3), make_holder()
    block_seats(hall.event_id, seat_ids=hall.seat_ids[:1], reason="Camera", actor_user_id=None)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ann)

    result = unblock_seats(hall.event_id, seat_ids=hall.seat_ids, actor_user_id=None)

    assert result.seat_ids == hall.seat_ids[:1]
    assert statuses(hall) == ["available", "held", "available"]
    assert changes(hall)[-1] == (hall.seat_ids[0], "blocked", "available", "unblock")
    with nothing_changes():
        assert unblock_seats(hall.event_id, seat_ids=hall.seat_ids, actor_user_id=None).seat_ids == ()
    assert_books_are_right()


def test_block_repeated_changes_nothing() -> None:
    hall = make_event(seats=2)
    block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="Camera", actor_user_id=None)
    with nothing_changes():
        again = block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="Other", actor_user_id=None)
    assert again.seat_ids == ()


def test_block_refuses_seats_that_somebody_holds_or_bought_and_blocks_none() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ben).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ben)
    with refused(SeatsTaken) as refusal:
        block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="Camera", actor_user_id=None)
    assert refusal.value.data["labels"] == ["A1", "A2"]


def test_block_of_a_seat_whose_hold_has_ended_closes_that_hold() -> None:
    hall, ann = make_event(seats=1), make_holder()
    old = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    let_hold_end(hall, old)

    block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="Camera", actor_user_id=None)

    assert statuses(hall) == ["blocked"]
    assert claims(hall, hall.seat_ids[0]) == [(old, "expired")]
    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_block_needs_a_reason_and_seats_of_this_event() -> None:
    hall, other = make_event(seats=1), make_event(seats=1)
    with refused(InvalidInput):
        block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="  ", actor_user_id=None)
    for unknown in (other.seat_ids[0], 0, -1, 2**63, 2**100):
        with refused(NotFound):
            block_seats(hall.event_id, seat_ids=[unknown], reason="Camera", actor_user_id=None)
        with refused(NotFound):
            unblock_seats(hall.event_id, seat_ids=[unknown], actor_user_id=None)
