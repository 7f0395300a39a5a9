"""What's on: shows with their coming events, and whether there are places left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, and_, case, cast, distinct, func, select

from seatbook.domain.prices import price_with_fee
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Show, Venue
from seatbook.queries.event import sale_at, sale_state
from seatbook.queries.figures import NOBODY, Figures, figures_of_events
from seatbook.queries.moment import CLOCK

SHOWS_PER_PAGE = 12
# Dates of a show that the list names; the show's own page has them all.
EVENTS_PER_SHOW = 4
EVENTS_ON_SHOW_PAGE = 200


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One dated offering with its figures. Prices are in minor units of `currency`, None without categories.

    `kinds` are those of its areas. `sale` is not_yet, on_sale, sold_out, ended or cancelled.
    """

    id: int
    show_id: int
    name: str
    venue_id: int
    venue: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    on_sale_from: datetime
    sale: str
    currency: str
    kinds: frozenset[str]
    lowest_minor: int | None
    highest_minor: int | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class ShowSummary:
    """A show with its next events, earliest first; `event_count` counts all that match."""

    id: int
    kind: str
    title: str
    tagline: str
    description: str
    poster: str | None
    events: tuple[EventSummary, ...]
    event_count: int

    @property
    def more(self) -> int:
        return self.event_count - len(self.events)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor asked for; None is "any". `on` is a day in the venue's own time zone."""

    kind: str | None = None
    venue_id: int | None = None
    on: date | None = None

    @property
    def is_any(self) -> bool:
        return self == Filters()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One page of shows. `venues` and `kinds` are what can be filtered by: they have coming events."""

    shows: tuple[ShowSummary, ...]
    page: int
    page_count: int
    show_count: int
    venues: tuple[tuple[int, str], ...] = ()
    kinds: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)


def whats_on(filters: Filters, *, page: int = 1) -> Catalogue:
    """Shows with coming events, the soonest first. A page beyond the last is the last."""
    venues, kinds = _filter_choices()
    matching = and_(_is_coming(), *_conditions(filters))
    show_count = db.session.execute(
        select(func.count(distinct(Show.id)))
        .select_from(Event)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(matching)
    ).scalar_one()
    page_count = max(1, -(-show_count // SHOWS_PER_PAGE))
    page = min(max(1, page), page_count)
    shows = db.session.execute(
        select(
            Show.id, Show.kind, Show.title, Show.tagline, Show.description, Show.poster, func.count(Event.id)
        )
        .join(Event, Event.show_id == Show.id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(matching)
        .group_by(Show.id)
        .order_by(func.min(Event.starts_at), Show.id)
        .limit(SHOWS_PER_PAGE)
        .offset((page - 1) * SHOWS_PER_PAGE)
    ).all()
    events = _events_of([show.id for show in shows], matching=matching, per_show=EVENTS_PER_SHOW)
    return Catalogue(
        shows=tuple(
            ShowSummary(*show[:6], events=tuple(events.get(show.id, ())), event_count=show[6])
            for show in shows
        ),
        page=page,
        page_count=page_count,
        show_count=show_count,
        venues=venues,
        kinds=kinds,
        filters=filters,
    )


def load_show(show_id: int) -> ShowSummary:
    """One show with its coming events. Raises NotFound; a show with nothing listed is not there yet."""
    show = db.session.execute(
        select(Show.id, Show.kind, Show.title, Show.tagline, Show.description, Show.poster).where(
            Show.id == show_id,
            select(Event.id).where(Event.show_id == Show.id, Event.listed, Event.status != "draft").exists(),
        )
    ).one_or_none()
    if show is None:
        raise NotFound(what="show")
    events = _events_of([show_id], matching=_is_coming(), per_show=EVENTS_ON_SHOW_PAGE).get(show_id, [])
    return ShowSummary(*show, events=tuple(events), event_count=len(events))


def _is_coming() -> ColumnElement[bool]:
    return and_(Event.listed, Event.status != "draft", Event.ends_at > CLOCK)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.kind is not None:
        conditions.append(Show.kind == filters.kind)
    if filters.venue_id is not None:
        conditions.append(Event.venue_id == filters.venue_id)
    if filters.on is not None:
        first = cast(func.timezone(Venue.time_zone, Event.starts_at), Date)
        last = cast(func.timezone(Venue.time_zone, Event.ends_at), Date)
        # A film after midnight is still of the evening before; an escape room's fortnight is of each of its days.
        lasts_days = Event.ends_at - Event.starts_at > timedelta(days=1)
        conditions.append(
            case((lasts_days, and_(first <= filters.on, last >= filters.on)), else_=first == filters.on)
        )
    return conditions


def _filter_choices() -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    rows = db.session.execute(
        select(Venue.id, Venue.name, Show.kind)
        .select_from(Event)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(_is_coming())
        .distinct()
        .order_by(Venue.name, Show.kind)
    ).all()
    venues = tuple(dict.fromkeys((row.id, row.name) for row in rows))
    return venues, tuple(sorted({row.kind for row in rows}))


def _events_of(
    show_ids: Sequence[int], *, matching: ColumnElement[bool], per_show: int
) -> dict[int, list[EventSummary]]:
    """Events by show, earliest first, at most `per_show` each, with figures and prices."""
    if not show_ids:
        return {}
    place = func.row_number().over(partition_by=Event.show_id, order_by=(Event.starts_at, Event.id))
    numbered = (
        select(
            Event.id,
            Event.show_id,
            Event.name,
            Event.venue_id,
            Venue.name.label("venue"),
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            Event.on_sale_from,
            sale_at(CLOCK).label("sale"),
            Event.currency,
            _KINDS.label("kinds"),
            place.label("place"),
        )
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(Event.show_id.in_(show_ids), matching)
        .subquery()
    )
    rows = db.session.execute(
        select(numbered).where(numbered.c.place <= per_show).order_by(numbered.c.starts_at, numbered.c.id)
    ).all()
    event_ids = [row.id for row in rows]
    figures = figures_of_events(event_ids)
    prices = _prices_of(event_ids)
    events: dict[int, list[EventSummary]] = {}
    for row in rows:
        counts = figures.get(row.id, NOBODY)
        lowest, highest = prices.get(row.id, (None, None))
        events.setdefault(row.show_id, []).append(
            EventSummary(
                id=row.id,
                show_id=row.show_id,
                name=row.name,
                venue_id=row.venue_id,
                venue=row.venue,
                time_zone=row.time_zone,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                on_sale_from=row.on_sale_from,
                sale=sale_state(row.sale, available=counts.available),
                currency=row.currency,
                kinds=frozenset(row.kinds or ()),
                lowest_minor=lowest,
                highest_minor=highest,
                figures=counts,
            )
        )
    return events


_KINDS = select(func.array_agg(distinct(Area.kind))).where(Area.event_id == Event.id).scalar_subquery()


def _prices_of(event_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Lowest and highest price by event id, the fee for a place included."""
    rows = db.session.execute(
        select(Category.event_id, func.min(price_with_fee()), func.max(price_with_fee()))
        .where(Category.event_id.in_(event_ids))
        .group_by(Category.event_id)
    )
    return {event_id: (lowest, highest) for event_id, lowest, highest in rows}
