"""What the running system writes down about its own work: sweeps, outgoing mail, cancelled events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp


class SweepRun(Base):
    """One run of the sweep: what it wrote down and how late the oldest due hold was, in milliseconds."""

    __tablename__ = "sweep_run"
    __table_args__ = (Index("ix_sweep_run_started_at", "started_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    started_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None] = timestamp()
    trigger: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    released_seats: Mapped[int] = mapped_column(server_default="0")
    expired_reservations: Mapped[int] = mapped_column(server_default="0")
    failed_reservations: Mapped[int] = mapped_column(server_default="0")
    oldest_lag_ms: Mapped[int | None] = mapped_column(BigInteger)


class Mail(Base):
    """The outbox: a mail is written in the transaction that causes it, and sent after the commit by a job.

    One of a `kind` (`domain/letters.py`) says what it tells as `data`, and gets its words in `language` when it
    goes; what went is then kept. `fact` names what it tells: there is one letter for it. Others have their words
    from the beginning. No keys: letters go after a while, and hold up nothing.
    """

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint(
            "kind IS NOT NULL OR (subject IS NOT NULL AND body_text IS NOT NULL)", name="words_or_kind"
        ),
        CheckConstraint("kind IS NULL OR (fact IS NOT NULL AND data IS NOT NULL)", name="kind_has_facts"),
        Index("ix_mail_unsent", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),
        Index("uq_mail_fact", "fact", unique=True),
        Index("ix_mail_reservation", "event_id", "reservation_id"),
        Index("ix_mail_sent_at", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    body_text: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    next_attempt_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    attempts: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime | None] = timestamp()
    last_error: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    fact: Mapped[str | None] = mapped_column(Text)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    reservation_id: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    body_html: Mapped[str | None] = mapped_column(Text)


class EventCancellation(Base):
    """An event that is being cancelled, or was: `done` of `orders` purchases are undone, and their money is owed.

    Whoever goes on with it counts again what is left, so `orders` is what there was in all by then. Without
    `finished_at` it is still to be done.
    """

    __tablename__ = "event_cancellation"
    __table_args__ = (
        CheckConstraint("done BETWEEN 0 AND orders", name="progress"),
        CheckConstraint("finished_at IS NULL OR started_at IS NOT NULL", name="finished"),
        Index(
            "ix_event_cancellation_unfinished", "requested_at", postgresql_where=text("finished_at IS NULL")
        ),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    requested_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    requested_by_user_id: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None] = timestamp()
    finished_at: Mapped[datetime | None] = timestamp()
    orders: Mapped[int] = mapped_column(server_default="0")
    done: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
