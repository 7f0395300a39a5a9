"""What staff do that is written down nowhere else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp

STAFF_ACTS = (
    "asked_provider",
    "gave_up",
    "refund_again",
    "created_code",
    "stopped_code",
    "created_concession",
    "cancelled_event",
    "stopped_concession",
    "created_event",
    "published_event",
    "changed_event",
    "opened_sale",
    "closed_sale",
    "changed_room",
    "made_slots",
    "started_code",
    "started_concession",
)


class StaffAct(Base):
    """Append-only: who of the staff did what, when, to which order; `subject` names a code, a concession
    or a room.

    What they do to places is in `seat_change`, and to money in `payment_step`, with `actor_user_id`.
    """

    __tablename__ = "staff_act"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "reservation_id"], ["reservation.event_id", "reservation.id"]),
        CheckConstraint(f"act IN {STAFF_ACTS}", name="act"),
        Index(
            "ix_staff_act_reservation",
            "event_id",
            "reservation_id",
            "id",
            postgresql_where=text("reservation_id IS NOT NULL"),
        ),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    actor_user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    act: Mapped[str] = mapped_column(Text)
    reservation_id: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(Text, server_default="")
