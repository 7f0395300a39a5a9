"""Writes the inventory of a new event: its categories, areas, sections, and one row a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from seatbook.domain.plans import PlanArea, PlanLayout
from seatbook.models import Area, Category, Section

Slot = tuple[datetime, datetime]
PlaceWritten = Callable[[int], None]

# One statement a page: far below the statement timeout, and few round trips.
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class WrittenPlaces:
    """How many places were written, and the ids of areas and categories by name."""

    places: int
    area_ids: dict[str, int]
    category_ids: dict[str, int]


def insert_places(
    session: Session,
    event_id: int,
    *,
    layout: PlanLayout,
    prices: Mapping[str, int],
    slots: Mapping[str, Sequence[Slot]],
    time_zone: ZoneInfo,
    progress: PlaceWritten | None = None,
) -> WrittenPlaces:
    """Write everything that a checked layout offers; part of the caller's transaction.

    Ids rise in the order of the document, so "by id" is also the order in the
    hall. A slot's label is its start in the venue's time.
    """
    category_ids = {
        category.name: session.execute(
            insert(Category)
            .values(
                event_id=event_id,
                name=category.name,
                colour=category.colour,
                price_minor=prices[category.name],
            )
            .returning(Category.id)
        ).scalar_one()
        for category in layout.categories
    }
    area_ids: dict[str, int] = {}
    written = 0
    for position, area in enumerate(layout.areas):
        area_id = session.execute(
            insert(Area)
            .values(event_id=event_id, kind=area.kind, name=area.name, position=position)
            .returning(Area.id)
        ).scalar_one()
        area_ids[area.name] = area_id
        section_ids = _insert_sections(session, event_id, area_id, area)
        places = _places(area, section_ids, category_ids, slots.get(area.name, ()), time_zone)
        for page in _pages(places):
            session.execute(INSERT_SEATS, {"event": event_id, "area": area_id, **_columns(page)})
            written += len(page)
            if progress is not None:
                progress(written)
    return WrittenPlaces(places=written, area_ids=area_ids, category_ids=category_ids)


# Arrays instead of thousands of VALUES: one short statement, parsed once, whatever the page holds.
INSERT_SEATS = text("""
    INSERT INTO seat (event_id, area_id, section_id, category_id,
                      row_label, number, label, x, y, starts_at, ends_at)
    SELECT :event, :area, section_id, category_id, row_label, number, label, x, y, starts_at, ends_at
      FROM unnest(CAST(:section_id AS bigint[]), CAST(:category_id AS bigint[]), CAST(:row_label AS text[]),
                  CAST(:number AS text[]), CAST(:label AS text[]), CAST(:x AS float8[]), CAST(:y AS float8[]),
                  CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]))
           WITH ORDINALITY AS place (section_id, category_id, row_label, number, label, x, y,
                                     starts_at, ends_at, nth)
     ORDER BY nth
""")
COLUMNS = ("section_id", "category_id", "row_label", "number", "label", "x", "y", "starts_at", "ends_at")


def _insert_sections(session: Session, event_id: int, area_id: int, area: PlanArea) -> dict[str, int]:
    return {
        section.name: session.execute(
            insert(Section)
            .values(
                event_id=event_id,
                area_id=area_id,
                name=section.name,
                band=section.band,
                side=section.side,
                position=section.position,
            )
            .returning(Section.id)
        ).scalar_one()
        for section in area.sections
    }


Place = tuple[Any, ...]


def _places(
    area: PlanArea,
    section_ids: Mapping[str, int],
    category_ids: Mapping[str, int],
    slots: Sequence[Slot],
    time_zone: ZoneInfo,
) -> Iterator[Place]:
    """Every place of an area, as values of COLUMNS."""
    for section in area.sections:
        for row in section.rows:
            for seat in row.seats:
                yield (
                    section_ids[section.name],
                    category_ids[seat.category],
                    row.label,
                    seat.number,
                    seat.label,
                    seat.x,
                    seat.y,
                    None,
                    None,
                )
    if area.category is None:
        return
    category_id = category_ids[area.category]
    for starts_at, ends_at in slots:
        label = _slot_label(starts_at, time_zone)
        yield (
            None,
            category_id,
            None,
            None,
            label,
            None,
            None,
            starts_at.astimezone(UTC),
            ends_at.astimezone(UTC),
        )
    for _ in range(area.capacity or 0):
        yield (None, category_id, *(None,) * 7)


def _slot_label(starts_at: datetime, time_zone: ZoneInfo) -> str:
    local = starts_at.astimezone(time_zone)
    # In the hour that the clocks repeat, the second reading says its offset: labels are unique in an area.
    return f"{local:%Y-%m-%d %H:%M}" + (f" ({local:%Z})" if local.fold else "")


def _pages(places: Iterable[Place]) -> Iterator[list[Place]]:
    iterator = iter(places)
    while page := list(islice(iterator, PAGE)):
        yield page


def _columns(page: list[Place]) -> dict[str, list[Any]]:
    return dict(zip(COLUMNS, map(list, zip(*page, strict=True)), strict=True))
