"""From the basket to the payment page."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.checkout import Checkout, begin_pending, lock_checkout, set_end
from seatbook.domain.inventory.confirm import confirm_reservation
from seatbook.domain.inventory.reprice import reprice
from seatbook.domain.inventory.rows import checked_id, clock
from seatbook.domain.once import safe_to_repeat
from seatbook.domain.orders.rows import (
    UNDER_WAY,
    PaymentRow,
    add_payment,
    change_payment,
    find_payment,
    lock_payment,
    note_step,
    payment_under_way,
)
from seatbook.domain.orders.settle import record_answer
from seatbook.domain.reference import format_reference
from seatbook.domain.transaction import run_transaction
from seatbook.errors import BasketChanged, HoldExpired, NotFound, PaymentUnavailable, SaleClosed, WrongState
from seatbook.models import Event, Payment
from seatbook.payments import Answer, Charge, ProviderAway, ProviderError
from seatbook.payments import Session as ProviderSession
from seatbook.payments.till import Till


@dataclass(frozen=True, slots=True)
class BegunCheckout:
    """A reservation on its way: `status` is pending, or confirmed when nothing is (or was still) to be paid.

    `pay_url` is the provider's page, where it has one. `due_at` is aware, UTC; `seconds_left` counts from the
    database's clock. `total_minor` is in minor units.
    """

    event_id: int
    reservation_id: int
    code: str
    status: str
    total_minor: int
    payment_id: int | None = None
    pay_url: str | None = None
    due_at: datetime | None = None
    seconds_left: float | None = None


@safe_to_repeat
def begin_checkout(
    event_id: int,
    *,
    reservation_id: int,
    holder: HolderRef,
    till: Till,
    seat_ids: Collection[int] | None = None,
    total_minor: int | None = None,
    return_url: str = "",
) -> BegunCheckout:
    """Keep a held basket for the event's `payment_ttl`, all or none, and open a payment for it.

    `seat_ids` and `total_minor` are what the person saw: other contents, or another price, are refused.

    What costs nothing, or is paid at the window, is confirmed at once. Asking again
    gives the same payment; after one that failed, a new one with what is left of the
    time, which is never extended. When the provider gives no answer the basket is
    pending all the same: asking again goes on where it stopped.

    Raises HoldExpired, BasketChanged, LeavesSingle, SaleClosed, PaymentUnavailable, WrongState (offered for money
    that came already), NotFound.
    """
    begun = run_transaction(
        partial(
            _begin,
            event_id=event_id,
            reservation_id=reservation_id,
            holder=holder,
            seat_ids=seat_ids,
            seen_minor=total_minor,
            provider=till.online.name,
        )
    )
    if isinstance(begun, BegunCheckout):
        return begun
    if begun is None:
        bought = confirm_reservation(
            event_id, reservation_id=reservation_id, holder=holder, seat_ids=seat_ids
        )
        return BegunCheckout(event_id, reservation_id, bought.code, "confirmed", bought.total_minor)
    payment, code, now = begun
    pay_url = payment.pay_url
    if payment.provider_ref is None:
        pay_url = _open_session(payment, code=code, now=now, till=till, return_url=return_url)
    return BegunCheckout(
        event_id,
        reservation_id,
        code,
        "pending",
        payment.amount_minor,
        payment_id=payment.id,
        pay_url=pay_url,
        due_at=payment.due_at,
        seconds_left=(payment.due_at - now).total_seconds(),
    )


Begun = tuple[PaymentRow, str, datetime]


def _begin(
    session: Session,
    *,
    event_id: int,
    reservation_id: int,
    holder: HolderRef,
    seat_ids: Collection[int] | None,
    seen_minor: int | None,
    provider: str,
) -> Begun | BegunCheckout | None:
    """The payment to be made; the reservation, when it is bought already; None: nothing has to be paid online."""
    checkout = lock_checkout(session, event_id, reservation_id=checked_id(reservation_id))
    reservation = checkout.reservation
    if reservation.holder_id != holder.holder_id:
        raise NotFound(what="reservation")
    if reservation.status == "confirmed":
        total: int = reservation.total_minor
        return BegunCheckout(event_id, reservation_id, reservation.code, "confirmed", total)
    if reservation.status not in ("held", "pending"):
        # Somebody may have ended it before its time was over.
        ended = min(reservation.expires_at, reservation.ended_at or reservation.expires_at)
        raise HoldExpired(expired_at=ended.isoformat())
    event = session.execute(
        select(
            Event.payment,
            Event.status,
            Event.currency,
            Event.payment_ttl_seconds,
            Event.payment_grace_seconds,
        ).where(Event.id == event_id)
    ).one()
    if event.status == "cancelled":
        raise SaleClosed(state="cancelled")
    if reservation.status == "held" and event.payment != "online":
        return None
    grace = timedelta(seconds=event.payment_grace_seconds)
    if reservation.status == "held":
        # What costs nothing, perhaps by a code, is nobody's to pay.
        prices = reprice(session, event_id, reservation_id=reservation_id)
        if sum(prices.values()) == 0:
            return None
        ttl = timedelta(seconds=event.payment_ttl_seconds)
        checkout, due = begin_pending(session, checkout, seen=seat_ids, ttl=ttl, grace=grace)
        if seen_minor is not None and checkout.total_minor != seen_minor:
            # A concession or a code was changed in another window: nobody pays a price that they did not see.
            raise BasketChanged()
    else:
        if _is_offer(session, event_id, reservation_id):
            # What was offered for money that came late is taken or declined, and nobody pays for it twice.
            raise WrongState(state="paid")
        due = reservation.payment_due_at
        under_way = payment_under_way(session, event_id, reservation_id)
        if under_way is not None:
            if under_way.given_up_at is not None or due <= checkout.now:
                raise HoldExpired(expired_at=min(due, under_way.given_up_at or due).isoformat())
            return under_way, reservation.code, checkout.now
        if due <= checkout.now or not checkout.is_whole:
            raise HoldExpired(expired_at=min(due, checkout.now).isoformat())
        set_end(session, checkout, due=due, end=due + grace)
    return _add(session, checkout, event, due=due, provider=provider), reservation.code, checkout.now


def _is_offer(session: Session, event_id: int, reservation_id: int) -> bool:
    offered = select(Payment.id).where(
        Payment.event_id == event_id,
        Payment.settled_reservation_id == reservation_id,
        Payment.settlement == "offered",
    )
    return session.scalar(offered) is not None


def _add(session: Session, checkout: Checkout, event: Any, *, due: datetime, provider: str) -> PaymentRow:
    payment_id = add_payment(
        session,
        event_id=checkout.event_id,
        reservation_id=checkout.reservation.id,
        provider=provider,
        amount_minor=checkout.total_minor,
        currency=event.currency,
        due_at=due,
        next_ask_at=due,
    )
    note_step(session, checkout.event_id, payment_id, "begun", reason=provider)
    return find_payment(session, checkout.event_id, payment_id)


def _open_session(
    payment: PaymentRow, *, code: str, now: datetime, till: Till, return_url: str
) -> str | None:
    """Ask the provider for its session and remember it; its page. No transaction is open meanwhile."""
    charge = Charge(
        event_id=payment.event_id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=format_reference(payment.event_id, code),
        seconds=(payment.due_at - now).total_seconds(),
        return_url=return_url,
    )
    try:
        provider = till.of(payment.provider)
        opened = provider.open_session(charge)
    except ProviderAway as error:
        raise PaymentUnavailable() from error
    except ProviderError as error:
        # It will not take this one: the attempt is over, and the places wait for another until the deadline.
        record_answer(payment.event_id, payment.id, answer=Answer("failed"), note=str(error))
        raise PaymentUnavailable() from error
    if run_transaction(partial(_remember, payment=payment, opened=opened)):
        return opened.pay_url
    # The time ended while the provider took its own: nobody may pay for what is not kept.
    with suppress(ProviderError):
        provider.end_session(opened.ref)
    raise HoldExpired(expired_at=payment.due_at.isoformat())


def _remember(session: Session, *, payment: PaymentRow, opened: ProviderSession) -> bool:
    """Write down the session; whether the payment is still wanted."""
    current = lock_payment(session, payment.event_id, payment.id)
    if current.provider_ref is None:
        change_payment(session, current, provider_ref=opened.ref, pay_url=opened.pay_url)
    return current.status in UNDER_WAY and current.given_up_at is None and clock(session) < current.due_at
