"""What is offered, where and when: venues, plans, shows and events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from seatbook.extensions import Base
from seatbook.models.columns import timestamp

SHOW_KINDS = ("film", "theatre", "concert", "escape_room", "merchandise", "other")


class Venue(Base):
    """A place with an address and an IANA time zone, in which its events' times are shown."""

    __tablename__ = "venue"
    __table_args__ = (Index("uq_venue_name", func.lower(text("name")), unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text, server_default="")
    time_zone: Mapped[str] = mapped_column(Text, server_default="UTC")


class Plan(Base):
    """A reusable layout of areas, sections and seats, as the document that `domain/plans.py` describes."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("venue_id", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    name: Mapped[str] = mapped_column(Text)
    layout: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())

    venue: Mapped[Venue] = relationship()


class Show(Base):
    """What is offered: a film, a concert, an escape room, a merchandise drop. Groups events."""

    __tablename__ = "show"
    __table_args__ = (CheckConstraint(f"kind IN {SHOW_KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    tagline: Mapped[str] = mapped_column(Text, server_default="")
    description: Mapped[str] = mapped_column(Text, server_default="")
    # The name of a drawing below static/posters/, without its ending; NULL is the plain poster of its kind.
    poster: Mapped[str | None] = mapped_column(Text)


class Event(Base):
    """One dated offering of a show, with its own inventory, prices and sale window.

    Times are instants. `cancel_seconds_before_start` is the buyer's deadline:
    NULL means that buyers cannot cancel by themselves.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'cancelled')", name="status"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("on_sale_until > on_sale_from", name="sale_window"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("hold_ttl_seconds BETWEEN 1 AND 86400", name="hold_ttl"),
        CheckConstraint("payment_ttl_seconds BETWEEN 1 AND 604800", name="payment_ttl"),
        CheckConstraint("payment_grace_seconds BETWEEN 1 AND 604800", name="payment_grace"),
        CheckConstraint("hold_cap_seconds BETWEEN 1 AND 604800", name="hold_cap"),
        CheckConstraint("late_offer_seconds BETWEEN 1 AND 604800", name="late_offer"),
        CheckConstraint("max_seats BETWEEN 1 AND 1000", name="max_seats"),
        CheckConstraint("cancel_seconds_before_start >= 0", name="cancel_deadline"),
        CheckConstraint("payment IN ('none', 'counter', 'online')", name="payment"),
        CheckConstraint("fee_per_place_minor >= 0 AND fee_per_order_minor >= 0", name="fees"),
        Index("ix_event_starts_at", "starts_at", "id", postgresql_where=text("listed AND status <> 'draft'")),
        Index("ix_event_show_id", "show_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    show_id: Mapped[int] = mapped_column(ForeignKey("show.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    name: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="draft")
    # Unlisted: whoever knows the address may buy, and "what's on" does not show it.
    listed: Mapped[bool] = mapped_column(server_default=true())
    starts_at: Mapped[datetime] = timestamp()
    ends_at: Mapped[datetime] = timestamp()
    on_sale_from: Mapped[datetime] = timestamp()
    on_sale_until: Mapped[datetime] = timestamp()
    currency: Mapped[str] = mapped_column(Text)
    # 'none': reserving is all there is. 'counter': the buyer pays at the window. 'online': before it is theirs.
    payment: Mapped[str] = mapped_column(Text, server_default="none")
    hold_ttl_seconds: Mapped[int] = mapped_column(server_default="300")
    payment_ttl_seconds: Mapped[int] = mapped_column(server_default="1800")
    # After the buyer's deadline the provider is asked. For so long the places wait for its answer.
    payment_grace_seconds: Mapped[int] = mapped_column(server_default="900")
    # However often a buyer asks for more time, a hold ends so long after its beginning.
    hold_cap_seconds: Mapped[int] = mapped_column(server_default="3600")
    # Who paid too late is offered equal places for so long; NULL: gets the money back at once.
    late_offer_seconds: Mapped[int | None]
    max_seats: Mapped[int] = mapped_column(server_default="8")
    cancel_seconds_before_start: Mapped[int | None] = mapped_column(server_default="0")
    # What is drawn in the hall beside its places (stage, walls, texts, tables), and its focal point, as
    # `domain/plan_drawing.py` writes it; NULL where nobody drew anything.
    drawing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # A choice that would leave one seat alone between two others is refused where it can be avoided.
    leave_no_single: Mapped[bool] = mapped_column(server_default=false())
    # On top of each price, be it for a place or for a person, and once a purchase, in minor units; what costs
    # nothing has no fee.
    fee_per_place_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    fee_per_order_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")

    show: Mapped[Show] = relationship()
    venue: Mapped[Venue] = relationship()
