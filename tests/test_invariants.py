"""The audits can fail: each way in which books can be wrong is found, by the tests' own and by `flask audit`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, hold_seats, release_seats
from seatbook.domain.orders import (
    BegunCheckout,
    apply_code,
    begin_checkout,
    cancel_order,
    choose_parties,
    create_code,
    create_concession,
    give_up_checkout,
    record_answer,
)
from seatbook.extensions import db
from seatbook.payments import Answer
from seatbook.queries.audit import audit_books
from tests.factories import Hall, database_clock, make_event, make_holder, make_slots
from tests.invariants import find_faults
from tests.paying import make_online_event, make_till

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
    "more of a party pay less than come": (
        "UPDATE party_concession SET people = 3 WHERE event_id = %(event)s"
    ),
    "nobody comes who could pay less": (
        "UPDATE party_concession SET reservation_seat_id = line.id FROM reservation_seat line"
        " WHERE party_concession.event_id = %(event)s AND line.seat_id = %(held)s"
    ),
    "a log that jumps": (
        "UPDATE seat_change SET from_status = 'blocked' WHERE seat_id = %(reserved)s AND reason = 'reserve'"
    ),
}
# Found by the tests' own audit alone: what `flask audit` does not look at.
ONLY_HERE = {
    "a party costs something else than its people": (
        "UPDATE party_concession SET people = 2 WHERE event_id = %(event)s"
    ),
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


# The money: {payment} bought two seats of 45.00, one of which was given back; {late} came late and went back.
WRONG_MONEY = {
    "a place is gone and its money is not": "DELETE FROM refund WHERE payment_id = %(payment)s",
    "the money is gone and its place is not": (
        "UPDATE refund SET amount_minor = amount_minor + 1 WHERE payment_id = %(payment)s"
    ),
    "more was paid than the places cost": (
        "UPDATE payment SET amount_minor = amount_minor + 1 WHERE id = %(payment)s"
    ),
    "late money did not all go back": (
        "UPDATE refund SET amount_minor = amount_minor - 1 WHERE payment_id = %(late)s"
    ),
    "money went back that never came": (
        "INSERT INTO refund (event_id, payment_id, amount_minor, reason) VALUES (%(event)s, %(open)s, 1, 'why')"
    ),
    "money that is not decided about went back": (
        "UPDATE payment SET settlement = 'review', settled_reservation_id = NULL WHERE id = %(late)s"
    ),
    "bought without paying": "UPDATE payment SET settled_reservation_id = reservation_id WHERE id = %(late)s;"
    " UPDATE payment SET settlement = 'refunded', settled_reservation_id = NULL WHERE id = %(payment)s;"
    " UPDATE refund SET amount_minor = 9000 WHERE payment_id = %(payment)s",
    "a code is used once too often": "UPDATE discount_code SET max_uses = 1",
}
WRONG_MONEY_ONLY_HERE = {
    "money was counted twice": (
        "INSERT INTO payment_step (event_id, payment_id, step) VALUES (%(event)s, %(payment)s, 'paid')"
    ),
}


def test_the_audits_find_each_kind_of_wrong_money(fresh_app: Flask, subtests: pytest.Subtests) -> None:
    _guards_off()
    for fault, statement in (WRONG_MONEY | WRONG_MONEY_ONLY_HERE).items():
        with subtests.test(fault):
            ids = _right_money()
            assert list(find_faults(ids["event"])) == []
            assert audit_books(ids["event"]).findings == ()
            with db.engine.begin() as connection:
                assert connection.exec_driver_sql(statement, ids).rowcount > 0
            assert list(find_faults(ids["event"])) != []
            if fault in WRONG_MONEY:
                assert audit_books(ids["event"]).findings != ()


def _right_money() -> dict[str, int]:
    """An event that is paid online, with a purchase, money that came late, and a payment on its way."""
    hall, till = make_online_event(seats=6), make_till()
    code = create_code(hall.event_id, code="TWO", amount_off_minor=1, max_uses=2)

    def begun(places: slice, holder: HolderRef) -> BegunCheckout:
        held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[places], holder=holder).reservation_id
        return begin_checkout(hall.event_id, reservation_id=held, holder=holder, till=till)

    ann, ben = make_holder(), make_holder()
    bought = begun(slice(2), ann)
    record_answer(hall.event_id, bought.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    cancel_order(hall.event_id, reservation_id=bought.reservation_id, holder=ann, seat_ids=hall.seat_ids[:1])
    late = begun(slice(2, 3), ben)
    give_up_checkout(hall.event_id, reservation_id=late.reservation_id, holder=ben, till=till)
    for place in (2, 3):
        # Somebody else has it now, and both have a code.
        holder = make_holder()
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[place]], holder=holder)
        apply_code(hall.event_id, code="TWO", holder=holder)
        open_payment = begun(slice(place, place + 1), holder)
    record_answer(hall.event_id, late.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    return {
        "event": hall.event_id,
        "payment": bought.payment_id or 0,
        "late": late.payment_id or 0,
        "open": open_payment.payment_id or 0,
        "code": code,
    }


def _guards_off() -> None:
    """The schema refuses almost all of it: that is what the guards are for."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_reservation_seat_open_claim")
        for table in (
            "seat",
            "reservation",
            "reservation_seat",
            "seat_change",
            "payment",
            "refund",
            "discount_use",
            "party_concession",
        ):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def _hold_for_a_party(hall: Hall) -> None:
    """A slot is held for two, of whom one is a child."""
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    starts = [database_clock() + timedelta(days=1)]
    (slot,) = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    cleo = make_holder()
    hold_seats(hall.event_id, seat_ids=[slot], holder=cleo)
    choose_parties(hall.event_id, choices={}, people={slot: {child: 1}}, holder=cleo)


def _right_books() -> dict[str, int]:
    """An event with two seats bought, two held, and one given back, and a slot held for a party; the ids."""
    hall, ann, ben = make_event(seats=5), make_holder(), make_holder()
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ben).reservation_id
    release_seats(hall.event_id, seat_ids=hall.seat_ids[4:], holder=ben)
    _hold_for_a_party(hall)
    return {
        "event": hall.event_id,
        "reserved": hall.seat_ids[0],
        "held": hall.seat_ids[2],
        "ended": hall.seat_ids[4],
        "hold": held,
        "bought": bought,
        "idle_holder": make_holder().holder_id,
    }
