"""Money that needs a person: asking a provider, deciding about what was not asked for, refunds by hand."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from pydantic import Field

from seatbook.api.credentials import STAFF, user_id
from seatbook.api.routes import Routes
from seatbook.api.shapes import Body, OneOf, Text
from seatbook.api.staff import OrderChanged, order_details, order_of
from seatbook.config import Config
from seatbook.domain import orders
from seatbook.domain.orders import till_of
from seatbook.domain.orders.review import DECISIONS
from seatbook.errors import (
    Busy,
    CodeRefused,
    InvalidInput,
    NotFound,
    SaleClosed,
    SeatsTaken,
    TooManySeats,
    WrongState,
)
from seatbook.queries.staff_order import OrderView

routes = Routes("Staff: money")


class Decided(Body):
    """accept: sell for what came. refund_difference: sell, and give back what was too much. refund_all. Which of them
    are possible depends on what came. `note` is for the record."""

    decision: Annotated[str, OneOf(*DECISIONS), Field(examples=["refund_all"])]
    note: Annotated[Text, Field(max_length=200)] = ""


@routes.post(
    "/staff/reservations/<reference>/give-up/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, Busy),
)
def give_up_order(reference: str) -> OrderChanged:
    """End a checkout for its buyer: its places are on sale again as soon as the provider takes no more money.

    Again changes nothing.
    """
    order = order_of(reference)
    orders.give_up_checkout(
        order.event_id, reservation_id=order.id, holder=None, actor_user_id=user_id(), till=_till()
    )
    now = order_details(order_of(reference))
    return OrderChanged(message=f"{order.reference} is {now.status} now.", reservation=now)


@routes.post(
    "/staff/reservations/<reference>/payments/<int:payment_id>/ask/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, Busy),
)
def ask_provider(reference: str, payment_id: int) -> OrderChanged:
    """Ask the provider how a payment stands.

    Where it gives no answer nothing changes.
    """
    order = _with_payment(reference, payment_id)
    state = orders.ask_payment(order.event_id, payment_id=payment_id, till=_till(), actor_user_id=user_id())
    return _changed(reference, f"The payment is {state.status}.")


@routes.post(
    "/staff/reservations/<reference>/payments/<int:payment_id>/decide/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, InvalidInput, SaleClosed, SeatsTaken, TooManySeats, CodeRefused, Busy),
)
def decide_payment(reference: str, payment_id: int, body: Decided) -> OrderChanged:
    """Decide about money that was not what was asked for, once.

    Deciding the same again changes nothing.
    """
    order = _with_payment(reference, payment_id)
    state = orders.decide_review(
        order.event_id,
        payment_id=payment_id,
        decision=body.decision,
        actor_user_id=user_id(),
        note=body.note.strip(),
    )
    is_sold = state.settlement == "confirmed"
    return _changed(reference, f"Decided: {'the places are sold' if is_sold else 'the money goes back'}.")


@routes.post(
    "/staff/reservations/<reference>/refunds/<int:refund_id>/again/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, Busy),
)
def try_refund_again(reference: str, refund_id: int) -> OrderChanged:
    """Give a refund to the provider once more, within a minute."""
    order = _with_refund(reference, refund_id)
    orders.try_refund_again(order.event_id, refund_id=refund_id, actor_user_id=user_id())
    return _changed(reference, "The refund is tried again.")


@routes.post(
    "/staff/reservations/<reference>/refunds/<int:refund_id>/paid-out/",
    OrderChanged,
    scope=STAFF,
    refuses=(NotFound, WrongState, Busy),
)
def note_paid_out(reference: str, refund_id: int) -> OrderChanged:
    """Put on record that the money of a refund was given back by hand.

    Again changes nothing.
    """
    order = _with_refund(reference, refund_id)
    orders.note_paid_out(order.event_id, refund_id=refund_id, actor_user_id=user_id())
    return _changed(reference, "The money was paid out.")


def _changed(reference: str, message: str) -> OrderChanged:
    return OrderChanged(message=message, reservation=order_details(order_of(reference)))


def _with_payment(reference: str, payment_id: int) -> OrderView:
    """The order that this is a payment of: another one's is not found."""
    order = order_of(reference)
    if payment_id not in {payment.id for payment in order.payments}:
        raise NotFound(what="payment")
    return order


def _with_refund(reference: str, refund_id: int) -> OrderView:
    order = order_of(reference)
    if refund_id not in {refund.id for payment in order.payments for refund in payment.refunds}:
        raise NotFound(what="refund")
    return order


def _till() -> orders.Till:
    config: Config = current_app.extensions["seatbook"]
    return till_of(config)
