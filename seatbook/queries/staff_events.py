"""Events as the box office sees them: what is sold of each, what it brought, and every place with who has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, select, text, tuple_

from seatbook.domain.inventory.replan import REMOVED_BY_PLAN
from seatbook.domain.reference import format_reference
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import (
    Area,
    Event,
    Holder,
    Reservation,
    Seat,
    Show,
    StaffAct,
    User,
    Venue,
)
from seatbook.queries.figures import NOBODY, Figures, figures_of_events
from seatbook.queries.moment import CLOCK, status_at
from seatbook.queries.named_places import NAME_COLUMNS, NamedPlace, with_names
from seatbook.queries.seats import IN_THE_PLAN

ON_A_PAGE = 50
SEATS_ON_A_PAGE = 100
ACTS_SHOWN = 30

# What staff choose from.
SEAT_STATES = ("available", "held", "reserved", "blocked")


@dataclass(frozen=True, slots=True)
class StaffEvent:
    """An event in one line. `starts_at` is aware, UTC; `time_zone` is the venue's; money in minor units.

    `orders` are bought and not cancelled, and cost `value_minor` together.
    """

    id: int
    title: str
    name: str
    venue: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    status: str
    payment: str
    currency: str
    fee_per_place_minor: int
    fee_per_order_minor: int
    is_past: bool
    figures: Figures = NOBODY
    orders: int = 0
    value_minor: int = 0


@dataclass(frozen=True, slots=True)
class StaffEvents:
    """A page of them, and the last one's place in the order, from where the next page goes on (None: no more)."""

    events: tuple[StaffEvent, ...]
    after: str | None


def find_staff_events(*, words: str = "", past: bool = False, after: str = "") -> StaffEvents:
    """The next events, soonest first; with `past` those that are over, latest first. Drafts too.

    `words`: a number, or a part of a title. `after`: what the page before said. Three statements at most.
    """
    query = _events().limit(ON_A_PAGE + 1)
    place = tuple_(Event.starts_at, Event.id)
    if past:
        query = query.where(Event.ends_at <= CLOCK).order_by(Event.starts_at.desc(), Event.id.desc())
    else:
        query = query.where(Event.ends_at > CLOCK).order_by(Event.starts_at, Event.id)
    if words.isascii() and words.isdigit() and len(words) < 19:
        query = _events().where(Event.id == int(words))
    elif words:
        contains = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(func.lower(Show.title + " " + Event.name).like(f"%{contains}%", escape="\\"))
    if before := _read_place(after):
        query = query.where(place < before if past else place > before)
    rows = db.session.execute(query).all()
    page = rows[:ON_A_PAGE]
    ids = [row.id for row in page]
    figures, sales = figures_of_events(ids), _sales(ids)
    events = tuple(_line(row, figures, sales) for row in page)
    has_more = len(rows) > ON_A_PAGE
    return StaffEvents(events, f"{page[-1].starts_at.isoformat()},{page[-1].id}" if has_more else None)


def _line(row: Any, figures: dict[int, Figures], sales: dict[int, tuple[int, int]]) -> StaffEvent:
    orders, value_minor = sales.get(row.id, (0, 0))
    found = figures.get(row.id, NOBODY)
    return StaffEvent(**row._mapping, figures=found, orders=orders, value_minor=value_minor)


def _read_place(after: str) -> tuple[datetime, int] | None:
    at, _, number = after.rpartition(",")
    try:
        return datetime.fromisoformat(at), int(number)
    except ValueError:
        return None


def _events() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Event.id,
            Show.title,
            Event.name,
            Venue.name.label("venue"),
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            Event.status,
            Event.payment,
            Event.currency,
            Event.fee_per_place_minor,
            Event.fee_per_order_minor,
            (Event.ends_at <= CLOCK).label("is_past"),
        )
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
    )


def _sales(event_ids: list[int]) -> dict[int, tuple[int, int]]:
    rows: Iterable[Any] = db.session.execute(
        select(
            Reservation.event_id,
            func.count(),
            func.coalesce(func.sum(Reservation.total_minor), 0),
        )
        .where(Reservation.event_id.in_(event_ids), Reservation.status == "confirmed")
        .group_by(Reservation.event_id)
    )
    return {event_id: (orders, int(value)) for event_id, orders, value in rows}


@dataclass(frozen=True, slots=True)
class SoldPart:
    """The places of one area and category: their counts, and what those that are sold cost, in minor units."""

    area_id: int
    area: str
    category: str
    colour: int
    price_minor: int
    available: int
    held: int
    reserved: int
    blocked: int
    sold_minor: int
    fees_minor: int


