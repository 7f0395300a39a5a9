"""The viewer's basket of one event: what is held, what it costs, and what became of a hold that ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, and_, bindparam, or_, select

from seatbook.domain.party_concessions import PeopleWhoPayLess, may_say_who_pays_less, party_concessions_of
from seatbook.domain.prices import CONCESSION_OF_LINE, order_fee_share
from seatbook.extensions import db
from seatbook.models import Area, Category, Concession, ReservationSeat, Seat, Section
from seatbook.queries.moment import Moment, status_at
from seatbook.queries.named_places import IN_ORDER_OF_THE_HALL, with_names
from seatbook.queries.viewer import Viewer

# More time than this makes a difference to somebody who chooses.
WORTH_ASKING_FOR = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One place with its price in minor units, of which `order_fee_minor` is its share of the fee for the order,
    and `fee_minor` that and the fee for the place. `is_free`: somebody could take it now. `party_size` people come
    to a slot of a room that asks, which takes from `min_party` to `max_party`; `party_concessions` says who of them
    pays less, and `concession_id` for whom any other place is."""

    seat_id: int
    area_id: int
    area_kind: str
    area: str
    section: str | None
    category_id: int
    category: str
    colour: int
    row_label: str | None
    number: str | None
    label: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    price_minor: int
    is_free: bool
    section_id: int | None = None
    fee_minor: int = 0
    order_fee_minor: int = 0
    full_price_minor: int | None = None
    concession_id: int | None = None
    concession: str | None = None
    party_size: int | None = None
    min_party: int | None = None
    max_party: int | None = None
    price_per: str = "slot"
    party_concessions: tuple[PeopleWhoPayLess, ...] = ()

    @property
    def takes_concession(self) -> bool:
        """Whether it matters who it is for: it does not for a shirt, nor for a room that is booked as a whole."""
        return self.area_kind in ("seated", "standing") or (
            self.area_kind == "slots" and self.price_per == "person"
        )

    @property
    def concession_ids(self) -> set[int]:
        """The concessions that somebody pays by."""
        by_people = {one.concession_id for one in self.party_concessions}
        return by_people if self.concession_id is None else {self.concession_id}

    @property
    def before_minor(self) -> int:
        """What it would cost without a concession or a code, with the fee for a place."""
        if self.full_price_minor is None:
            return self.price_minor - self.order_fee_minor
        return self.full_price_minor + self.fee_minor - self.order_fee_minor


@dataclass(frozen=True, slots=True)
class PaidFor:
    """Places of a checkout that waits for its money, until `due_at`."""

    reference: str
    due_at: datetime
    lines: tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class Basket:
    """`state` is empty, open, or ended (by time, a moment ago; `lines` are what was in it).

    `seconds_left` counts from the database's clock, so that a browser's clock never matters.
    """

    state: str = "empty"
    reservation_id: int | None = None
    lines: tuple[BasketLine, ...] = ()
    until: datetime | None = None
    seconds_left: float = 0.0
    references: tuple[str, ...] = ()
    paying: tuple[PaidFor, ...] = ()
    # However often more time is asked for, the hold ends by then.
    cap_at: datetime | None = None

    @property
    def places_paid_for(self) -> int:
        """How many places wait for their money, in checkouts of this event."""
        return sum(len(one.lines) for one in self.paying)

    @property
    def can_be_extended(self) -> bool:
        """Whether asking for more time brings any."""
        if self.state != "open" or self.until is None or self.cap_at is None:
            return False
        return self.cap_at - self.until >= WORTH_ASKING_FOR

    @property
    def total_minor(self) -> int:
        return sum(line.price_minor for line in self.lines)

    @property
    def order_fee_minor(self) -> int:
        """The fee for the order, which is part of the total."""
        return sum(line.order_fee_minor for line in self.lines)

    @property
    def fees_minor(self) -> int:
        """How much of the total is fees."""
        return sum(line.fee_minor for line in self.lines)

    @property
    def free_again(self) -> tuple[BasketLine, ...]:
        return tuple(line for line in self.lines if line.is_free)

    @property
    def seat_ids(self) -> tuple[int, ...]:
        """What is held now; nothing when the hold has ended."""
        return tuple(line.seat_id for line in self.lines) if self.state == "open" else ()


