"""All orders of holding, paying, failing, lapsing, cancelling and messages, against a model of a few lines.

The model knows, of each checkout, which places it is for, what the provider has
decided, and what the money bought. All else follows, and after every step: no
place is both free and sold, and what was paid, less what went back, is what the
bought places are worth.

ORDER_RUNS=2000 python -m pytest tests/domain/orders/test_model.py looks at more of them than every run does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
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

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_seats, release_hold
from seatbook.domain.orders import (
    BegunCheckout,
    accept_offer,
    ask_due_payments,
    begin_checkout,
    cancel_order,
    choose_parties,
    create_concession,
    decline_offer,
    end_due_offers,
    give_up_checkout,
    send_due_refunds,
    take_notice,
)
from seatbook.errors import (
    HoldExpired,
    InvalidInput,
    NotFound,
    PaymentUnavailable,
    SeatbookError,
    SeatsTaken,
    TooManySeats,
)
from seatbook.extensions import db
from seatbook.payments.sandbox import Message
from seatbook.queries.audit import audit_books
from tests.factories import database_clock, let_hold_end, make_holder, make_slots
from tests.invariants import find_faults
from tests.paying import (
    ask_again_now,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    make_till,
    messages,
    moody,
    payment_row,
    payments_of,
    sandbox_balance,
)

RUNS = int(os.environ.get("ORDER_RUNS", "25"))
SEATS = 4
PRICE = 4500
PEOPLE = ("ann", "ben")
FAULTS = (
    "open_session",
    "open_session!",
    "look",
    "look!",
    "end_session",
    "end_session!",
    "refund",
    "refund!",
)
some = st.integers(0, 10)


@dataclass(eq=False)
class Attempt:
    """One attempt to pay: whose, and for which places."""

    begun: BegunCheckout
    holder: str
    seats: frozenset[int]


@dataclass(eq=False)
class Basket:
    id: int
    holder: str
    seats: set[int] = field(default_factory=set)


class PaidBoxOffice(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        hall = make_online_event(seats=SEATS - 1, price_minor=PRICE, max_seats=3, late_offer_seconds=600)
        # The last place is a tour for one to three, at the price of each; a child pays half.
        starts = [database_clock() + timedelta(days=1)]
        (self.tour,) = make_slots(hall, starts=starts, party=(1, 3), price_per="person")
        self.child = create_concession(hall.event_id, name="Child", percent_off=50)
        self.hall = replace(hall, seat_ids=(*hall.seat_ids, self.tour))
        self.till = make_till()
        self.provider = moody(self.till)
        self.people: dict[str, HolderRef] = {name: make_holder() for name in PEOPLE}
        self.baskets: list[Basket] = []
        self.attempts: list[Attempt] = []
        self.post: list[Message] = []

    def attempt(self, number: int, *, rather: str = "") -> Attempt:
        """One of the attempts; one that is `rather` (a status, or what became of its money) if there is any."""
        fitting = [a for a in self.attempts if rather in tuple(payment_row(a.begun))] if rather else []
        among = fitting or self.attempts
        return among[-1 - number % len(among)]

    # What people do

    @initialize(
        who=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=3),
        places=st.permutations(range(SEATS)),
        children=st.integers(0, 2),
    )
    def some_are_paying(self, who: list[str], places: list[int], children: int) -> None:
        """Most sequences would end before anybody pays, if they began with an empty hall."""
        for number, name in enumerate(who):
            self.hold(name, set(places[number : number + 1 + (number == 0)]))
            self.come(name, 2, children)
            self.checkout(0)

    @rule(
        name=st.sampled_from(PEOPLE),
        seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=2),
        ends=st.sampled_from(["", "", "given back", "over"]),
    )
    def browse(self, name: str, seats: set[int], ends: str) -> None:
        if ends == "given back":
            release_hold(self.hall.event_id, holder=self.people[name])
        elif ends == "over":
            for basket in self.baskets:
                if basket.holder == name:
                    _end_if_held(self, basket.id)
        else:
            self.hold(name, seats)

    def hold(self, name: str, seats: set[int]) -> None:
        ids = [self.hall.seat_ids[seat] for seat in sorted(seats)]
        try:
            held = hold_seats(self.hall.event_id, seat_ids=ids, holder=self.people[name])
        except (SeatsTaken, TooManySeats, SeatbookError):
            return
        basket = next((b for b in self.baskets if b.id == held.reservation_id), None)
        if basket is None:
            basket = Basket(held.reservation_id, name)
            self.baskets.append(basket)
        basket.seats |= seats

    @rule(
        name=st.sampled_from(PEOPLE),
        size=st.none() | st.integers(1, 3),
        children=st.none() | st.integers(0, 4),
    )
    def come(self, name: str, size: int | None, children: int | None) -> None:
        """So many, or as many as until now, of whom so many are children."""
        people = {} if children is None else {self.tour: {self.child: children}}
        sizes = {} if size is None else {self.tour: size}
        try:
            choose_parties(self.hall.event_id, choices=sizes, people=people, holder=self.people[name])
        except InvalidInput:
            # Among three there is room for all that are not more than three.
            assert None in (size, children) or (children or 0) > (size or 0)
        except (HoldExpired, NotFound):
            return
        else:
            assert None in (size, children) or (children or 0) <= (size or 0)

    @precondition(lambda self: self.baskets)
    @rule(number=some)
    def checkout(self, number: int) -> None:
        basket = self.baskets[-1 - number % len(self.baskets)]
        try:
            begun = begin_checkout(
                self.hall.event_id,
                reservation_id=basket.id,
                holder=self.people[basket.holder],
                till=self.till,
            )
        except (HoldExpired, PaymentUnavailable):
            return
        known = {attempt.begun.payment_id for attempt in self.attempts}
        if begun.payment_id is not None and begun.payment_id not in known:
            assert begun.total_minor % (PRICE // 2) == 0
            self.attempts.append(Attempt(begun, basket.holder, frozenset(basket.seats)))

    @precondition(lambda self: self.attempts)
    @rule(
        number=some,
        becomes=st.sampled_from(["paid", "paid", "failed"]),
        slow=st.booleans(),
        copies=st.integers(0, 2),
        told_at_once=st.booleans(),
    )
    def pay(self, number: int, becomes: str, slow: bool, copies: int, told_at_once: bool) -> None:
        self.decide(self.attempt(number, rather="open"), becomes=becomes, slow=slow, copies=copies)
        if told_at_once:
            for message in self.post:
                take_notice("sandbox", body=message.body, headers=message.headers, till=self.till)

    def decide(self, attempt: Attempt, *, becomes: str, slow: bool, copies: int) -> None:
        ref = payment_row(attempt.begun).provider_ref
        self.provider.sandbox.decide(ref, becomes=becomes, after_seconds=3600 if slow else 0, copies=copies)
        self.post += messages(self.till)

    @precondition(lambda self: self.attempts)
    @rule(number=some, takes=st.sampled_from([True, True, False]))
    def pay_late(self, number: int, takes: bool) -> None:
        """Money that is on its way until the places are free, and perhaps somebody else's."""
        attempt = self.attempt(number, rather="open")
        self.decide(attempt, becomes="paid", slow=True, copies=1)
        let_deadline_pass(attempt.begun, grace_too=True)
        self.jobs_run()
        if takes:
            rival = PEOPLE[1 - PEOPLE.index(attempt.holder)]
            release_hold(self.hall.event_id, holder=self.people[rival])
            self.hold(rival, {min(attempt.seats)})
        let_processing_end(attempt.begun)

    @precondition(lambda self: self.attempts)
    @rule(number=some)
    def give_up(self, number: int) -> None:
        attempt = self.attempt(number)
        try:
            give_up_checkout(
                self.hall.event_id,
                reservation_id=attempt.begun.reservation_id,
                holder=self.people[attempt.holder],
                till=self.till,
            )
        except SeatbookError as refusal:
            assert refusal.code == "wrong_state"

    @precondition(lambda self: self.attempts)
    @rule(number=some, seat=st.none() | st.integers(0, SEATS - 1), again=st.booleans())
    def cancel(self, number: int, seat: int | None, again: bool) -> None:
        attempt = self.attempt(number, rather="confirmed")
        bought = payment_row(attempt.begun).settled_reservation_id or attempt.begun.reservation_id
        for _ in range(1 + again):
            try:
                cancel_order(
                    self.hall.event_id,
                    reservation_id=bought,
                    holder=self.people[attempt.holder],
                    seat_ids=None if seat is None else [self.hall.seat_ids[seat]],
                )
            except SeatbookError as refusal:
                assert isinstance(refusal, NotFound) or refusal.code == "wrong_state"

    @precondition(lambda self: self.attempts)
    @rule(number=some, accepted=st.booleans())
    def answer_offer(self, number: int, accepted: bool) -> None:
        attempt = self.attempt(number, rather="offered")
        act = accept_offer if accepted else decline_offer
        try:
            act(
                self.hall.event_id,
                payment_id=attempt.begun.payment_id or 0,
                holder=self.people[attempt.holder],
            )
        except SeatbookError as refusal:
            assert refusal.code in ("wrong_state", "offer_ended")

    # What providers, time and jobs do

    @precondition(lambda self: self.post)
    @rule(number=some, keep=st.booleans())
    def a_message_arrives(self, number: int, keep: bool) -> None:
        """In any order, and as often as it likes."""
        index = number % len(self.post)
        message = self.post[index] if keep else self.post.pop(index)
        take_notice("sandbox", body=message.body, headers=message.headers, till=self.till)

    @rule(faults=st.sets(st.sampled_from(FAULTS), max_size=2))
    def the_line_changes(self, faults: set[str]) -> None:
        self.provider.faults = faults

    @precondition(lambda self: self.attempts)
    @rule(number=some, what=st.sampled_from(["deadline", "grace", "slow money", "offer"]))
    def time_passes(self, number: int, what: str) -> None:
        attempt = self.attempt(number)
        payment = payment_row(attempt.begun)
        if what == "slow money":
            let_processing_end(attempt.begun)
        elif what != "offer":
            let_deadline_pass(attempt.begun, grace_too=what == "grace")
        elif payment.settlement == "offered":
            let_deadline_pass(_begun(payment, payment.settled_reservation_id), grace_too=True)

    @rule()
    def jobs_run(self) -> None:
        ask_again_now()
        ask_due_payments(till=self.till)
        end_due_offers()
        send_due_refunds(till=self.till)
        sweep_expired_holds(batch=100, trigger="command")

    # What is true after every step

    @invariant()
    def the_tour_costs_what_its_people_pay_wherever_it_goes(self) -> None:
        db.session.rollback()
        wrong = db.session.execute(OTHER_PRICE, {"event": self.hall.event_id, "price": PRICE}).all()
        assert wrong == []

    @invariant()
    def no_place_is_free_and_sold_and_the_money_is_where_the_places_are(self) -> None:
        db.session.rollback()
        wrong = db.session.execute(FREE_AND_SOLD, {"event": self.hall.event_id}).scalar_one()
        assert wrong == 0
        books = db.session.execute(BOOKS, {"event": self.hall.event_id}).one()
        assert books.paid - books.back == books.value + books.undecided
        # What the provider has given back, we had promised.
        assert sandbox_balance() >= books.paid - books.back

    def teardown(self) -> None:
        """With the line repaired and every clock run down, nothing is left half done."""
        self.provider.faults = set()
        for message in [*self.post, *messages(self.till), *self.post]:
            take_notice("sandbox", body=message.body, headers=message.headers, till=self.till)
        # Also those whose buyer never saw a page, because the provider did not answer.
        for payment in payments_of(self.hall):
            begun = _begun(payment, payment.reservation_id)
            let_processing_end(begun)
            let_deadline_pass(begun, grace_too=True)
        for basket in self.baskets:
            _end_if_held(self, basket.id)
        for _ in range(2):
            self.jobs_run()
            for attempt in self.attempts:
                payment = payment_row(attempt.begun)
                if payment.settlement == "offered":
                    let_deadline_pass(_begun(payment, payment.settled_reservation_id), grace_too=True)
        self.jobs_run()
        db.session.rollback()
        open_ends = db.session.execute(OPEN_ENDS, {"event": self.hall.event_id}).one()
        assert tuple(open_ends) == (0, 0, 0), open_ends
        books = db.session.execute(BOOKS, {"event": self.hall.event_id}).one()
        assert sandbox_balance() == books.value == books.paid - books.back
        # A transaction that waits while all rows are read would be ended for its idleness.
        db.session.rollback()
        assert list(find_faults(self.hall.event_id)) == []
        assert audit_books(self.hall.event_id).findings == ()
        _empty_sandbox()


