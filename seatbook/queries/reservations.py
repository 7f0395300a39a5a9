"""A buyer's reservations: the list, and one with everything on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
)

from seatbook.domain.party_concessions import PeopleWhoPayLess, party_concessions
from seatbook.domain.prices import CONCESSION_OF_LINE, order_fee_share
from seatbook.domain.reference import format_reference
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import (
    Concession,
    Event,
    EventCancellation,
    Holder,
    Payment,
    Refund,
    Reservation,
    ReservationSeat,
    Seat,
    SeatChange,
    Show,
    Venue,
)
from seatbook.queries.event import cancel_deadline
from seatbook.queries.moment import CLOCK
from seatbook.queries.named_places import IN_ORDER_OF_THE_HALL, NAME_COLUMNS, NamedPlace, with_names

MAX_LISTED = 200
# What a buyer calls a reservation: a hold that was let go or ran out was never one.
LISTED = ("confirmed", "cancelled", "pending")


@dataclass(frozen=True, slots=True)
class ReservedPlace(NamedPlace):
    """One place of a reservation, with the price that was agreed, in minor units; `order_fee_minor` of it is its
    share of the fee for the order, `fee_minor` that and the fee for the place."""

    price_minor: int
    fee_minor: int = 0
    order_fee_minor: int = 0
    full_price_minor: int | None = None
    concession: str | None = None
    # How many people come to a slot of a room that asks, and who of them pays less.
    party_size: int | None = None
    party_concessions: tuple[PeopleWhoPayLess, ...] = ()

    @property
    def before_minor(self) -> int:
        """What it would cost without a concession or a code, with the fee for a place."""
        if self.full_price_minor is None:
            return self.price_minor - self.order_fee_minor
        return self.full_price_minor + self.fee_minor - self.order_fee_minor


@dataclass(frozen=True, slots=True)
class ReservationView:
    """A reservation with its event. Times are aware, UTC, and shown in `time_zone`; money in minor units.

    `status` is held, pending, confirmed, cancelled, expired or released, as of
    now: an open one whose time has passed is expired. `is_past`: the event, or the last slot, is over.
    `seconds_to_pay` counts from the database's clock to `payment_due_at`, below 0 after it; None: there is
    no checkout. `can_cancel`, `cancel_until`: the buyer, all of it; a slot's deadline is before its start, any
    other place's before the event's. `late_money` is what became of money that came for it and did not buy it
    (offered, refunded, called_off: refunded because the event does not take place, review, or confirmed for
    another reservation). `cancelled_earlier_by`: buyer or staff, where it was cancelled before the event was
    called off, which had nothing to do with it. `is_offer`: its places were offered to somebody who paid too late
    for others.
    """

    id: int
    event_id: int
    reference: str
    status: str
    title: str
    event_name: str
    kind: str
    poster: str | None
    venue: str
    address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    first_slot_at: datetime | None
    last_slot_until: datetime | None
    has_slots_only: bool
    is_past: bool
    event_is_cancelled: bool
    payment: str
    currency: str
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    cancel_until: datetime | None
    can_cancel: bool
    # The same for what begins last, where its places do not all begin together.
    cancel_some_until: datetime | None
    can_cancel_some: bool
    # Of its known places, those that the buyer may still cancel.
    cancellable_ids: frozenset[int]
    place_count: int
    total_minor: int
    payment_due_at: datetime | None = None
    seconds_to_pay: float | None = None
    late_money: str | None = None
    cancelled_earlier_by: str | None = None
    is_offer: bool = False
    places: tuple[ReservedPlace, ...] = ()

    @property
    def whens(self) -> tuple[tuple[datetime, datetime], ...]:
        """When the buyer comes, (from, until), the earliest first: to the slots, to the event itself, to both."""
        return whens_of(self)

    @property
    def from_when(self) -> datetime:
        """When the buyer comes first."""
        return self.whens[0][0]

    @property
    def order_fee_minor(self) -> int:
        """The fee for the order, which is part of the total; known where the places are."""
        return sum(place.order_fee_minor for place in self.places)

    @property
    def fees_minor(self) -> int:
        """How much of the total is fees; known where the places are."""
        return sum(place.fee_minor for place in self.places)


class HasTimes(Protocol):
    """Places of an event: its own times, those of the slots among them, and whether there are only slots."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def first_slot_at(self) -> datetime | None: ...
    @property
    def last_slot_until(self) -> datetime | None: ...
    @property
    def has_slots_only(self) -> bool: ...


