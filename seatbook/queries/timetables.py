"""The rooms of an event with their timetables, as staff see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Area, Event, Seat, Venue
from seatbook.queries.moment import CLOCK, status_at
from seatbook.queries.seats import IN_THE_PLAN


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room. `timetable` is its document, as `domain/timetable_document.py` describes it; None: it has none yet.

    `coming` counts its slots that have not begun, `free` those of them that can be had; `until` is the end of
    the last one, aware, UTC.
    """

    event_id: int
    area_id: int
    name: str
    time_zone: str
    timetable: dict[str, Any] | None
    min_party: int | None
    max_party: int | None
    price_per: str
    coming: int
    free: int
    until: datetime | None


def rooms_of(event_id: int) -> list[RoomRecord]:
    """The rooms of an event in their order. Raises NotFound when there is no such event."""
    if db.session.scalar(select(Event.id).where(Event.id == event_id)) is None:
        raise NotFound(what="event")
    coming = and_(Seat.starts_at > CLOCK, IN_THE_PLAN)
    rows = db.session.execute(
        select(
            Area.event_id,
            Area.id,
            Area.name,
            Venue.time_zone,
            Area.timetable,
            Area.min_party,
            Area.max_party,
            Area.price_per,
            func.count(Seat.id).filter(coming),
            func.count(Seat.id).filter(coming, status_at(CLOCK) == "available"),
            func.max(Seat.ends_at).filter(IN_THE_PLAN),
        )
        .join(Event, Event.id == Area.event_id)
        .join(Venue, Venue.id == Event.venue_id)
        .outerjoin(Seat, and_(Seat.event_id == Area.event_id, Seat.area_id == Area.id))
        .where(Area.event_id == event_id, Area.kind == "slots")
        .group_by(Area.event_id, Area.id, Venue.time_zone)
        .order_by(Area.position, Area.id)
    )
    return [RoomRecord(*row) for row in rows]


def room_called(event_id: int, name: str) -> RoomRecord:
    """The event's room of that name, however it is written. Raises NotFound, which names those that there are."""
    rooms = rooms_of(event_id)
    for room in rooms:
        if room.name.casefold() == name.strip().casefold():
            return room
    known = ", ".join(f"“{room.name}”" for room in rooms) or "none"
    raise NotFound(what=f"room as “{name}”: the areas with time slots of this event are {known}")
