"""How the paying of one reservation stands, for its buyer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, or_, select

from seatbook.extensions import db
from seatbook.models import Payment, Refund, Reservation


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """The newest attempt to pay. `status` is open, processing, paid, failed or expired; `settlement` what became
    of the money. Amounts in minor units; `refunded_minor` goes back, or went back already. `settled_code` is the
    code of the reservation that it bought, or that is offered for it."""

    id: int
    provider: str
    status: str
    settlement: str | None
    amount_minor: int
    currency: str
    pay_url: str | None
    due_at: datetime
    refunded_minor: int
    settled_code: str | None


def payment_of(event_id: int, *, reservation_id: int) -> PaymentLine | None:
    """Of a reservation that is the viewer's; None: nothing was ever to be paid online."""
    refunded = (
        select(cast(func.coalesce(func.sum(Refund.amount_minor), 0), BigInteger))
        .where(Refund.event_id == Payment.event_id, Refund.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            Payment.id,
            Payment.provider,
            Payment.status,
            Payment.settlement,
            Payment.amount_minor,
            Payment.currency,
            Payment.pay_url,
            Payment.due_at,
            refunded,
            Reservation.code,
        )
        .outerjoin(
            Reservation,
            (Reservation.event_id == Payment.event_id) & (Reservation.id == Payment.settled_reservation_id),
        )
        .where(
            Payment.event_id == event_id,
            or_(Payment.reservation_id == reservation_id, Payment.settled_reservation_id == reservation_id),
        )
        .order_by(Payment.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else PaymentLine(*row)
