"""Equal places for somebody who paid too late: theirs if they say so in time, else the money goes back."""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.checkout import Checkout, buy, give_back, lock_checkout
from seatbook.domain.letters import tell_returned
from seatbook.domain.orders.rows import (
    PaymentRow,
    change_payment,
    currency_that_came,
    due_and_locked,
    find_payment,
    lock_payment,
    note_step,
    owe_refund,
)
from seatbook.domain.orders.settle import PaymentState, state_of
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound, OfferEnded, WrongState
from seatbook.models import Event, Payment, Reservation


def accept_offer(event_id: int, *, payment_id: int, holder: HolderRef) -> PaymentState:
    """Take the places that were offered. Repeating it answers the same.

    Raises OfferEnded (the money goes back), WrongState (nothing was offered), NotFound.
    """
    state = run_transaction(
        partial(_decide, event_id=event_id, payment_id=payment_id, holder=holder, accepted=True)
    )
    if state.settlement != "confirmed":
        raise OfferEnded()
    return state


def decline_offer(event_id: int, *, payment_id: int, holder: HolderRef) -> PaymentState:
    """Rather have the money back; the places are free at once. Repeating it answers the same."""
    return run_transaction(
        partial(_decide, event_id=event_id, payment_id=payment_id, holder=holder, accepted=False)
    )


def end_due_offers(*, batch: int = 100) -> int:
    """Give back the money of offers that nobody took in time; how many. Safe to run any number at once."""
    ended = 0
    for _ in range(batch):
        due = run_transaction(_due_offer)
        if due is None:
            break
        run_transaction(
            partial(_decide, event_id=due.event_id, payment_id=due.id, holder=None, accepted=False)
        )
        ended += 1
    return ended


def end_offers_of(event_id: int) -> int:
    """Give back the money of every offer of a cancelled event, which nobody can take any more; how many."""
    offered = run_transaction(
        lambda session: session.scalars(
            select(Payment.id).where(Payment.event_id == event_id, Payment.settlement == "offered")
        ).all()
    )
    for payment_id in offered:
        run_transaction(
            partial(_decide, event_id=event_id, payment_id=payment_id, holder=None, accepted=False)
        )
    return len(offered)


def _due_offer(session: Session) -> PaymentRow | None:
    is_over = (
        select(Reservation.id)
        .where(
            Reservation.event_id == Payment.event_id,
            Reservation.id == Payment.settled_reservation_id,
            or_(Reservation.status != "pending", Reservation.expires_at <= func.statement_timestamp()),
        )
        .exists()
    )
    return due_and_locked(session, Payment.settlement == "offered", is_over, order_by=Payment.id)


def _decide(
    session: Session, *, event_id: int, payment_id: int, holder: HolderRef | None, accepted: bool
) -> PaymentState:
    """`holder` None: time decides, and only when the offer is over, or its event is cancelled."""
    found = find_payment(session, event_id, payment_id)
    if found.settled_reservation_id is None:
        raise WrongState(state=found.status)
    checkout = lock_checkout(session, event_id, reservation_id=found.settled_reservation_id)
    payment = lock_payment(session, event_id, payment_id)
    if holder is not None and checkout.reservation.holder_id != holder.holder_id:
        raise NotFound(what="payment")
    if payment.settlement != "offered":
        return state_of(payment)
    is_over = not checkout.is_whole or checkout.reservation.expires_at <= checkout.now
    is_cancelled = session.scalar(select(Event.status).where(Event.id == event_id)) == "cancelled"
    if accepted and not is_over and not is_cancelled:
        buy(session, checkout, actor=holder.user_id if holder else None, late="accepted")
        change_payment(session, payment, settlement="confirmed")
        note_step(session, event_id, payment_id, "accepted", actor=holder.user_id if holder else None)
    elif holder is not None or is_over or is_cancelled:
        reason = "offer_ended" if is_over else "offer_declined"
        _return_money(
            session,
            checkout,
            payment,
            reason="event_cancelled" if is_cancelled else reason,
            by_time=is_over,
        )
    return state_of(find_payment(session, event_id, payment_id))


def _return_money(
    session: Session, checkout: Checkout, payment: PaymentRow, *, reason: str, by_time: bool
) -> None:
    give_back(session, checkout, by_time=by_time)
    change_payment(session, payment, settlement="refunded")
    owe_refund(session, payment, amount_minor=payment.amount_minor, reason=reason)
    tell_returned(
        session,
        payment.event_id,
        checkout.reservation.id,
        payment_id=payment.id,
        paid_minor=payment.amount_minor,
        currency=currency_that_came(payment),
        reason=reason,
    )