def load_basket(event_id: int, *, viewer: Viewer, moment: Moment, cap_seconds: int = 0) -> Basket:
    references = tuple(reference for _, reference in viewer.bought)
    paying = tuple(
        PaidFor(
            one.reference,
            one.due_at,
            _lines(event_id, reservation_id=one.reservation_id, at=moment.now, with_expired=False),
        )
        for one in viewer.paying
    )
    if viewer.hold_id is not None and viewer.hold_until is not None:
        lines = _lines(event_id, reservation_id=viewer.hold_id, at=moment.now, with_expired=False)
        if lines:
            left = (viewer.hold_until - moment.now).total_seconds()
            begun_at = viewer.hold_begun_at or moment.now
            cap_at = begun_at + timedelta(seconds=cap_seconds)
            return Basket("open", viewer.hold_id, lines, viewer.hold_until, left, references, paying, cap_at)
    if viewer.ended_id is not None:
        lines = _lines(event_id, reservation_id=viewer.ended_id, at=moment.now, with_expired=True)
        if lines:
            return Basket("ended", viewer.ended_id, lines, viewer.ended_at, 0.0, references, paying)
    return Basket(references=references, paying=paying)


def _lines(event_id: int, *, reservation_id: int, at: datetime, with_expired: bool) -> tuple[BasketLine, ...]:
    values = {
        "event_id": event_id,
        "reservation_id": reservation_id,
        "at": at,
        "with_expired": with_expired,
    }
    # By the connection: the session's way of loading rows costs more than the query.
    rows: Iterable[Any] = db.session.connection().execute(LINES, values)
    lines = {row[-1]: BasketLine(*row[:-1]) for row in rows}
    fewer = party_concessions_of(
        db.session(), event_id, [line_id for line_id, line in lines.items() if _may_have_fewer(line)]
    )
    for line_id, of_party in fewer.items():
        lines[line_id] = replace(lines[line_id], party_concessions=of_party)
    return tuple(lines.values())


def _may_have_fewer(line: BasketLine) -> bool:
    full = line.price_minor - line.fee_minor if line.full_price_minor is None else line.full_price_minor
    return may_say_who_pays_less(
        party_size=line.party_size,
        price_per=line.price_per,
        price_minor=line.price_minor - line.fee_minor,
        full_price_minor=full,
    )


# Made once: every page, every click and every poll asks it.
LINES = with_names(
    select(
        Seat.id,
        Area.id,
        Area.kind,
        Area.name,
        Section.name,
        Category.id,
        Category.name,
        Category.colour,
        Seat.row_label,
        Seat.number,
        Seat.label,
        Seat.starts_at,
        Seat.ends_at,
        ReservationSeat.price_minor,
        status_at(bindparam("at")) == "available",
        Seat.section_id,
        ReservationSeat.fee_minor,
        order_fee_share(),
        ReservationSeat.full_price_minor,
        ReservationSeat.concession_id,
        Concession.name,
        ReservationSeat.party_size,
        Area.min_party,
        Area.max_party,
        Area.price_per,
        ReservationSeat.id,
    )
    .select_from(ReservationSeat)
    .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
    .outerjoin(Concession, CONCESSION_OF_LINE)
    .where(
        ReservationSeat.event_id == bindparam("event_id"),
        ReservationSeat.reservation_id == bindparam("reservation_id"),
        or_(
            ReservationSeat.ended_at.is_(None),
            and_(bindparam("with_expired", type_=Boolean), ReservationSeat.outcome == "expired"),
        ),
    )
).order_by(*IN_ORDER_OF_THE_HALL)
