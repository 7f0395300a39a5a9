"""Everything an event's page shows, in a number of queries that does not depend on how many seats there are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

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
from seatbook.queries.figures import NOBODY, Figures, figures_of_areas
from seatbook.queries.seats import SeatView, seats_by_id, seats_of
from seatbook.queries.viewer import Viewer, load_viewer


@dataclass(frozen=True, slots=True)
class EventPage:
    """The page, or the parts of it that a click or a poll draws again: then `seats` are only some.

    `figures_by_part` counts by (area id, category id). `has_wheelchair_places` is read for whole pages only.
    """

    event: EventView
    seats: list[SeatView]
    figures_by_part: dict[tuple[int, int], Figures]
    viewer: Viewer
    basket: Basket
    activity: tuple[ActivityLine, ...]
    cursor: Cursor
    has_wheelchair_places: bool = False

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
    def sale(self) -> str:
        """not_yet, on_sale, sold_out, ended or cancelled."""
        return sale_state(self.event.sale, available=self.figures.available)


def load_event_page(event_id: int, *, holder_id: int | None) -> EventPage:
    """The whole page. Raises NotFound."""
    return _load(event_id, holder_id=holder_id, seat_ids=None)


def load_event_parts(
    event_id: int, *, holder_id: int | None, seat_ids: Collection[int], with_activity: bool = False
) -> EventPage:
    """The page with no seats but these, each as it is now. Raises NotFound."""
    return _load(event_id, holder_id=holder_id, seat_ids=seat_ids, with_activity=with_activity)


def _load(
    event_id: int,
    *,
    holder_id: int | None,
    seat_ids: Collection[int] | None,
    with_activity: bool = True,
) -> EventPage:
    # The event first: it brings the moment, which must be earlier than every seat that is read.
    event = load_event(event_id, with_drawing=seat_ids is None)
    moment = event.moment
    viewer = load_viewer(event_id, holder_id=holder_id, at=moment.now)
    if seat_ids is None:
        seats = seats_of(event_id, viewer=viewer, at=moment.now)
    else:
        seats = seats_by_id(event_id, seat_ids=seat_ids, viewer=viewer, at=moment.now)
    return EventPage(
        event=event,
        seats=seats,
        figures_by_part=figures_of_areas(event_id, at=moment.now),
        viewer=viewer,
        basket=load_basket(event_id, viewer=viewer, moment=moment),
        activity=recent_activity(event_id) if with_activity else (),
        cursor=Cursor.at_moment(moment),
        has_wheelchair_places=seat_ids is None and has_wheelchair_places(event_id),
    )
