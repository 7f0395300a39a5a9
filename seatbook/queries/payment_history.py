"""What happened to the money of a reservation: attempts to pay, their steps, and what went back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select

from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.models import Payment, PaymentStep, Refund, Reservation

# Attempts of one reservation that its page tells of, the newest first.
MAX_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class StepView:
    """What happened and when; `reason` is a code with few values."""

    at: datetime
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back. `status` is due, done or failed (somebody at the box office pays it out)."""

    amount_minor: int
    reason: str
    status: str
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One attempt to pay, in minor units; steps and refunds in their order.

    `status` is open, processing, paid, failed or expired; `settlement` what became of money that came. It was
    meant for the reservation `meant_for`; what it bought is `bought`, which after a late payment is another.
    `offer_until`: those places are only offered, and kept until then.
    """

    id: int
    reservation_id: int
    provider: str
    pay_url: str | None
    amount_minor: int
    currency: str
    came_minor: int
    came_currency: str
    status: str
    settlement: str | None
    settled_reservation_id: int | None
    given_up: bool
    is_stuck: bool
    due_at: datetime
    meant_for: str
    bought: str | None
    offer_until: datetime | None = None
    steps: tuple[StepView, ...] = ()
    refunds: tuple[RefundView, ...] = ()


def payments_of(event_id: int, *, reservation_id: int) -> tuple[PaymentView, ...]:
    """Every attempt that was meant for this reservation, or that bought it; the oldest first. Three statements."""
    bought = Reservation.__table__.alias("bought")
    rows = db.session.execute(
        select(
            Payment.id,
            Payment.reservation_id,
            Payment.provider,
            Payment.pay_url,
            Payment.amount_minor,
            Payment.currency,
            func.coalesce(Payment.received_minor, Payment.amount_minor).label("came_minor"),
            func.coalesce(Payment.received_currency, Payment.currency).label("came_currency"),
            Payment.status,
            Payment.settlement,
            Payment.settled_reservation_id,
            Payment.given_up_at,
            Payment.stuck_at,
            Payment.due_at,
            Reservation.code,
            bought.c.code.label("bought_code"),
            case((Payment.settlement == "offered", bought.c.payment_due_at)).label("offer_until"),
        )
        .join(
            Reservation,
            (Reservation.event_id == Payment.event_id) & (Reservation.id == Payment.reservation_id),
        )
        .outerjoin(
            bought,
            (bought.c.event_id == Payment.event_id) & (bought.c.id == Payment.settled_reservation_id),
        )
        .where(
            Payment.event_id == event_id,
            or_(
                Payment.reservation_id == reservation_id,
                Payment.settled_reservation_id == reservation_id,
            ),
        )
        .order_by(Payment.id.desc())
        .limit(MAX_ATTEMPTS)
    ).all()
    if not rows:
        return ()
    ids = [row.id for row in rows]
    steps = _by_payment(
        select(PaymentStep.payment_id, PaymentStep.at, PaymentStep.step, PaymentStep.reason)
        .where(PaymentStep.event_id == event_id, PaymentStep.payment_id.in_(ids))
        .order_by(PaymentStep.id)
    )
    refunds = _by_payment(
        select(
            Refund.payment_id,
            Refund.amount_minor,
            Refund.reason,
            Refund.status,
            Refund.created_at,
            Refund.done_at,
        )
        .where(Refund.event_id == event_id, Refund.payment_id.in_(ids))
        .order_by(Refund.id)
    )
    return tuple(
        PaymentView(
            id=row.id,
            reservation_id=row.reservation_id,
            provider=row.provider,
            pay_url=row.pay_url,
            amount_minor=row.amount_minor,
            currency=row.currency,
            came_minor=row.came_minor,
            came_currency=row.came_currency,
            status=row.status,
            settlement=row.settlement,
            settled_reservation_id=row.settled_reservation_id,
            given_up=row.given_up_at is not None,
            is_stuck=row.stuck_at is not None,
            due_at=row.due_at,
            meant_for=format_reference(event_id, row.code),
            bought=None if row.bought_code is None else format_reference(event_id, row.bought_code),
            offer_until=row.offer_until,
            steps=tuple(StepView(*step) for step in steps.get(row.id, ())),
            refunds=tuple(RefundView(*refund) for refund in refunds.get(row.id, ())),
        )
        for row in reversed(rows)
    )


def _by_payment(query: Any) -> dict[int, list[tuple[Any, ...]]]:
    """Rows without their first column, which is the payment that they belong to."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for payment_id, *rest in db.session.execute(query):
        found.setdefault(payment_id, []).append(tuple(rest))
    return found
