"""Everything an event's page shows, in a number of queries that does not depend on how many seats there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from seatbook.domain.holders import WINDOW_ROLES
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Holder, User
from seatbook.queries.activity import ActivityLine, recent_activity
from seatbook.queries.basket import Basket, load_basket
from seatbook.queries.best import has_wheelchair_places
from seatbook.queries.changes import Cursor
from seatbook.queries.event import (
    AreaView,
    CategoryView,
    EventView,
    SectionView,
    load_event,
    sale_state,
)
from seatbook.queries.figures import (
    NOBODY,
    Figures,
    SectionFigures,
    figures_of_areas,
    figures_of_sections,
)
from seatbook.queries.seats import SeatView, seats_by_id, seats_of, seats_of_section
from seatbook.queries.viewer import Viewer, load_viewer
from seatbook.queries.week import Week, Weeks, load_weeks

# A hall of more seats opens as an overview of its sections, and a section is drawn when it is chosen.
MOST_SEATS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class EventPage:
    """The page, or the parts of it that a click or a poll draws again: then `seats` are only some.

    `figures_by_part` counts by (area id, category id). `has_wheelchair_places` is read for whole pages only.
    Of a big hall, `seats` are those of the `chosen` section, and `figures_by_section` tells of all
    sections by their ids; of the parts of a page, those that the seats are in. Of time slots, `seats` are those
    of one week, which `weeks` tells about.
    """

    event: EventView
    seats: list[SeatView]
    figures_by_part: dict[tuple[int, int], Figures]
    viewer: Viewer
    basket: Basket
    activity: tuple[ActivityLine, ...]
    cursor: Cursor
    has_wheelchair_places: bool = False
    chosen: SectionView | None = None
    figures_by_section: dict[int, SectionFigures] = field(default_factory=dict)
    weeks: Weeks | None = None

    @property
    def areas(self) -> tuple[AreaView, ...]:
        return self.event.areas

    @property
    def categories(self) -> tuple[CategoryView, ...]:
        return self.event.categories

    @property
    def sections(self) -> tuple[SectionView, ...]:
        return self.event.sections

    @property
    def figures(self) -> Figures:
        return sum(self.figures_by_part.values(), start=NOBODY)

    def figures_of(self, area: AreaView) -> Figures:
        of_area = (f for (area_id, _), f in self.figures_by_part.items() if area_id == area.id)
        return sum(of_area, start=NOBODY)

    def categories_of(self, area: AreaView) -> tuple[CategoryView, ...]:
        """The categories that the area's places have."""
        ids = {category_id for area_id, category_id in self.figures_by_part if area_id == area.id}
        return tuple(category for category in self.categories if category.id in ids)

    @property
    def is_big(self) -> bool:
        return is_big(self.event, self.figures_by_part)

    @property
    def sale(self) -> str:
        """not_yet, on_sale, sold_out, ended or cancelled."""
        return sale_state(self.event.sale, available=self.figures.available)


def load_event_page(
    event_id: int, *, holder_id: int | None, section_id: int | None = None, week: Week | None = None
) -> EventPage:
    """The whole page; of a big hall with the seats of that section, of rooms with the slots of that week, or of
    the next one in which something is free. Raises NotFound."""
    event = as_seen_at_window(load_event(event_id), holder_id=holder_id)
    chosen = section_of(event, section_id) if section_id is not None else None
    moment = event.moment
    viewer = load_viewer(event_id, holder_id=holder_id, at=moment.now)
    figures = figures_of_areas(event_id, at=moment.now)
    seats: list[SeatView] = []
    by_section: dict[int, SectionFigures] = {}
    if is_big(event, figures):
        by_section = figures_of_sections(event_id, at=moment.now)
        if chosen:
            seats += seats_of_section(event_id, section_id=chosen.id, viewer=viewer, at=moment.now)
    elif any(area.kind == "seated" for area in event.areas):
        seats = seats_of(event_id, viewer=viewer, at=moment.now)
    weeks = load_weeks(event, week=week, viewer=viewer, at=moment.now)
    if weeks is not None:
        seats += weeks.slots
    return EventPage(
        event=event,
        seats=seats,
        figures_by_part=figures,
        viewer=viewer,
        basket=load_basket(event_id, viewer=viewer, moment=moment, cap_seconds=event.hold_cap_seconds),
        activity=recent_activity(event_id),
        cursor=Cursor.at_moment(moment),
        has_wheelchair_places=has_wheelchair_places(event_id),
        chosen=chosen,
        figures_by_section=by_section,
        weeks=weeks,
    )


