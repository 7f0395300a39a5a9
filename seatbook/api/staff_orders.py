"""Other places for a purchase, and its tickets at the window."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from seatbook.api.credentials import STAFF, user_id
from seatbook.api.reservations import TicketList, ticket_list
from seatbook.api.routes import Routes
from seatbook.api.shapes import Body, Id
from seatbook.api.staff import OrderChanged, order_details, order_of
from seatbook.domain.inventory import move_purchase
from seatbook.errors import (
    Busy,
    InvalidInput,
    NotFound,
    OtherPrice,
    PartyDoesNotFit,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    WrongState,
)
from seatbook.queries.reservations import load_reservation

routes = Routes("Staff: orders")


class Move(Body):
    """The place of the purchase, and the free one that stands in for it."""

    seat_id: Annotated[Id, Field(examples=[17], description="A place that they bought.")]
    to_seat_id: Annotated[Id, Field(examples=[19], description="A free one of the same price.")]


class Moves(Body):
    moves: Annotated[
        list[Move],
        Field(min_length=1, max_length=1_000, examples=[[{"seat_id": 17, "to_seat_id": 19}]]),
    ]


@routes.get("/staff/reservations/<reference>/tickets/", TicketList, scope=STAFF, refuses=(NotFound, Busy))
def list_order_tickets(reference: str) -> TicketList:
    """The tickets of anybody's reservation, to be handed over; none until it is confirmed."""
    order = order_of(reference)
    return ticket_list(load_reservation(order.event_id, code=order.code, holder_id=order.holder_id))


@routes.post(
    "/staff/reservations/<reference>/move/",
    OrderChanged,
    scope=STAFF,
    refuses=(
        NotFound,
        SeatsTaken,
        OtherPrice,
        PartyDoesNotFit,
        SlotBegun,
        SaleClosed,
        WrongState,
        InvalidInput,
        Busy,
    ),
)
def move_order(reference: str, body: Moves) -> OrderChanged:
    """Give a buyer other places of the same price instead of some that they bought, all or none.

    What was paid stays as it is. The old tickets are void, and a letter with the new ones goes out.
    """
    order = order_of(reference)
    moves = {move.seat_id: move.to_seat_id for move in body.moves}
    if len(moves) < len(body.moves):
        raise InvalidInput(field="moves", reason="A place is moved to one other place.")
    done = move_purchase(order.event_id, reservation_id=order.id, moves=moves, actor_user_id=user_id())
    count = len(done.seat_ids)
    message = (
        "1 place is moved. A letter with the new ticket goes out."
        if count == 1
        else f"{count} places are moved. A letter with the new tickets goes out."
    )
    return OrderChanged(message=message, reservation=order_details(order_of(reference)))
