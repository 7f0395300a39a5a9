"""One order with everything that is known of it, for the box office."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, and_, case, cast, func, literal_column, select
from sqlalchemy.orm import aliased

from seatbook.domain.orders import decisions_about
from seatbook.domain.party_concessions import PeopleWhoPayLess, party_concessions
from seatbook.domain.prices import order_fee_share
from seatbook.domain.reference import format_reference
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import (
    Concession,
    DiscountCode,
    DiscountUse,
    Event,
    Holder,
    Mail,
    Payment,
    PaymentStep,
    Refund,
    Reservation,
    ReservationSeat,
    Seat,
    SeatChange,
    Show,
    StaffAct,
    User,
    Venue,
)
from seatbook.queries.moment import CLOCK
from seatbook.queries.named_places import IN_ORDER_OF_THE_HALL, NAME_COLUMNS, NamedPlace, with_names
from seatbook.queries.staff_orders import is_walk_in

# Somebody who comes and goes for hours may leave many lines; the newest are what one looks for.
MOST_CHANGES = 400

SAME_ACT = timedelta(seconds=1)

ACTOR = aliased(User)


@dataclass(frozen=True, slots=True)
class OrderPlace(NamedPlace):
    """A place that the order has or had. `outcome` None: it has it. Prices are in minor units; `fee_minor` is how
    much of the price is fee, `order_fee_minor` how much of that is its share of the fee for the order, and
    `full_price_minor` what it would have cost without a concession or a code."""

    price_minor: int
    full_price_minor: int
    fee_minor: int
    order_fee_minor: int
    party_size: int | None
    party_concessions: tuple[PeopleWhoPayLess, ...]
    concession: str | None
    outcome: str | None
    ended_at: datetime | None

    @property
    def own_price_minor(self) -> int:
        """As its buyer read it: the fee for the order is a line of its own."""
        return self.price_minor - self.order_fee_minor

    @property
    def before_minor(self) -> int:
        """The same without a concession or a code."""
        return self.full_price_minor - self.order_fee_minor


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a payment, when, why, and who of the staff did it."""

    at: datetime
    step: str
    reason: str
    note: str
    actor: str | None


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money that goes back: `status` is due, done or failed."""

    id: int
    amount_minor: int
    reason: str
    status: str
    created_at: datetime
    done_at: datetime | None
    attempts: int
    last_error: str | None
    actor: str | None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One attempt to pay. `status` is open, processing, paid, failed or expired; `settlement` what became of the
    money: confirmed, offered, refunded or review. `received_minor` of `came_currency` came, where that is not
    `amount_minor` of `currency`, which was due. `bought` is the order that it bought in the end, if any."""

    id: int
    provider: str
    provider_ref: str | None
    amount_minor: int
    received_minor: int | None
    currency: str
    came_currency: str
    status: str
    settlement: str | None
    created_at: datetime
    due_at: datetime
    paid_at: datetime | None
    stuck_at: datetime | None
    bought: str | None = field(kw_only=True)
    steps: tuple[Step, ...] = field(kw_only=True)
    refunds: tuple[RefundView, ...] = field(kw_only=True)

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds)

    @property
    def is_under_way(self) -> bool:
        return self.status in ("open", "processing")

    @property
    def decisions(self) -> tuple[str, ...]:
        """What may be decided about it now, as `orders.decide_review` takes it."""
        if self.settlement != "review":
            return ()
        why = [step.reason for step in self.steps if step.step == "review"]
        return decisions_about(
            due_minor=self.amount_minor,
            received_minor=self.received_minor,
            is_other_currency="other_currency" in why,
        )


