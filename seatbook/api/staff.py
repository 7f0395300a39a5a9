"""What the back office does: every place with who has it, blocking, orders of anybody, money at the window,
calling an event off, and tickets at the door."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from pydantic import Field

from seatbook.api.catalogue import full_name
from seatbook.api.credentials import STAFF, holder, user_id
from seatbook.api.holds import SeatIds
from seatbook.api.parties import PartyConcession, party_concessions_of
from seatbook.api.routes import Routes
from seatbook.api.seats import STATES, STATUSES
from seatbook.api.seats import Status as SeatStatus
from seatbook.api.shapes import (
    Answer,
    Body,
    Id,
    IdInAddress,
    Instant,
    Money,
    OneOf,
    Part,
    Query,
    Text,
    Whole,
    Words,
    money,
)
from seatbook.config import Config
from seatbook.domain import orders
from seatbook.domain.inventory import block_seats, unblock_seats
from seatbook.domain.orders import till_of
from seatbook.domain.reference import format_reference, parse_reference
from seatbook.domain.tickets import CheckedTicket, check_ticket
from seatbook.errors import (
    AmountChanged,
    BasketChanged,
    Busy,
    HoldExpired,
    InvalidInput,
    LeavesSingle,
    NotFound,
    NothingHeld,
    PaymentUnavailable,
    SaleClosed,
    SeatsTaken,
    TooLateToCancel,
    WrongState,
)
from seatbook.queries.checkout import load_checkout
from seatbook.queries.named_places import in_english
from seatbook.queries.staff_events import find_staff_seats, load_staff_event
from seatbook.queries.staff_order import OrderView, load_order
from seatbook.queries.staff_orders import ORDER_STATES, find_orders

routes = Routes("Staff")

AT_THE_DOOR = ("door", "box_office", "admin")
OrderStatus = Annotated[str, OneOf("held", "pending", "confirmed", "cancelled", "expired", "released")]


class StaffSeat(Part):
    """A place as it is now, with who has it. `reservation_id`: of whom it is held or bought."""

    id: Id
    seat_number: str
    status: SeatStatus
    area: str
    section: str | None
    category: str
    held_until: Instant | None
    blocked_reason: str | None
    reservation_id: str | None
    who: str | None


class StaffSeatList(Answer):
    event_id: Id
    seats: list[StaffSeat]
    next: Annotated[
        int | None, Field(description="Send it as `after` for the next page; null: there is none.")
    ]


class Order(Part):
    id: Annotated[str, Field(examples=["7-K2M9QX"])]
    event_id: Id
    event_name: str
    status: OrderStatus
    buyer: str | None
    email: str | None
    places: int
    total_price: Money
    currency: str
    is_paid: bool
    created_at: Instant


class OrderList(Answer):
    """`too_many`: the words fit more people than are looked for. `needs_event`: a seat is looked for only together
    with its event."""

    reservations: list[Order]
    next: Annotated[
        str | None, Field(description="Send it as `before` for the next page; null: there is none.")
    ]
    too_many: bool
    needs_event: bool


class OrderPlace(Part):
    """`outcome` null: the order has it."""

    seat_id: Id
    seat_number: str
    area: str
    section: str | None
    category: str
    price: Money
    concession: str | None
    party_size: int | None
    party_concessions: list[PartyConcession]
    outcome: str | None


class OrderRefund(Part):
    """Money that goes back: due it goes by itself, or over the window; failed it needs a person."""

    id: Id
    amount: Money
    status: Annotated[str, OneOf("due", "done", "failed")]
    reason: str
    created_at: Instant
    done_at: Instant | None
    last_error: str | None


class OrderPayment(Part):
    id: Id
    provider: str
    status: Annotated[str, OneOf("open", "processing", "paid", "failed", "expired")]
    settlement: str | None
    amount: Money
    refunded: Money
    refunds: list[OrderRefund]
    created_at: Instant
    paid_at: Instant | None
    stuck_at: Instant | None


class Happened(Part):
    at: Instant
    reason: str
    places: int
    seats: list[str]
    actor: str | None
    note: str


class OrderDetails(Part):
    id: Annotated[str, Field(examples=["7-K2M9QX"])]
    event_id: Id
    event_name: str
    status: OrderStatus
    buyer: str | None
    email: str | None
    total_price: Money
    currency: str
    created_at: Instant
    confirmed_at: Instant | None
    ended_at: Instant | None
    is_to_be_paid: bool
    places: list[OrderPlace]
    payments: list[OrderPayment]
    history: list[Happened]


class OneOrder(Answer):
    reservation: OrderDetails


class OrderChanged(Answer):
    message: str
    reservation: OrderDetails


class SeatsChanged(Answer):
    """The seats whose state this changed."""

    message: str
    seat_ids: list[Id]


class EventCancelled(Answer):
    message: str
    event_id: Id
    was_open: bool


class Verdict(Answer):
    """`verdict` valid: let them in. void: it was one, `reason` says why it is none any more. unknown: none of ours."""

    verdict: Annotated[str, OneOf("valid", "void", "unknown")]
    reason: str
    event_id: Id | None
    ticket: Id | None
    reservation_id: str
    event_name: str
    place: Annotated[str, Field(examples=["Row A, seat 15, Stalls"])]
    area: Annotated[str, Field(description="Empty where `ticket` is null.")]
    section: Annotated[str | None, Field(description="The block; null: the area has none.")]
    from_when: Instant | None
    concession: Annotated[str | None, Field(description="Who pays less for it, to be asked for at the door.")]
    party_size: Annotated[int | None, Field(description="How many it lets in; null: nobody asks.")]
    party_concessions: Annotated[
        list[PartyConcession], Field(description="Who of the party pays less, to be asked for at the door.")
    ]
    to_pay: Annotated[str, Field(description="What the reservation still costs at the box office, or empty.")]


class SeatsOf(Query):
    area: IdInAddress | None = None
    status: SeatStatus | None = None
    label: Annotated[Text, Field(max_length=80, description="How the label begins.")] | None = None
    after: Annotated[int, Whole(0, 2**63 - 1)] = 0


class OrdersBy(Query):
    q: Annotated[
        Text,
        Field(
            max_length=200, description="A reference; how a name or an address begins; a seat, with an event."
        ),
    ] = ""
    event: Annotated[Text, Field(max_length=200, description="Its id, or a part of its title.")] = ""
    status: Annotated[str, OneOf(*ORDER_STATES)] | None = None
    before: IdInAddress | None = None


class Blocked(Body):
    seat_ids: SeatIds
    reason: Annotated[Words, Field(min_length=1, max_length=200, examples=["Camera"])]


class Unblocked(Body):
    seat_ids: SeatIds


class CancelOrder(Body):
    """Without `seat_ids`: all of it."""

    seat_ids: SeatIds | None = None


class Taken(Body):
    """`seen_minor`: what the buyer was told, in minor units; another amount is refused."""

    how: Annotated[str, OneOf("cash", "card"), Field(examples=["cash"])]
    seen_minor: Annotated[int, Field(ge=0, le=10**15)] | None = None


class SoldNow(Body):
    """`seat_ids` and `seen_minor`: what the seller saw, in minor units; another basket or amount is refused."""

    how: Annotated[str, OneOf("cash", "card"), Field(examples=["cash"])]
    seat_ids: SeatIds | None = None
    seen_minor: Annotated[int, Field(ge=0, le=10**15)] | None = None


class Shown(Body):
    code: Annotated[Text, Field(min_length=1, max_length=2_000, examples=["what the QR code says"])]


@routes.get("/staff/events/<int:event_id>/seats/", StaffSeatList, scope=STAFF, refuses=(NotFound,))
def list_staff_seats(event_id: int, query: SeatsOf) -> StaffSeatList:
    """Every place of an event, with who has it and until when, page by page."""
    load_staff_event(event_id)
    found = find_staff_seats(
        event_id,
        area_id=query.area,
        status=STATES[query.status] if query.status else "",
        words=query.label or "",
        after=query.after,
    )
    return StaffSeatList(
        event_id=event_id,
        seats=[
            StaffSeat(
                id=seat.seat_id,
                seat_number=seat.label or seat.area,
                status=STATUSES[seat.status],
                area=seat.area,
                section=seat.section,
                category=seat.category,
                held_until=seat.until,
                blocked_reason=seat.why,
                reservation_id=format_reference(event_id, seat.code) if seat.code else None,
                who=seat.who,
            )
            for seat in found.seats
        ],
        next=found.after,
    )


@routes.post(
    "/staff/events/<int:event_id>/seats/block/",
    SeatsChanged,
    scope=STAFF,
    refuses=(NotFound, SeatsTaken, InvalidInput, Busy),
)
def block_event_seats(event_id: int, body: Blocked) -> SeatsChanged:
    """Take free seats off sale, all or none."""
    load_staff_event(event_id)
    done = block_seats(event_id, seat_ids=body.seat_ids, reason=body.reason, actor_user_id=user_id())
    return SeatsChanged(message="They are off sale.", seat_ids=list(done.seat_ids))


@routes.post(
    "/staff/events/<int:event_id>/seats/unblock/", SeatsChanged, scope=STAFF, refuses=(NotFound, Busy)
)
def unblock_event_seats(event_id: int, body: Unblocked) -> SeatsChanged:
    """Put blocked seats on sale again.

    What is not blocked stays as it is.
    """
    load_staff_event(event_id)
    done = unblock_seats(event_id, seat_ids=body.seat_ids, actor_user_id=user_id())
    return SeatsChanged(message="They are on sale again.", seat_ids=list(done.seat_ids))


@routes.post("/staff/events/<int:event_id>/cancel/", EventCancelled, scope=STAFF, refuses=(NotFound, Busy))
def cancel_event(event_id: int) -> EventCancelled:
    """Call an event off for good: nobody can buy, and everybody gets their money back, in the background.

    Again changes nothing.
    """
    load_staff_event(event_id)
    was_open = orders.request_event_cancellation(event_id, actor_user_id=user_id())
    return EventCancelled(
        message="The event is called off. Its buyers are told and get their money back.",
        event_id=event_id,
        was_open=was_open,
    )


@routes.post(
    "/staff/events/<int:event_id>/sell/",
    OrderChanged,
    scope=STAFF,
    refuses=(
        NotFound,
        NothingHeld,
        HoldExpired,
        BasketChanged,
        AmountChanged,
        LeavesSingle,
        SaleClosed,
        InvalidInput,
        Busy,
    ),
)
def sell_now(event_id: int, body: SoldNow) -> OrderChanged:
    """Sell what you hold of an event to whoever stands at the window and pays at once.

    Each sale is a buyer of its own. Once it is sold it is not in your basket any more: send an Idempotency-Key.
    """
    seller = holder()
    basket = load_checkout(event_id, holder_id=seller.holder_id).basket
    if basket.state != "open" or basket.reservation_id is None:
        raise NothingHeld()
    sold = orders.sell_at_window(
        event_id,
        reservation_id=basket.reservation_id,
        seller=seller,
        how=body.how,
        seat_ids=body.seat_ids or basket.seat_ids,
        seen_minor=body.seen_minor,
    )
    reference = format_reference(event_id, sold.code)
    return OrderChanged(message=f"{reference} is sold.", reservation=order_details(order_of(reference)))


@routes.get("/staff/reservations/", OrderList, scope=STAFF)
def list_orders(query: OrdersBy) -> OrderList:
    """Anybody's reservations, the newest first."""
    found = find_orders(
        words=query.q.strip(),
        event=query.event.strip(),
        status=query.status or "",
        before=query.before,
    )
    return OrderList(
        reservations=[
            Order(
                id=format_reference(line.event_id, line.code),
                event_id=line.event_id,
                event_name=full_name(line.title, line.event_name),
                status=line.status,
                buyer=line.buyer,
                email=line.email,
                places=line.places,
                total_price=money(line.total_minor, line.currency),
                currency=line.currency,
                is_paid=line.is_paid,
                created_at=line.created_at,
            )
            for line in found.lines
        ],
        next=None if found.before is None else str(found.before),
        too_many=found.too_many,
        needs_event=found.needs_event,
    )


