"""Undoing a purchase with its money: the places go back on sale and the refund is owed, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.confirm import CancelResult, cancel_places
from seatbook.domain.orders.rows import lock_payment, owe_refund
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound
from seatbook.models import Event, Payment, Reservation


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
) -> CancelledOrder:
    """Cancel a purchase, or some of its seats, and owe what was paid for them.

    The amount is what the server sold them for. `holder` None: staff, without a
    deadline. Repeating it gives back nothing more. Raises TooLateToCancel,
    WrongState (never bought), NotFound.
    """
    return run_transaction(
        partial(
            _cancel,
            event_id=event_id,
            reservation_id=reservation_id,
            holder=holder,
            actor_user_id=actor_user_id,
            seat_ids=seat_ids,
            reason=reason,
        )
    )


def _cancel(
    session: Session,
    *,
    event_id: int,
    reservation_id: int,
    holder: HolderRef | None,
    actor_user_id: int | None,
    seat_ids: Collection[int] | None,
    reason: str,
) -> CancelledOrder:
    cancelled = cancel_places(
        session,
        event_id,
        reservation_id=reservation_id,
        holder=holder,
        actor_user_id=actor_user_id,
        seat_ids=seat_ids,
    )
    refund_minor = _owe(session, cancelled, reason=reason, actor=holder.user_id if holder else actor_user_id)
    return CancelledOrder(event_id, reservation_id, cancelled.seat_ids, refund_minor)


def _owe(session: Session, cancelled: CancelResult, *, reason: str, actor: int | None) -> int:
    payment_id = session.scalar(
        select(Payment.id).where(
            Payment.event_id == cancelled.event_id,
            Payment.settled_reservation_id == cancelled.reservation_id,
            Payment.settlement == "confirmed",
        )
    )
    if payment_id is None or cancelled.value_minor == 0:
        return 0
    payment = lock_payment(session, cancelled.event_id, payment_id)
    owe_refund(session, payment, amount_minor=cancelled.value_minor, reason=reason, actor=actor)
    return cancelled.value_minor


def cancel_event_orders(
    event_id: int,
    *,
    actor_user_id: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Cancel an event and every purchase of it, and owe everybody their money; how many orders.

    One order a transaction, so it may be stopped and begun again anywhere. Who is
    paying at this moment gets the money back when it comes. `on_progress(done, of)`.
    """

    def close(session: Session) -> list[int]:
        closed = session.execute(
            update(Event).where(Event.id == event_id).values(status="cancelled").returning(Event.id)
        ).one_or_none()
        if closed is None:
            raise NotFound(what="event")
        return list(
            session.scalars(
                select(Reservation.id)
                .where(Reservation.event_id == event_id, Reservation.status == "confirmed")
                .order_by(Reservation.id)
            )
        )

    orders = run_transaction(close)
    done = 0
    for reservation_id in orders:
        if should_stop():
            break
        cancel_order(
            event_id,
            reservation_id=reservation_id,
            holder=None,
            actor_user_id=actor_user_id,
            reason="event_cancelled",
        )
        done += 1
        on_progress(done, len(orders))
    return done