@dataclass(frozen=True, slots=True)
class OtherMoney:
    """What came in another currency than the event's, and what of it went back, in minor units. It buys nothing."""

    currency: str
    came_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class EventMoney:
    """What came in by each provider, and what goes back of it, in minor units. `review_minor` of it waits for a
    decision. What was bought is paid for with `paid_for_minor`, and `unpaid_minor` is to be paid at the window.
    Money of `others` is in none of these sums."""

    by_provider: tuple[tuple[str, int], ...]
    refunded_minor: int
    refund_due_minor: int
    refund_failed_minor: int
    review_minor: int
    paid_for_minor: int
    unpaid_minor: int
    others: tuple[OtherMoney, ...]


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """What somebody of the staff did with the event, or with one of its orders. `at` is aware, UTC."""

    at: datetime
    act: str
    actor: str
    subject: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class StaffEventPage:
    event: StaffEvent
    parts: tuple[SoldPart, ...]
    money: EventMoney
    acts: tuple[RecordedAct, ...]


def load_staff_event(event_id: int) -> StaffEvent:
    """One event in a line. Raises NotFound."""
    row = db.session.execute(_events().where(Event.id == event_id)).one_or_none()
    if row is None:
        raise NotFound(what="event")
    figures, sales = figures_of_events([event_id]), _sales([event_id])
    return _line(row, figures, sales)


def load_staff_event_page(event_id: int) -> StaffEventPage:
    """Raises NotFound."""
    event = load_staff_event(event_id)
    parts = tuple(
        SoldPart(*row) for row in db.session.execute(PARTS, {"event": event_id, "removed": REMOVED_BY_PLAN})
    )
    return StaffEventPage(event, parts, load_event_money(event), _acts(event_id))


def load_event_money(event: StaffEvent) -> EventMoney:
    """Four statements."""
    came = tuple((row.provider, int(row.came)) for row in db.session.execute(CAME, {"event": event.id}))
    back = db.session.execute(BACK, {"event": event.id}).one()
    kept = db.session.execute(KEPT, {"event": event.id}).one()
    paid_for = int(kept.paid_for)
    return EventMoney(
        came,
        refunded_minor=int(back.done),
        refund_due_minor=int(back.due),
        refund_failed_minor=int(back.failed),
        review_minor=int(kept.review),
        paid_for_minor=paid_for,
        unpaid_minor=event.value_minor - paid_for if event.payment != "none" else 0,
        others=tuple(
            OtherMoney(row.currency, int(row.came), int(row.refunded))
            for row in db.session.execute(OTHERS, {"event": event.id})
        ),
    )


def _acts(event_id: int) -> tuple[RecordedAct, ...]:
    rows = db.session.execute(
        select(StaffAct.at, StaffAct.act, User.username, StaffAct.subject, Reservation.code)
        .join(User, User.id == StaffAct.actor_user_id)
        .outerjoin(
            Reservation,
            and_(Reservation.event_id == StaffAct.event_id, Reservation.id == StaffAct.reservation_id),
        )
        .where(StaffAct.event_id == event_id)
        .order_by(StaffAct.id.desc())
        .limit(ACTS_SHOWN)
    )
    return tuple(
        RecordedAct(
            row.at,
            row.act,
            row.username,
            row.subject,
            format_reference(event_id, row.code) if row.code else None,
        )
        for row in rows
    )


