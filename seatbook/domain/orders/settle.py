"""What becomes of a provider's answer, judged under the locks.

One function takes every answer, wherever it comes from: a notice, a question at
the deadline, the buyer who comes back. Answers may come in any order and any
number of times: `paid` is final, whatever else is told before or after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.checkout import (
    Checkout,
    buy,
    buy_again,
    give_back,
    hold_equal_places,
    lock_checkout,
    set_end,
)
from seatbook.domain.letters import tell_offered, tell_returned, tell_review
from seatbook.domain.orders.rows import (
    NOTICE_ONCE,
    UNDER_WAY,
    PaymentRow,
    change_payment,
    currency_that_came,
    find_payment,
    holder_of_reservation,
    lock_payment,
    note_step,
    owe_refund,
)
from seatbook.domain.transaction import run_transaction
from seatbook.models import Event
from seatbook.payments import Answer, Notice

# A payment that nobody can tell anything about is asked about once an hour.
STUCK_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PaymentState:
    """Where a payment stands: its status, what became of its money, and the reservation that it is for, or
    that it bought after a late payment."""

    event_id: int
    payment_id: int
    status: str
    settlement: str | None
    reservation_id: int


def record_answer(
    event_id: int,
    payment_id: int,
    *,
    answer: Answer | None,
    notice: Notice | None = None,
    at_deadline: bool = False,
    note: str = "",
) -> PaymentState:
    """Write down how a payment stands and everything that follows from it, in one transaction.

    `answer` None: the provider gave none. `notice`: the message that said it, which has an effect once.
    `at_deadline`: the provider was asked because time is up, so its silence is judged too. Locks the
    places, their reservations, the payment. Safe to repeat. Raises NotFound.
    """
    return run_transaction(
        partial(
            _record,
            event_id=event_id,
            payment_id=payment_id,
            answer=answer,
            notice=notice,
            at_deadline=at_deadline,
            note=note,
        )
    )


def _record(
    session: Session,
    *,
    event_id: int,
    payment_id: int,
    answer: Answer | None,
    notice: Notice | None,
    at_deadline: bool,
    note: str,
) -> PaymentState:
    found = find_payment(session, event_id, payment_id)
    if notice is not None and not _is_first(session, found, notice):
        return state_of(find_payment(session, event_id, payment_id))
    checkout = lock_checkout(session, event_id, reservation_id=found.reservation_id)
    payment = lock_payment(session, event_id, payment_id)
    if notice is not None and payment.provider_ref is None:
        # The answer that named the session was lost on its way to us.
        change_payment(session, payment, provider_ref=notice.session_ref)
    if answer is not None and answer.status == "paid":
        _take_money(session, checkout, payment, answer)
    elif payment.status in UNDER_WAY:
        if answer is not None and answer.status in ("failed", "expired"):
            _end_attempt(session, checkout, payment, status=answer.status, note=note)
        else:
            if answer is not None and answer.status == "processing" and payment.status == "open":
                change_payment(session, payment, status="processing")
                note_step(session, event_id, payment_id, "processing")
            if at_deadline:
                _wait_no_longer(session, checkout, payment, is_silent=answer is None, note=note)
    return state_of(find_payment(session, event_id, payment_id))


def state_of(payment: PaymentRow) -> PaymentState:
    reservation_id = payment.settled_reservation_id or payment.reservation_id
    return PaymentState(payment.event_id, payment.id, payment.status, payment.settlement, reservation_id)


def _is_first(session: Session, payment: PaymentRow, notice: Notice) -> bool:
    """Whether this message has had no effect yet. Copies that come at the same moment wait here for the first."""
    row = session.execute(
        NOTICE_ONCE,
        {
            "event": payment.event_id,
            "payment": payment.id,
            "provider": payment.provider,
            "ref": notice.ref,
            "status": notice.answer.status,
        },
    ).one_or_none()
    return row is not None


def _take_money(session: Session, checkout: Checkout, payment: PaymentRow, answer: Answer) -> None:
    """The money is there: decide, once, what it buys."""
    if payment.status == "paid":
        return
    note_step(session, payment.event_id, payment.id, "paid")
    if (answer.amount_minor, answer.currency) != (payment.amount_minor, payment.currency):
        came = (
            f"{answer.amount_minor} {answer.currency} came, {payment.amount_minor} {payment.currency} was due"
        )
        is_other_currency = answer.currency != payment.currency
        _settle(
            session,
            checkout,
            payment,
            "review",
            reason="other_currency" if is_other_currency else "other_amount",
            note=came,
            received_minor=answer.amount_minor or None,
            received_currency=answer.currency if is_other_currency and answer.amount_minor else None,
        )
        tell_review(
            session,
            payment.event_id,
            payment.reservation_id,
            payment_id=payment.id,
            came_minor=answer.amount_minor,
            came_currency=answer.currency,
            due_minor=payment.amount_minor,
            due_currency=payment.currency,
        )
        # Nobody waits for a provider any more: the places are kept until the deadline and no longer.
        _keep_until_due(session, checkout)
        return
    event = terms_of(session, checkout.event_id)
    if refusal := why_not_for_sale(checkout, event):
        _refund_all(session, checkout, payment, reason=refusal)
        return
    buyer = holder_of_reservation(session, checkout.reservation)
    if checkout.is_whole:
        in_time = checkout.now < checkout.reservation.expires_at
        buy(session, checkout, actor=buyer.user_id, late="" if in_time else "same_places")
        _settle(
            session,
            checkout,
            payment,
            "confirmed",
            reservation_id=checkout.reservation.id,
            reason="in_time" if in_time else "late_same_places",
        )
    elif again := buy_again(session, checkout, holder=buyer):
        _settle(session, checkout, payment, "confirmed", reservation_id=again, reason="late_same_places")
    elif (until := _offer_end(checkout, event)) and (
        offered := hold_equal_places(session, checkout, holder=buyer, until=until)
    ):
        _settle(session, checkout, payment, "offered", reservation_id=offered, reason="late_equal_places")
        tell_offered(
            session,
            payment.event_id,
            offered,
            payment_id=payment.id,
            paid_minor=payment.amount_minor,
            currency=payment.currency,
            until=until,
        )
    else:
        _refund_all(session, checkout, payment, reason="late_places_gone")


def terms_of(session: Session, event_id: int) -> Any:
    """What an event says about late money."""
    return session.execute(
        select(Event.status, Event.ends_at, Event.late_offer_seconds).where(Event.id == event_id)
    ).one()


def why_not_for_sale(checkout: Checkout, event: Any) -> str:
    """A code for why the places of a checkout cannot be sold any more, free or not; "": they can."""
    if checkout.reservation.status in ("confirmed", "cancelled"):
        return "bought_already"
    if event.status == "cancelled":
        return "event_cancelled"
    # In time is in time, even when the last minute before the start was spent on paying.
    begun = [seat for seat in checkout.seats if seat.starts_at is not None and seat.starts_at <= checkout.now]
    if not checkout.is_whole and (begun or event.ends_at <= checkout.now):
        return "late_event_over"
    return ""


def _offer_end(checkout: Checkout, event: Any) -> datetime | None:
    """Until when equal places are offered; None: the event offers none. At the latest until nothing is left to come
    to: the end of the event, and the start of each slot."""
    if event.late_offer_seconds is None:
        return None
    starts = [seat.starts_at for seat in checkout.seats if seat.starts_at is not None]
    ends: list[datetime] = [
        checkout.now + timedelta(seconds=event.late_offer_seconds),
        event.ends_at,
        *starts,
    ]
    return min(ends)


def _refund_all(session: Session, checkout: Checkout, payment: PaymentRow, *, reason: str) -> None:
    _settle(session, checkout, payment, "refunded", reason=reason)
    owe_refund(session, payment, amount_minor=payment.amount_minor, reason=reason)
    tell_returned(
        session,
        payment.event_id,
        payment.reservation_id,
        payment_id=payment.id,
        paid_minor=payment.amount_minor,
        currency=currency_that_came(payment),
        reason=reason,
    )
    give_back(session, checkout, by_time=_is_over(checkout))


def _settle(
    session: Session,
    checkout: Checkout,
    payment: PaymentRow,
    settlement: str,
    *,
    reason: str,
    reservation_id: int | None = None,
    note: str = "",
    received_minor: int | None = None,
    received_currency: str | None = None,
) -> None:
    change_payment(
        session,
        payment,
        status="paid",
        paid_at=checkout.now,
        received_minor=received_minor,
        received_currency=received_currency,
        settlement=settlement,
        settled_reservation_id=reservation_id,
        next_ask_at=None,
    )
    if settlement != "refunded":
        note_step(session, payment.event_id, payment.id, settlement, reason=reason, note=note)


def _end_attempt(
    session: Session, checkout: Checkout, payment: PaymentRow, *, status: str, note: str
) -> None:
    """This attempt brings no money. Before the deadline the places stay for another try; after it they are free."""
    change_payment(session, payment, status=status, next_ask_at=None)
    note_step(session, payment.event_id, payment.id, status, note=note)
    if payment.given_up_at is not None:
        give_back(session, checkout, by_time=False)
    elif _is_over(checkout):
        give_back(session, checkout, by_time=True)
    else:
        _keep_until_due(session, checkout)


def _is_over(checkout: Checkout) -> bool:
    due = checkout.reservation.payment_due_at
    return due is not None and bool(due <= checkout.now)


def _keep_until_due(session: Session, checkout: Checkout) -> None:
    """With nobody left to ask, the deadline alone decides: a fact of time, which needs no job."""
    if checkout.reservation.status == "pending":
        due = checkout.reservation.payment_due_at
        set_end(session, checkout, due=due, end=due)


def _wait_no_longer(
    session: Session, checkout: Checkout, payment: PaymentRow, *, is_silent: bool, note: str
) -> None:
    """Asked at the deadline, and still no result. The places wait for the grace, not longer; the payment is
    then stuck, which staff see, and its money takes the way of late payments when it comes."""
    if is_silent and payment.asks <= 1:
        note_step(session, payment.event_id, payment.id, "silent", note=note)
    if payment.stuck_at is None and (
        checkout.reservation.status != "pending" or checkout.reservation.expires_at <= checkout.now
    ):
        give_back(session, checkout, by_time=payment.given_up_at is None)
        change_payment(session, payment, stuck_at=checkout.now, next_ask_at=checkout.now + STUCK_PAUSE)
        note_step(session, payment.event_id, payment.id, "stuck", reason=payment.status)
