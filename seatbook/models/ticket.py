"""What tickets need beside the reservation that they are of: keys, and codes that were replaced."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp


class TicketKey(Base):
    """A public key that tickets were signed with: they stay good when the setting changes, until it is revoked."""

    __tablename__ = "ticket_key"
    __table_args__ = (CheckConstraint("octet_length(public_key) = 32", name="public_key"),)

    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    revoked_at: Mapped[datetime | None] = timestamp()


class TicketReissue(Base):
    """Append-only: the ticket of a reservation's line got a new code, and those with a lower version are void.

    A bought place has a ticket of version 1 without a row here.
    """

    __tablename__ = "ticket_reissue"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_id", "reservation_seat_id"], ["reservation_seat.event_id", "reservation_seat.id"]
        ),
        CheckConstraint("version >= 2", name="version"),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    reservation_seat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)
