"""Money: attempts to pay, what providers told us, refunds, and the record of every step.

All of it belongs to a reservation and carries its event. Amounts are whole
minor units. The migration's triggers keep what is decided from being decided
again, refuse to give back more than was paid, and look at each commit that
what was paid, less what was given back, is the value of what was bought.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import Xid8, timestamp

# open: the buyer may pay. processing: paid, and the provider does not know yet whether it succeeds.
# failed and expired: this attempt is over; its money may still come, late.
PAYMENT_STATUSES = ("open", "processing", "paid", "failed", "expired")
# What became of the money. review: a person must decide.
SETTLEMENTS = ("confirmed", "offered", "refunded", "review")
REFUND_STATUSES = ("due", "done", "failed")
STEPS = (
    "begun",
    "processing",
    "failed",
    "expired",
    "paid",
    "confirmed",
    "offered",
    "accepted",
    "refund_due",
    "refunded",
    "refund_failed",
    "silent",
    "stuck",
    "review",
)


def _of_event() -> Mapped[int]:
    return mapped_column(BigInteger, primary_key=True)


def _own_id() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


class Payment(Base):
    """One attempt to pay for a reservation. A reservation has at most one that is under way.

    `due_at` is the buyer's deadline, and `next_ask_at` when the provider is asked
    next how it stands; NULL: never again. A paid one is settled in the same
    transaction: `settled_reservation_id` is what the money bought, which after a
    late payment is another reservation than the one it was meant for. `stuck_at`:
    the time to wait is over and the provider still has no answer.
    """

    __tablename__ = "payment"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "reservation_id"], ["reservation.event_id", "reservation.id"]),
        ForeignKeyConstraint(
            ["event_id", "settled_reservation_id"],
            ["reservation.event_id", "reservation.id"],
            name="fk_payment_settled_reservation",
        ),
        UniqueConstraint("event_id", "provider", "provider_ref"),
        CheckConstraint(f"status IN {PAYMENT_STATUSES}", name="status"),
        CheckConstraint(f"settlement IN {SETTLEMENTS}", name="settlement"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(paid_at IS NOT NULL) = (status = 'paid')", name="paid_at"),
        CheckConstraint(
            "received_minor IS NULL OR (received_minor > 0 AND status = 'paid')", name="received"
        ),
        CheckConstraint(
            "received_currency IS NULL OR (received_currency <> currency AND received_minor IS NOT NULL)",
            name="received_currency",
        ),
        # Money that came is decided about in the transaction that writes down that it came.
        CheckConstraint("(settlement IS NOT NULL) = (status = 'paid')", name="paid_is_settled"),
        CheckConstraint(
            "settled_reservation_id IS NOT NULL OR settlement IS NULL"
            " OR settlement NOT IN ('confirmed', 'offered')",
            name="settled_for_a_reservation",
        ),
        Index(
            "uq_payment_under_way",
            "event_id",
            "reservation_id",
            unique=True,
            postgresql_where=text("status IN ('open', 'processing')"),
        ),
        # A reservation is bought by one payment.
        Index(
            "uq_payment_settled_reservation",
            "event_id",
            "settled_reservation_id",
            unique=True,
            postgresql_where=text("settlement IN ('confirmed', 'offered')"),
        ),
        Index("ix_payment_reservation", "event_id", "reservation_id"),
        Index(
            "ix_payment_next_ask_at",
            "next_ask_at",
            postgresql_where=text("status IN ('open', 'processing')"),
        ),
        Index("ix_payment_offered", "event_id", "id", postgresql_where=text("settlement = 'offered'")),
        # What needs a person, here and among the refunds.
        Index(
            "ix_payment_stuck",
            "event_id",
            "id",
            postgresql_where=text("stuck_at IS NOT NULL AND status IN ('open', 'processing')"),
        ),
        Index("ix_payment_review", "event_id", "id", postgresql_where=text("settlement = 'review'")),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    reservation_id: Mapped[int] = mapped_column(BigInteger)
    provider: Mapped[str] = mapped_column(Text)
    # The provider's name of its session, and the page where the buyer pays; NULL until it answered.
    provider_ref: Mapped[str | None] = mapped_column(Text)
    pay_url: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    due_at: Mapped[datetime] = timestamp()
    next_ask_at: Mapped[datetime | None] = timestamp()
    asks: Mapped[int] = mapped_column(server_default="0")
    stuck_at: Mapped[datetime | None] = timestamp()
    # The buyer went back: the places are given back, not lost to time.
    given_up_at: Mapped[datetime | None] = timestamp()
    paid_at: Mapped[datetime | None] = timestamp()
    # What came, where it is not what was due; the books count it. NULL: `amount_minor` came.
    received_minor: Mapped[int | None] = mapped_column(BigInteger)
    # Of which money, where that is not `currency`: it can only go back.
    received_currency: Mapped[str | None] = mapped_column(Text)
    settlement: Mapped[str | None] = mapped_column(Text)
    settled_reservation_id: Mapped[int | None] = mapped_column(BigInteger)


class PaymentNotice(Base):
    """A message of a provider that had its effect: the same one, again, has none. Append-only."""

    __tablename__ = "payment_notice"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "payment_id"], ["payment.event_id", "payment.id"]),
        UniqueConstraint("event_id", "provider", "notice_ref"),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    payment_id: Mapped[int] = mapped_column(BigInteger)
    provider: Mapped[str] = mapped_column(Text)
    notice_ref: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())


class PaymentStep(Base):
    """Append-only: what happened to a payment, and why. `reason` is a code with few values, `note` free text.

    It is followed by (xid, id), as the log of places is.
    """

    __tablename__ = "payment_step"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "payment_id"], ["payment.event_id", "payment.id"]),
        CheckConstraint(f"step IN {STEPS}", name="step"),
        Index("ix_payment_step_payment", "event_id", "payment_id", "id"),
        Index("ix_payment_step_cursor", "xid", "id"),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    payment_id: Mapped[int] = mapped_column(BigInteger)
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    step: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    note: Mapped[str] = mapped_column(Text, server_default="")
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)


class Refund(Base):
    """Money that goes back. It is owed from the moment this row exists, whatever its status.

    Written in the transaction that causes it and given to the provider after the
    commit, under a key made of its ids: asking twice gives back once.
    """

    __tablename__ = "refund"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "payment_id"], ["payment.event_id", "payment.id"]),
        CheckConstraint(f"status IN {REFUND_STATUSES}", name="status"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(done_at IS NOT NULL) = (status = 'done')", name="done_at"),
        Index("ix_refund_payment", "event_id", "payment_id"),
        Index("ix_refund_due", "next_attempt_at", postgresql_where=text("status = 'due'")),
        Index("ix_refund_failed", "event_id", "id", postgresql_where=text("status = 'failed'")),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    payment_id: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="due")
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    provider_ref: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = timestamp()
    last_error: Mapped[str | None] = mapped_column(Text)
