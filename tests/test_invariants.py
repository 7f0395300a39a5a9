"""The audits can fail: each way in which books can be wrong is found, by the tests' own and by `flask audit`."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.inventory import confirm_reservation, hold_seats, release_seats
from seatbook.extensions import db
from seatbook.queries.audit import audit_books
from tests.factories import make_event, make_holder
from tests.invariants import find_faults

WRONG_BOOKS = {
    "a seat is held without a claim": "DELETE FROM reservation_seat WHERE seat_id = %(held)s",
    "a claim outlives its seat's hold": (
        "UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL WHERE id = %(held)s"
    ),
    "two claims on one seat": (
        "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor)"
        " VALUES (%(event)s, %(hold)s, %(reserved)s, 4500)"
    ),
    "the seat's owner is not the claim's": (
        "UPDATE seat SET reservation_id = %(bought)s WHERE id = %(held)s"
    ),
    "the seat's end is not the hold's": (
        "UPDATE seat SET held_until = held_until + interval '1 s' WHERE id = %(held)s"
    ),
    "sold by a hold that was not confirmed": (
        "UPDATE reservation SET status = 'held', confirmed_at = NULL, total_minor = NULL"
        " WHERE id = %(bought)s"
    ),
    "an ended reservation has a claim": (
        "UPDATE reservation SET status = 'expired', ended_at = now() WHERE id = %(hold)s"
    ),
    "a hold without a seat": (
        "INSERT INTO reservation (event_id, holder_id, code, status, expires_at)"
        " SELECT event_id, %(idle_holder)s, 'AAAAAA', 'held', now() FROM reservation WHERE id = %(hold)s"
    ),
    "a total that nobody owes": "UPDATE reservation SET total_minor = 1 WHERE id = %(bought)s",
    "a transition that is not in the log": (
        "DELETE FROM seat_change WHERE seat_id = %(reserved)s AND reason = 'reserve'"
    ),
    "a seat whose log is empty": "DELETE FROM seat_change WHERE seat_id = %(held)s",
    "a log that jumps": (
        "UPDATE seat_change SET from_status = 'blocked' WHERE seat_id = %(reserved)s AND reason = 'reserve'"
    ),
}
# Found by the tests' own audit alone: what `flask audit` does not look at.
ONLY_HERE = {
    "bought after the end": (
        "UPDATE reservation SET confirmed_at = expires_at + interval '1 s' WHERE id = %(bought)s"
    ),
    "expired before the end": (
        "UPDATE reservation_seat SET ended_at = held_at, outcome = 'expired' WHERE seat_id = %(ended)s"
    ),
    "more than the event allows": "UPDATE event SET max_seats = 1 WHERE id = %(event)s",
    "a step for a wrong reason": (
        "UPDATE seat_change SET reason = 'expire' WHERE seat_id = %(reserved)s AND reason = 'reserve'"
    ),
    "a line that ended otherwise than the log says": (
        "UPDATE reservation_seat SET outcome = 'cancelled' WHERE seat_id = %(ended)s"
    ),
}


def test_the_audits_find_each_kind_of_wrong_books(fresh_app: Flask, subtests: pytest.Subtests) -> None:
    _guards_off()
    for fault, statement in (WRONG_BOOKS | ONLY_HERE).items():
        with subtests.test(fault):
            ids = _right_books()
            assert list(find_faults(ids["event"])) == []
            assert audit_books(ids["event"]).findings == ()
            with db.engine.begin() as connection:
                assert connection.exec_driver_sql(statement, ids).rowcount > 0
            assert list(find_faults(ids["event"])) != []
            if fault in WRONG_BOOKS:
                assert audit_books(ids["event"]).findings != ()


def _guards_off() -> None:
    """The schema refuses almost all of it: that is what the guards are for."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_reservation_seat_open_claim")
        for table in ("seat", "reservation", "reservation_seat", "seat_change"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def _right_books() -> dict[str, int]:
    """An event with two seats bought, two held, and one given back; the ids."""
    hall, ann, ben = make_event(seats=5), make_holder(), make_holder()
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ben).reservation_id
    release_seats(hall.event_id, seat_ids=hall.seat_ids[4:], holder=ben)
    return {
        "event": hall.event_id,
        "reserved": hall.seat_ids[0],
        "held": hall.seat_ids[2],
        "ended": hall.seat_ids[4],
        "hold": held,
        "bought": bought,
        "idle_holder": make_holder().holder_id,
    }
