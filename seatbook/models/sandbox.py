"""The books of the payment provider that we play ourselves, for trying and for tests.

They stand for somebody else's computer: only `payments/sandbox.py` reads and
writes them, and no key leads from them to our own tables.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp


class SandboxSession(Base):
    """What a buyer is asked to pay. `key` is the shop's name of it: asking again with it is the same session.

    One that is processing becomes `becomes` at `settles_at`.
    """

    __tablename__ = "sandbox_session"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'processing', 'paid', 'failed', 'expired')", name="status"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded"),
    )

    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    return_url: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="open")
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    becomes: Mapped[str | None] = mapped_column(Text)
    settles_at: Mapped[datetime | None] = timestamp()
    refunded_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")


class SandboxRefund(Base):
    """Money that the sandbox gave back; the same `key` again gives back nothing more."""

    __tablename__ = "sandbox_refund"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    ref: Mapped[str] = mapped_column(ForeignKey("sandbox_session.ref"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class SandboxNotice(Base):
    """A message that the sandbox owes the shop; `copies` of it are still to be sent, from `due_at` on."""

    __tablename__ = "sandbox_notice"
    __table_args__ = (Index("ix_sandbox_notice_due", "due_at", postgresql_where=text("copies > 0")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ref: Mapped[str] = mapped_column(ForeignKey("sandbox_session.ref"))
    notice_ref: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = timestamp()
    copies: Mapped[int] = mapped_column(server_default="1")
