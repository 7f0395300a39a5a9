"""Nobody holds for ever, and nobody has more places than an event allows: whatever they ask, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    adopt_holds,
    exchange_seats,
    expire_reservation,
    extend_hold,
    hold_seats,
)
from seatbook.domain.orders import (
    apply_code,
    begin_checkout,
    choose_concessions,
    create_code,
    create_concession,
    record_answer,
)
from seatbook.errors import HoldExpired, SeatsTaken, TooManySeats
from seatbook.extensions import db
from seatbook.models import Reservation
from seatbook.payments import Answer
from tests.factories import Hall, let_hold_end, make_event, make_holder, reservation_row
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    pay,
    payment_row,
)
from tests.race import race
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def hold(hall: Hall, holder: HolderRef, *places: int) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    return hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id


# For ever


def test_nothing_that_one_does_with_a_basket_makes_it_last_longer_than_the_cap() -> None:
    hall, ann = make_event(seats=6, hold_ttl_seconds=300, hold_cap_seconds=600), make_holder("ann")
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    create_code(hall.event_id, code="TEN", percent_off=10)
    first = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    begun_at = first.expires_at - timedelta(seconds=300)
    for place in range(1, 5):
        extend_hold(hall.event_id, holder=ann)
        hold(hall, ann, place)
        exchange_seats(hall.event_id, give_back=[hall.seat_ids[place]], take=[hall.seat_ids[5]], holder=ann)
        exchange_seats(hall.event_id, give_back=[hall.seat_ids[5]], take=[hall.seat_ids[place]], holder=ann)
        choose_concessions(hall.event_id, choices={hall.seat_ids[place]: child}, holder=ann)
        apply_code(hall.event_id, code="TEN", holder=ann)
        browser = make_holder()
        hold(hall, browser, 5)
        adopt_holds(from_holder_id=browser.holder_id, to=ann)
        exchange_seats(hall.event_id, give_back=[hall.seat_ids[5]], take=[hall.seat_ids[place]], holder=ann)
    end = reservation_row(hall, first.reservation_id).expires_at
    assert end <= begun_at + timedelta(seconds=601)


def test_paying_again_after_a_failure_gives_no_more_time() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    for _ in range(3):
        record_answer(hall.event_id, begun.payment_id or 0, answer=pay(till, begun, becomes="failed"))
        again = begin_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
        assert again.due_at == begun.due_at
        begun = again
    let_deadline_pass(begun)
    with refused(HoldExpired):
        begin_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)


def test_whose_time_is_over_may_try_again_and_so_may_everybody_else() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    for _ in range(3):
        let_hold_end(hall, hold(hall, ann, 0))
    hold(hall, ben, 0)
    with refused(SeatsTaken):
        hold(hall, ann, 0)
    assert_books_are_right()


# Too many


def test_what_is_being_paid_and_a_new_basket_count_together() -> None:
    hall, ann, till = make_online_event(seats=5, max_seats=3), make_holder(), make_till()
    go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    hold(hall, ann, 2)
    with refused(TooManySeats):
        hold(hall, ann, 3)
    second = go_to_checkout(hall, holder=ann, till=till, places=(2,))
    with refused(TooManySeats):
        hold(hall, ann, 3)
    # A checkout whose time is over counts until it is decided: its money may still be on its way.
    let_deadline_pass(second, grace_too=True)
    with refused(TooManySeats):
        hold(hall, ann, 3)


def test_a_basket_whose_time_is_over_is_in_the_way_of_nobodys_late_money() -> None:
    hall, ann, till = make_online_event(seats=4, max_seats=2), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    let_deadline_pass(begun, grace_too=True)
    _write_down_its_end(hall)
    let_hold_end(hall, hold(hall, ann, 2, 3))
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    assert payment_row(begun).settlement == "confirmed"
    assert_books_are_right()


def test_late_money_and_a_new_basket_are_never_more_than_one_may_have(app: Flask) -> None:
    """Each of them counts what the other is adding at this very moment."""
    outcomes = set()
    for _ in range(12):
        hall, ann, till = make_online_event(seats=4, max_seats=2), make_holder(), make_till()
        begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
        let_deadline_pass(begun, grace_too=True)
        _write_down_its_end(hall)

        def money_comes(hall: Hall = hall, payment_id: int = begun.payment_id or 0) -> str:
            answer = Answer("paid", 9000, "EUR")
            return str(record_answer(hall.event_id, payment_id, answer=answer).settlement)

        def takes_others(hall: Hall = hall, ann: HolderRef = ann) -> str:
            hold(hall, ann, 2, 3)
            return "held"

        settled, held = race(app, money_comes, takes_others)
        assert isinstance(held, TooManySeats) or held == "held"
        assert (settled, held == "held") in (("confirmed", False), ("refunded", True))
        outcomes.add(settled)
        assert_books_are_right()
    assert outcomes


def _write_down_its_end(hall: Hall) -> None:
    """As the sweep does, when nobody is left to be asked."""
    db.session.rollback()
    for reservation_id in db.session.scalars(
        select(Reservation.id).where(Reservation.event_id == hall.event_id, Reservation.status == "pending")
    ).all():
        expire_reservation(hall.event_id, reservation_id=reservation_id)
