"""The statements about payments that several acts share. A payment is locked after its seats and reservation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.errors import NotFound
from seatbook.models import Holder, Payment, PaymentStep, Refund

UNDER_WAY = ("open", "processing")
PaymentRow = Row[*tuple[Any, ...]]


def find_payment(session: Session, event_id: int, payment_id: int) -> PaymentRow:
    """The payment as it is at a glance. Raises NotFound."""
    return _found(session.execute(_of(event_id, payment_id)).one_or_none())


def lock_payment(session: Session, event_id: int, payment_id: int) -> PaymentRow:
    """The payment, locked. Call it after `lock_checkout`."""
    return _found(session.execute(_of(event_id, payment_id).with_for_update(key_share=True)).one_or_none())


def _of(event_id: int, payment_id: int) -> Any:
    return select(*Payment.__table__.columns).where(Payment.event_id == event_id, Payment.id == payment_id)


def _found(row: PaymentRow | None) -> PaymentRow:
    if row is None:
        raise NotFound(what="payment")
    return row


def currency_that_came(payment: PaymentRow) -> str:
    """Of which money the payment is, and what goes back of it: what was asked for, unless other money came."""
    currency: str = payment.received_currency or payment.currency
    return currency


def payment_under_way(session: Session, event_id: int, reservation_id: int) -> PaymentRow | None:
    """The attempt of this reservation that is not over yet; the reservation is locked."""
    return session.execute(
        select(*Payment.__table__.columns).where(
            Payment.event_id == event_id,
            Payment.reservation_id == reservation_id,
            Payment.status.in_(UNDER_WAY),
        )
    ).one_or_none()


def change_payment(session: Session, payment: PaymentRow, **values: Any) -> None:
    session.execute(
        update(Payment)
        .where(Payment.event_id == payment.event_id, Payment.id == payment.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def add_payment(session: Session, **values: Any) -> int:
    """A new attempt; its id."""
    payment_id: int = session.execute(insert(Payment).values(values).returning(Payment.id)).scalar_one()
    return payment_id


def note_step(
    session: Session,
    event_id: int,
    payment_id: int,
    step: str,
    *,
    reason: str = "",
    note: str = "",
    actor: int | None = None,
) -> None:
    """Put on record what happened to a payment, and why."""
    session.execute(
        insert(PaymentStep).values(
            event_id=event_id,
            payment_id=payment_id,
            step=step,
            reason=reason,
            note=note[:1_000],
            actor_user_id=actor,
        )
    )


def owe_refund(
    session: Session,
    payment: PaymentRow,
    *,
    amount_minor: int,
    reason: str,
    actor: int | None = None,
    note: str = "",
) -> int:
    """Promise money back, in the transaction that causes it; a job gives it to the provider. The refund's id."""
    refund_id: int = session.execute(
        insert(Refund)
        .values(
            event_id=payment.event_id,
            payment_id=payment.id,
            amount_minor=amount_minor,
            reason=reason,
            actor_user_id=actor,
        )
        .returning(Refund.id)
    ).scalar_one()
    note_step(session, payment.event_id, payment.id, "refund_due", reason=reason, note=note, actor=actor)
    return refund_id


def holder_of_reservation(session: Session, reservation: Any) -> HolderRef:
    """Whose reservation it is."""
    user_id = session.scalar(select(Holder.user_id).where(Holder.id == reservation.holder_id))
    return HolderRef(reservation.holder_id, user_id)


def due_and_locked(session: Session, *conditions: Any, order_by: Any) -> PaymentRow | None:
    """The first payment that fits and that nobody else works on, locked for this short transaction."""
    return session.execute(
        select(*Payment.__table__.columns)
        .where(*conditions)
        .order_by(order_by)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    ).one_or_none()


def due_refund(session: Session) -> Any:
    """The refund that waits longest and that nobody else has in hand, locked for this short transaction."""
    return session.execute(
        select(*Refund.__table__.columns)
        .where(Refund.status == "due", Refund.next_attempt_at <= func.statement_timestamp())
        .order_by(Refund.next_attempt_at)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    ).one_or_none()


def lock_refund(session: Session, event_id: int, refund_id: int) -> Any:
    row = session.execute(
        select(*Refund.__table__.columns)
        .where(Refund.event_id == event_id, Refund.id == refund_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound(what="refund")
    return row


def change_refund(session: Session, refund: Any, **values: Any) -> None:
    session.execute(
        update(Refund)
        .where(Refund.event_id == refund.event_id, Refund.id == refund.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


NOTICE_ONCE = text("""
    INSERT INTO payment_notice (event_id, payment_id, provider, notice_ref, status)
    VALUES (:event, :payment, :provider, :ref, :status)
    ON CONFLICT (event_id, provider, notice_ref) DO NOTHING
    RETURNING id
""")