def _begun(payment: Any, reservation_id: int) -> BegunCheckout:
    return BegunCheckout(payment.event_id, reservation_id, "", "pending", 0, payment_id=payment.id)


def _end_if_held(machine: PaidBoxOffice, reservation_id: int) -> None:
    status = db.session.execute(
        text("SELECT status FROM reservation WHERE id = :id"), {"id": reservation_id}
    ).scalar_one()
    db.session.rollback()
    if status == "held":
        let_hold_end(machine.hall, reservation_id)


def _empty_sandbox() -> None:
    """The next sequence counts its own money only."""
    for table in ("sandbox_notice", "sandbox_refund", "sandbox_session"):
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.commit()


FREE_AND_SOLD = text("""
    SELECT count(*) FROM seat
      JOIN reservation_seat line ON line.event_id = seat.event_id AND line.seat_id = seat.id
      JOIN reservation ON reservation.event_id = line.event_id AND reservation.id = line.reservation_id
     WHERE seat.event_id = :event AND line.ended_at IS NULL AND reservation.status = 'confirmed'
       AND (seat.status, seat.reservation_id) IS DISTINCT FROM ('reserved', reservation.id)
""")
OTHER_PRICE = text("""
    SELECT line.seat_id, line.price_minor, line.party_size FROM reservation_seat line
     WHERE line.event_id = :event AND line.party_size IS NOT NULL
       AND line.price_minor <> :price * line.party_size - :price / 2 * coalesce(
           (SELECT sum(people) FROM party_concession said
             WHERE said.event_id = line.event_id AND said.reservation_seat_id = line.id), 0)
""")
BOOKS = text("""
    SELECT (SELECT coalesce(sum(amount_minor), 0) FROM payment
             WHERE event_id = :event AND status = 'paid') AS paid,
           (SELECT coalesce(sum(amount_minor), 0) FROM refund WHERE event_id = :event) AS back,
           (SELECT coalesce(sum(total_minor), 0) FROM reservation
             WHERE event_id = :event AND status = 'confirmed') AS value,
           (SELECT coalesce(sum(amount_minor), 0) FROM payment
             WHERE event_id = :event AND settlement IN ('offered', 'review')) AS undecided
""")
OPEN_ENDS = text("""
    SELECT (SELECT count(*) FROM reservation WHERE event_id = :event AND status IN ('held', 'pending')),
           (SELECT count(*) FROM payment
             WHERE event_id = :event AND (status IN ('open', 'processing') OR settlement = 'offered')),
           (SELECT count(*) FROM refund WHERE event_id = :event AND status <> 'done')
""")


@pytest.mark.usefixtures("app_context")
def test_whatever_happens_in_whatever_order_the_books_balance() -> None:
    run_state_machine_as_test(
        PaidBoxOffice,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=25,
            deadline=None,
            # The same sequences each time, unless somebody asks for more than usual.
            derandomize="ORDER_RUNS" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
