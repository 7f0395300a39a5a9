"""Events that are made from plans, in a few words: "A1 A2 | B1" is two rows of a section."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from seatbook.domain.events import NewShow, NewVenue, create_event
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.extensions import db
from seatbook.models import Area, Category, Seat, Section
from tests.factories import Hall

STALLS = "Stalls"


def section(
    rows: str, *, name: str = "Main", left: float = 0.0, top: float = 0.0, category: str = STALLS, **more: Any
) -> PlanSection:
    """Rows of labels of one letter and a number; a dot is an empty place."""
    lines = []
    for line, labels in enumerate(rows.split("|")):
        seats = tuple(
            PlanSeat(label[1:], label, left + nth, top + line, category)
            for nth, label in enumerate(labels.split())
            if label != "."
        )
        lines.append(PlanRow(seats[0].label[0], top + line, seats))
    return replace(PlanSection(name, 0, "centre", 0, tuple(lines)), **more)


def hall(*sections: PlanSection | str, areas: tuple[PlanArea, ...] = (), **more: Any) -> PlanLayout:
    """A seated area with these sections, other areas beside it, and the categories that they use."""
    seated = tuple(section(one) if isinstance(one, str) else one for one in sections)
    whole = (PlanArea("seated", "Hall", sections=seated),) if seated else ()
    layout = replace(PlanLayout((), (*whole, *areas)), **more)
    names = {seat.category: None for seat in layout.seats} | {
        area.category: None for area in areas if area.category is not None
    }
    return replace(layout, categories=tuple(PlanCategory(name) for name in names))


def standing(name: str, capacity: int, *, category: str = "Standing") -> PlanArea:
    return PlanArea("standing", name, capacity=capacity, category=category)


def planned_event(layout: PlanLayout, *, price_minor: int = 4500, **changes: Any) -> Hall:
    """An event of this layout, on sale now. Every category costs the same."""
    starts_at = datetime.now(UTC) + timedelta(days=7)
    wanted: dict[str, Any] = {
        "show": NewShow("The Quiet Hour", "concert"),
        "venue": NewVenue("Lyric Hall"),
        "layout": layout,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "currency": "EUR",
        "prices": {category.name: price_minor for category in layout.categories},
        "status": "published",
    }
    made = create_event(**wanted | changes)
    ids = db.session.scalars(select(Seat.id).where(Seat.event_id == made.event_id).order_by(Seat.id)).all()
    db.session.rollback()
    return Hall(
        made.event_id,
        next(iter(made.area_ids.values())),
        next(iter(made.category_ids.values())),
        tuple(ids),
    )


def seat_id(event: Hall, label: str, *, section: str = "Main") -> int:
    db.session.rollback()
    found = db.session.scalars(
        select(Seat.id)
        .join(Section, Section.id == Seat.section_id)
        .where(Seat.event_id == event.event_id, Seat.label == label, Section.name == section)
    ).one()
    return int(found)


def seats_of(event: Hall) -> dict[str, tuple[Any, ...]]:
    """Every numbered seat of the event as its table has it: "section/label" → (x, y, category, status, features)."""
    db.session.rollback()
    rows = db.session.execute(
        select(Section.name, Seat.label, Seat.x, Seat.y, Category.name, Seat.status, Seat.features)
        .join(Section, Section.id == Seat.section_id)
        .join(Category, Category.id == Seat.category_id)
        .where(Seat.event_id == event.event_id)
    )
    return {f"{row[0]}/{row[1]}": (*row[2:6], tuple(row[6])) for row in rows}


def places_of(event: Hall, area: str) -> list[str]:
    """The statuses of an area's places, sorted."""
    db.session.rollback()
    rows = db.session.scalars(
        select(Seat.status)
        .join(Area, Area.id == Seat.area_id)
        .where(Seat.event_id == event.event_id, Area.name == area)
    )
    return sorted(rows)


def real_venue(shared_dir: Path, name: str) -> bytes:
    """A file of a real hall; the test is skipped where it is not beside the checkout."""
    file = shared_dir / "data" / "venues" / name
    if not file.is_file():
        pytest.skip(f"needs ../shared/data/venues/{name}, which is not here")
    return file.read_bytes()
