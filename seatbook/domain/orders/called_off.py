"""Checkouts of an event that does not take place: they end soon, and not when their time to pay would be over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.checkout import give_back, lock_checkout, set_end
from seatbook.domain.orders.rows import change_payment, lock_payment, payment_under_way
from seatbook.domain.transaction import run_transaction
from seatbook.models import Payment, Reservation


def checkouts_left(event_id: int) -> Sequence[int]:
    """The reservations that have time to pay left; an offer for late money ends in its own way."""
    return run_transaction(
        lambda session: session.scalars(
            select(Reservation.id)
            .where(Reservation.event_id == event_id, has_time_to_pay())
            .order_by(Reservation.id)
        ).all()
    )


def has_time_to_pay() -> ColumnElement[bool]:
    """Of a reservation: its buyer began to pay, and may still do it."""
    is_offer = exists().where(
        Payment.event_id == Reservation.event_id,
        Payment.settled_reservation_id == Reservation.id,
        Payment.settlement == "offered",
    )
    return and_(
        Reservation.status == "pending",
        Reservation.payment_due_at > func.clock_timestamp(),
        ~is_offer,
    )


def end_checkout(event_id: int, *, reservation_id: int) -> None:
    """The time to pay ends now. Where a payment is under way its provider is asked next, as at every deadline:
    the places wait for its answer, and money that came goes back. Else they are free, and the buyer is told.
    """
    run_transaction(partial(_end, event_id=event_id, reservation_id=reservation_id))


def _end(session: Session, *, event_id: int, reservation_id: int) -> None:
    checkout = lock_checkout(session, event_id, reservation_id=reservation_id)
    reservation = checkout.reservation
    if reservation.status != "pending":
        return
    due = min(checkout.now, reservation.payment_due_at)
    under_way = payment_under_way(session, event_id, reservation_id)
    if under_way is None:
        set_end(session, checkout, due=due, end=due)
        give_back(session, checkout, by_time=True)
        return
    set_end(session, checkout, due=due, end=reservation.expires_at)
    payment = lock_payment(session, event_id, under_way.id)
    change_payment(session, payment, due_at=due, next_ask_at=checkout.now)
