"""What the running system writes down about its own work: sweeps and outgoing mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, Text, func, text
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
    """The outbox: a mail is written in the transaction that causes it, and sent after the commit by a job."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_unsent", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    next_attempt_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    attempts: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime | None] = timestamp()
    last_error: Mapped[str | None] = mapped_column(Text)
