"""Orders as the box office looks for them: by reference, person, event, seat and state, a page at a time.

An order is what was bought, or what somebody began to pay for; a basket is none yet. Each search is a few
statements that an index serves, however many orders there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal_column, or_, select

from seatbook.domain.holders import WALK_IN
from seatbook.domain.reference import parse_reference
from seatbook.extensions import db
from seatbook.models import Event, Holder, Payment, Reservation, ReservationSeat, Seat, Show, User, Venue
from seatbook.queries.moment import CLOCK

ON_A_PAGE = 50
# A word that fits more people, or more events, than these is too short to look for.
MOST_PEOPLE = 200
MOST_EVENTS = 500

# What staff choose from.
ORDER_STATES = ("pending", "confirmed", "cancelled", "expired")

# As the index `ix_reservation_order` has it.
IS_ORDER: ColumnElement[bool] = or_(
    Reservation.status.in_(("pending", "confirmed", "cancelled")), Reservation.checkout_at.is_not(None)
)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in one line. Times are aware, UTC, shown in `time_zone`; money in minor units.

    `status` is pending, confirmed, cancelled, expired or released, as of now. `buyer` is None where nobody
    signed in: sold at the window, or from a browser without an account. `is_paid`: its money is there.
    """

    id: int
    event_id: int
    code: str
    status: str
    buyer: str | None
    email: str | None
    title: str
    event_name: str
    starts_at: datetime
    time_zone: str
    payment: str
    currency: str
    created_at: datetime
    places: int
    total_minor: int
    is_paid: bool
    is_walk_in: bool


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """The newest orders that fit, and from where the next page goes on (None: these are all).

    `too_many`: the words fit more people than are looked for. `needs_event`: they fit nobody, and a seat
    is looked for only together with its event.
    """

    lines: tuple[OrderLine, ...] = ()
    before: int | None = None
    too_many: bool = False
    needs_event: bool = False


def find_orders(
    *, words: str = "", event: str = "", status: str = "", before: int | None = None
) -> FoundOrders:
    """Orders that fit all that is given, newest first.

    `words`: a reference, how a name or a mail address begins, or, with an event, a seat's label or a code.
    `event`: its number, or a part of its title. `before`: only orders older than that id.
    """
    conditions: list[ColumnElement[bool]] = [IS_ORDER]
    event_ids = _events(event)
    if event_ids is not None:
        conditions.append(Reservation.event_id.in_(event_ids) if event_ids else false())
    too_many = needs_event = False
    if words:
        people = _people(words)
        too_many = len(people) > MOST_PEOPLE
        conditions.append(or_(*_fits(words, people=people[:MOST_PEOPLE], event_ids=event_ids or [])))
        needs_event = not people and not event_ids
    if status:
        conditions.append(_is_in_state(status))
    if before is not None:
        conditions.append(Reservation.id < before)
    rows = db.session.execute(_lines().where(*conditions).limit(ON_A_PAGE + 1)).all()
    lines = tuple(OrderLine(*row) for row in rows[:ON_A_PAGE])
    return FoundOrders(
        lines,
        before=lines[-1].id if len(rows) > ON_A_PAGE else None,
        too_many=too_many,
        needs_event=needs_event and not lines,
    )


def _events(words: str) -> list[int] | None:
    """The events that these words name; None: any."""
    if not words:
        return None
    if words.isascii() and words.isdigit():
        number = int(words)
        return [number] if number < 2**63 else []
    contains = f"%{_escaped(words.lower())}%"
    name = func.lower(Show.title + " " + Event.name)
    query = select(Event.id).join(Show, Show.id == Event.show_id).where(name.like(contains, escape="\\"))
    return list(db.session.scalars(query.order_by(Event.starts_at.desc()).limit(MOST_EVENTS)))


def _people(words: str) -> list[int]:
    """Holders whose name or mail address begins like this, one more than is looked for."""
    begins = f"{_escaped(words.lower())}%"
    query = (
        select(Holder.id)
        .join(User, User.id == Holder.user_id)
        .where(
            or_(
                func.lower(User.username).like(begins, escape="\\"),
                func.lower(User.email).like(begins, escape="\\"),
            )
        )
        .limit(MOST_PEOPLE + 1)
    )
    return list(db.session.scalars(query))


def _fits(words: str, *, people: Sequence[int], event_ids: Sequence[int]) -> list[ColumnElement[bool]]:
    ways: list[ColumnElement[bool]] = [Reservation.holder_id.in_(people) if people else false()]
    if reference := parse_reference(words):
        event_id, code = reference
        ways.append(and_(Reservation.event_id == event_id, Reservation.code == code))
    if event_ids:
        ways.append(Reservation.code == words.upper())
        # Who has the seat now; it is found by its label, and its order by its one open claim.
        ways.append(
            Reservation.id.in_(
                select(ReservationSeat.reservation_id)
                .join(
                    Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id)
                )
                .where(
                    Seat.event_id.in_(event_ids),
                    Seat.label.in_({words, words.upper()}),
                    ReservationSeat.ended_at.is_(None),
                )
            )
        )
    return ways


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_in_state(status: str) -> ColumnElement[bool]:
    lapsed = and_(Reservation.status == "pending", Reservation.expires_at <= CLOCK)
    if status == "pending":
        return and_(Reservation.status == "pending", Reservation.expires_at > CLOCK)
    if status == "expired":
        return or_(Reservation.status.in_(("expired", "released")), lapsed)
    return Reservation.status == status


def is_walk_in() -> ColumnElement[bool]:
    """Sold at the window, to whoever stood there."""
    return func.coalesce(func.starts_with(Holder.browser_key, WALK_IN), false())


def _lines() -> Any:
    of_order = and_(
        ReservationSeat.event_id == Reservation.event_id, ReservationSeat.reservation_id == Reservation.id
    )
    # Of what is over, the places that it had; of what was bought, those that are left.
    is_counted = case(
        (Reservation.status.in_(("pending", "confirmed")), ReservationSeat.ended_at.is_(None)),
        else_=ReservationSeat.ended_at >= func.coalesce(Reservation.confirmed_at, Reservation.checkout_at),
    )
    lines = (
        select(
            func.count().label("places"), func.coalesce(func.sum(ReservationSeat.price_minor), 0).label("sum")
        )
        .where(of_order, is_counted)
        .correlate(Reservation)
        .lateral("lines")
    )
    is_lapsed = and_(Reservation.status == "pending", Reservation.expires_at <= CLOCK)
    return (
        select(
            Reservation.id,
            Reservation.event_id,
            Reservation.code,
            case((is_lapsed, literal_column("'expired'")), else_=Reservation.status),
            User.username,
            User.email,
            Show.title,
            Event.name,
            Event.starts_at,
            Venue.time_zone,
            Event.payment,
            Event.currency,
            Reservation.created_at,
            lines.c.places,
            func.coalesce(Reservation.total_minor, lines.c.sum),
            exists().where(
                Payment.event_id == Reservation.event_id,
                Payment.settled_reservation_id == Reservation.id,
                Payment.settlement == "confirmed",
            ),
            is_walk_in(),
        )
        .join(Event, Event.id == Reservation.event_id)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .join(Holder, Holder.id == Reservation.holder_id)
        .outerjoin(User, User.id == Holder.user_id)
        .join(lines, literal_column("true"))
        .order_by(Reservation.id.desc())
    )
