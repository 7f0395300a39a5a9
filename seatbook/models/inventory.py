"""The inventory: one row for every sellable place, whatever its area's kind.

`seat.status` changes only in `domain/inventory.py`, under row locks. The schema
is the second lock: CHECKs here tie status, owner and end of hold together, a
partial unique index allows one open claim a seat, every key carries
`event_id`, and the triggers of the migration refuse what is not in the state
machine. Keys begin with `event_id`, so that one event's rows can live on one
shard.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import Xid8, timestamp

AREA_KINDS = ("seated", "standing", "slots", "stock")
SEAT_STATUSES = ("available", "held", "reserved", "blocked")
RESERVATION_STATUSES = ("held", "pending", "confirmed", "cancelled", "expired", "released")
LINE_OUTCOMES = ("released", "expired", "cancelled", "moved")
CHANGE_REASONS = ("hold", "release", "expire", "reserve", "cancel", "block", "unblock", "move")
PRICE_PER = ("slot", "person")
SECTION_SIDES = ("left", "centre", "right")
SEAT_FEATURES = ("wheelchair", "companion", "restricted_view")
MAX_CATEGORY_COLOURS = 8
# What staff call an order: it was bought, or somebody began to pay for it.
IS_ORDER = "status IN ('pending', 'confirmed', 'cancelled') OR checkout_at IS NOT NULL"


def _of_event() -> Mapped[int]:
    """The event in a table that changes rarely: the database checks that it exists."""
    return mapped_column(ForeignKey("event.id"), primary_key=True)


def _same_event() -> Mapped[int]:
    """The event in a hot table. Its rows reach the event through their composite keys; a key of
    their own would make every hold share-lock the one row of the event."""
    return mapped_column(BigInteger, primary_key=True)


def _own_id() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


class Category(Base):
    """A price with a colour, in one event. `colour` is a place in the palette of tokens.css, from 1."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint("event_id", "name"),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint(f"colour BETWEEN 1 AND {MAX_CATEGORY_COLOURS}", name="colour"),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    name: Mapped[str] = mapped_column(Text)
    colour: Mapped[int] = mapped_column(server_default="1")
    price_minor: Mapped[int] = mapped_column(BigInteger)


class Area(Base):
    """A part of an event that is sold in one way: numbered seats, standing, time slots, or stock.

    `shape` is where it is in the hall, as `domain/plan_shapes.py` writes it; NULL where nobody drew it.
    A room (slots) may have a `timetable`, as `domain/timetable.py` writes it, and takes from `min_party` to
    `max_party` people, or does not ask how many come; its price is for the slot, or for each person.
    """

    __tablename__ = "area"
    __table_args__ = (
        UniqueConstraint("event_id", "name"),
        CheckConstraint(f"kind IN {AREA_KINDS}", name="kind"),
        CheckConstraint("timetable IS NULL OR kind = 'slots'", name="timetable"),
        CheckConstraint(
            "(min_party IS NULL) = (max_party IS NULL)"
            " AND (min_party IS NULL OR kind = 'slots') AND min_party >= 1 AND max_party BETWEEN min_party AND 1000",
            name="party",
        ),
        CheckConstraint(
            "price_per = 'slot' OR (price_per = 'person' AND min_party IS NOT NULL)", name="price_per"
        ),
    )

    event_id: Mapped[int] = _of_event()
    id: Mapped[int] = _own_id()
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(server_default="0")
    shape: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    timetable: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    min_party: Mapped[int | None]
    max_party: Mapped[int | None]
    price_per: Mapped[str] = mapped_column(Text, server_default="slot")