def whens_of(places: HasTimes) -> tuple[tuple[datetime, datetime], ...]:
    """Each (from, until) to come at, the earliest first."""
    event = (places.starts_at, places.ends_at)
    if places.first_slot_at is None or places.last_slot_until is None:
        return (event,)
    slots = (places.first_slot_at, places.last_slot_until)
    return (slots,) if places.has_slots_only else tuple(sorted((slots, event)))


def reservations_of(holder_id: int) -> tuple[ReservationView, ...]:
    """The holder's reservations, newest first, without their single places."""
    query = (
        _reservations()
        .where(
            Reservation.holder_id == holder_id,
            or_(Reservation.status.in_(LISTED), _late_money().in_(("refunded", "called_off", "review"))),
        )
        .order_by(Reservation.id.desc())
        .limit(MAX_LISTED)
    )
    return tuple(_view(row) for row in db.session.execute(query))


def load_reservation(event_id: int, *, code: str, holder_id: int | None) -> ReservationView:
    """One reservation of the holder. Raises NotFound: somebody else's looks as if it were not there.

    `holder_id` None: whoever's, for letters and for staff.
    """
    query = _reservations().where(Reservation.event_id == event_id, Reservation.code == code)
    if holder_id is not None:
        query = query.where(Reservation.holder_id == holder_id)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound(what="reservation")
    return _view(row, places=places_of_reservation(event_id, reservation_id=row.id))


