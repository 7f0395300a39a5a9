"""Money over the window: what staff took for a reservation, and what they paid out."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.checkout import Checkout, buy, lock_checkout
from seatbook.domain.inventory.rows import checked_id
from seatbook.domain.once import safe_to_repeat
from seatbook.domain.orders.refunds import note_done
from seatbook.domain.orders.rows import (
    add_payment,
    change_refund,
    find_payment,
    lock_refund,
    note_step,
    payment_under_way,
)
from seatbook.domain.orders.settle import PaymentState, record_answer
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, AmountChanged, InvalidInput, PaymentUnavailable, SaleClosed, WrongState
from seatbook.models import Event, Payment
from seatbook.payments import Answer, ProviderError, Receipt
from seatbook.payments.till import Till

# What people pay with at the window.
HOW = ("cash", "card")


@safe_to_repeat
def take_at_counter(
    event_id: int,
    *,
    reservation_id: int,
    actor_user_id: int | None,
    how: str = "cash",
    till: Till | None = None,
    seen_minor: int | None = None,
) -> PaymentState:
    """Put on record that an order was paid at the window, all that it costs now; one that waits for its payment is
    bought by it. Once; repeating answers the same. `how`: cash or card.

    With a `till` a payment that is under way is ended at its provider first, so that nobody pays twice; without
    one it is refused. `seen_minor`: what somebody was told that it costs.

    Raises WrongState (nothing to pay, being paid, over), AmountChanged, SaleClosed, PaymentUnavailable, NotFound.
    """
    if how not in HOW:
        raise InvalidInput(field="how", reason=N_("Money at the window is cash or by card."))
    if till is not None:
        _end_online_payment(event_id, reservation_id=checked_id(reservation_id), till=till)
    return run_transaction(
        partial(
            _take,
            event_id=event_id,
            reservation_id=checked_id(reservation_id),
            actor=actor_user_id,
            how=how,
            seen_minor=seen_minor,
        )
    )


def _end_online_payment(event_id: int, *, reservation_id: int, till: Till) -> None:
    """Tell the provider to take no more money for this order. One that was paid a moment ago buys it."""
    payment = run_transaction(lambda session: payment_under_way(session, event_id, reservation_id))
    if payment is None:
        return
    answer = Answer("expired")
    if payment.provider_ref is not None:
        try:
            provider = till.of(payment.provider)
            answer = provider.look(payment.provider_ref)
            if answer.status == "open":
                answer = provider.end_session(payment.provider_ref)
        except ProviderError as error:
            raise PaymentUnavailable() from error
    record_answer(event_id, payment.id, answer=answer)


def _take(
    session: Session,
    *,
    event_id: int,
    reservation_id: int,
    actor: int | None,
    how: str,
    seen_minor: int | None,
) -> PaymentState:
    checkout = lock_checkout(session, event_id, reservation_id=reservation_id)
    reservation = checkout.reservation
    payment_id = session.scalar(
        select(Payment.id).where(
            Payment.event_id == event_id,
            Payment.settled_reservation_id == reservation_id,
            Payment.settlement == "confirmed",
        )
    )
    if payment_id is None:
        amount_minor = reservation.total_minor
        if reservation.status == "pending":
            amount_minor = _sell_pending(session, checkout, actor=actor)
        elif reservation.status != "confirmed" or not amount_minor:
            raise WrongState(state=reservation.status)
        if seen_minor not in (None, amount_minor):
            raise AmountChanged()
        payment_id = add_counter_payment(session, checkout, amount_minor=amount_minor, actor=actor, how=how)
    return PaymentState(event_id, payment_id, "paid", "confirmed", reservation_id)


def _sell_pending(session: Session, checkout: Checkout, *, actor: int | None) -> int:
    """Buy what somebody began to pay for elsewhere; what it costs."""
    under_way = payment_under_way(session, checkout.event_id, checkout.reservation.id)
    if under_way is not None:
        raise WrongState(state=under_way.status)
    if not checkout.is_whole:
        raise WrongState(state="expired")
    if session.scalar(select(Event.status).where(Event.id == checkout.event_id)) == "cancelled":
        raise SaleClosed(state="cancelled")
    buy(session, checkout, actor=actor)
    return checkout.total_minor


def add_counter_payment(
    session: Session, checkout: Checkout, *, amount_minor: int, actor: int | None, how: str
) -> int:
    """The money for a reservation that this transaction finds bought; the payment's id."""
    event_id, reservation = checkout.event_id, checkout.reservation
    payment_id = add_payment(
        session,
        event_id=event_id,
        reservation_id=reservation.id,
        provider="counter",
        provider_ref=f"counter-{reservation.code}",
        amount_minor=amount_minor,
        currency=session.scalar(select(Event.currency).where(Event.id == event_id)),
        status="paid",
        due_at=checkout.now,
        paid_at=checkout.now,
        settlement="confirmed",
        settled_reservation_id=reservation.id,
    )
    note_step(session, event_id, payment_id, "paid", reason="counter", note=how, actor=actor)
    return payment_id


def note_paid_out(event_id: int, *, refund_id: int, actor_user_id: int | None, how: str = "window") -> None:
    """A person gave the money of a refund back by hand. Repeating it changes nothing. Raises NotFound."""

    def act(session: Session) -> None:
        refund = lock_refund(session, event_id, refund_id)
        note_done(session, refund=refund, receipt=Receipt(how), actor=actor_user_id, is_by_hand=True)

    run_transaction(act)


def try_refund_again(event_id: int, *, refund_id: int, actor_user_id: int | None = None) -> None:
    """A refund that the provider refused is due again, now. Raises WrongState, NotFound."""

    def act(session: Session) -> None:
        refund: Any = lock_refund(session, event_id, refund_id)
        if refund.status != "failed":
            raise WrongState(state=refund.status)
        change_refund(session, refund, status="due", next_attempt_at=refund.created_at)
        payment = find_payment(session, event_id, refund.payment_id)
        note_staff_act(
            session, event_id, "refund_again", actor=actor_user_id, reservation_id=payment.reservation_id
        )

    run_transaction(act)
