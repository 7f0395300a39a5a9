"""What makes an event cheaper: its codes with how often they are used, its concessions, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Category, Concession, Event, Venue


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A discount code. It takes off `percent_off`, or `amount_off_minor` of the basket in minor units.

    `uses` counts purchases and checkouts, and baskets that are still held. No `categories`: it is for all.
    """

    id: int
    code: str
    percent_off: int | None
    amount_off_minor: int | None
    max_uses: int | None
    max_uses_per_holder: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    is_active: bool
    uses: int
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConcessionLine:
    """Who pays less, and how much less. One that is not active is offered to nobody any more."""

    id: int
    name: str
    percent_off: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class EventTerms:
    """What is needed to word a reduction of an event: its money, its venue's time, its categories' ids by name."""

    event_id: int
    currency: str
    time_zone: str
    category_ids: dict[str, int]


def terms_of_event(event_id: int) -> EventTerms:
    """Of a draft as well. Raises NotFound."""
    row = db.session.execute(
        select(Event.currency, Venue.time_zone)
        .join(Venue, Venue.id == Event.venue_id)
        .where(Event.id == event_id)
    ).one_or_none()
    if row is None:
        raise NotFound(what="event")
    categories = db.session.execute(
        select(Category.name, Category.id).where(Category.event_id == event_id).order_by(Category.id)
    )
    return EventTerms(event_id, row.currency, row.time_zone, {name: id_ for name, id_ in categories})


def codes_of(event_id: int) -> list[CodeLine]:
    """By name."""
    rows = db.session.execute(CODES, {"event": event_id})
    return [CodeLine(**{**row._mapping, "categories": tuple(row.categories)}) for row in rows]


def concessions_of(event_id: int) -> list[ConcessionLine]:
    """In the order in which they are offered."""
    rows = db.session.execute(
        select(Concession.id, Concession.name, Concession.percent_off, Concession.is_active)
        .where(Concession.event_id == event_id)
        .order_by(Concession.position, Concession.id)
    )
    return [ConcessionLine(*row) for row in rows]


CODES = text("""
    SELECT code.id, code.code, code.percent_off, code.amount_off_minor, code.max_uses, code.max_uses_per_holder,
           code.valid_from, code.valid_until, code.is_active,
           (SELECT count(*) FROM discount_use used
              JOIN reservation ON reservation.event_id = used.event_id AND reservation.id = used.reservation_id
             WHERE used.event_id = code.event_id AND used.discount_code_id = code.id
               AND (reservation.status IN ('pending', 'confirmed')
                    OR (reservation.status = 'held' AND reservation.expires_at > clock_timestamp()))) AS uses,
           ARRAY(SELECT category.name FROM discount_code_category only_for
                   JOIN category ON category.event_id = only_for.event_id AND category.id = only_for.category_id
                  WHERE only_for.event_id = code.event_id AND only_for.discount_code_id = code.id
                  ORDER BY category.name) AS categories
      FROM discount_code code WHERE code.event_id = :event ORDER BY code.code
""")
