"""With no sweep, no worker, no scheduler and no Redis, time still decides, and at once."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook import create_app
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import confirm_reservation, hold_quantity, hold_seats
from seatbook.errors import HoldExpired, SeatsTaken
from seatbook.extensions import db
from tests.factories import (
    change_event,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_a_seat_is_free_for_the_next_person_at_the_very_end_of_its_hold() -> None:
    """Nothing is moved here: a hold of two seconds really ends, and Ben tries all the while."""
    hall, ann, ben = make_event(seats=1, hold_ttl_seconds=2), make_holder(), make_holder()
    end = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).expires_at
    # Ben's own hold shall last.
    change_event(hall, hold_ttl_seconds=300)
    refusals: list[object] = []

    while database_clock() < end:
        try:
            hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
            break
        except SeatsTaken as refusal:
            refusals.append(refusal)
            # A short look at the clock of the database, which decides; waiting is not what is tested.
            db.session.execute(text("SELECT pg_sleep(0.02)"))
    else:
        assert hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)

    assert refusals
    taken_at = db.session.execute(text("SELECT max(held_at) FROM reservation_seat")).scalar_one()
    assert end <= taken_at
    assert db.session.execute(text("SELECT count(*) FROM sweep_run")).scalar_one() == 0
    assert_books_are_right()


def test_everything_that_is_over_is_for_sale_and_nothing_of_it_can_be_bought_by_who_held_it() -> None:
    hall, ann, ben = make_event(seats=2, hold_ttl_seconds=1), make_holder(), make_holder()
    area_id = make_area(hall, kind="stock", places=2)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)
    change_event(hall, hold_ttl_seconds=300)
    db.session.execute(
        text("SELECT pg_sleep(extract(epoch FROM max(held_until) - clock_timestamp())) FROM seat")
    )
    db.session.rollback()
    assert statuses(hall) == ["held"] * 4

    with refused(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ben)
    assert {seat_row(hall, seat_id).reservation_id for seat_id in hall.seat_ids} != {held}
    assert_books_are_right()


@pytest.mark.parametrize("fault", ["nobody listens", "it never answers"])
def test_without_redis_places_are_held_bought_and_lost_by_time_as_ever(app: Flask, fault: str) -> None:
    hall, ann, ben = make_event(seats=8), make_holder(), make_holder()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if fault == "nobody listens":
            listener.close()
            url = "redis://127.0.0.1:1"
        else:
            url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        without_redis = create_app(replace(app.extensions["seatbook"], redis_url=url))
        # Nobody stands at the window until Redis comes back, which it never does: without an end of waiting nor would
        # this.
        with without_redis.app_context():
            for place in range(4):
                hold_seats(hall.event_id, seat_ids=[hall.seat_ids[place]], holder=ann)
            held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
            confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
            lapsed = hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:6], holder=ann).reservation_id
            let_hold_end(hall, lapsed)
            hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=ben)
            sweep_expired_holds(batch=10, trigger="command")
            db.session.remove()
            db.engine.dispose()
    assert statuses(hall) == ["reserved"] * 4 + ["held", "available", "available", "available"]
    assert_books_are_right()
