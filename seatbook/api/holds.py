"""Holding places for a while, giving them back, and buying what is held."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from pydantic import Field

from seatbook.api import limits
from seatbook.api.credentials import BOOK, holder, user_id
from seatbook.api.routes import Routes
from seatbook.api.seats import Seat, some_seats
from seatbook.api.shapes import Answer, Body, Id, Instant, Money, OneOf, Part, Seconds, money
from seatbook.api.words import listed, span
from seatbook.config import Config
from seatbook.domain import inventory, orders
from seatbook.domain.inventory import HoldResult
from seatbook.domain.orders import BegunCheckout, till_of
from seatbook.domain.reference import format_reference
from seatbook.errors import (
    AlreadyYours,
    BasketChanged,
    Busy,
    HoldExpired,
    InvalidInput,
    LeavesSingle,
    NoneTogether,
    NotEnoughLeft,
    NotFound,
    NothingHeld,
    PaymentUnavailable,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
    WrongState,
)
from seatbook.queries.currency import currency_of
from seatbook.queries.seat_names import full_seat_names, seat_names

routes = Routes("Holding and reserving")

MAX_SEATS = 1_000
SeatIds = Annotated[list[Id], Field(min_length=1, max_length=MAX_SEATS, examples=[[17, 18]])]

REFUSE_HOLD = (
    AlreadyYours,
    Busy,
    LeavesSingle,
    NotFound,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
)
REFUSE_RELEASE = (Busy, NotFound, SeatsTaken, WrongState)
REFUSE_RESERVE = (
    BasketChanged,
    Busy,
    HoldExpired,
    LeavesSingle,
    NotFound,
    NothingHeld,
    PaymentUnavailable,
    SaleClosed,
    SeatsTaken,
    WrongState,
)


class LockedSeat(Part):
    id: Id
    seat_number: str
    locked_until: Instant | None
    status: Annotated[str, OneOf("available", "locked")]


class OneLocked(Answer):
    message: Annotated[str, Field(examples=["Seat A1 locked for 5 minutes"])]
    seat: LockedSeat
    expires_at: Instant
    expires_in_seconds: Seconds


class OneUnlocked(Answer):
    message: str
    seat: LockedSeat


class Held(Answer):
    """All that this request got. A second hold of the same event joins the first one and shares its end."""

    message: str
    event_id: Id
    seats: list[Seat]
    expires_at: Instant
    expires_in_seconds: Seconds


class Quantity(Body):
    quantity: Annotated[int, Field(ge=1, le=MAX_SEATS, examples=[2])]


class Wish(Body):
    """What a group wants. `area`, `category`: ids; `max_price_minor` in minor units, 4500 for 45.00 EUR."""

    quantity: Annotated[int, Field(ge=1, le=50, examples=[2])]
    area: Id | None = None
    category: Id | None = None
    max_price_minor: Annotated[int, Field(ge=0, le=10**15)] | None = None
    wheelchair: bool = False


class SeatsWanted(Body):
    seat_ids: SeatIds


class Reserved(Answer):
    """`status` is confirmed, or pending: then `pay_url` is where the buyer pays, until `expires_at`."""

    message: str
    reservation_id: Annotated[str, Field(examples=["7-K2M9QX"])]
    status: Annotated[str, OneOf("confirmed", "pending")]
    seats: list[str]
    total_price: Money
    currency: str
    pay_url: str | None
    expires_at: Instant | None
    expires_in_seconds: Seconds | None


@routes.post(
    "/events/<int:event_id>/seats/<int:seat_id>/lock/",
    OneLocked,
    scope=BOOK,
    refuses=REFUSE_HOLD,
    limits=limits.HOLDING,
)
def lock_seat(event_id: int, seat_id: int) -> OneLocked:
    """Hold one seat for as long as the event allows.

    Holding what you hold already changes nothing.
    """
    held = inventory.hold_seats(event_id, seat_ids=[seat_id], holder=holder())
    name = seat_names(event_id, [seat_id])[seat_id]
    return OneLocked(
        message=f"Seat {name} locked for {span(held.seconds_left)}",
        seat=LockedSeat(id=seat_id, seat_number=name, locked_until=held.expires_at, status="locked"),
        expires_at=held.expires_at,
        expires_in_seconds=held.seconds_left,
    )


@routes.post(
    "/events/<int:event_id>/seats/<int:seat_id>/unlock/", OneUnlocked, scope=BOOK, refuses=REFUSE_RELEASE
)
def unlock_seat(event_id: int, seat_id: int) -> OneUnlocked:
    """Give one held seat back.

    Giving back what is free already changes nothing.
    """
    inventory.release_seats(event_id, seat_ids=[seat_id], holder=holder())
    name = seat_names(event_id, [seat_id])[seat_id]
    return OneUnlocked(
        message=f"Seat {name} unlocked",
        seat=LockedSeat(id=seat_id, seat_number=name, locked_until=None, status="available"),
    )


@routes.post(
    "/events/<int:event_id>/areas/<int:area_id>/hold/",
    Held,
    scope=BOOK,
    refuses=(*REFUSE_HOLD, NotEnoughLeft, InvalidInput),
    limits=limits.HOLDING,
)
def hold_in_area(event_id: int, area_id: int, body: Quantity) -> Held:
    """Hold any N places of a standing or stock area, all or none.

    Asked again it holds as many again: send an Idempotency-Key.
    """
    return held_answer(
        inventory.hold_quantity(event_id, area_id=area_id, quantity=body.quantity, holder=holder())
    )


@routes.post(
    "/events/<int:event_id>/best-available/",
    Held,
    scope=BOOK,
    refuses=(*REFUSE_HOLD, NoneTogether, InvalidInput),
    limits=limits.HOLDING,
)
def hold_best_available(event_id: int, body: Wish) -> Held:
    """Find and hold the best seats together, all or none.

    Asked again it holds as many again: send an Idempotency-Key.
    """
    wish = inventory.Wish(
        body.quantity,
        area_id=body.area,
        category_id=body.category,
        max_price_minor=body.max_price_minor,
        wheelchair=body.wheelchair,
    )
    return held_answer(inventory.hold_best(event_id, wish=wish, holder=holder()))


@routes.post("/events/<int:event_id>/reserve/", Reserved, scope=BOOK, refuses=REFUSE_RESERVE)
def reserve(event_id: int, body: SeatsWanted) -> Reserved:
    """Buy exactly the seats that you hold, or begin to pay for them.

    `seat_ids` are all seats of your hold, so that nothing is bought that you did not see.
    """
    return reserved_answer(reserve_held(event_id, body.seat_ids), body.seat_ids)


def reserve_held(event_id: int, seat_ids: list[int]) -> BegunCheckout:
    """Buy or begin to pay. It needs an account, also in a browser that holds without one. Raises CredentialsNeeded."""
    user_id()
    config: Config = current_app.extensions["seatbook"]
    return orders.reserve_seats(event_id, seat_ids=seat_ids, holder=holder(), till=till_of(config))


def held_answer(held: HoldResult) -> Held:
    seats = some_seats(held.event_id, held.seat_ids)
    return Held(
        message=f"{listed(full_seat_names(held.event_id, held.seat_ids))} held for {span(held.seconds_left)}",
        event_id=held.event_id,
        seats=seats,
        expires_at=held.expires_at,
        expires_in_seconds=held.seconds_left,
    )


def reserved_answer(order: BegunCheckout, seat_ids: list[int]) -> Reserved:
    names = list(seat_names(order.event_id, seat_ids).values())
    full_names = full_seat_names(order.event_id, seat_ids)
    reference = format_reference(order.event_id, order.code)
    currency = currency_of(order.event_id)
    if order.status == "confirmed":
        message = f"{listed(full_names)} reserved: {reference}"
    else:
        message = f"{listed(full_names)} kept for {span(order.seconds_left or 0)} while you pay: {reference}"
    return Reserved(
        message=message,
        reservation_id=reference,
        status=order.status,
        seats=names,
        total_price=money(order.total_minor, currency),
        currency=currency,
        pay_url=order.pay_url,
        expires_at=order.due_at,
        expires_in_seconds=order.seconds_left,
    )
