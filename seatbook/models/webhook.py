"""Who is told of what happens over HTTP, what was brought to them, and how far the logs are read for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import Xid8, timestamp

DELIVERY_STATUSES = ("waiting", "done", "failed")
# Why we switched one off: it failed for days; more was waiting for it than is kept.
DISABLED_REASONS = ("failing", "too_many")


class WebhookEndpoint(Base):
    """An address that is told of what it asked for: `types` are names of messages, or "seat.*".

    Its secret is made of `salt` and the SECRET_KEY, and stands nowhere. After a rotation the one before signs
    as well, until `salt_before_until`. It hears of transactions from `from_xid` on. While it fails, nothing is
    sent to it until `paused_until`; `failures` counts those one after the other.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("cardinality(types) BETWEEN 1 AND 50", name="types"),
        CheckConstraint("octet_length(salt) = 32 AND octet_length(salt_before) = 32", name="salt"),
        CheckConstraint("(salt_before IS NULL) = (salt_before_until IS NULL)", name="salt_before"),
        CheckConstraint(
            "failures >= 0 AND (failures > 0) = (failing_since IS NOT NULL)",
            name="failing",
        ),
        CheckConstraint(f"disabled_reason IN {DISABLED_REASONS}", name="disabled_reason"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    salt_before: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt_before_until: Mapped[datetime | None] = timestamp()
    made_by_user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    from_xid: Mapped[int] = mapped_column(
        Xid8, server_default=func.pg_snapshot_xmin(func.pg_current_snapshot())
    )
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None] = timestamp()
    paused_until: Mapped[datetime | None] = timestamp()
    disabled_at: Mapped[datetime | None] = timestamp()
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    # It is nobody's any more, and goes when its deliveries are gone.
    deleted_at: Mapped[datetime | None] = timestamp()


class WebhookDelivery(Base):
    """One message for one endpoint, and what became of it. `body` is sent as it stands here, each time.

    While somebody sends it, `next_attempt_at` is when it counts as lost; it also names whoever has it in hand.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id"),
        CheckConstraint(f"status IN {DELIVERY_STATUSES}", name="status"),
        CheckConstraint("(next_attempt_at IS NOT NULL) = (status = 'waiting')", name="next_attempt"),
        CheckConstraint("(done_at IS NOT NULL) = (status = 'done')", name="done_at"),
        Index(
            "ix_webhook_delivery_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_delivery_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id"))
    message_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    status: Mapped[str] = mapped_column(Text, server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None] = timestamp(server_default=func.clock_timestamp())
    give_up_at: Mapped[datetime] = timestamp()
    last_attempt_at: Mapped[datetime | None] = timestamp()
    response_status: Mapped[int | None]
    took_ms: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = timestamp()


class WebhookCursor(Base):
    """The one row that says how far both logs are read. Whoever follows them has it locked."""

    __tablename__ = "webhook_cursor"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seat_xid: Mapped[int] = mapped_column(Xid8)
    seat_change_id: Mapped[int] = mapped_column(BigInteger)
    step_xid: Mapped[int] = mapped_column(Xid8)
    payment_step_id: Mapped[int] = mapped_column(BigInteger)