@routes.get("/staff/reservations/<reference>/", OneOrder, scope=STAFF, refuses=(NotFound,))
def get_order(reference: str) -> OneOrder:
    """Anybody's reservation with its places, payments and all that happened to it."""
    return OneOrder(reservation=order_details(order_of(reference)))


@routes.post(
    "/staff/reservations/<reference>/cancel/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, TooLateToCancel, AmountChanged, Busy),
)
def cancel_order(reference: str, body: CancelOrder) -> OrderChanged:
    """Cancel anybody's purchase, or some of its seats, without a deadline; what was paid for them goes back.

    Again changes nothing.
    """
    order = order_of(reference)
    done = orders.cancel_order(
        order.event_id,
        reservation_id=order.id,
        holder=None,
        actor_user_id=user_id(),
        seat_ids=body.seat_ids,
    )
    back = (
        f" {money(done.refund_minor, order.currency)} {order.currency} goes back."
        if done.refund_minor
        else ""
    )
    count = len(done.seat_ids)
    return OrderChanged(
        message=f"{count} {'place is' if count == 1 else 'places are'} on sale again.{back}",
        reservation=order_details(order_of(reference)),
    )


@routes.post(
    "/staff/reservations/<reference>/take/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, AmountChanged, SaleClosed, PaymentUnavailable, InvalidInput, Busy),
)
def take_money(reference: str, body: Taken) -> OrderChanged:
    """Put on record that a reservation was paid at the window, all that it costs now.

    Again changes nothing.
    """
    order = order_of(reference)
    orders.take_at_counter(
        order.event_id,
        reservation_id=order.id,
        actor_user_id=user_id(),
        how=body.how,
        till=till_of(_config()),
        seen_minor=body.seen_minor,
    )
    return OrderChanged(message=f"{order.reference} is paid.", reservation=order_details(order_of(reference)))


