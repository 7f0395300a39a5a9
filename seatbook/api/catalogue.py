"""Events: what is coming, and one with its areas, categories and sale window."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from seatbook.api.routes import Routes
from seatbook.api.shapes import (
    Answer,
    DayInAddress,
    Id,
    IdInAddress,
    Instant,
    Money,
    OneOf,
    Part,
    Query,
    Seconds,
    Whole,
    money,
)
from seatbook.errors import NotFound
from seatbook.models.catalogue import SHOW_KINDS
from seatbook.models.inventory import AREA_KINDS, PRICE_PER
from seatbook.queries.event import AreaView, EventView, load_event, sale_state
from seatbook.queries.event_index import EventEntry, coming_events
from seatbook.queries.figures import NOBODY, Figures, figures_of_areas
from seatbook.queries.reductions import concessions_of

routes = Routes("Events")

MOST_EVENTS = 100
Kind = Annotated[str, OneOf(*SHOW_KINDS)]
Sale = Annotated[str, OneOf("not_yet", "on_sale", "sold_out", "ended", "cancelled")]


class Counted(Part):
    """Places by state, at this moment. `total_seats` counts every place, whatever its area's kind."""

    total_seats: int
    available_seats: int
    held_seats: int
    reserved_seats: int
    blocked_seats: int


class Event(Counted):
    """One dated offering. `event_date` is `starts_at`; `location` is the venue with its address."""

    id: Id
    show_id: Id
    kind: Kind
    name: str
    description: str
    event_date: Instant
    starts_at: Instant
    ends_at: Instant
    time_zone: Annotated[
        str, Field(description="Of the venue (IANA). Times here are UTC.", examples=["Europe/Berlin"])
    ]
    location: str
    venue: str
    sale: Sale
    on_sale_from: Instant
    on_sale_until: Instant
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
    lowest_price: Money | None
    highest_price: Money | None


class Area(Counted):
    """A part of the event that is sold in one way."""

    id: Id
    kind: Annotated[str, OneOf(*AREA_KINDS)]
    name: str
    category_ids: list[Id]
    min_party: Annotated[
        int | None,
        Field(description="A room takes at least so many people; null: nobody asks how many come."),
    ]
    max_party: int | None
    price_per: Annotated[str, OneOf(*PRICE_PER), Field(description="What a price of a time slot is for.")]


class Concession(Part):
    """Who pays less here, and how much less: a child, a student."""

    id: Id
    name: str
    percent_off: int


class Category(Part):
    id: Id
    name: str
    price: Money


class Section(Part):
    id: Id
    area_id: Id
    name: str


class EventDetails(Event):
    areas: list[Area]
    categories: list[Category]
    sections: list[Section]
    concessions: list[Concession]
    payment: Annotated[
        Annotated[str, OneOf("none", "counter", "online")],
        Field(
            description="none: reserving is all; counter: paid at the window; online: paid before it is yours."
        ),
    ]
    fee_per_order: Annotated[Money, Field(description="Added once to a basket that costs something.")]
    max_seats: Annotated[int, Field(description="How many places one holder may have.")]
    hold_ttl_seconds: int
    seconds_to_sale: Seconds | None
    cancel_until: Annotated[Instant | None, Field(description="None: buyers cannot cancel by themselves.")]


class EventList(Answer):
    events: list[Event]
    next: Annotated[
        str | None, Field(description="Send it as `after` for the next page; null: there is none.")
    ]


class OneEvent(Answer):
    event: EventDetails


class EventFilter(Query):
    kind: Kind | None = None
    venue_id: IdInAddress | None = None
    show_id: IdInAddress | None = None
    date: Annotated[DayInAddress | None, Field(description="A day at the venue.")] = None
    limit: Annotated[int, Whole(1, MOST_EVENTS)] = 50
    after: Annotated[
        str | None,
        Field(max_length=40, pattern=r"^[0-9]{1,17}\.[0-9]{1,18}$", description="`next` of the page before."),
    ] = None


