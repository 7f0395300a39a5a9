"""What somebody has: the list, one with its places and its payment, paying, going back, cancelling."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flask import current_app
from pydantic import Field

from seatbook.api.catalogue import full_name
from seatbook.api.credentials import BOOK, READ, holder, holder_id
from seatbook.api.holds import REFUSE_RESERVE, SeatIds
from seatbook.api.parties import PartyConcession, party_concessions_of
from seatbook.api.routes import Routes
from seatbook.api.shapes import (
    Answer,
    Body,
    Id,
    Instant,
    Money,
    OneOf,
    Part,
    Query,
    Seconds,
    Whole,
    money,
)
from seatbook.config import Config
from seatbook.domain import inventory, orders, tickets
from seatbook.domain.holders import HolderRef
from seatbook.domain.orders import till_of
from seatbook.domain.reference import parse_reference
from seatbook.errors import (
    Busy,
    InvalidInput,
    NotFound,
    OfferEnded,
    PaymentUnavailable,
    TooLateToCancel,
    WrongState,
)
from seatbook.queries.moment import read_moment
from seatbook.queries.payment_history import PaymentView, payments_of
from seatbook.queries.payment_state import PaymentLine, payment_of
from seatbook.queries.reservations import (
    ReservationView,
    ReservedPlace,
    load_reservation,
    page_of_reservations,
)

routes = Routes("Reservations")

MOST_LISTED = 100
Status = Annotated[str, OneOf("held", "pending", "confirmed", "cancelled", "expired", "released")]


class BookedPlace(Part):
    seat_id: Id
    seat_number: str
    area: str
    section: str | None
    category: str
    price: Money
    concession: Annotated[
        str | None, Field(description="For whom it is; null: it costs its full price, or a party comes.")
    ]
    party_size: Annotated[int | None, Field(description="How many come to the slot; null: nobody asks.")]
    party_concessions: Annotated[
        list[PartyConcession], Field(description="Who of the party pays less; all others pay the full price.")
    ]
    starts_at: Instant | None
    ends_at: Instant | None


class Reservation(Part):
    """`id` is its reference. `seats` are the labels; `places` tell more. `expires_at`: until when its buyer may reserve
    it while it is held, and pay it while it is pending; after that it is kept while its payment is asked about."""

    id: Annotated[str, Field(examples=["7-K2M9QX"])]
    event_id: Id
    event_name: str
    event_date: Instant
    venue: str
    seats: list[str]
    places: list[BookedPlace]
    status: Status
    total_price: Annotated[Money, Field(examples=["300.00"])]
    currency: str
    created_at: Instant
    confirmed_at: Instant | None
    expires_at: Instant | None
    expires_in_seconds: Seconds | None
    can_cancel: bool
    cancel_until: Instant | None


class Offer(Part):
    """Equal places for money that came when the first ones were gone: they are kept until `expires_at`, to be taken
    by `offer/accept/`. `offer/decline/` frees them and gives the money back; so does time."""

    reservation_id: Annotated[str, Field(examples=["7-K2M9QX"])]
    places: list[BookedPlace]
    total_price: Money
    expires_at: Instant
    expires_in_seconds: Seconds


class Payment(Part):
    """The newest attempt to pay. `pay_url` is where the buyer pays while it is open. `offer`: what is offered for it
    now, while its settlement is offered."""

    status: Annotated[str, OneOf("open", "processing", "paid", "failed", "expired")]
    settlement: Annotated[str, OneOf("confirmed", "offered", "refunded", "review")] | None
    provider: str
    amount: Money
    refunded: Money
    pay_url: str | None
    due_at: Instant
    offer: Offer | None


class ReservationWithPayment(Reservation):
    payment: Payment | None


class ReservationList(Answer):
    reservations: list[Reservation]
    next: Annotated[
        str | None, Field(description="Send it as `before` for the next page; null: there is none.")
    ]


class OneReservation(Answer):
    reservation: ReservationWithPayment


class ReservationChanged(Answer):
    message: str
    reservation: ReservationWithPayment


class Checkout(Answer):
    """`status` confirmed: nothing is (or was still) to be paid. pending: the buyer pays at `pay_url`."""

    reservation_id: str
    status: Annotated[str, OneOf("confirmed", "pending")]
    total_price: Money
    currency: str
    pay_url: str | None
    expires_at: Instant | None
    expires_in_seconds: Seconds | None


class OlderThan(Query):
    limit: Annotated[int, Whole(1, MOST_LISTED)] = 50
    before: Annotated[
        str | None, Field(max_length=40, description="`next` of the page before.", pattern="^[0-9]{1,18}$")
    ] = None


class WhatToCancel(Body):
    """Without `seat_ids`: all of it."""

    seat_ids: SeatIds | None = None


@routes.get("/reservations/", ReservationList, scope=READ)
def list_reservations(query: OlderThan) -> ReservationList:
    """Your reservations, the newest first, with what you hold now."""
    owner = holder_id()
    if owner is None:
        return ReservationList(reservations=[], next=None)
    now = read_moment().now
    before = int(query.before) if query.before else None
    found = page_of_reservations(owner, limit=query.limit + 1, before=before)
    shown = found[: query.limit]
    return ReservationList(
        reservations=[Reservation(**_values(view, now)) for view in shown],
        next=str(shown[-1].id) if len(found) > len(shown) else None,
    )


@routes.get("/reservations/<reference>/", OneReservation, scope=READ, refuses=(NotFound,))
def get_reservation(reference: str) -> OneReservation:
    """One of your reservations, with how its payment stands."""
    return OneReservation(reservation=_shown(reference))


@routes.post(
    "/reservations/<reference>/cancel/",
    ReservationChanged,
    scope=BOOK,
    refuses=(NotFound, TooLateToCancel, WrongState, Busy, InvalidInput, PaymentUnavailable),
)
def cancel_reservation(reference: str, body: WhatToCancel) -> ReservationChanged:
    """Cancel a reservation, or some of its seats; what was paid for them goes back.

    One that waits for its payment is given up, an offer is declined, and a hold is released. Again changes nothing.
    What expired has nothing left to cancel.
    """
    own, view = _own(reference)
    if view.status == "expired":
        raise WrongState(state="expired")
    if view.status == "held":
        seat_ids = body.seat_ids or [place.seat_id for place in view.places]
        inventory.release_seats(view.event_id, seat_ids=seat_ids, holder=own)
    elif view.status == "pending":
        if body.seat_ids is not None:
            raise WrongState(state="pending")
        if view.is_offer:
            orders.decline_offer(view.event_id, payment_id=_offered(view).id, holder=own)
        else:
            orders.give_up_checkout(view.event_id, reservation_id=view.id, holder=own, till=_till())
    elif view.status != "released":
        orders.cancel_order(view.event_id, reservation_id=view.id, holder=own, seat_ids=body.seat_ids)
    shown = _shown(reference)
    if view.status in ("cancelled", "released"):
        message = f"{shown.id} was cancelled before. Nothing is changed."
    elif shown.status == "expired":
        message = f"{shown.id} has expired. Its places are on sale again."
    elif shown.status in ("cancelled", "released"):
        message = f"{shown.id} is cancelled. Its places are on sale again."
    elif shown.status == "pending":
        message = f"{shown.id} is given up. Its places are free as soon as the payment service agrees."
    else:
        message = f"{shown.id} is changed. What it does not name any more is on sale again."
    return ReservationChanged(message=message, reservation=shown)


@routes.post(
    "/reservations/<reference>/checkout/", Checkout, scope=BOOK, refuses=(*REFUSE_RESERVE, PaymentUnavailable)
)
def begin_checkout(reference: str) -> Checkout:
    """Begin to pay for a hold, or go on: again gives the same page, after a failed attempt a new one.

    The places are kept until `expires_at`.
    """
    own, view = _own(reference)
    order = orders.begin_checkout(view.event_id, reservation_id=view.id, holder=own, till=_till())
    return Checkout(
        reservation_id=view.reference,
        status=order.status,
        total_price=money(order.total_minor, view.currency),
        currency=view.currency,
        pay_url=order.pay_url,
        expires_at=order.due_at,
        expires_in_seconds=order.seconds_left,
    )


@routes.post(
    "/reservations/<reference>/offer/accept/",
    ReservationChanged,
    scope=BOOK,
    refuses=(NotFound, WrongState, OfferEnded, Busy),
)
def accept_offer(reference: str) -> ReservationChanged:
    """Take the places that are offered for a payment that came too late.

    Nothing more is paid. Again changes nothing. Where the time to take them is over the money goes back.
    """
    own, view = _own(reference)
    offer = _offered(view)
    orders.accept_offer(view.event_id, payment_id=offer.id, holder=own)
    shown = _shown(offer.bought or reference)
    return ReservationChanged(message=f"{shown.id} is yours.", reservation=shown)


@routes.post(
    "/reservations/<reference>/offer/decline/",
    ReservationChanged,
    scope=BOOK,
    refuses=(NotFound, WrongState, Busy),
)
def decline_offer(reference: str) -> ReservationChanged:
    """Rather have the money back than the places that are offered for it.

    They are on sale again at once. Again changes nothing.
    """
    own, view = _own(reference)
    offer = _offered(view)
    state = orders.decline_offer(view.event_id, payment_id=offer.id, holder=own)
    if state.settlement == "confirmed":
        raise WrongState(state="confirmed")
    shown = _shown(offer.bought or reference)
    return ReservationChanged(
        message=f"{shown.id} is declined. Your money goes back to you.", reservation=shown
    )


class Ticket(Part):
    """`code` is what stands in the QR code, signed; docs/tickets.md says how to check it offline."""

    ticket: Id
    seat_id: Id
    seat_number: str
    area: str
    section: Annotated[str | None, Field(description="The block; null: the area has none.")]
    version: int
    code: str


class TicketList(Answer):
    tickets: list[Ticket]


class SeenVersion(Body):
    """`version` is that of the ticket whose code leaked: a newer one stays as it is."""

    version: Annotated[int, Field(ge=1, le=10**9, examples=[1])]


@routes.get("/reservations/<reference>/tickets/", TicketList, scope=READ, refuses=(NotFound, Busy))
def list_tickets(reference: str) -> TicketList:
    """The tickets of one of your reservations; none until it is confirmed."""
    _, view = _own(reference)
    return ticket_list(view)


@routes.post(
    "/reservations/<reference>/tickets/<int:ticket>/reissue/",
    TicketList,
    scope=BOOK,
    refuses=(NotFound, WrongState, Busy),
)
def reissue_ticket(reference: str, ticket: int, body: SeenVersion) -> TicketList:
    """A new code for one ticket, because somebody else may have the old one.

    What was printed or sent before does not open the door any more.
    """
    own, view = _own(reference)
    tickets.reissue_ticket(
        view.event_id, reservation_id=view.id, ticket=ticket, seen_version=body.version, holder=own
    )
    return ticket_list(view)


def ticket_list(view: ReservationView) -> TicketList:
    config: Config = current_app.extensions["seatbook"]
    places = {place.seat_id: place for place in view.places}
    return TicketList(
        tickets=[
            Ticket(
                ticket=one.ticket,
                seat_id=one.seat_id,
                seat_number=_name(places[one.seat_id]),
                area=places[one.seat_id].area,
                section=places[one.seat_id].section,
                version=one.version,
                code=one.code,
            )
            for one in tickets.tickets_of(view.event_id, reservation_id=view.id, config=config)
            # A place that came in between the two readings is in the next answer.
            if one.seat_id in places
        ]
    )


def _till() -> orders.Till:
    config: Config = current_app.extensions["seatbook"]
    return till_of(config)


def _own(reference: str) -> tuple[HolderRef, ReservationView]:
    """The reservation of whoever asks. Raises NotFound: somebody else's looks as if it were not there."""
    parsed = parse_reference(reference) if reference.isascii() else None
    owner = holder_id()
    if parsed is None or owner is None:
        raise NotFound(what="reservation")
    return holder(), load_reservation(parsed[0], code=parsed[1], holder_id=owner)


