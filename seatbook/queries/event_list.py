"""Every event there is, drafts and past ones too, as an operator lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from seatbook.extensions import db
from seatbook.models import Event, Show, Venue
from seatbook.queries.figures import NOBODY, Figures, figures_of_events


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in one line. `starts_at` is aware, UTC; `time_zone` is the venue's."""

    event_id: int
    show: str
    kind: str
    venue: str
    time_zone: str
    starts_at: datetime
    status: str
    listed: bool
    figures: Figures


def list_events(*, past: bool, limit: int) -> list[EventLine]:
    """The next `limit` events, soonest first; with `past`, the last ones that are over, latest first."""
    query = (
        select(
            Event.id,
            Show.title,
            Show.kind,
            Venue.name,
            Venue.time_zone,
            Event.starts_at,
            Event.status,
            Event.listed,
        )
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .limit(limit)
    )
    if past:
        query = query.where(Event.ends_at < func.clock_timestamp()).order_by(
            Event.starts_at.desc(), Event.id.desc()
        )
    else:
        query = query.where(Event.ends_at >= func.clock_timestamp()).order_by(Event.starts_at, Event.id)
    rows = db.session.execute(query).all()
    figures = figures_of_events([row[0] for row in rows])
    return [EventLine(*row, figures=figures.get(row[0], NOBODY)) for row in rows]
