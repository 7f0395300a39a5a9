"""Undoing a purchase with its money: the places go back on sale and the refund is owed, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.confirm import CancelResult, cancel_places
from seatbook.domain.letters import tell_cancelled
from seatbook.domain.orders.rows import PaymentRow, currency_that_came, lock_payment, owe_refund
from seatbook.domain.transaction import run_transaction
from seatbook.errors import AmountChanged
from seatbook.models import Payment


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """Seats that are on sale again, and what goes back to the buyer, in minor units; 0: nothing was paid."""

    event_id: int
    reservation_id: int
    seat_ids: tuple[int, ...]
    refund_minor: int


def cancel_order(
    event_id: int,
    *,
    reservation_id: int,
    holder: HolderRef | None,
    actor_user_id: int | None = None,
    seat_ids: Collection[int] | None = None,
    reason: str = "cancelled",
    seen_refund_minor: int | None = None,
) -> CancelledOrder:
    """Cancel a purchase, or some of its seats, and owe what was paid for them.

    The amount is what the server sold them for; `seen_refund_minor` is what somebody was shown before, and
    another amount is refused. `holder` None: staff, without a deadline. Repeating it gives back nothing more.
    Raises TooLateToCancel, AmountChanged, WrongState (never bought), NotFound.
    """
    return run_transaction(
        partial(
            cancel_in_transaction,
            event_id=event_id,
            reservation_id=reservation_id,
            holder=holder,
            actor_user_id=actor_user_id,
            seat_ids=seat_ids,
            reason=reason,
            seen_refund_minor=seen_refund_minor,
        )
    )


def cancel_in_transaction(
    session: Session,
    *,
    event_id: int,
    reservation_id: int,
    holder: HolderRef | None,
    actor_user_id: int | None,
    seat_ids: Collection[int] | None,
    reason: str,
    seen_refund_minor: int | None = None,
) -> CancelledOrder:
    """The same within the open transaction."""
    cancelled = cancel_places(
        session,
        event_id,
        reservation_id=reservation_id,
        holder=holder,
        actor_user_id=actor_user_id,
        seat_ids=seat_ids,
    )
    refund_minor, payment = _owe(
        session, cancelled, reason=reason, actor=holder.user_id if holder else actor_user_id
    )
    if seen_refund_minor not in (None, refund_minor):
        raise AmountChanged()
    if cancelled.seat_ids:
        tell_cancelled(
            session,
            event_id,
            reservation_id,
            seat_ids=cancelled.seat_ids,
            refund_minor=refund_minor,
            is_over=cancelled.is_over,
            reason=reason,
            is_by_buyer=holder is not None,
            provider=payment.provider if payment else None,
            currency=currency_that_came(payment) if payment else None,
        )
    return CancelledOrder(event_id, reservation_id, cancelled.seat_ids, refund_minor)


def _owe(
    session: Session, cancelled: CancelResult, *, reason: str, actor: int | None
) -> tuple[int, PaymentRow | None]:
    """What goes back, in minor units, and the payment that it is of; None: nothing was paid for it."""
    payment_id = session.scalar(
        select(Payment.id).where(
            Payment.event_id == cancelled.event_id,
            Payment.settled_reservation_id == cancelled.reservation_id,
            Payment.settlement == "confirmed",
        )
    )
    if payment_id is None or cancelled.value_minor == 0:
        return 0, None
    payment = lock_payment(session, cancelled.event_id, payment_id)
    owe_refund(session, payment, amount_minor=cancelled.value_minor, reason=reason, actor=actor)
    return cancelled.value_minor, payment