@routes.post("/staff/tickets/check/", Verdict, scope=STAFF, roles=AT_THE_DOOR, refuses=(Busy,))
def check_code(body: Shown) -> Verdict:
    """What a code that somebody shows at the door is worth now.

    Changes nothing.
    """
    found: CheckedTicket = check_ticket(body.code, config=_config())
    return Verdict(
        verdict=found.verdict,
        reason=found.reason,
        event_id=found.event_id,
        ticket=found.ticket,
        reservation_id=found.reference,
        event_name=found.title,
        place=in_english(
            found.label,
            row_label=found.row_label,
            number=found.number,
            area=found.area,
            section=found.section,
        ),
        area=found.area,
        section=found.section,
        from_when=found.from_when,
        concession=found.concession,
        party_size=found.party_size,
        party_concessions=party_concessions_of(found.party_concessions),
        to_pay=f"{money(found.to_pay_minor, found.currency)} {found.currency}" if found.to_pay_minor else "",
    )


def _config() -> Config:
    config: Config = current_app.extensions["seatbook"]
    return config


def order_of(reference: str) -> OrderView:
    parsed = parse_reference(reference) if reference.isascii() else None
    if parsed is None:
        raise NotFound(what="reservation")
    return load_order(parsed[0], code=parsed[1])


