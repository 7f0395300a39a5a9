"""`flask ticket`: what a code is worth, and the keys."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import cancel_order
from seatbook.domain.ticket_keys import signing_key
from seatbook.domain.tickets import tickets_of
from tests.factories import make_event, make_holder

pytestmark = pytest.mark.usefixtures("app_context")


def test_a_ticket_is_verified_until_its_place_is_cancelled(app: Flask) -> None:
    config, run = app.extensions["seatbook"], app.test_cli_runner().invoke
    hall, ann = make_event(seats=1, payment="counter"), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    (ticket,) = tickets_of(hall.event_id, reservation_id=held, config=config)

    valid = run(args=["ticket", "verify", ticket.code])
    assert (valid.exit_code, valid.output.splitlines()[0]) == (0, "VALID")
    assert "Row A, seat 1, Stalls," in valid.output
    assert "not paid yet: 45.00 EUR" in valid.output

    cancel_order(hall.event_id, reservation_id=held, holder=ann)
    void = run(args=["ticket", "verify", ticket.code])
    assert (void.exit_code, void.output.splitlines()[0]) == (1, "VOID: Its place was cancelled.")
    unknown = run(args=["ticket", "verify", ticket.code[:-1] + "?"])
    assert (unknown.exit_code, unknown.output) == (1, "UNKNOWN: This is no ticket of seatbook.\n")


def test_a_key_is_listed_and_revoked(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    key = signing_key(app.extensions["seatbook"]).id
    assert f"{key}  since" in run(args=["ticket", "keys"]).output
    assert run(args=["ticket", "revoke-key", key.lower()]).exit_code == 0
    assert "revoked" in run(args=["ticket", "keys"]).output
    assert run(args=["ticket", "revoke-key", "AAAAAAAA"]).exit_code == 1