def page_of_reservations(holder_id: int, *, limit: int, before: int | None = None) -> list[ReservationView]:
    """The holder's reservations with their places, newest first, open holds too; `before`: older than this id."""
    query = (
        _reservations()
        .where(Reservation.holder_id == holder_id, Reservation.status.in_((*LISTED, "held")))
        .order_by(Reservation.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Reservation.id < before)
    rows = db.session.execute(query).all()
    keys = [(row.event_id, row.id) for row in rows]
    if not keys:
        return []
    places: dict[tuple[int, int], list[ReservedPlace]] = {}
    for event_id, reservation_id, *place in db.session.execute(
        _place_rows().where(tuple_(ReservationSeat.event_id, ReservationSeat.reservation_id).in_(keys))
    ):
        places.setdefault((event_id, reservation_id), []).append(ReservedPlace(*place))
    return [_view(row, places=tuple(places.get((row.event_id, row.id), ()))) for row in rows]


def _reservations() -> Select[*tuple[Any, ...]]:
    starts = func.coalesce(Seat.starts_at, Event.starts_at)
    lines = (
        select(
            func.count().label("places"),
            func.coalesce(func.sum(ReservationSeat.price_minor), 0).label("total"),
            func.min(Seat.starts_at).label("first_slot_at"),
            func.max(Seat.ends_at).label("last_slot_until"),
            func.min(starts).label("first_start"),
            func.max(starts).label("last_start"),
            func.coalesce(func.bool_and(Seat.starts_at.is_not(None)), false()).label("has_slots_only"),
        )
        .select_from(ReservationSeat)
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .where(
            ReservationSeat.event_id == Reservation.event_id,
            ReservationSeat.reservation_id == Reservation.id,
            _is_counted(),
        )
        .correlate(Reservation, Event)
        .lateral("lines")
    )
    until_when = case(
        (lines.c.has_slots_only, lines.c.last_slot_until),
        else_=func.greatest(lines.c.last_slot_until, Event.ends_at),
    )
    ended_by_time = and_(Reservation.status.in_(("held", "pending")), Reservation.expires_at <= CLOCK)
    return (
        select(
            Reservation.id,
            Reservation.event_id,
            Reservation.code,
            case((ended_by_time, literal_column("'expired'")), else_=Reservation.status).label("status"),
            Show.title,
            Event.name,
            Show.kind,
            Show.poster,
            Venue.name.label("venue"),
            Venue.address,
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            lines.c.first_slot_at,
            lines.c.last_slot_until,
            lines.c.has_slots_only,
            func.coalesce(lines.c.first_start, Event.starts_at).label("first_start"),
            func.coalesce(lines.c.last_start, Event.starts_at).label("last_start"),
            (until_when <= CLOCK).label("is_past"),
            (Event.status == "cancelled").label("event_is_cancelled"),
            Event.payment,
            Event.currency,
            Reservation.created_at,
            Reservation.confirmed_at,
            Reservation.ended_at,
            Reservation.expires_at,
            Reservation.payment_due_at,
            _late_money().label("late_money"),
            _cancelled_earlier_by().label("cancelled_earlier_by"),
            _is_offer().label("is_offer"),
            Event.cancel_seconds_before_start,
            CLOCK.label("now"),
            lines.c.places,
            func.coalesce(Reservation.total_minor, lines.c.total).label("total"),
        )
        .join(Event, Event.id == Reservation.event_id)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .join(lines, literal_column("true"))
    )


def _late_money() -> ScalarSelect[str]:
    """What became of money that came for a reservation and bought something else, or nothing."""
    is_called_off = (
        select(Refund.id)
        .where(
            Refund.event_id == Payment.event_id,
            Refund.payment_id == Payment.id,
            Refund.reason == "event_cancelled",
        )
        .exists()
    )
    settlement = case(
        (and_(Payment.settlement == "refunded", is_called_off), literal_column("'called_off'")),
        else_=Payment.settlement,
    )
    return (
        select(settlement)
        .where(
            Payment.event_id == Reservation.event_id,
            Payment.reservation_id == Reservation.id,
            Payment.status == "paid",
            Payment.settled_reservation_id.is_distinct_from(Reservation.id),
        )
        .order_by(Payment.id.desc())
        .limit(1)
        .correlate(Reservation)
        .scalar_subquery()
    )


def _cancelled_earlier_by() -> ColumnElement[str | None]:
    called_off_at = (
        select(EventCancellation.requested_at)
        .where(EventCancellation.event_id == Reservation.event_id)
        .correlate(Reservation)
        .scalar_subquery()
    )
    by_buyer = (
        select(SeatChange.id)
        .join(Holder, Holder.user_id == SeatChange.actor_user_id)
        .where(
            SeatChange.event_id == Reservation.event_id,
            SeatChange.reservation_id == Reservation.id,
            SeatChange.reason == "cancel",
            Holder.id == Reservation.holder_id,
        )
        .correlate(Reservation)
        .exists()
    )
    was_earlier = and_(
        Event.status == "cancelled", Reservation.status == "cancelled", Reservation.ended_at < called_off_at
    )
    return case(
        (and_(was_earlier, by_buyer), literal_column("'buyer'")),
        (was_earlier, literal_column("'staff'")),
        else_=null(),
    )


def _is_offer() -> ColumnElement[bool]:
    return (
        select(Payment.id)
        .where(
            Payment.event_id == Reservation.event_id,
            Payment.settled_reservation_id == Reservation.id,
            Payment.settlement == "offered",
        )
        .correlate(Reservation)
        .exists()
    )


def _is_counted() -> ColumnElement[bool]:
    """Open lines; of a cancelled reservation, and of a checkout that ended unpaid, what it had been. A seat that was
    given back before was never bought, and one that was cancelled alone is not part of it any more."""
    is_over = or_(
        and_(ReservationSeat.outcome == "cancelled", Reservation.status == "cancelled"),
        and_(
            Reservation.status.in_(("expired", "released")),
            ReservationSeat.ended_at >= Reservation.checkout_at,
        ),
    )
    return or_(ReservationSeat.ended_at.is_(None), is_over)


def _view(row: Any, *, places: tuple[ReservedPlace, ...] = ()) -> ReservationView:
    def until(starts_at: datetime) -> datetime | None:
        return cancel_deadline(starts_at, seconds_before_start=row.cancel_seconds_before_start)

    def is_open(deadline: datetime | None) -> bool:
        return row.status == "confirmed" and deadline is not None and row.now <= deadline

    cancel_until, cancel_some_until = until(row.first_start), until(row.last_start)
    return ReservationView(
        id=row.id,
        event_id=row.event_id,
        reference=format_reference(row.event_id, row.code),
        status=row.status,
        title=row.title,
        event_name=row.name,
        kind=row.kind,
        poster=row.poster,
        venue=row.venue,
        address=row.address,
        time_zone=row.time_zone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        first_slot_at=row.first_slot_at,
        last_slot_until=row.last_slot_until,
        has_slots_only=row.has_slots_only,
        is_past=row.is_past,
        event_is_cancelled=row.event_is_cancelled,
        payment=row.payment,
        currency=row.currency,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        cancel_until=cancel_until,
        can_cancel=is_open(cancel_until),
        cancel_some_until=cancel_some_until,
        can_cancel_some=is_open(cancel_some_until),
        cancellable_ids=frozenset(
            place.seat_id for place in places if is_open(until(place.starts_at or row.starts_at))
        ),
        place_count=row.places,
        total_minor=row.total,
        payment_due_at=row.payment_due_at,
        seconds_to_pay=(row.payment_due_at - row.now).total_seconds() if row.payment_due_at else None,
        late_money=row.late_money,
        cancelled_earlier_by=row.cancelled_earlier_by,
        is_offer=row.is_offer,
        places=places,
    )


def places_of_reservation(event_id: int, *, reservation_id: int) -> tuple[ReservedPlace, ...]:
    """Its places in the order of the hall; of one that is over, what it had."""
    rows: Iterable[Any] = db.session.execute(
        _place_rows().where(
            ReservationSeat.event_id == event_id, ReservationSeat.reservation_id == reservation_id
        )
    )
    return tuple(ReservedPlace(*row[2:]) for row in rows)


def cancellations_of(
    event_id: int, *, reservation_id: int
) -> tuple[tuple[datetime, tuple[ReservedPlace, ...]], ...]:
    """Which of its places were cancelled when, the earliest first; one at a time, or several together."""
    rows: Iterable[Any] = db.session.execute(
        _place_rows_of_any_time()
        .add_columns(ReservationSeat.ended_at)
        .where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            ReservationSeat.outcome == "cancelled",
        )
    )
    found: dict[datetime, list[ReservedPlace]] = {}
    for row in rows:
        found.setdefault(row[-1], []).append(ReservedPlace(*row[2:-1]))
    return tuple((at, tuple(found[at])) for at in sorted(found))


def _place_rows() -> Select[*tuple[Any, ...]]:
    """Each place after the ids of its event and its reservation, in the order of the hall."""
    return _place_rows_of_any_time().where(_is_counted())


def _place_rows_of_any_time() -> Select[*tuple[Any, ...]]:
    """With those that are no part of it any more."""
    return with_names(
        select(
            ReservationSeat.event_id,
            ReservationSeat.reservation_id,
            *NAME_COLUMNS,
            ReservationSeat.price_minor,
            ReservationSeat.fee_minor,
            order_fee_share(),
            ReservationSeat.full_price_minor,
            Concession.name,
            ReservationSeat.party_size,
            party_concessions(),
        )
        .select_from(ReservationSeat)
        .join(
            Reservation,
            and_(
                Reservation.event_id == ReservationSeat.event_id,
                Reservation.id == ReservationSeat.reservation_id,
            ),
        )
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .outerjoin(Concession, CONCESSION_OF_LINE)
        .order_by(*IN_ORDER_OF_THE_HALL)
    )