class Section(Base):
    """A block of seats of a seated area. `band` counts from the stage; `side` is its place in the band.

    `shape` is its outline in the hall, as `domain/plan_shapes.py` writes it; NULL for an event
    that was made before sections got one without being drawn.
    """

    __tablename__ = "section"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "area_id"], ["area.event_id", "area.id"]),
        # The target of the seats' key: a seat's section is of the seat's own area.
        UniqueConstraint("event_id", "area_id", "id"),
        UniqueConstraint("event_id", "area_id", "name"),
        CheckConstraint(f"side IN {SECTION_SIDES}", name="side"),
    )

    event_id: Mapped[int] = _same_event()
    id: Mapped[int] = _own_id()
    area_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    band: Mapped[int] = mapped_column(server_default="0")
    side: Mapped[str] = mapped_column(Text, server_default="centre")
    position: Mapped[int] = mapped_column(server_default="0")
    shape: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Seat(Base):
    """ONE sellable place: a chair, one of N standing places, a time slot, one item of stock.

    `held_until` equals the reservation's `expires_at` and stands here so that
    one row tells the truth: `held` with `held_until` in the past is available.
    `label` is what people call it ("B12"); `number` its part within the row.
    `x`, `y` are its place in the hall, in units of one seat's width.
    `features` says what is special about it: some of SEAT_FEATURES.
    """

    __tablename__ = "seat"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "area_id"], ["area.event_id", "area.id"]),
        ForeignKeyConstraint(
            ["event_id", "area_id", "section_id"], ["section.event_id", "section.area_id", "section.id"]
        ),
        ForeignKeyConstraint(["event_id", "category_id"], ["category.event_id", "category.id"]),
        ForeignKeyConstraint(["event_id", "reservation_id"], ["reservation.event_id", "reservation.id"]),
        CheckConstraint(
            "CASE status"
            " WHEN 'available' THEN reservation_id IS NULL AND held_until IS NULL AND blocked_reason IS NULL"
            " WHEN 'held' THEN reservation_id IS NOT NULL AND held_until IS NOT NULL AND blocked_reason IS NULL"
            " WHEN 'reserved' THEN reservation_id IS NOT NULL AND held_until IS NULL AND blocked_reason IS NULL"
            " WHEN 'blocked' THEN reservation_id IS NULL AND held_until IS NULL AND blocked_reason IS NOT NULL"
            " ELSE false END",
            name="status_owner_and_end_agree",
        ),
        CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="slot_times"),
        CheckConstraint("ends_at > starts_at", name="slot_ends_after_start"),
        CheckConstraint(f"features <@ ARRAY{list(SEAT_FEATURES)}::text[]", name="features"),
        # Slots of one room never overlap. The ids are written as ranges of one,
        # because GiST compares whole numbers only with an extension that not
        # every PostgreSQL carries; ranges need none. What a timetable has no
        # more, and keeps its row for its history, is in nobody's way.
        ExcludeConstraint(
            (text("int8range(event_id, event_id, '[]')"), "&&"),
            (text("int8range(area_id, area_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_seat_slots_never_overlap",
            where=text("starts_at IS NOT NULL AND blocked_reason IS DISTINCT FROM 'removed by plan'"),
            using="gist",
        ),
        # The week of a room.
        Index(
            "ix_seat_slots",
            "event_id",
            "area_id",
            "starts_at",
            postgresql_where=text("starts_at IS NOT NULL"),
        ),
        Index(
            "uq_seat_label",
            "event_id",
            "area_id",
            "section_id",
            "label",
            unique=True,
            postgresql_where=text("label IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        # "N of an area" walks this one; the sweep the next; an act on a whole reservation the last.
        Index(
            "ix_seat_available", "event_id", "area_id", "id", postgresql_where=text("status = 'available'")
        ),
        Index("ix_seat_held_until", "held_until", postgresql_where=text("status = 'held'")),
        Index(
            "ix_seat_reservation",
            "event_id",
            "reservation_id",
            postgresql_where=text("reservation_id IS NOT NULL"),
        ),
    )

    event_id: Mapped[int] = _same_event()
    id: Mapped[int] = _own_id()
    area_id: Mapped[int] = mapped_column(BigInteger)
    section_id: Mapped[int | None] = mapped_column(BigInteger)
    category_id: Mapped[int] = mapped_column(BigInteger)
    row_label: Mapped[str | None] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    label: Mapped[str | None] = mapped_column(Text)
    x: Mapped[float | None]
    y: Mapped[float | None]
    features: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    starts_at: Mapped[datetime | None] = timestamp()
    ends_at: Mapped[datetime | None] = timestamp()
    status: Mapped[str] = mapped_column(Text, server_default="available")
    reservation_id: Mapped[int | None] = mapped_column(BigInteger)
    held_until: Mapped[datetime | None] = timestamp()
    blocked_reason: Mapped[str | None] = mapped_column(Text)


class Reservation(Base):
    """What a holder gets: held, then pending or confirmed; or expired, released, cancelled.

    `code` with the event's id is the public reference, `7-K2M9QX`. A pending one began its checkout at
    `checkout_at` and must be paid by `payment_due_at`; its `expires_at` is later while a payment is under
    way, because then the provider is asked first.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("event_id", "code"),
        CheckConstraint(f"status IN {RESERVATION_STATUSES}", name="status"),
        CheckConstraint(
            "expires_at IS NOT NULL OR status NOT IN ('held', 'pending')", name="open_has_an_end"
        ),
        CheckConstraint(
            "(confirmed_at IS NOT NULL) = (status IN ('confirmed', 'cancelled'))", name="confirmed_at"
        ),
        CheckConstraint(
            "(ended_at IS NOT NULL) = (status IN ('cancelled', 'expired', 'released'))", name="ended_at"
        ),
        CheckConstraint("(checkout_at IS NULL) = (payment_due_at IS NULL)", name="checkout_has_a_deadline"),
        CheckConstraint("payment_due_at <= expires_at", name="asked_before_the_end"),
        # One open hold a holder and event; a second seat joins it.
        Index(
            "uq_reservation_open_hold",
            "event_id",
            "holder_id",
            unique=True,
            postgresql_where=text("status = 'held'"),
        ),
        Index("ix_reservation_holder", "holder_id", "id"),
        # Staff leaf through orders of all events.
        Index("ix_reservation_order", "id", postgresql_where=text(IS_ORDER)),
        Index("ix_reservation_order_status", "status", "id", postgresql_where=text(IS_ORDER)),
    )

    event_id: Mapped[int] = _same_event()
    id: Mapped[int] = _own_id()
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    code: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = timestamp()
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    checkout_at: Mapped[datetime | None] = timestamp()
    payment_due_at: Mapped[datetime | None] = timestamp()
    confirmed_at: Mapped[datetime | None] = timestamp()
    ended_at: Mapped[datetime | None] = timestamp()


class ReservationSeat(Base):
    """The permanent history: every seat a reservation ever had, its price, and how it ended.

    A line without `ended_at` is the seat's one open claim. `price_minor` is what its buyer pays, and
    `fee_minor` how much of that is fee; `full_price_minor` is what the place would have cost without a
    concession or a code, and without the fee, NULL where that is the rest of the price.
    `party_size` is how many people come to a slot of a room that asks; another party is another line. Who of a
    party pays less is said by people (`PartyConcession`), and by `concession_id` for every other place.
    """

    __tablename__ = "reservation_seat"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "reservation_id"], ["reservation.event_id", "reservation.id"]),
        ForeignKeyConstraint(["event_id", "seat_id"], ["seat.event_id", "seat.id"]),
        CheckConstraint(f"outcome IN {LINE_OUTCOMES}", name="outcome"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_outcome"),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("fee_minor BETWEEN 0 AND greatest(price_minor, 0)", name="fee"),
        CheckConstraint("full_price_minor >= price_minor - fee_minor", name="full_price"),
        CheckConstraint("concession_id IS NULL OR party_size IS NULL", name="one_concession_or_by_people"),
        ForeignKeyConstraint(["event_id", "concession_id"], ["concession.event_id", "concession.id"]),
        Index(
            "uq_reservation_seat_open_claim",
            "event_id",
            "seat_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_reservation_seat_reservation", "event_id", "reservation_id"),
    )

    event_id: Mapped[int] = _same_event()
    id: Mapped[int] = _own_id()
    reservation_id: Mapped[int] = mapped_column(BigInteger)
    seat_id: Mapped[int] = mapped_column(BigInteger)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    full_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    concession_id: Mapped[int | None] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    party_size: Mapped[int | None]
    held_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None] = timestamp()
    outcome: Mapped[str | None] = mapped_column(Text)


class SeatChange(Base):
    """Append-only: every transition of every seat. Activity list, audit trail, source of live updates.

    The cursor is (xid, id), followed only up to the oldest transaction still
    running, so that one which took its number early and committed late is never
    missed. `actor_user_id` is NULL for anonymous holders and for time itself.
    """

    __tablename__ = "seat_change"
    __table_args__ = (
        ForeignKeyConstraint(["event_id", "seat_id"], ["seat.event_id", "seat.id"]),
        CheckConstraint(f"from_status IN {SEAT_STATUSES} AND to_status IN {SEAT_STATUSES}", name="status"),
        CheckConstraint(f"reason IN {CHANGE_REASONS}", name="reason"),
        Index("ix_seat_change_cursor", "event_id", "xid", "id"),
        # An order's history. Its holds stand in its lines too, and a click writes no more for this.
        Index(
            "ix_seat_change_reservation",
            "event_id",
            "reservation_id",
            "id",
            postgresql_where=text("reason <> 'hold'"),
        ),
    )

    event_id: Mapped[int] = _same_event()
    id: Mapped[int] = _own_id()
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    seat_id: Mapped[int] = mapped_column(BigInteger)
    from_status: Mapped[str] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    reservation_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_user_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