@dataclass(frozen=True, slots=True)
class Happened:
    """One act on places of the order, or one of the staff: `reason` is that of `seat_change`, or a staff act."""

    at: datetime
    reason: str
    places: int
    labels: tuple[str, ...]
    actor: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter about the order: what it tells (`domain/letters.py`), to whom, and whether it went. Times are UTC."""

    id: int
    kind: str
    recipient: str
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order. `status` is held, pending, confirmed, cancelled, expired or released, as of now."""

    id: int
    event_id: int
    code: str
    holder_id: int
    status: str
    buyer: str | None
    email: str | None
    title: str
    event_name: str
    event_status: str
    venue: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    payment: str
    currency: str
    created_at: datetime
    checkout_at: datetime | None
    payment_due_at: datetime | None
    expires_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    total_minor: int | None
    discount_code: str | None
    is_walk_in: bool
    now: datetime
    places: tuple[OrderPlace, ...] = ()
    payments: tuple[PaymentView, ...] = ()
    history: tuple[Happened, ...] = ()
    letters: tuple[Letter, ...] = ()

    @property
    def reference(self) -> str:
        return format_reference(self.event_id, self.code)

    @property
    def open_places(self) -> tuple[OrderPlace, ...]:
        return tuple(place for place in self.places if place.outcome is None)

    @property
    def value_minor(self) -> int:
        """What its places cost now."""
        return sum(place.price_minor for place in self.open_places)

    @property
    def order_fee_minor(self) -> int:
        """The fee for the order, which is part of what its places cost; of one that is over, what it had been."""
        places = self.open_places or [place for place in self.places if place.outcome != "moved"]
        return sum(place.order_fee_minor for place in places)

    @property
    def settling(self) -> PaymentView | None:
        """The payment that bought it."""
        bought = [
            p for p in self.payments if p.settlement == "confirmed" and p.bought in (None, self.reference)
        ]
        return bought[0] if bought else None

    @property
    def under_way(self) -> PaymentView | None:
        return next((payment for payment in self.payments if payment.is_under_way), None)

    @property
    def is_to_be_paid(self) -> bool:
        """Whether money can be taken for it at the window: never for an event that does not take place."""
        if self.event_status == "cancelled" or any(
            payment.settlement == "review" for payment in self.payments
        ):
            return False
        if self.status == "confirmed":
            return self.settling is None and self.value_minor > 0
        return self.status == "pending" and self.value_minor > 0


def load_order(event_id: int, *, code: str) -> OrderView:
    """Raises NotFound."""
    row = db.session.execute(
        _head().where(Reservation.event_id == event_id, Reservation.code == code)
    ).first()
    if row is None:
        raise NotFound(what="reservation")
    order = OrderView(*row)
    changes = (*_holds(event_id, order.id), *_changes(event_id, order.id), *_staff_acts(event_id, order.id))
    return replace(
        order,
        places=_places(event_id, order.id),
        payments=_payments(event_id, order),
        history=tuple(sorted(changes, key=lambda happened: happened.at)),
        letters=_letters(event_id, order.id),
    )


def _head() -> Any:
    is_over = and_(Reservation.status.in_(("held", "pending")), Reservation.expires_at <= CLOCK)
    return (
        select(
            Reservation.id,
            Reservation.event_id,
            Reservation.code,
            Reservation.holder_id,
            case((is_over, literal_column("'expired'")), else_=Reservation.status),
            User.username,
            User.email,
            Show.title,
            Event.name,
            Event.status,
            Venue.name,
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            Event.payment,
            Event.currency,
            Reservation.created_at,
            Reservation.checkout_at,
            Reservation.payment_due_at,
            Reservation.expires_at,
            Reservation.confirmed_at,
            Reservation.ended_at,
            Reservation.total_minor,
            DiscountCode.code,
            is_walk_in(),
            CLOCK,
        )
        .join(Event, Event.id == Reservation.event_id)
        .join(Show, Show.id == Event.show_id)
        .join(Venue, Venue.id == Event.venue_id)
        .join(Holder, Holder.id == Reservation.holder_id)
        .outerjoin(User, User.id == Holder.user_id)
        .outerjoin(
            DiscountUse,
            and_(DiscountUse.event_id == Reservation.event_id, DiscountUse.reservation_id == Reservation.id),
        )
        .outerjoin(
            DiscountCode,
            and_(
                DiscountCode.event_id == DiscountUse.event_id, DiscountCode.id == DiscountUse.discount_code_id
            ),
        )
    )


