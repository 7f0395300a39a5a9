"""One event with what changes rarely: its show, venue, sale window, areas, categories and sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, false, literal_column, or_, select

from seatbook.domain.prices import PLACE_FEE
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Concession, DiscountCode, Event, Show, Venue
from seatbook.queries.moment import CLOCK, XMIN, Moment

SEAT_BY_SEAT = ("seated", "slots")
BY_QUANTITY = ("standing", "stock")


@dataclass(frozen=True, slots=True)
class AreaView:
    """`shape` is where it is in the hall, as `domain/plan_shapes.py` writes it; None where nobody drew it.

    A room takes from `min_party` to `max_party` people, or does not ask; its price is for a slot or a person.
    """

    id: int
    kind: str
    name: str
    shape: dict[str, Any] | None = None
    min_party: int | None = None
    max_party: int | None = None
    price_per: str = "slot"


@dataclass(frozen=True, slots=True)
class CategoryView:
    """`colour` is a place in the palette of tokens.css, from 1. The price is in minor units, with the event's fee:
    that of a place, or of each person where the area's price is for each."""

    id: int
    name: str
    colour: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class SectionView:
    """`shape` is its outline in the hall, as `domain/plan_shapes.py` writes it."""

    id: int
    area_id: int
    name: str
    band: int
    side: str
    position: int
    shape: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as its page shows it. Times are aware, UTC; they are shown in `time_zone`.

    `sale` is not_yet, on_sale, ended or cancelled at `moment`. Whether it is
    sold out depends on figures; see `sale_state`. Areas and sections are in the
    order of the hall; categories the dearest first, as a price list reads.
    `drawing` is what is drawn beside the places, as `domain/plan_drawing.py`
    writes it. An event that was read without its drawing has no shapes at all.
    `only_at_window`: the sale has ended, and is `on_sale` for whoever sells at the window.
    `has_choices`: it is paid at the counter, and somebody may pay less: there is something to say before reserving.
    """

    id: int
    show_id: int
    kind: str
    title: str
    name: str
    tagline: str
    description: str
    poster: str | None
    venue: str
    address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    on_sale_from: datetime
    on_sale_until: datetime
    sale: str
    currency: str
    payment: str
    has_choices: bool
    hold_ttl_seconds: int
    hold_cap_seconds: int
    max_seats: int
    cancel_seconds_before_start: int | None
    fee_per_place_minor: int
    fee_per_order_minor: int
    areas: tuple[AreaView, ...]
    categories: tuple[CategoryView, ...]
    sections: tuple[SectionView, ...]
    moment: Moment
    drawing: dict[str, Any] | None = None
    only_at_window: bool = False

    @property
    def cancel_until(self) -> datetime | None:
        """Until when buyers may cancel by themselves; None: never."""
        return cancel_deadline(self.starts_at, seconds_before_start=self.cancel_seconds_before_start)

    @property
    def seconds_to_sale(self) -> float:
        """How long until the sale opens, by the database's clock; negative when it has."""
        return (self.on_sale_from - self.moment.now).total_seconds()


def sale_at(at: Any) -> ColumnElement[str]:
    """What an instant means for an event's sale, without looking at its seats."""
    return case(
        (Event.status == "cancelled", "cancelled"),
        (at < Event.on_sale_from, "not_yet"),
        (at >= Event.on_sale_until, "ended"),
        else_=literal_column("'on_sale'"),
    )


def sale_state(sale: str, *, available: int) -> str:
    """not_yet, on_sale, sold_out, ended or cancelled: what people are told."""
    return "sold_out" if sale == "on_sale" and available == 0 else sale


def cancel_deadline(starts_at: datetime, *, seconds_before_start: int | None) -> datetime | None:
    return None if seconds_before_start is None else starts_at - timedelta(seconds=seconds_before_start)


def load_event(event_id: int, *, with_drawing: bool = True) -> EventView:
    """The event, and the moment at which its page is read. Raises NotFound; a draft is not there yet.

    `with_drawing=False` leaves out the drawing and the shapes of areas and sections:
    those of an arena are many times what a click needs otherwise.
    """
    query = EVENT_WITH_DRAWING if with_drawing else EVENT
    row = db.session.execute(query, {"event_id": event_id}).one_or_none()
    if row is None:
        raise NotFound(what="event")
    values: dict[str, Any] = dict(row._mapping)
    moment = Moment(values.pop("now"), int(values.pop("xmin")))
    for name, view in (("areas", AreaView), ("categories", CategoryView), ("sections", SectionView)):
        values[name] = tuple(view(*row) for row in values[name])
    return EventView(**values, moment=moment)


def _rows_of_event(table: str, *, columns: str, order: str) -> ColumnElement[Any]:
    """The few rows of the event's own kind, as a list of lists: they come with the event, in its one statement."""
    return literal_column(
        f"(SELECT coalesce(json_agg(json_build_array({columns}) ORDER BY {order}), '[]')"  # noqa: S608
        f" FROM {table} WHERE {table}.event_id = event.id)"
    )


AREA_COLUMNS = "id, kind, name, {shape}, min_party, max_party, price_per"
CATEGORY_COLUMNS = f"id, name, colour, price_minor + {PLACE_FEE}"
SECTION_COLUMNS = "id, area_id, name, band, side, position"


def _parts_of_event(*shape: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return (
        _rows_of_event(
            "area", columns=AREA_COLUMNS.format(shape=", ".join(shape) or "NULL"), order="position, id"
        ).label("areas"),
        _rows_of_event(
            "section", columns=", ".join([SECTION_COLUMNS, *shape]), order="band, position, id"
        ).label("sections"),
    )


# Whoever pays online goes through the checkout in any case, so nothing is looked for there.
HAS_CHOICES = case(
    (
        Event.payment == "counter",
        or_(
            *(
                exists().where(kind.event_id == Event.id, kind.is_active).correlate(Event)
                for kind in (Concession, DiscountCode)
            )
        ),
    ),
    else_=false(),
).label("has_choices")

# Made once: every page, every click and every poll asks one of these.
_EVENT = (
    select(
        Event.id,
        Event.show_id,
        Show.kind,
        Show.title,
        Event.name,
        Show.tagline,
        Show.description,
        Show.poster,
        Venue.name.label("venue"),
        Venue.address,
        Venue.time_zone,
        Event.starts_at,
        Event.ends_at,
        Event.on_sale_from,
        Event.on_sale_until,
        sale_at(CLOCK).label("sale"),
        Event.currency,
        Event.payment,
        HAS_CHOICES,
        Event.hold_ttl_seconds,
        Event.hold_cap_seconds,
        Event.max_seats,
        Event.cancel_seconds_before_start,
        Event.fee_per_place_minor,
        Event.fee_per_order_minor,
        _rows_of_event("category", columns=CATEGORY_COLUMNS, order="price_minor DESC, id").label(
            "categories"
        ),
        CLOCK.label("now"),
        XMIN.label("xmin"),
    )
    .join(Show, Show.id == Event.show_id)
    .join(Venue, Venue.id == Event.venue_id)
    .where(Event.id == bindparam("event_id"), Event.status != "draft")
)
EVENT = _EVENT.add_columns(*_parts_of_event())
EVENT_WITH_DRAWING = _EVENT.add_columns(*_parts_of_event("shape"), Event.drawing)
