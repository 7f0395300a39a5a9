"""Money over the window: what staff took for a reservation, and what they paid out."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.checkout import lock_checkout
from seatbook.domain.inventory.rows import checked_id
from seatbook.domain.orders.refunds import note_done
from seatbook.domain.orders.rows import add_payment, change_refund, lock_refund, note_step
from seatbook.domain.orders.settle import PaymentState
from seatbook.domain.transaction import run_transaction
from seatbook.errors import WrongState
from seatbook.models import Event, Payment
from seatbook.payments import Receipt


def take_at_counter(event_id: int, *, reservation_id: int, actor_user_id: int | None) -> PaymentState:
    """Put on record that a bought reservation was paid at the window, all that it costs now. Once; repeating
    answers the same. Raises WrongState (not bought, or nothing to pay), NotFound."""
    return run_transaction(
        partial(_take, event_id=event_id, reservation_id=checked_id(reservation_id), actor=actor_user_id)
    )


def _take(session: Session, *, event_id: int, reservation_id: int, actor: int | None) -> PaymentState:
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
        if reservation.status != "confirmed" or not reservation.total_minor:
            raise WrongState(state=reservation.status)
        payment_id = add_payment(
            session,
            event_id=event_id,
            reservation_id=reservation_id,
            provider="counter",
            provider_ref=f"counter-{reservation.code}",
            amount_minor=reservation.total_minor,
            currency=session.scalar(select(Event.currency).where(Event.id == event_id)),
            status="paid",
            due_at=checkout.now,
            paid_at=checkout.now,
            settlement="confirmed",
            settled_reservation_id=reservation_id,
        )
        note_step(session, event_id, payment_id, "paid", reason="counter", actor=actor)
    return PaymentState(event_id, payment_id, "paid", "confirmed", reservation_id)


def note_paid_out(
    event_id: int, *, refund_id: int, actor_user_id: int | None, how: str = "at the window"
) -> None:
    """A person gave the money of a refund back by hand. Repeating it changes nothing. Raises NotFound."""

    def act(session: Session) -> None:
        refund = lock_refund(session, event_id, refund_id)
        note_done(session, refund=refund, receipt=Receipt(how), actor=actor_user_id)

    run_transaction(act)


def try_refund_again(event_id: int, *, refund_id: int) -> None:
    """A refund that the provider refused is due again, now. Raises WrongState, NotFound."""

    def act(session: Session) -> None:
        refund: Any = lock_refund(session, event_id, refund_id)
        if refund.status != "failed":
            raise WrongState(state=refund.status)
        change_refund(session, refund, status="due", next_attempt_at=refund.created_at)

    run_transaction(act)
