"""What makes a place cheaper: concessions, chosen for each place or each person of a party, and codes, one for a
basket."""

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
    UniqueConstraint,
    func,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp


class Concession(Base):
    """Who pays less at an event: a child, a student. `percent_off` is of the place's full price.

    One that is not active any more is offered to nobody; places that have it keep it.
    """

    __tablename__ = "concession"
    __table_args__ = (
        UniqueConstraint("event_id", "name"),
        CheckConstraint("percent_off BETWEEN 0 AND 100", name="percent_off"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    percent_off: Mapped[int]
    position: Mapped[int] = mapped_column(server_default="0")
    is_active: Mapped[bool] = mapped_column(server_default=true())


class PartyConcession(Base):
    """So many people of a line's party pay by this concession; those that no row counts pay the full price.

    Written while the line's basket is held, or together with the line, and never more people than come.
    """

    __tablename__ = "party_concession"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_id", "reservation_seat_id"], ["reservation_seat.event_id", "reservation_seat.id"]
        ),
        ForeignKeyConstraint(["event_id", "concession_id"], ["concession.event_id", "concession.id"]),
        CheckConstraint("people > 0", name="people"),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    reservation_seat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    concession_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    people: Mapped[int]


class DiscountCode(Base):
    """A word that makes a basket cheaper: by a part of each price, or by an amount of the whole.

    `max_uses` counts baskets and purchases that have it now, `max_uses_per_holder` those of one holder; NULL:
    as many as like. It is for the places of its categories (`DiscountCodeCategory`), or of all without any.
    """

    __tablename__ = "discount_code"
    __table_args__ = (
        UniqueConstraint("event_id", "code"),
        CheckConstraint("code = upper(btrim(code)) AND code <> ''", name="code"),
        CheckConstraint("(percent_off IS NULL) <> (amount_off_minor IS NULL)", name="percent_or_amount"),
        CheckConstraint("percent_off BETWEEN 1 AND 100", name="percent_off"),
        CheckConstraint("amount_off_minor > 0", name="amount_off"),
        CheckConstraint("max_uses > 0", name="max_uses"),
        CheckConstraint("max_uses_per_holder > 0", name="max_uses_per_holder"),
        CheckConstraint("valid_until > valid_from", name="validity"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    percent_off: Mapped[int | None]
    amount_off_minor: Mapped[int | None] = mapped_column(BigInteger)
    max_uses: Mapped[int | None]
    max_uses_per_holder: Mapped[int | None]
    valid_from: Mapped[datetime | None] = timestamp()
    valid_until: Mapped[datetime | None] = timestamp()
    is_active: Mapped[bool] = mapped_column(server_default=true())


class DiscountCodeCategory(Base):
    """A code is for places of this category; one without any such row is for all."""

    __tablename__ = "discount_code_category"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_id", "discount_code_id"], ["discount_code.event_id", "discount_code.id"]
        ),
        ForeignKeyConstraint(["event_id", "category_id"], ["category.event_id", "category.id"]),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    discount_code_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    category_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class DiscountUse(Base):
    """A reservation has this code. It counts while the reservation is held, pending or bought."""

    __tablename__ = "discount_use"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_id", "discount_code_id"], ["discount_code.event_id", "discount_code.id"]
        ),
        ForeignKeyConstraint(["event_id", "reservation_id"], ["reservation.event_id", "reservation.id"]),
        Index("ix_discount_use_code", "event_id", "discount_code_id"),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    reservation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    discount_code_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