def _offered(view: ReservationView) -> PaymentView:
    """The late payment for which places are offered, or were. Raises WrongState: there is none."""
    for payment in reversed(payments_of(view.event_id, reservation_id=view.id)):
        if "offered" in (step.step for step in payment.steps):
            return payment
    raise WrongState(state=view.status)


def _offer(view: ReservationView, *, paid: PaymentLine, now: datetime) -> Offer | None:
    """What is offered for a payment of this reservation, while it can be taken."""
    if paid.settlement != "offered" or paid.settled_code is None:
        return None
    offered = load_reservation(view.event_id, code=paid.settled_code, holder_id=holder_id())
    if offered.status != "pending" or offered.expires_at is None:
        return None
    return Offer(
        reservation_id=offered.reference,
        places=_booked_places(offered),
        total_price=money(offered.total_minor, offered.currency),
        expires_at=offered.expires_at,
        expires_in_seconds=max(0.0, (offered.expires_at - now).total_seconds()),
    )


def _shown(reference: str) -> ReservationWithPayment:
    _, view = _own(reference)
    paid = payment_of(view.event_id, reservation_id=view.id)
    payment = None
    now = read_moment().now
    if paid is not None:
        is_open = paid.status == "open" and view.status == "pending"
        payment = Payment(
            status=paid.status,
            settlement=paid.settlement,
            provider=paid.provider,
            amount=money(paid.amount_minor, paid.currency),
            refunded=money(paid.refunded_minor, paid.currency),
            pay_url=paid.pay_url if is_open else None,
            due_at=paid.due_at,
            offer=_offer(view, paid=paid, now=now),
        )
    return ReservationWithPayment(**_values(view, now), payment=payment)


