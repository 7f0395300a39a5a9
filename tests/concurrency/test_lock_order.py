"""Everybody takes the locks in one order, so that nobody waits in a circle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import ExceptionContext, event, text

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    confirm_reservation,
    expire_due_holds,
    hold_quantity,
    hold_seats,
    release_seats,
)
from seatbook.errors import SeatbookError, SeatsTaken
from seatbook.extensions import db
from tests.factories import (
    Hall,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_holders,
    make_lapsed_holds,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import begun, lost, patiently, race, until_waiting, won

pytestmark = pytest.mark.usefixtures("app_context")

DEADLOCK_DETECTED = "40P01"


@contextmanager
def deadlocks_counted() -> Iterator[list[str]]:
    """Every deadlock that PostgreSQL finds, also those that the retry would hide from users."""
    found: list[str] = []

    def look(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "pgcode", None) == DEADLOCK_DETECTED:
            found.append(str(context.statement))

    event.listen(db.engine, "handle_error", look)
    try:
        yield found
    finally:
        event.remove(db.engine, "handle_error", look)


def test_overlapping_seats_in_opposite_orders_never_wait_in_a_circle(app: Flask) -> None:
    hall = make_event(seats=12, max_seats=1_000)

    def take_and_give_back(holder: HolderRef, seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(30):
            wanted = dice.sample(hall.seat_ids, 5)
            wanted.sort(reverse=seed % 2 == 0)
            try:
                patiently(partial(hold_seats, hall.event_id, seat_ids=wanted, holder=holder))
            except SeatsTaken:
                continue
            patiently(partial(release_seats, hall.event_id, seat_ids=wanted[::-1], holder=holder))

    with deadlocks_counted() as deadlocks:
        outcomes = race(
            app,
            *[partial(take_and_give_back, holder, seed) for seed, holder in enumerate(make_holders(10))],
        )

    assert won(outcomes) == [None] * 10
    assert deadlocks == []
    assert statuses(hall) == ["available"] * 12
    assert_books_are_right()


def test_take_over_of_many_old_holds_meets_the_sweep_and_other_buyers_without_a_circle(app: Flask) -> None:
    """Each buyer takes one seat of each of six old holds, so that all of them need all six."""
    holders = make_holders(6)
    with deadlocks_counted() as deadlocks:
        for _ in range(12):
            hall = make_event(seats=42, max_seats=1_000)
            make_lapsed_holds(hall, seats_each=7)
            outcomes = race(
                app,
                *[
                    partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[place::7], holder=holder)
                    for place, holder in enumerate(holders)
                ],
                partial(expire_due_holds, batch=7),
                partial(expire_due_holds, batch=4),
            )
            assert len(won(outcomes)) == 8
    assert deadlocks == []
    assert_books_are_right()


def test_people_with_a_basket_who_take_over_each_others_old_seats_do_not_meet_in_a_circle(app: Flask) -> None:
    """Each has a live hold, which is locked before the old holds: that order must not be a circle either."""
    with deadlocks_counted() as deadlocks:
        for _ in range(12):
            hall = make_event(seats=12, max_seats=1_000)
            ann, ben, cleo, dan = make_holder(), make_holder(), make_holder(), make_holder()

            def hold(places: slice, holder: HolderRef, hall: Hall = hall) -> Callable[[], object]:
                return partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[places], holder=holder)

            old = [hold(slice(0, 3), cleo)(), hold(slice(3, 6), dan)()]
            hold(slice(6, 7), ann)()
            hold(slice(7, 8), ben)()
            for lapsed in old:
                let_hold_end(hall, lapsed.reservation_id)  # type: ignore[attr-defined]
            outcomes = race(
                app,
                hold(slice(0, 6, 2), ann),
                hold(slice(1, 6, 2), ben),
                # Those whose time is over come back and want their seats, and more, again.
                hold(slice(0, 9), cleo),
                hold(slice(3, 12), dan),
                partial(expire_due_holds, batch=3),
            )
            lost(outcomes, SeatsTaken)
    assert deadlocks == []
    assert_books_are_right()


def test_one_holder_in_many_windows_never_waits_for_itself_in_a_circle(app: Flask) -> None:
    with deadlocks_counted() as deadlocks:
        for _ in range(12):
            hall, ann = make_event(seats=6), make_holder()
            area_id = make_area(hall, kind="standing", places=4)
            held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=ann).reservation_id
            outcomes = race(
                app,
                partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[3:], holder=ann),
                partial(hold_quantity, hall.event_id, area_id=area_id, quantity=1, holder=ann),
                partial(release_seats, hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann),
                partial(
                    confirm_reservation,
                    hall.event_id,
                    reservation_id=held,
                    holder=ann,
                    seat_ids=hall.seat_ids[:3],
                ),
            )
            lost(outcomes, SeatbookError)
    assert deadlocks == []
    assert_books_are_right()


def test_a_locked_seat_and_reservation_can_still_be_written_about(app: Flask) -> None:
    """The locks let others insert rows that reference what is locked; a stronger one would stop them."""
    hall, ben = make_event(seats=4), make_holder()
    old = make_lapsed_holds(hall, seats_each=2)
    line = text(
        "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor, ended_at, outcome)"
        " VALUES (:event, :reservation, :seat, 1, now(), 'expired')"
    )
    with db.engine.connect() as other, db.engine.connect() as writer:
        other.execute(text("SELECT FROM reservation WHERE id = :id FOR NO KEY UPDATE"), {"id": old[1]})
        with begun(app, partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids, holder=ben)) as held:
            # Ben has all four seats and the first old hold locked, and waits for the second.
            until_waiting()
            writer.execute(text("SET LOCAL lock_timeout = '50ms'"))
            for reservation_id, seat_id in ((old[0], hall.seat_ids[0]), (old[0], hall.seat_ids[3])):
                values = {"event": hall.event_id, "reservation": reservation_id, "seat": seat_id}
                assert writer.execute(line, values).rowcount == 1
            writer.rollback()
            other.rollback()
    assert set(held.result().seat_ids) == set(hall.seat_ids)
    assert_books_are_right()
