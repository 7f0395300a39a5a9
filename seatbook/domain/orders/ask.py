"""Asking providers how a payment stands, hearing what they tell, and ending what was not paid."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import func
from sqlalchemy.orm import Session

from seatbook import payments
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.checkout import give_back, lock_checkout, set_end
from seatbook.domain.inventory.rows import checked_id
from seatbook.domain.once import safe_to_repeat
from seatbook.domain.orders.rows import (
    UNDER_WAY,
    PaymentRow,
    change_payment,
    due_and_locked,
    find_payment,
    lock_payment,
    payment_under_way,
)
from seatbook.domain.orders.settle import STUCK_PAUSE, PaymentState, record_answer, state_of
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound, NoticeRefused, SeatbookError, WrongState
from seatbook.models import Payment
from seatbook.payments import Answer, ProviderError
from seatbook.payments.till import Till

log = logging.getLogger("seatbook.orders")

# Between two questions about one payment; it doubles up to a minute.
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 60
# A provider that is slow must not keep a worker from its other jobs.
MAX_SECONDS = 20


@dataclass(frozen=True, slots=True)
class AskedPayments:
    """What one round of asking did: payments by how they stand now, and how many got no answer."""

    paid: int
    ended: int
    waiting: int
    failed: int


def ask_due_payments(
    *, till: Till, batch: int = 100, should_stop: Callable[[], bool] = lambda: False
) -> AskedPayments:
    """Ask about every payment whose time is up, before its places lapse; up to `batch`, for about MAX_SECONDS.

    Paid: confirmed. On its way: its places wait for the event's grace. Else the provider ends it too, and the
    places are free. Safe to run any number at once; one that fails never stops the rest.
    """
    paid = ended = waiting = failed = 0
    ends_at = time.monotonic() + MAX_SECONDS
    for _ in range(batch):
        if should_stop() or time.monotonic() > ends_at:
            break
        due = run_transaction(_take_due)
        if due is None:
            break
        try:
            state = _ask(due, till=till)
        except SeatbookError as error:
            log.warning("Payment %s of event %s waits for its next turn: %s", due.id, due.event_id, error)
            failed += 1
            continue
        paid += state.status == "paid"
        ended += state.status in ("failed", "expired")
        waiting += state.status in UNDER_WAY
    return AskedPayments(paid, ended, waiting, failed)


@safe_to_repeat
def ask_payment(
    event_id: int, *, payment_id: int, till: Till, actor_user_id: int | None = None
) -> PaymentState:
    """How it stands, asked now: for a buyer who comes back before any message did. Ends nothing before its time.

    `actor_user_id` is who of the staff asks, which goes on their record. Raises NotFound.
    """
    taken = run_transaction(partial(_take, event_id=event_id, payment_id=payment_id, asked_by=actor_user_id))
    if taken.status not in UNDER_WAY:
        return state_of(taken)
    return _ask(taken, till=till)


def take_notice(
    provider_name: str, *, body: bytes, headers: Mapping[str, str], till: Till
) -> PaymentState | None:
    """A provider's message, as raw as it came: any order, any number of times, one effect.

    None: it is about nothing of ours. Raises NoticeRefused (not signed by it, or too long ago), NotFound.
    """
    try:
        notice = till.of(provider_name).read_notice(body, headers)
    except payments.NoticeRefused as error:
        log.warning("A message of %s was refused: %s", provider_name, error)
        raise NoticeRefused() from error
    except ProviderError as error:
        raise NotFound(what="payment") from error
    if notice is None:
        return None
    payment = run_transaction(
        lambda session: find_payment(session, notice.event_id, checked_id(notice.payment_id))
    )
    is_of_session = payment.provider_ref in (None, notice.session_ref)
    if payment.provider != provider_name or not is_of_session:
        raise NotFound(what="payment")
    return record_answer(notice.event_id, notice.payment_id, answer=notice.answer, notice=notice)


@safe_to_repeat
def give_up_checkout(
    event_id: int,
    *,
    reservation_id: int,
    holder: HolderRef | None,
    till: Till,
    actor_user_id: int | None = None,
) -> str:
    """The buyer goes back instead of paying: the places are free as soon as the provider takes no more money.
    `holder` None: staff do it for a buyer, on their record.

    The reservation's status then: released; confirmed, when it was paid a moment before; pending, when
    the provider gives no answer, in which case it is asked again until the grace ends. Repeating it is safe.
    Raises WrongState, NotFound.
    """
    payment = run_transaction(
        partial(
            _give_up,
            event_id=event_id,
            reservation_id=checked_id(reservation_id),
            holder=holder,
            actor=holder.user_id if holder else actor_user_id,
        )
    )
    if payment is not None:
        _ask(payment, till=till)

    def look(session: Session) -> str:
        status: str = lock_checkout(session, event_id, reservation_id=reservation_id).reservation.status
        return status

    return run_transaction(look)


def _give_up(
    session: Session, *, event_id: int, reservation_id: int, holder: HolderRef | None, actor: int | None
) -> PaymentRow | None:
    checkout = lock_checkout(session, event_id, reservation_id=reservation_id)
    reservation = checkout.reservation
    if holder is not None and reservation.holder_id != holder.holder_id:
        raise NotFound(what="reservation")
    if reservation.status in ("released", "expired"):
        return None
    if reservation.status != "pending":
        raise WrongState(state=reservation.status)
    if holder is None:
        note_staff_act(session, event_id, "gave_up", actor=actor, reservation_id=reservation_id)
    under_way = payment_under_way(session, event_id, reservation_id)
    if under_way is None:
        give_back(session, checkout, by_time=False, actor=actor)
        return None
    if under_way.given_up_at is None:
        # The time to pay is over now; how long the places may wait for the provider stays as it was.
        due = min(checkout.now, reservation.payment_due_at)
        set_end(session, checkout, due=due, end=reservation.expires_at)
        payment = lock_payment(session, event_id, under_way.id)
        change_payment(session, payment, given_up_at=checkout.now, due_at=due, next_ask_at=checkout.now)
    return _take(session, event_id=event_id, payment_id=under_way.id)


def _take_due(session: Session) -> PaymentRow | None:
    payment = due_and_locked(
        session,
        Payment.status.in_(UNDER_WAY),
        Payment.next_ask_at <= func.statement_timestamp(),
        order_by=Payment.next_ask_at,
    )
    return None if payment is None else _take(session, event_id=payment.event_id, payment_id=payment.id)


def _take(session: Session, *, event_id: int, payment_id: int, asked_by: int | None = None) -> PaymentRow:
    """Take a payment for one question, and put the next one into the future: another worker asks about others."""
    payment = lock_payment(session, event_id, payment_id)
    note_staff_act(session, event_id, "asked_provider", actor=asked_by, reservation_id=payment.reservation_id)
    if payment.status in UNDER_WAY:
        pause = timedelta(
            seconds=min(FIRST_PAUSE_SECONDS * 2 ** min(payment.asks, 10), LONGEST_PAUSE_SECONDS)
        )
        if payment.stuck_at is not None:
            pause = STUCK_PAUSE
        # A question before the deadline never puts off the one at it.
        following = func.greatest(func.clock_timestamp() + pause, payment.due_at)
        change_payment(session, payment, asks=payment.asks + 1, next_ask_at=following)
    return find_payment(session, event_id, payment_id)


def _ask(payment: PaymentRow, *, till: Till) -> PaymentState:
    """One question, with no transaction open; past the deadline the provider is told to take no more money."""
    is_over = run_transaction(lambda session: session.scalar(func.clock_timestamp())) >= payment.due_at
    answer: Answer | None
    note = ""
    try:
        answer = _answer_of(payment, till=till, is_over=is_over)
    except ProviderError as error:
        answer, note = None, str(error)
        log.warning("%s has no answer about payment %s: %s", payment.provider, payment.id, error)
    return record_answer(payment.event_id, payment.id, answer=answer, at_deadline=is_over, note=note)


def _answer_of(payment: PaymentRow, *, till: Till, is_over: bool) -> Answer:
    if payment.provider_ref is None:
        # Nobody was ever shown a page to pay at.
        return Answer("expired" if is_over else "open")
    provider = till.of(payment.provider)
    answer = provider.look(payment.provider_ref)
    if is_over and answer.status == "open":
        answer = provider.end_session(payment.provider_ref)
    return answer