# Counted before names are joined to it; a sold place has one open line.
PARTS = text("""
    WITH counted AS (
        SELECT seat.area_id, seat.category_id,
               count(*) FILTER (WHERE seat.status = 'available'
                                   OR (seat.status = 'held' AND seat.held_until <= clock.now)) AS available,
               count(*) FILTER (WHERE seat.status = 'held' AND seat.held_until > clock.now) AS held,
               count(*) FILTER (WHERE seat.status = 'reserved') AS reserved,
               count(*) FILTER (WHERE seat.status = 'blocked') AS blocked,
               coalesce(sum(line.price_minor) FILTER (WHERE seat.status = 'reserved'), 0) AS sold_minor,
               coalesce(sum(line.fee_minor) FILTER (WHERE seat.status = 'reserved'), 0) AS fees_minor
          FROM seat CROSS JOIN (SELECT clock_timestamp() AS now) AS clock
          LEFT JOIN reservation_seat line
            ON line.event_id = seat.event_id AND line.seat_id = seat.id AND line.ended_at IS NULL
           AND seat.status = 'reserved'
         WHERE seat.event_id = :event AND seat.blocked_reason IS DISTINCT FROM :removed
         GROUP BY seat.area_id, seat.category_id
    )
    SELECT area.id, area.name, category.name, category.colour, category.price_minor,
           available, held, reserved, blocked, CAST(sold_minor AS bigint), CAST(fees_minor AS bigint)
      FROM counted
      JOIN area ON area.event_id = :event AND area.id = counted.area_id
      JOIN category ON category.event_id = :event AND category.id = counted.category_id
     ORDER BY area.position, area.id, category.price_minor DESC, category.id
""")
CAME = text("""
    SELECT provider, sum(coalesce(received_minor, amount_minor)) AS came
      FROM payment WHERE event_id = :event AND status = 'paid' AND received_currency IS NULL
     GROUP BY provider ORDER BY provider
""")
BACK = text("""
    SELECT coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'done'), 0) AS done,
           coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'due'), 0) AS due,
           coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'failed'), 0) AS failed
      FROM refund
      JOIN payment ON payment.event_id = refund.event_id AND payment.id = refund.payment_id
     WHERE refund.event_id = :event AND payment.received_currency IS NULL
""")
# What was bought and is paid for, and the money that nothing was sold for yet.
KEPT = text("""
    SELECT coalesce(sum(reservation.total_minor) FILTER (WHERE payment.settlement = 'confirmed'), 0) AS paid_for,
           coalesce(sum(coalesce(payment.received_minor, payment.amount_minor))
                    FILTER (WHERE payment.settlement = 'review'), 0) AS review
      FROM payment
      LEFT JOIN reservation ON reservation.event_id = payment.event_id
                           AND reservation.id = payment.settled_reservation_id
                           AND reservation.status = 'confirmed'
     WHERE payment.event_id = :event AND payment.settlement IN ('confirmed', 'review')
       AND payment.received_currency IS NULL
""")
OTHERS = text("""
    SELECT payment.received_currency AS currency, sum(payment.received_minor) AS came,
           sum(coalesce(back.done, 0)) AS refunded
      FROM payment
      LEFT JOIN LATERAL (
          SELECT sum(amount_minor) AS done FROM refund
           WHERE refund.event_id = payment.event_id AND refund.payment_id = payment.id AND refund.status = 'done'
      ) AS back ON true
     WHERE payment.event_id = :event AND payment.received_currency IS NOT NULL
     GROUP BY payment.received_currency ORDER BY payment.received_currency
""")


@dataclass(frozen=True, slots=True)
class StaffSeat(NamedPlace):
    """One place as it is now. `until` is the end of a hold; `why` the reason of a blocked one."""

    status: str
    until: datetime | None
    why: str | None
    code: str | None
    order_status: str | None
    who: str | None


@dataclass(frozen=True, slots=True)
class StaffSeats:
    """A page of places by id, and the last one's id, from where the next page goes on (None: no more)."""

    seats: tuple[StaffSeat, ...]
    areas: tuple[tuple[int, str], ...]
    after: int | None


def find_staff_seats(
    event_id: int, *, area_id: int | None = None, status: str = "", words: str = "", after: int = 0
) -> StaffSeats:
    """Places of an event in the order of its plan. `words`: how their labels begin. Two statements."""
    status_now = status_at(CLOCK)
    query = with_names(
        select(
            *NAME_COLUMNS,
            status_now,
            Seat.held_until,
            Seat.blocked_reason,
            Reservation.code,
            Reservation.status,
            User.username,
        )
        .select_from(Seat)
        .outerjoin(
            Reservation,
            and_(
                Reservation.event_id == Seat.event_id,
                Reservation.id == Seat.reservation_id,
                # Whose hold has ended has it no more.
                status_now != literal_column("'available'"),
            ),
        )
        .outerjoin(Holder, Holder.id == Reservation.holder_id)
        .outerjoin(User, User.id == Holder.user_id)
        .where(Seat.event_id == event_id, Seat.id > after, IN_THE_PLAN)
        .order_by(Seat.id)
        .limit(SEATS_ON_A_PAGE + 1)
    )
    if area_id is not None:
        query = query.where(Seat.area_id == area_id)
    if status:
        query = query.where(status_now == status)
    if words:
        query = query.where(func.starts_with(func.lower(Seat.label), words.lower()))
    rows: Iterable[Any] = db.session.execute(query)
    seats = tuple(StaffSeat(*row) for row in rows)
    areas = db.session.execute(
        select(Area.id, Area.name).where(Area.event_id == event_id).order_by(Area.position, Area.id)
    )
    page = seats[:SEATS_ON_A_PAGE]
    has_more = len(seats) > SEATS_ON_A_PAGE
    return StaffSeats(page, tuple((id_, name) for id_, name in areas), page[-1].seat_id if has_more else None)