def _places(event_id: int, reservation_id: int) -> tuple[OrderPlace, ...]:
    line = ReservationSeat
    query = with_names(
        select(
            *NAME_COLUMNS,
            line.price_minor,
            func.coalesce(line.full_price_minor, line.price_minor - line.fee_minor) + line.fee_minor,
            line.fee_minor,
            order_fee_share(),
            line.party_size,
            party_concessions(),
            Concession.name,
            line.outcome,
            line.ended_at,
        )
        .select_from(line)
        .join(Reservation, and_(Reservation.event_id == line.event_id, Reservation.id == line.reservation_id))
        .join(Seat, and_(Seat.event_id == line.event_id, Seat.id == line.seat_id))
        .outerjoin(
            Concession, and_(Concession.event_id == line.event_id, Concession.id == line.concession_id)
        )
        .where(
            line.event_id == event_id,
            line.reservation_id == reservation_id,
            # What was in the basket and went before anybody paid is in the history.
            func.coalesce(
                line.ended_at >= func.coalesce(Reservation.checkout_at, Reservation.confirmed_at),
                literal_column("true"),
            ),
        )
        .order_by(*IN_ORDER_OF_THE_HALL, line.id)
    )
    return tuple(OrderPlace(*row) for row in db.session.execute(query))


def _payments(event_id: int, order: OrderView) -> tuple[PaymentView, ...]:
    """Those that were meant for it, and the one that bought it after a late payment for another."""
    settled = aliased(Reservation)
    rows: list[Any] = db.session.execute(
        select(
            Payment.id,
            Payment.provider,
            Payment.provider_ref,
            Payment.amount_minor,
            Payment.received_minor,
            Payment.currency,
            func.coalesce(Payment.received_currency, Payment.currency),
            Payment.status,
            Payment.settlement,
            Payment.created_at,
            Payment.due_at,
            Payment.paid_at,
            Payment.stuck_at,
            settled.code,
        )
        .outerjoin(
            settled,
            and_(settled.event_id == Payment.event_id, settled.id == Payment.settled_reservation_id),
        )
        .where(
            Payment.event_id == event_id,
            (Payment.reservation_id == order.id) | (Payment.settled_reservation_id == order.id),
        )
        .order_by(Payment.id)
    ).all()  # type: ignore[assignment]
    ids = [row.id for row in rows]
    steps = _steps(event_id, ids)
    refunds = _refunds(event_id, ids)
    return tuple(
        PaymentView(
            *row[:-1],
            bought=format_reference(event_id, row.code) if row.code else None,
            steps=tuple(steps.get(row.id, ())),
            refunds=tuple(refunds.get(row.id, ())),
        )
        for row in rows
    )


def _steps(event_id: int, payment_ids: list[int]) -> dict[int, list[Step]]:
    rows: Iterable[Any] = db.session.execute(
        select(
            PaymentStep.payment_id,
            PaymentStep.at,
            PaymentStep.step,
            PaymentStep.reason,
            PaymentStep.note,
            ACTOR.username,
        )
        .outerjoin(ACTOR, ACTOR.id == PaymentStep.actor_user_id)
        .where(PaymentStep.event_id == event_id, PaymentStep.payment_id.in_(payment_ids))
        .order_by(PaymentStep.id)
    )
    steps: dict[int, list[Step]] = {}
    for payment_id, *step in rows:
        steps.setdefault(payment_id, []).append(Step(*step))
    return steps


def _refunds(event_id: int, payment_ids: list[int]) -> dict[int, list[RefundView]]:
    rows: Iterable[Any] = db.session.execute(
        select(
            Refund.payment_id,
            Refund.id,
            Refund.amount_minor,
            Refund.reason,
            Refund.status,
            Refund.created_at,
            Refund.done_at,
            Refund.attempts,
            Refund.last_error,
            ACTOR.username,
        )
        .outerjoin(ACTOR, ACTOR.id == Refund.actor_user_id)
        .where(Refund.event_id == event_id, Refund.payment_id.in_(payment_ids))
        .order_by(Refund.id)
    )
    refunds: dict[int, list[RefundView]] = {}
    for payment_id, *refund in rows:
        refunds.setdefault(payment_id, []).append(RefundView(*refund))
    return refunds


