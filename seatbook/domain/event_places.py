"""Writes the inventory of an event: categories, areas, sections, what is drawn, and one row a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from seatbook.domain.outline import outline_of
from seatbook.domain.plan_drawing import event_drawing
from seatbook.domain.plan_shapes import shape_document
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanSection
from seatbook.models import Area, Category, Event, Section

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


class Place(NamedTuple):
    """A row of `seat` that nobody has yet."""

    category_id: int
    section_id: int | None = None
    row_label: str | None = None
    number: str | None = None
    label: str | None = None
    x: float | None = None
    y: float | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    features: tuple[str, ...] = ()


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
        category.name: insert_category(session, event_id, category, price_minor=prices[category.name])
        for category in layout.categories
    }
    area_ids: dict[str, int] = {}
    section_ids: dict[tuple[str, str], int] = {}
    written = 0
    for position, area in enumerate(layout.areas):
        area_ids[area.name] = insert_area(session, event_id, area, position=position)
        of_area = {
            section.name: insert_section(session, event_id, area_ids[area.name], section)
            for section in area.sections
        }
        section_ids |= {(area.name, name): section_id for name, section_id in of_area.items()}
        places = _places(area, of_area, category_ids, slots.get(area.name, ()), time_zone)
        for count in insert_seats(session, event_id, area_ids[area.name], places):
            written += count
            if progress is not None:
                progress(written)
    draw_event(session, event_id, layout=layout, area_ids=area_ids, section_ids=section_ids)
    return WrittenPlaces(places=written, area_ids=area_ids, category_ids=category_ids)


def insert_category(session: Session, event_id: int, category: PlanCategory, *, price_minor: int) -> int:
    """Write a category; its id."""
    return session.execute(
        insert(Category)
        .values(event_id=event_id, name=category.name, colour=category.colour, price_minor=price_minor)
        .returning(Category.id)
    ).scalar_one()


def insert_area(session: Session, event_id: int, area: PlanArea, *, position: int) -> int:
    """Write an area without its places; its id."""
    return session.execute(
        insert(Area)
        .values(event_id=event_id, kind=area.kind, name=area.name, position=position, shape=drawn_shape(area))
        .returning(Area.id)
    ).scalar_one()


def insert_section(session: Session, event_id: int, area_id: int, section: PlanSection) -> int:
    """Write a section without its seats; its id."""
    return session.execute(
        insert(Section)
        .values(
            event_id=event_id,
            area_id=area_id,
            name=section.name,
            band=section.band,
            side=section.side,
            position=section.position,
            shape=outline_document(section),
        )
        .returning(Section.id)
    ).scalar_one()


def insert_seats(session: Session, event_id: int, area_id: int, places: Iterable[Place]) -> Iterator[int]:
    """Write places of an area in their order, page by page; how many each page had."""
    for page in _pages(places):
        session.execute(INSERT_SEATS, {"event": event_id, "area": area_id, **_columns(page)})
        yield len(page)


def draw_event(
    session: Session,
    event_id: int,
    *,
    layout: PlanLayout,
    area_ids: Mapping[str, int],
    section_ids: Mapping[tuple[str, str], int],
) -> None:
    """Write what is drawn beside the places; whatever was drawn before is gone."""
    drawing = event_drawing(layout, area_ids=area_ids, section_ids=section_ids)
    session.execute(update(Event).where(Event.id == event_id).values(drawing=drawing))


def drawn_shape(area: PlanArea) -> dict[str, Any] | None:
    """The column `shape` of an area."""
    return None if area.shape is None else shape_document(area.shape)


def outline_document(section: PlanSection) -> dict[str, Any] | None:
    """The column `shape` of a section: as it was drawn, else round its seats."""
    outline = outline_of(section)
    return None if outline is None else shape_document(outline)


# Arrays instead of thousands of VALUES: one short statement, parsed once, whatever the page holds. Arrays in
# an array would all need one length, so the features of a seat travel as one text.
INSERT_SEATS = text("""
    INSERT INTO seat (event_id, area_id, section_id, category_id,
                      row_label, number, label, x, y, starts_at, ends_at, features)
    SELECT :event, :area, section_id, category_id, row_label, number, label, x, y, starts_at, ends_at,
           string_to_array(features, ',')
      FROM unnest(CAST(:section_id AS bigint[]), CAST(:category_id AS bigint[]), CAST(:row_label AS text[]),
                  CAST(:number AS text[]), CAST(:label AS text[]), CAST(:x AS float8[]), CAST(:y AS float8[]),
                  CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]),
                  CAST(:features AS text[]))
           WITH ORDINALITY AS place (section_id, category_id, row_label, number, label, x, y,
                                     starts_at, ends_at, features, nth)
     ORDER BY nth
""")


def _places(
    area: PlanArea,
    section_ids: Mapping[str, int],
    category_ids: Mapping[str, int],
    slots: Sequence[Slot],
    time_zone: ZoneInfo,
) -> Iterator[Place]:
    """Every place of an area, in the order of the document."""
    for section in area.sections:
        for row in section.rows:
            for seat in row.seats:
                yield Place(
                    category_id=category_ids[seat.category],
                    section_id=section_ids[section.name],
                    row_label=row.label,
                    number=seat.number,
                    label=seat.label,
                    x=seat.x,
                    y=seat.y,
                    features=seat.features,
                )
    if area.category is None:
        return
    category_id = category_ids[area.category]
    for starts_at, ends_at in slots:
        label = slot_label(starts_at, time_zone)
        yield Place(
            category_id,
            label=label,
            starts_at=starts_at.astimezone(UTC),
            ends_at=ends_at.astimezone(UTC),
        )
    for _ in range(area.capacity or 0):
        yield Place(category_id)


def slot_label(starts_at: datetime, time_zone: ZoneInfo) -> str:
    local = starts_at.astimezone(time_zone)
    # In the hour that the clocks repeat, the second reading says its offset: labels are unique in an area.
    return f"{local:%Y-%m-%d %H:%M}" + (f" ({local:%Z})" if local.fold else "")


def _pages(places: Iterable[Place]) -> Iterator[list[Place]]:
    iterator = iter(places)
    while page := list(islice(iterator, PAGE)):
        yield page


def _columns(page: list[Place]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = dict(zip(Place._fields, map(list, zip(*page, strict=True)), strict=True))
    return columns | {"features": [",".join(place.features) for place in page]}