@routes.get("/events/", EventList)
def list_events(query: EventFilter) -> EventList:
    """Coming events, the soonest first.

    Totals are true at this moment. Go through the pages with `after` until `next` is null.
    """
    index = coming_events(
        kind=query.kind,
        venue_id=query.venue_id,
        show_id=query.show_id,
        on=query.date,
        after=query.after,
        limit=query.limit,
    )
    return EventList(events=[event_of(entry) for entry in index.events], next=index.next)


@routes.get("/events/<int:event_id>/", OneEvent, refuses=(NotFound,))
def get_event(event_id: int) -> OneEvent:
    """One event with its areas, categories, sections and its sale window."""
    event = load_event(event_id, with_drawing=False)
    by_part = figures_of_areas(event_id, at=event.moment.now)
    figures = sum(by_part.values(), start=NOBODY)
    prices = [category.price_minor for category in event.categories]
    waits = event.seconds_to_sale if event.sale == "not_yet" else None
    return OneEvent(
        event=EventDetails(
            **counted(figures),
            id=event.id,
            show_id=event.show_id,
            kind=event.kind,
            name=full_name(event.title, event.name),
            description=event.description,
            event_date=event.starts_at,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            time_zone=event.time_zone,
            location=location(event.venue, event.address),
            venue=event.venue,
            sale=sale_state(event.sale, available=figures.available),
            on_sale_from=event.on_sale_from,
            on_sale_until=event.on_sale_until,
            currency=event.currency,
            lowest_price=money(min(prices), event.currency) if prices else None,
            highest_price=money(max(prices), event.currency) if prices else None,
            areas=[_area(event, area, by_part) for area in event.areas],
            categories=[
                Category(
                    id=category.id, name=category.name, price=money(category.price_minor, event.currency)
                )
                for category in event.categories
            ],
            sections=[Section(id=s.id, area_id=s.area_id, name=s.name) for s in event.sections],
            concessions=[
                Concession(id=one.id, name=one.name, percent_off=one.percent_off)
                for one in concessions_of(event_id)
                if one.is_active
            ],
            payment=event.payment,
            fee_per_order=money(event.fee_per_order_minor, event.currency),
            max_seats=event.max_seats,
            hold_ttl_seconds=event.hold_ttl_seconds,
            seconds_to_sale=waits,
            cancel_until=event.cancel_until,
        )
    )


def event_of(entry: EventEntry) -> Event:
    return Event(
        **counted(entry.figures),
        id=entry.id,
        show_id=entry.show_id,
        kind=entry.kind,
        name=full_name(entry.title, entry.name),
        description=entry.description,
        event_date=entry.starts_at,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        time_zone=entry.time_zone,
        location=location(entry.venue, entry.address),
        venue=entry.venue,
        sale=entry.sale,
        on_sale_from=entry.on_sale_from,
        on_sale_until=entry.on_sale_until,
        currency=entry.currency,
        lowest_price=None if entry.lowest_minor is None else money(entry.lowest_minor, entry.currency),
        highest_price=None if entry.highest_minor is None else money(entry.highest_minor, entry.currency),
    )


def counted(figures: Figures) -> dict[str, Any]:
    return {
        "total_seats": figures.total,
        "available_seats": figures.available,
        "held_seats": figures.held,
        "reserved_seats": figures.reserved,
        "blocked_seats": figures.blocked,
    }


def full_name(title: str, name: str) -> str:
    """The show, and what this date of it is called, where it is called something."""
    return f"{title} · {name}" if name else title


def location(venue: str, address: str) -> str:
    return f"{venue}, {address}" if address else venue


def _area(event: EventView, area: AreaView, by_part: dict[tuple[int, int], Figures]) -> Area:
    parts = {
        category_id: figures for (area_id, category_id), figures in by_part.items() if area_id == area.id
    }
    return Area(
        **counted(sum(parts.values(), start=NOBODY)),
        id=area.id,
        kind=area.kind,
        name=area.name,
        category_ids=[category.id for category in event.categories if category.id in parts],
        min_party=area.min_party,
        max_party=area.max_party,
        price_per=area.price_per,
    )