def _holds(event_id: int, reservation_id: int) -> Iterable[Happened]:
    """When its places were held. Its own lines tell, so that the log needs no index that each click would write."""
    rows: Iterable[Any] = db.session.execute(
        select(ReservationSeat.held_at, ReservationSeat.seat_id, Seat.label, User.username)
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .join(
            Reservation,
            and_(
                Reservation.event_id == ReservationSeat.event_id,
                Reservation.id == ReservationSeat.reservation_id,
            ),
        )
        .join(Holder, Holder.id == Reservation.holder_id)
        .outerjoin(User, User.id == Holder.user_id)
        .where(ReservationSeat.event_id == event_id, ReservationSeat.reservation_id == reservation_id)
        .order_by(ReservationSeat.id)
        .limit(MOST_CHANGES)
    )
    # One click on many places is one statement, which writes them within milliseconds.
    acts: list[list[Any]] = []
    seen: set[int] = set()
    for row in rows:
        # Another line of the same place is another party, and no other hold.
        if row.seat_id in seen:
            continue
        seen.add(row.seat_id)
        if acts and row.held_at - acts[-1][-1].held_at < SAME_ACT:
            acts[-1].append(row)
        else:
            acts.append([row])
    for lines in acts:
        labels = tuple(line.label for line in lines if line.label)
        yield Happened(lines[0].held_at, "hold", len(lines), labels, lines[0].username)


def _changes(event_id: int, reservation_id: int) -> Iterable[Happened]:
    """What happened to its places after they were held, one line for one act."""
    newest = (
        select(
            SeatChange.id,
            SeatChange.xid,
            SeatChange.at,
            SeatChange.reason,
            SeatChange.seat_id,
            SeatChange.actor_user_id,
            SeatChange.note,
        )
        .where(
            SeatChange.event_id == event_id,
            SeatChange.reservation_id == reservation_id,
            SeatChange.reason != "hold",
        )
        .order_by(SeatChange.id.desc())
        .limit(MOST_CHANGES)
        .subquery()
    )
    rows: Iterable[Any] = db.session.execute(
        select(
            cast(newest.c.xid, Text).label("xid"),
            newest.c.at,
            newest.c.reason,
            Seat.label,
            ACTOR.username,
            newest.c.note,
        )
        .join(Seat, and_(Seat.event_id == event_id, Seat.id == newest.c.seat_id))
        .outerjoin(ACTOR, ACTOR.id == newest.c.actor_user_id)
        .order_by(newest.c.id)
    )
    acts: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        acts.setdefault((row.xid, row.reason), []).append(row)
    for lines in acts.values():
        first = lines[0]
        labels = tuple(line.label for line in lines if line.label)
        yield Happened(first.at, first.reason, len(lines), labels, first.username, first.note or "")


def _staff_acts(event_id: int, reservation_id: int) -> Iterable[Happened]:
    rows: Iterable[Any] = db.session.execute(
        select(StaffAct.at, StaffAct.act, User.username, StaffAct.subject)
        .join(User, User.id == StaffAct.actor_user_id)
        .where(StaffAct.event_id == event_id, StaffAct.reservation_id == reservation_id)
        .order_by(StaffAct.id.desc())
        .limit(MOST_CHANGES)
    )
    return [Happened(row.at, row.act, 0, (), row.username, row.subject) for row in rows]


def _letters(event_id: int, reservation_id: int) -> tuple[Letter, ...]:
    rows: Iterable[Any] = db.session.execute(
        select(Mail.id, Mail.kind, Mail.recipient, Mail.created_at, Mail.sent_at, Mail.last_error)
        .where(Mail.event_id == event_id, Mail.reservation_id == reservation_id)
        .order_by(Mail.id)
    )
    return tuple(Letter(*row) for row in rows)