def order_details(order: OrderView) -> OrderDetails:
    total = order.value_minor if order.total_minor is None else order.total_minor
    return OrderDetails(
        id=order.reference,
        event_id=order.event_id,
        event_name=full_name(order.title, order.event_name),
        status=order.status,
        buyer=order.buyer,
        email=order.email,
        total_price=money(total, order.currency),
        currency=order.currency,
        created_at=order.created_at,
        confirmed_at=order.confirmed_at,
        ended_at=order.ended_at,
        is_to_be_paid=order.is_to_be_paid,
        places=[
            OrderPlace(
                seat_id=place.seat_id,
                seat_number=place.label or place.area,
                area=place.area,
                section=place.section,
                category=place.category,
                price=money(place.price_minor, order.currency),
                concession=place.concession,
                party_size=place.party_size,
                party_concessions=party_concessions_of(place.party_concessions),
                outcome=place.outcome,
            )
            for place in order.places
        ],
        payments=[
            OrderPayment(
                id=payment.id,
                provider=payment.provider,
                status=payment.status,
                settlement=payment.settlement,
                amount=money(payment.amount_minor, payment.currency),
                refunded=money(payment.refunded_minor, payment.currency),
                refunds=[
                    OrderRefund(
                        id=refund.id,
                        amount=money(refund.amount_minor, payment.currency),
                        status=refund.status,
                        reason=refund.reason,
                        created_at=refund.created_at,
                        done_at=refund.done_at,
                        last_error=refund.last_error,
                    )
                    for refund in payment.refunds
                ],
                created_at=payment.created_at,
                paid_at=payment.paid_at,
                stuck_at=payment.stuck_at,
            )
            for payment in order.payments
        ],
        history=[
            Happened(
                at=one.at,
                reason=one.reason,
                places=one.places,
                seats=list(one.labels),
                actor=one.actor,
                note=one.note,
            )
            for one in order.history
        ],
    )