def load_week(event_id: int, *, holder_id: int | None, week: Week) -> EventPage:
    """The slots of one week, and nothing of the page around them. Raises NotFound."""
    event = as_seen_at_window(load_event(event_id, with_drawing=False), holder_id=holder_id)
    now = event.moment.now
    viewer = load_viewer(event_id, holder_id=holder_id, at=now)
    weeks = load_weeks(event, week=week, viewer=viewer, at=now)
    if weeks is None:
        raise NotFound(what="week")
    return EventPage(
        event=event,
        seats=weeks.slots,
        figures_by_part={},
        viewer=viewer,
        basket=Basket(),
        activity=(),
        cursor=Cursor.at_moment(event.moment),
        weeks=weeks,
    )


def load_section(event_id: int, *, holder_id: int | None, section_id: int) -> EventPage:
    """The seats of one section, and nothing of the page around them. Raises NotFound."""
    event = as_seen_at_window(load_event(event_id), holder_id=holder_id)
    chosen = section_of(event, section_id)
    now = event.moment.now
    viewer = load_viewer(event_id, holder_id=holder_id, at=now)
    return EventPage(
        event=event,
        seats=seats_of_section(event_id, section_id=section_id, viewer=viewer, at=now),
        figures_by_part={},
        viewer=viewer,
        basket=Basket(),
        activity=(),
        cursor=Cursor.at_moment(event.moment),
        chosen=chosen,
    )


def load_event_parts(
    event_id: int, *, holder_id: int | None, seat_ids: Collection[int], with_activity: bool = False
) -> EventPage:
    """The page with no seats but these, each as it is now. Raises NotFound."""
    # The event first: it brings the moment, which must be earlier than every seat that is read.
    event = as_seen_at_window(load_event(event_id, with_drawing=False), holder_id=holder_id)
    moment = event.moment
    viewer = load_viewer(event_id, holder_id=holder_id, at=moment.now)
    figures = figures_of_areas(event_id, at=moment.now)
    seats = seats_by_id(event_id, seat_ids=seat_ids, viewer=viewer, at=moment.now)
    return EventPage(
        event=event,
        seats=seats,
        figures_by_part=figures,
        viewer=viewer,
        basket=load_basket(event_id, viewer=viewer, moment=moment, cap_seconds=event.hold_cap_seconds),
        activity=recent_activity(event_id) if with_activity else (),
        cursor=Cursor.at_moment(moment),
        figures_by_section=figures_of_their_sections(event, seats, figures),
    )


def as_seen_at_window(event: EventView, *, holder_id: int | None) -> EventView:
    """For whoever sells at the window the sale goes on until the event ends; one statement where that matters."""
    if holder_id is None or event.sale != "ended" or event.moment.now >= event.ends_at:
        return event
    role = db.session.scalar(
        select(User.role).join(Holder, Holder.user_id == User.id).where(Holder.id == holder_id)
    )
    return replace(event, sale="on_sale", only_at_window=True) if role in WINDOW_ROLES else event


def is_big(event: EventView, figures: Mapping[tuple[int, int], Figures]) -> bool:
    """More seats than a page draws at once, in sections that can be drawn one by one."""
    seated = {area.id for area in event.areas if area.kind == "seated"}
    count = sum(of.total for (area_id, _), of in figures.items() if area_id in seated)
    return count > MOST_SEATS_AT_ONCE and len(event.sections) > 1


def figures_of_their_sections(
    event: EventView, seats: Collection[SeatView], figures: Mapping[tuple[int, int], Figures]
) -> dict[int, SectionFigures]:
    """What is left in the sections of these seats, where a page tells it section by section."""
    section_ids = {seat.section_id for seat in seats if seat.section_id is not None}
    if not section_ids or not is_big(event, figures):
        return {}
    return figures_of_sections(event.id, at=event.moment.now, section_ids=section_ids)


def section_of(event: EventView, section_id: int) -> SectionView:
    """The event's section. Raises NotFound."""
    for section in event.sections:
        if section.id == section_id:
            return section
    raise NotFound(what="section")
