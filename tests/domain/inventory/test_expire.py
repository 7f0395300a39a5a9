"""Writing down what time has decided: only what is over, judged under the lock, without waiting for others."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.inventory import (
    confirm_reservation,
    due_holds,
    expire_due_holds,
    expire_reservation,
    hold_quantity,
    hold_seats,
)
from seatbook.extensions import db
from tests.factories import (
    Hall,
    changes,
    claims,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import begun, until_waiting
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


def lapsed_hold(hall: Hall, *places: int, name: str | None = None, seconds_ago: float = 1) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=make_holder(name)).reservation_id
    let_hold_end(hall, held, seconds_ago=seconds_ago)
    return held


def test_expire_frees_the_seat_closes_the_hold_and_says_who_held_it() -> None:
    hall = make_event(seats=2)
    old, visitors = lapsed_hold(hall, 0, name="alice", seconds_ago=5), lapsed_hold(hall, 1)
    ends = [seat_row(hall, seat_id).held_until for seat_id in hall.seat_ids]

    expired = expire_due_holds(batch=10)

    assert [
        (seat.event_id, seat.seat_id, seat.label, seat.reservation_id, seat.holder, seat.held_until)
        for seat in expired
    ] == [
        (hall.event_id, hall.seat_ids[0], "A1", old, "alice", ends[0]),
        (hall.event_id, hall.seat_ids[1], "A2", visitors, None, ends[1]),
    ]
    assert statuses(hall) == ["available", "available"]
    assert reservation_row(hall, old).status == "expired"
    assert claims(hall, hall.seat_ids[0]) == [(old, "expired")]
    assert changes(hall)[2:] == [(seat_id, "held", "available", "expire") for seat_id in hall.seat_ids]
    assert_books_are_right()


def test_expire_leaves_live_holds_purchases_and_free_seats() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ben).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ben)
    with nothing_changes():
        assert expire_due_holds(batch=10) == []
        assert expire_reservation(hall.event_id, reservation_id=bought) == []


def test_expire_takes_the_longest_overdue_first_and_no_more_than_the_batch() -> None:
    hall = make_event(seats=3)
    for place, seconds_ago in ((0, 1), (1, 30), (2, 10)):
        lapsed_hold(hall, place, seconds_ago=seconds_ago)
    assert [seat.label for seat in expire_due_holds(batch=2)] == ["A2", "A3"]
    assert [seat.label for seat in expire_due_holds(batch=2)] == ["A1"]
    assert expire_due_holds(batch=2) == []


def test_a_hold_larger_than_the_batch_is_closed_with_its_last_seat() -> None:
    hall = make_event(seats=5)
    old = lapsed_hold(hall, 0, 1, 2, 3, 4)
    assert len(expire_due_holds(batch=3)) == 3
    assert reservation_row(hall, old).status == "held"
    assert len(expire_due_holds(batch=3)) == 2
    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_expire_reaches_holds_of_all_events_and_kinds_of_places() -> None:
    hall, other, ann = make_event(seats=1), make_event(), make_holder()
    area_id = make_area(other, kind="standing", places=2)
    lapsed_hold(hall, 0)
    standing = hold_quantity(other.event_id, area_id=area_id, quantity=2, holder=ann)
    let_hold_end(other, standing.reservation_id)
    expired = expire_due_holds(batch=10)
    assert {seat.event_id for seat in expired} == {hall.event_id, other.event_id}
    assert {seat.label for seat in expired if seat.event_id == other.event_id} == {
        f"place {seat_id}" for seat_id in standing.seat_ids
    }
    assert_books_are_right()


def test_expire_passes_over_a_seat_that_somebody_works_on() -> None:
    hall = make_event(seats=2)
    lapsed_hold(hall, 0, 1)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        # If it waited, it would wait for this very thread, and be told Busy.
        assert [seat.label for seat in expire_due_holds(batch=10)] == ["A2"]
    assert [seat.label for seat in expire_due_holds(batch=10)] == ["A1"]
    assert_books_are_right()


def test_expire_skips_what_it_is_told_to_skip() -> None:
    hall = make_event(seats=2)
    skipped = lapsed_hold(hall, 0)
    lapsed_hold(hall, 1)
    assert [seat.label for seat in due_holds(skip=[(hall.event_id, skipped)])] == ["A2"]
    assert [seat.label for seat in expire_due_holds(batch=10, skip=[(hall.event_id, skipped)])] == ["A2"]
    assert statuses(hall) == ["held", "available"]


def test_due_holds_reads_the_same_and_writes_nothing() -> None:
    hall, ann = make_event(seats=3), make_holder()
    lapsed_hold(hall, 0, name="alice", seconds_ago=9)
    lapsed_hold(hall, 1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
    with nothing_changes():
        due = due_holds()
        assert due_holds(batch=1) == due[:1]
    assert due == expire_due_holds(batch=10)


def test_expire_reservation_leaves_a_seat_that_was_taken_over_while_it_waited(app: Flask) -> None:
    hall, ben = make_event(seats=1), make_holder()
    old = lapsed_hold(hall, 0)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        # Both wait for the seat, Ben first; the sweep finds the seat as it was before, and must judge anew.
        with begun(app, lambda: hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)) as bens:
            until_waiting(sessions=1)
            with begun(app, lambda: expire_reservation(hall.event_id, reservation_id=old)) as expired:
                until_waiting(sessions=2)
                other.rollback()
    assert expired.result() == []
    assert seat_row(hall, hall.seat_ids[0]).reservation_id == bens.result().reservation_id
    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_expire_reservation_closes_only_that_one() -> None:
    hall = make_event(seats=2)
    first, second = lapsed_hold(hall, 0), lapsed_hold(hall, 1)
    assert [seat.label for seat in expire_reservation(hall.event_id, reservation_id=first)] == ["A1"]
    assert reservation_row(hall, first).status == "expired"
    assert reservation_row(hall, second).status == "held"
    with nothing_changes():
        assert expire_reservation(hall.event_id, reservation_id=first) == []
