"""What was done and what was answered under the key of a request. Rows live for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp


class AskedAct(Base):
    """One act of one request: written by the transaction that did it, so that it is there exactly when the
    effect is. `act` names it within the request; `result` is what it returned."""

    __tablename__ = "asked_act"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 300", name="key"),
        Index("ix_asked_act_asked_at", "asked_at"),
    )

    asker: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    act: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text)
    result: Mapped[Any] = mapped_column(JSON, nullable=False)
    asked_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())


class AskedAnswer(Base):
    """The first answer to a request with a key, byte for byte; without a status it is still being worked on,
    by whoever has the `claim`, and after `claimed_until` nobody believes that any more."""

    __tablename__ = "asked_answer"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 300", name="key"),
        CheckConstraint("status BETWEEN 200 AND 499", name="status"),
        CheckConstraint(
            "(status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL)", name="whole"
        ),
        Index("ix_asked_answer_asked_at", "asked_at"),
    )

    asker: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text)
    claim: Mapped[str] = mapped_column(Text)
    claimed_until: Mapped[datetime] = timestamp()
    asked_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    status: Mapped[int | None]
    headers: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
