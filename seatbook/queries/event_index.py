"""Coming events one by one, in the order in which they begin, as programs page through them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, ScalarSelect, and_, case, cast, func, select, tuple_

from seatbook.domain.prices import price_with_fee
from seatbook.errors import N_, InvalidInput
from seatbook.extensions import db
from seatbook.models import Category, Event, Show, Venue
from seatbook.queries.event import sale_at, sale_state
from seatbook.queries.figures import NOBODY, Figures
from seatbook.queries.moment import CLOCK
from seatbook.queries.recent_figures import recent_figures

_CURSOR = re.compile(r"([0-9]{1,17})\.([0-9]{1,19})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MICROSECONDS = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event with its figures. Prices in minor units of `currency`, the fee for a place included; None:
    nothing is sold yet.

    `sale` is not_yet, on_sale, sold_out, ended or cancelled.
    """

    id: int
    show_id: int
    kind: str
    title: str
    name: str
    description: str
    venue_id: int
    venue: str
    address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    on_sale_from: datetime
    on_sale_until: datetime
    sale: str
    currency: str
    lowest_minor: int | None
    highest_minor: int | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class EventIndex:
    """A page of events, and where the next one begins; None: there are no more."""

    events: tuple[EventEntry, ...]
    next: str | None


def coming_events(
    *,
    kind: str | None = None,
    venue_id: int | None = None,
    show_id: int | None = None,
    on: date | None = None,
    after: str | None = None,
    limit: int,
) -> EventIndex:
    """Events that are not over, the soonest first. `on` is a day at the venue; `after` is `next` of the page before.

    A page is the same however many events come before it. Raises InvalidInput for an `after` that is not ours.
    """
    conditions = [Event.listed, Event.status != "draft", Event.ends_at > CLOCK]
    if kind is not None:
        conditions.append(Show.kind == kind)
    if venue_id is not None:
        conditions.append(Event.venue_id == venue_id)
    if show_id is not None:
        conditions.append(Event.show_id == show_id)
    if on is not None:
        first = cast(func.timezone(Venue.time_zone, Event.starts_at), Date)
        last = cast(func.timezone(Venue.time_zone, Event.ends_at), Date)
        lasts_days = Event.ends_at - Event.starts_at > timedelta(days=1)
        conditions.append(case((lasts_days, and_(first <= on, last >= on)), else_=first == on))
    if after is not None:
        conditions.append(tuple_(Event.starts_at, Event.id) > tuple_(*_read_cursor(after)))
    rows = db.session.execute(
        select(
            Event.id,
            Event.show_id,
            Show.kind,
            Show.title,
            Event.name,
            Show.description,
            Event.venue_id,
            Venue.name.label("venue"),
            Venue.address,
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            Event.on_sale_from,
            Event.on_sale_until,
            sale_at(CLOCK).label("sale"),
            Event.currency,
            _price(func.min).label("lowest_minor"),
            _price(func.max).label("highest_minor"),
        )
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(*conditions)
        .order_by(Event.starts_at, Event.id)
        .limit(limit + 1)
    ).all()
    shown = rows[:limit]
    figures = recent_figures([row.id for row in shown])
    events = []
    for row in shown:
        counts = figures.get(row.id, NOBODY)
        values = dict(row._mapping)
        values["sale"] = sale_state(row.sale, available=counts.available)
        events.append(EventEntry(**values, figures=counts))
    has_more = len(rows) > limit
    return EventIndex(tuple(events), _cursor(shown[-1].starts_at, shown[-1].id) if has_more else None)


def _price(which: Callable[..., ColumnElement[int]]) -> ScalarSelect[int]:
    return (
        select(which(price_with_fee()))
        .where(Category.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery()
    )


def _cursor(starts_at: datetime, event_id: int) -> str:
    return f"{(starts_at - _EPOCH) // timedelta(microseconds=1)}.{event_id}"


def _read_cursor(text: str) -> tuple[datetime, int]:
    match = _CURSOR.fullmatch(text)
    if match:
        microseconds, event_id = int(match[1]), int(match[2])
        if microseconds <= _MAX_MICROSECONDS and event_id < 2**63:
            return _EPOCH + timedelta(microseconds=microseconds), event_id
    raise InvalidInput(field="after", reason=N_("This is not where a page of ours ended."))
