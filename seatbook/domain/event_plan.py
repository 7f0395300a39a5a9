"""The hall of an event as it is now: its areas, sections, categories and seats, and who has which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Case, and_, case, func, select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.replan import REMOVED_BY_PLAN
from seatbook.errors import NotFound
from seatbook.models import Area, Category, Event, Seat, Section

# What a place is to a new plan. A hold that has lapsed is free; `gone` was removed by a plan before.
STATES = ("free", "held", "sold", "blocked", "gone")
TAKEN = ("held", "sold")


class EventSeat(NamedTuple):
    """A numbered seat. `section` is empty where it is in none; `state` is one of STATES."""

    seat_id: int
    area: str
    section: str
    row: str
    number: str
    label: str
    x: float | None
    y: float | None
    category: str
    features: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class EventArea:
    """An area. Of one without numbered seats: `places` counts them by their state, `category` is theirs."""

    area_id: int
    kind: str
    places: Mapping[str, int]
    category: str | None


@dataclass(frozen=True, slots=True)
class EventPlan:
    """What a new version of a plan is compared with. Sections are by (area, section)."""

    event_id: int
    currency: str
    areas: Mapping[str, EventArea]
    section_ids: Mapping[tuple[str, str], int]
    category_ids: Mapping[str, int]
    seats: tuple[EventSeat, ...]


def read_event_plan(session: Session, event_id: int) -> EventPlan:
    """The event's hall at this moment, without locks. Raises NotFound."""
    currency = session.scalar(select(Event.currency).where(Event.id == event_id))
    if currency is None:
        raise NotFound(what="event")
    state = _state()
    counts: dict[int, dict[str, int]] = {}
    category_of: dict[int, str] = {}
    for area_id, category, of_state, count in session.execute(
        select(Seat.area_id, Category.name, state, func.count())
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .where(Seat.event_id == event_id, Area.kind != "seated")
        .group_by(Seat.area_id, Category.name, state)
    ):
        of_area = counts.setdefault(area_id, {})
        of_area[of_state] = of_area.get(of_state, 0) + count
        if of_state != "gone":
            category_of[area_id] = category
    areas = session.execute(
        select(Area.id, Area.name, Area.kind)
        .where(Area.event_id == event_id)
        .order_by(Area.position, Area.id)
    ).all()
    names = {area.id: area.name for area in areas}
    sections = session.execute(
        select(Section.id, Section.area_id, Section.name).where(Section.event_id == event_id)
    ).all()
    categories = session.execute(
        select(Category.name, Category.id).where(Category.event_id == event_id)
    ).all()
    seats = session.execute(
        select(
            Seat.id,
            Area.name,
            func.coalesce(Section.name, ""),
            func.coalesce(Seat.row_label, ""),
            func.coalesce(Seat.number, ""),
            func.coalesce(Seat.label, ""),
            Seat.x,
            Seat.y,
            Category.name,
            Seat.features,
            state,
        )
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
        .where(Seat.event_id == event_id, Area.kind == "seated")
        .order_by(Seat.id)
    )
    return EventPlan(
        event_id=event_id,
        currency=currency,
        areas={
            area.name: EventArea(area.id, area.kind, counts.get(area.id, {}), category_of.get(area.id))
            for area in areas
        },
        section_ids={(names[section.area_id], section.name): section.id for section in sections},
        category_ids={category.name: category.id for category in categories},
        seats=tuple(EventSeat(*row[:9], tuple(row[9]), row[10]) for row in seats),
    )


def _state() -> Case[str]:
    return case(
        (Seat.status == "reserved", "sold"),
        (and_(Seat.status == "held", Seat.held_until > func.clock_timestamp()), "held"),
        (Seat.blocked_reason == REMOVED_BY_PLAN, "gone"),
        (Seat.status == "blocked", "blocked"),
        else_="free",
    )
