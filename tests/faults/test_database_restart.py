"""PostgreSQL restarts under the application: the next request works, and what was half done is not there."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.transaction import run_transaction
from seatbook.embedded.postgres_server import PostgresServer
from seatbook.extensions import db
from tests.factories import make_event, make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.race import race, won


def test_after_a_restart_of_the_database_the_next_request_works(
    fresh_app: Flask, postgres_server: PostgresServer
) -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    db.session.remove()
    # Several connections lie in the pool when it happens, each of them dead afterwards.
    race(fresh_app, *[lambda: run_transaction(lambda session: session.execute(text("SELECT 1")))] * 5)
    assert db.engine.pool.checkedin() >= 5  # type: ignore[attr-defined]

    half_done = db.engine.connect()
    half_done.execute(
        text("UPDATE seat SET status = 'blocked', blocked_reason = 'half' WHERE status = 'available'")
    )
    postgres_server.stop()
    postgres_server.start()

    with pytest.raises(OperationalError):
        half_done.execute(text("SELECT 1"))
    half_done.close()
    bought = confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    assert bought.seat_ids == hall.seat_ids[:1]
    outcomes = race(
        fresh_app,
        *[partial(hold_seats, hall.event_id, seat_ids=[seat], holder=ben) for seat in hall.seat_ids[1:]],
    )
    assert len(won(outcomes)) == 2
    assert statuses(hall) == ["reserved", "held", "held"]
    assert_books_are_right()
