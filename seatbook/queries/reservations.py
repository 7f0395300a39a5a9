"""A buyer's reservations: the list, and one with everything on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select

from seatbook.domain.reference import format_reference
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Reservation, ReservationSeat, Seat, Section, Show, Venue
from seatbook.queries.event import cancel_deadline
from seatbook.queries.moment import CLOCK

MAX_LISTED = 200
# What a buyer calls a reservation: a hold that was let go or ran out was never one.
LISTED = ("confirmed", "cancelled", "pending")


@dataclass(frozen=True, slots=True)
class ReservedPlace:
    """One place of a reservation, with the price that was agreed, in minor units."""

    seat_id: int
    area: str
    area_kind: str
    section: str | None
    category: str
    colour: int
    row_label: str | None
    number: str | None
    label: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    price_minor: int


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A reservation with its event. Times are aware, UTC, and shown in `time_zone`; money in minor units.

    `status` is held, pending, confirmed, cancelled, expired or released, as of
    now: an open one whose time has passed is expired. `is_past`: the event, or the last slot, is over.
    """

    id: int
    event_id: int
    reference: str
    status: str
    title: str
    event_name: str
    kind: str
    poster: str | None
    venue: str
    address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    first_slot_at: datetime | None
    last_slot_until: datetime | None
    is_past: bool
    event_is_cancelled: bool
    payment: str
    currency: str
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    cancel_until: datetime | None
    can_cancel: bool
    place_count: int
    total_minor: int
    places: tuple[ReservedPlace, ...] = ()

    @property
    def from_when(self) -> datetime:
        """When the buyer comes: to the slot, where a room's event lasts for weeks."""
        return self.first_slot_at or self.starts_at

    @property
    def until_when(self) -> datetime:
        return self.last_slot_until or self.ends_at


def reservations_of(holder_id: int) -> tuple[ReservationView, ...]:
    """The holder's reservations, newest first, without their single places."""
    query = (
        _reservations()
        .where(Reservation.holder_id == holder_id, Reservation.status.in_(LISTED))
        .order_by(Reservation.id.desc())
        .limit(MAX_LISTED)
    )
    return tuple(_view(row) for row in db.session.execute(query))


def load_reservation(event_id: int, *, code: str, holder_id: int) -> ReservationView:
    """One reservation of the holder. Raises NotFound: somebody else's looks as if it were not there."""
    row = db.session.execute(
        _reservations().where(
            Reservation.event_id == event_id, Reservation.code == code, Reservation.holder_id == holder_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(what="reservation")
    return _view(row, places=_places(event_id, reservation_id=row.id))


def _reservations() -> Select[*tuple[Any, ...]]:
    lines = (
        select(
            func.count().label("places"),
            func.coalesce(func.sum(ReservationSeat.price_minor), 0).label("total"),
            func.min(Seat.starts_at).label("first_slot_at"),
            func.max(Seat.ends_at).label("last_slot_until"),
        )
        .select_from(ReservationSeat)
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .where(
            ReservationSeat.event_id == Reservation.event_id,
            ReservationSeat.reservation_id == Reservation.id,
            _is_counted(),
        )
        .correlate(Reservation)
        .lateral("lines")
    )
    ended_by_time = and_(Reservation.status.in_(("held", "pending")), Reservation.expires_at <= CLOCK)
    return (
        select(
            Reservation.id,
            Reservation.event_id,
            Reservation.code,
            case((ended_by_time, literal_column("'expired'")), else_=Reservation.status).label("status"),
            Show.title,
            Event.name,
            Show.kind,
            Show.poster,
            Venue.name.label("venue"),
            Venue.address,
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            lines.c.first_slot_at,
            lines.c.last_slot_until,
            (func.coalesce(lines.c.last_slot_until, Event.ends_at) <= CLOCK).label("is_past"),
            (Event.status == "cancelled").label("event_is_cancelled"),
            Event.payment,
            Event.currency,
            Reservation.created_at,
            Reservation.confirmed_at,
            Reservation.ended_at,
            Reservation.expires_at,
            Event.cancel_seconds_before_start,
            CLOCK.label("now"),
            lines.c.places,
            func.coalesce(Reservation.total_minor, lines.c.total).label("total"),
        )
        .join(Event, Event.id == Reservation.event_id)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .join(lines, literal_column("true"))
    )


def _is_counted() -> ColumnElement[bool]:
    """Open lines; of a cancelled reservation, what it had been. A seat that was given back before buying was never
    bought, and one that was cancelled alone is not part of it any more."""
    is_over = and_(ReservationSeat.outcome == "cancelled", Reservation.status == "cancelled")
    return or_(ReservationSeat.ended_at.is_(None), is_over)


def _view(row: Any, *, places: tuple[ReservedPlace, ...] = ()) -> ReservationView:
    cancel_until = cancel_deadline(
        row.first_slot_at or row.starts_at, seconds_before_start=row.cancel_seconds_before_start
    )
    return ReservationView(
        id=row.id,
        event_id=row.event_id,
        reference=format_reference(row.event_id, row.code),
        status=row.status,
        title=row.title,
        event_name=row.name,
        kind=row.kind,
        poster=row.poster,
        venue=row.venue,
        address=row.address,
        time_zone=row.time_zone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        first_slot_at=row.first_slot_at,
        last_slot_until=row.last_slot_until,
        is_past=row.is_past,
        event_is_cancelled=row.event_is_cancelled,
        payment=row.payment,
        currency=row.currency,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        cancel_until=cancel_until,
        can_cancel=row.status == "confirmed" and cancel_until is not None and row.now <= cancel_until,
        place_count=row.places,
        total_minor=row.total,
        places=places,
    )


def _places(event_id: int, *, reservation_id: int) -> tuple[ReservedPlace, ...]:
    rows: Iterable[Any] = db.session.execute(
        select(
            Seat.id,
            Area.name,
            Area.kind,
            Section.name,
            Category.name,
            Category.colour,
            Seat.row_label,
            Seat.number,
            Seat.label,
            Seat.starts_at,
            Seat.ends_at,
            ReservationSeat.price_minor,
        )
        .select_from(ReservationSeat)
        .join(
            Reservation,
            and_(
                Reservation.event_id == ReservationSeat.event_id,
                Reservation.id == ReservationSeat.reservation_id,
            ),
        )
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
        .where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            _is_counted(),
        )
        .order_by(
            Area.position, Area.id, Section.band, Section.position, Seat.y, Seat.x, Seat.starts_at, Seat.id
        )
    )
    return tuple(ReservedPlace(*row) for row in rows)