def _values(view: ReservationView, now: datetime) -> dict[str, Any]:
    expires_at = _until(view)
    return {
        "id": view.reference,
        "event_id": view.event_id,
        "event_name": full_name(view.title, view.event_name),
        "event_date": view.starts_at,
        "venue": view.venue,
        "seats": [_name(place) for place in view.places],
        "places": _booked_places(view),
        "status": view.status,
        "total_price": money(view.total_minor, view.currency),
        "currency": view.currency,
        "created_at": view.created_at,
        "confirmed_at": view.confirmed_at,
        "expires_at": expires_at,
        "expires_in_seconds": max(0.0, (expires_at - now).total_seconds()) if expires_at else None,
        "can_cancel": view.can_cancel,
        "cancel_until": view.cancel_until,
    }


def _until(view: ReservationView) -> datetime | None:
    """Until when its buyer may reserve or pay. Its places may be kept longer, while the provider is asked."""
    if view.status == "pending":
        return view.payment_due_at or view.expires_at
    return view.expires_at if view.status == "held" else None


def _booked_places(view: ReservationView) -> list[BookedPlace]:
    return [
        BookedPlace(
            seat_id=place.seat_id,
            seat_number=_name(place),
            area=place.area,
            section=place.section,
            category=place.category,
            price=money(place.price_minor, view.currency),
            concession=place.concession,
            party_size=place.party_size,
            party_concessions=party_concessions_of(place.party_concessions),
            starts_at=place.starts_at,
            ends_at=place.ends_at,
        )
        for place in view.places
    ]


def _name(place: ReservedPlace) -> str:
    return place.label or place.area
