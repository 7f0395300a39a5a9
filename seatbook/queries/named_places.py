"""What names a place wherever places are listed: its columns, the tables that they come from, their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_

from seatbook.models import Area, Category, Seat, Section


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place as people know it: its area, section and category, and its row and number, its label, or the hours
    of a slot (aware, UTC). `colour` as in `queries/event.py`."""

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


def in_english(
    label: str | None, *, row_label: str | None, number: str | None, area: str, section: str | None
) -> str:
    """For programs: "Row A, seat 15, Stalls", as two blocks may have a row A. What has no row: its label, or the
    area of places that are alike."""
    if row_label and number:
        return f"Row {row_label}, seat {number}, {section or area}"
    return f"{label}, {section}" if label and section else label or area


# In the order of the fields above.
NAME_COLUMNS = (
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
)
IN_ORDER_OF_THE_HALL = (
    Area.position,
    Area.id,
    Section.band,
    Section.position,
    Seat.y,
    Seat.x,
    Seat.starts_at,
    Seat.id,
)


def with_names(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A query of `Seat`, together with what names a place."""
    return (
        query.join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
    )
