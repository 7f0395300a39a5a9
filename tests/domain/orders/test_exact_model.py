"""Every order of {begin, pay, expire, cancel, webhook, webhook again}: what happens is what a small model foretells.

`test_model.py` does more and says less about it: there the books must balance,
whatever happens. Here each step has one right outcome.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from seatbook.domain.orders import BegunCheckout, ask_payment, cancel_order, take_notice
from seatbook.errors import SeatbookError
from seatbook.extensions import db
from seatbook.payments.sandbox import Message
from tests.factories import make_holder
from tests.invariants import find_faults
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    make_till,
    messages,
    moody,
    payment_row,
)

RUNS = int(os.environ.get("ORDER_RUNS", "12"))
SEATS, PRICE, PEOPLE = 3, 4500, 3
some = st.integers(0, 5)


# The model


@dataclass(eq=False)
class Order:
    """`status`: pending, bought, over, refunded, cancelled; `money`: none, coming, there, never."""

    seats: frozenset[int]
    status: str = "pending"
    money: str = "none"


class Model:
    def __init__(self) -> None:
        self.orders: list[Order] = []

    def taken(self) -> dict[int, str]:
        live = [order for order in self.orders if order.status in ("pending", "bought")]
        return {seat: order.status for order in live for seat in order.seats}

    def pay(self, order: Order, *, slowly: bool) -> None:
        if order.money == "none":
            order.money = "coming" if slowly else "there"

    def hear(self, order: Order) -> None:
        """What is paid is bought, late as well while nobody has a place of it; else the money goes back, once."""
        if order.money == "there" and order.status in ("pending", "over"):
            is_free = order.status == "pending" or not order.seats & self.taken().keys()
            order.status = "bought" if is_free else "refunded"

    def expire(self, order: Order) -> None:
        """The provider is asked first; what it cannot tell is waited for until the grace is over, and no longer."""
        self.hear(order)
        if order.status == "pending":
            order.status = "over"
            order.money = "never" if order.money == "none" else order.money

    def cancel(self, order: Order) -> None:
        if order.status == "bought":
            order.status = "cancelled"


# The product, beside it


class Checked(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.hall = make_online_event(seats=SEATS, price_minor=PRICE, max_seats=1_000)
        self.till = make_till()
        self.people = [make_holder() for _ in range(PEOPLE)]
        self.begun: list[BegunCheckout] = []
        self.post: dict[int, list[Message]] = {}

    def one(self, number: int) -> tuple[Order, BegunCheckout]:
        index = -1 - number % len(self.begun)
        return self.model.orders[index], self.begun[index]

    def collect_post(self) -> None:
        for message in messages(self.till):
            payment_id = int(json.loads(message.body)["key"].split("-")[1])
            self.post.setdefault(payment_id, []).append(message)

    @initialize()
    def two_are_paying(self) -> None:
        self.begin(0, {0, 1})
        self.begin(1, {2})

    @rule(person=st.integers(0, PEOPLE - 1), seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=2))
    def begin(self, person: int, seats: set[int]) -> None:
        is_possible = not seats & self.model.taken().keys()
        try:
            begun = go_to_checkout(
                self.hall, holder=self.people[person], till=self.till, places=sorted(seats)
            )
        except SeatbookError:
            assert not is_possible
            return
        assert is_possible
        self.begun.append(begun)
        self.model.orders.append(Order(frozenset(seats)))

    @precondition(lambda self: self.begun)
    @rule(number=some, slowly=st.booleans())
    def pay(self, number: int, slowly: bool) -> None:
        order, begun = self.one(number)
        self.model.pay(order, slowly=slowly)
        ref = payment_row(begun).provider_ref
        moody(self.till).sandbox.decide(ref, becomes="paid", after_seconds=3600 if slowly else 0)
        self.collect_post()

    @precondition(lambda self: self.begun)
    @rule(number=some)
    def slow_money_arrives(self, number: int) -> None:
        order, begun = self.one(number)
        if order.money == "coming":
            order.money = "there"
        let_processing_end(begun)
        db.session.execute(NOTICE_IS_DUE, {"ref": payment_row(begun).provider_ref})
        db.session.commit()
        self.collect_post()

    @precondition(lambda self: any(self.post.values()))
    @rule(number=some, times=st.integers(1, 3))
    def webhook_and_webhook_again(self, number: int, times: int) -> None:
        order, begun = self.one(number)
        for message in self.post.get(begun.payment_id or 0, []):
            told = json.loads(message.body)["status"]
            for _ in range(times):
                take_notice("sandbox", body=message.body, headers=message.headers, till=self.till)
            if told == "paid":
                self.model.hear(order)

    @precondition(lambda self: self.begun)
    @rule(number=some, rival=st.none() | st.integers(0, PEOPLE - 1), times=st.integers(1, 2))
    def pay_late(self, number: int, rival: int | None, times: int) -> None:
        """Chance alone would hardly ever find these steps in this order."""
        order, _ = self.one(number)
        self.pay(number, slowly=True)
        self.expire(number)
        if rival is not None:
            self.begin(rival, {min(order.seats)})
        # Orders are counted from the last one, and there may be one more by now.
        later = len(self.model.orders) - 1 - self.model.orders.index(order)
        self.slow_money_arrives(later)
        if any(self.post.values()):
            self.webhook_and_webhook_again(later, times)

    @precondition(lambda self: self.begun)
    @rule(number=some)
    def expire(self, number: int) -> None:
        order, begun = self.one(number)
        if order.status == "pending":
            self.model.expire(order)
            let_deadline_pass(begun, grace_too=True)
            ask_payment(self.hall.event_id, payment_id=begun.payment_id or 0, till=self.till)
            self.collect_post()

    @precondition(lambda self: self.begun)
    @rule(number=some)
    def cancel(self, number: int) -> None:
        order, begun = self.one(number)
        was = order.status
        self.model.cancel(order)
        bought = payment_row(begun).settled_reservation_id or begun.reservation_id
        try:
            cancelled = cancel_order(self.hall.event_id, reservation_id=bought, holder=None)
        except SeatbookError as refusal:
            assert refusal.code == "wrong_state"
            assert was not in ("bought", "cancelled")
        else:
            assert cancelled.refund_minor == (len(order.seats) * PRICE if was == "bought" else 0)

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        db.session.rollback()
        expected = [
            {"pending": "held", "bought": "reserved"}.get(self.model.taken().get(seat, ""), "available")
            for seat in range(SEATS)
        ]
        rows = db.session.execute(SEATS_NOW, {"event": self.hall.event_id}).scalars()
        assert list(rows) == expected
        for order, begun in zip(self.model.orders, self.begun, strict=True):
            assert _as_told(payment_row(begun)) == _told(order)

    def teardown(self) -> None:
        assert list(find_faults(self.hall.event_id)) == []
        for table in ("sandbox_notice", "sandbox_refund", "sandbox_session"):
            db.session.execute(text(f"DELETE FROM {table}"))
        db.session.commit()


def _told(order: Order) -> tuple[str | None, int]:
    """What became of the money, and how much of it is owed back."""
    value = len(order.seats) * PRICE
    return {
        "pending": (None, 0),
        "over": (None, 0),
        "bought": ("confirmed", 0),
        "cancelled": ("confirmed", value),
        "refunded": ("refunded", value),
    }[order.status]


def _as_told(payment: Any) -> tuple[str | None, int]:
    back = db.session.execute(BACK, {"event": payment.event_id, "payment": payment.id}).scalar_one()
    db.session.rollback()
    return payment.settlement, back


SEATS_NOW = text("SELECT status FROM seat WHERE event_id = :event ORDER BY id")
NOTICE_IS_DUE = text("UPDATE sandbox_notice SET due_at = now() WHERE ref = :ref")
BACK = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE event_id = :event AND payment_id = :payment"
)


@pytest.mark.usefixtures("app_context")
def test_every_order_of_events_has_the_outcome_that_the_model_foretells() -> None:
    run_state_machine_as_test(
        Checked,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=15,
            deadline=None,
            derandomize="ORDER_RUNS" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
