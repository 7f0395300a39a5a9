"""Everything about money at once, by many people, with messages and jobs in between; then the books are audited."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, and_, select, text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import extend_hold, hold_quantity, hold_seats, release_hold
from seatbook.domain.orders import (
    BegunCheckout,
    Till,
    accept_offer,
    apply_code,
    ask_due_payments,
    ask_payment,
    begin_checkout,
    cancel_order,
    create_code,
    decline_offer,
    deliver_sandbox_notices,
    end_due_offers,
    give_up_checkout,
    send_due_refunds,
)
from seatbook.errors import Busy, SeatbookError
from seatbook.extensions import db
from seatbook.models import Payment, Reservation
from seatbook.payments.sandbox import Sandbox
from tests.factories import Hall, make_area, make_holders
from tests.invariants import assert_books_are_right
from tests.paying import (
    ask_again_now,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    payments_of,
    refunds_of,
    sandbox_balance,
)
from tests.race import race

pytestmark = pytest.mark.usefixtures("app_context")

THREADS = 12
ACTS_EACH = 60
PEOPLE = 8
CODE_USES = 5


class Customer:
    """One thread: does something at random, as anybody, again and again; counts what came of it."""

    def __init__(self, seed: int, hall: Hall, area_id: int, people: list[HolderRef], till: Till) -> None:
        self.dice = random.Random(seed)
        self.hall, self.area_id, self.people, self.till = hall, area_id, people, till
        self.counts: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        deeds: list[tuple[Callable[[HolderRef], object], int]] = [
            (self.hold, 6),
            (self.hold_any, 3),
            (self.extend, 1),
            (self.code, 2),
            (self.checkout, 8),
            (self.pay, 8),
            (self.come_back, 2),
            (self.give_up, 2),
            (self.give_basket_back, 1),
            (self.cancel, 3),
            (self.answer_offer, 2),
            (self.time_passes, 4),
            (self.post, 4),
            (self.jobs, 3),
        ]
        for _ in range(ACTS_EACH):
            (deed,) = self.dice.choices([d for d, _ in deeds], [weight for _, weight in deeds])
            try:
                deed(self.dice.choice(self.people))
                self.counts[deed.__name__] += 1
            except Busy:
                raise
            except SeatbookError as refusal:
                self.counts[refusal.code] += 1
        return self.counts

    def hold(self, holder: HolderRef) -> None:
        seat_ids = self.dice.sample(self.hall.seat_ids, self.dice.randint(1, 3))
        hold_seats(self.hall.event_id, seat_ids=seat_ids, holder=holder)

    def hold_any(self, holder: HolderRef) -> None:
        hold_quantity(self.hall.event_id, area_id=self.area_id, quantity=2, holder=holder)

    def extend(self, holder: HolderRef) -> None:
        extend_hold(self.hall.event_id, holder=holder)

    def code(self, holder: HolderRef) -> None:
        apply_code(self.hall.event_id, code="FEW", holder=holder)

    def checkout(self, holder: HolderRef) -> None:
        open_ids = self._reservations(holder, "held") or self._reservations(holder, "pending")
        if open_ids:
            reservation_id = self.dice.choice(open_ids)
            begin_checkout(self.hall.event_id, reservation_id=reservation_id, holder=holder, till=self.till)

    def pay(self, _: HolderRef) -> None:
        row = self._any(and_(Payment.status == "open", Payment.provider_ref.is_not(None)))
        if row:
            sandbox = self.till.online
            assert isinstance(sandbox, Sandbox)
            sandbox.decide(
                row.provider_ref,
                becomes=self.dice.choice(["paid", "paid", "paid", "failed"]),
                after_seconds=self.dice.choice([0, 0, 3600]),
                copies=self.dice.randint(0, 3),
            )

    def come_back(self, _: HolderRef) -> None:
        if row := self._any(Payment.status == "open"):
            ask_payment(self.hall.event_id, payment_id=row.id, till=self.till)

    def give_up(self, holder: HolderRef) -> None:
        for reservation_id in self._reservations(holder, "pending")[:1]:
            give_up_checkout(self.hall.event_id, reservation_id=reservation_id, holder=holder, till=self.till)

    def give_basket_back(self, holder: HolderRef) -> None:
        release_hold(self.hall.event_id, holder=holder)

    def cancel(self, holder: HolderRef) -> None:
        for reservation_id in self._reservations(holder, "confirmed")[:1]:
            cancel_order(self.hall.event_id, reservation_id=reservation_id, holder=holder)

    def answer_offer(self, holder: HolderRef) -> None:
        row = self._any(Payment.settlement == "offered")
        if row:
            owner = db.session.scalar(
                select(Reservation.holder_id).where(Reservation.id == row.settled_reservation_id)
            )
            db.session.rollback()
            act = accept_offer if self.dice.random() < 0.7 else decline_offer
            act(self.hall.event_id, payment_id=row.id, holder=HolderRef(owner or 0))

    def time_passes(self, _: HolderRef) -> None:
        row = self._any(Payment.status.in_(("open", "processing")))
        if row:
            begun = BegunCheckout(self.hall.event_id, row.reservation_id, "", "pending", 0, payment_id=row.id)
            if self.dice.random() < 0.5:
                let_processing_end(begun)
            else:
                let_deadline_pass(begun, grace_too=self.dice.random() < 0.5)

    def post(self, _: HolderRef) -> None:
        deliver_sandbox_notices(till=self.till, most=5)

    def jobs(self, _: HolderRef) -> None:
        ask_due_payments(till=self.till, batch=5)
        end_due_offers(batch=5)
        send_due_refunds(till=self.till, batch=5)
        sweep_expired_holds(batch=100, trigger="command")

    def _reservations(self, holder: HolderRef, status: str) -> list[int]:
        db.session.rollback()
        query = select(Reservation.id).where(
            Reservation.event_id == self.hall.event_id,
            Reservation.holder_id == holder.holder_id,
            Reservation.status == status,
        )
        found = list(db.session.scalars(query))
        db.session.rollback()
        return found

    def _any(self, condition: ColumnElement[bool]) -> Any:
        """Some payment of which this is true, or None."""
        db.session.rollback()
        rows = db.session.execute(
            select(Payment.id, Payment.provider_ref, Payment.reservation_id, Payment.settled_reservation_id)
            .where(Payment.event_id == self.hall.event_id, condition)
            .limit(20)
        ).all()
        db.session.rollback()
        return self.dice.choice(rows) if rows else None


def test_a_storm_of_payments_leaves_every_cent_where_it_belongs(app: Flask) -> None:
    hall = make_online_event(seats=30, max_seats=6, late_offer_seconds=600)
    area_id = make_area(hall, kind="stock", places=12)
    create_code(hall.event_id, code="FEW", percent_off=20, max_uses=CODE_USES)
    people = make_holders(PEOPLE)
    till = Till(online=Sandbox(secret="a storm's"), others={})
    counts: Counter[str] = Counter()
    for outcome in race(app, *[Customer(seed, hall, area_id, people, till).run for seed in range(THREADS)]):
        if isinstance(outcome, Exception):
            raise outcome
        counts += outcome

    # It was no walk in the park: the deeds were done.
    assert {"checkout", "pay", "cancel", "give_up", "jobs"} <= set(counts), counts
    settled = Counter(payment.settlement for payment in payments_of(hall))
    assert settled["confirmed"] > 5, (settled, counts)
    assert_books_are_right()

    # When all is told and asked, nothing is left on its way.
    for payment in payments_of(hall):
        begun = BegunCheckout(hall.event_id, payment.reservation_id, "", "pending", 0, payment_id=payment.id)
        let_processing_end(begun)
        let_deadline_pass(begun, grace_too=True)
    deliver_sandbox_notices(till=till, most=1_000)
    ask_again_now()
    ask_due_payments(till=till, batch=1_000)
    for payment in payments_of(hall):
        if payment.settlement == "offered":
            offered = BegunCheckout(hall.event_id, payment.settled_reservation_id, "", "pending", 0)
            let_deadline_pass(offered, grace_too=True)
    end_due_offers(batch=1_000)
    ask_again_now()
    send_due_refunds(till=till, batch=1_000)
    assert {payment.status for payment in payments_of(hall)} <= {"paid", "failed", "expired"}
    assert {status for _, _, status in refunds_of(hall)} <= {"done"}
    value = db.session.execute(
        text(
            "SELECT coalesce(sum(total_minor), 0) FROM reservation WHERE event_id = :e AND status = 'confirmed'"
        ),
        {"e": hall.event_id},
    ).scalar_one()
    db.session.rollback()
    assert sandbox_balance() == value
    assert_books_are_right()


def test_a_drop_sells_all_it_has_and_nothing_more(app: Flask) -> None:
    """Everybody at once for 40 shirts; some never pay, and theirs are sold to the next."""
    hall = make_online_event(seats=0, max_seats=1)
    area_id = make_area(hall, kind="stock", places=40)
    till = Till(online=Sandbox(secret="a drop's"), others={})
    sandbox = till.online
    assert isinstance(sandbox, Sandbox)

    def want(holder: HolderRef, pays: bool) -> BegunCheckout:
        held = hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=holder)
        begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=holder, till=till)
        if pays and begun.pay_url:
            sandbox.decide(begun.pay_url.rsplit("/", 1)[1], becomes="paid", copies=2)
        return begun

    def rush(*, pay_every: int) -> list[BegunCheckout]:
        people = make_holders(60)
        acts = [partial(want, holder, number % pay_every == 0) for number, holder in enumerate(people)]
        outcomes = race(app, *acts)
        assert {type(o).__name__ for o in outcomes} <= {"BegunCheckout", "NotEnoughLeft"}
        race(app, *[partial(deliver_sandbox_notices, till=till)] * 4)
        return [outcome for outcome in outcomes if isinstance(outcome, BegunCheckout)]

    first = rush(pay_every=2)
    assert len(first) == 40
    for begun in first:
        let_deadline_pass(begun)
    race(app, *[partial(ask_due_payments, till=till)] * 4)
    left = 40 - sum(payment.settlement == "confirmed" for payment in payments_of(hall))
    assert 0 < left < 40
    assert len(rush(pay_every=1)) == left
    deliver_sandbox_notices(till=till)
    assert sum(payment.settlement == "confirmed" for payment in payments_of(hall)) == 40
    assert sandbox_balance() == 40 * 4500
    assert_books_are_right()
