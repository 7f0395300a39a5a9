"""Giving promised money to the provider: after the commit, by a job, once for each refund."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from seatbook.domain.letters import tell_refunded
from seatbook.domain.orders.rows import (
    change_refund,
    currency_that_came,
    due_refund,
    find_payment,
    lock_refund,
    note_step,
)
from seatbook.domain.transaction import run_transaction
from seatbook.payments import ProviderAway, ProviderError, Receipt
from seatbook.payments.till import Till

log = logging.getLogger("seatbook.orders")

FIRST_PAUSE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 3_600
MAX_SECONDS = 20


@dataclass(frozen=True, slots=True)
class SentRefunds:
    """Refunds that are with the buyer's bank now, that wait for a provider who is away, and that somebody
    must look at."""

    done: int
    waiting: int
    failed: int


def send_due_refunds(
    *, till: Till, batch: int = 100, should_stop: Callable[[], bool] = lambda: False
) -> SentRefunds:
    """Give back what is due, for about MAX_SECONDS. Safe to run any number at once, and to die anywhere: the
    provider knows each refund by its key. One that it refuses waits for a person."""
    counts = {"done": 0, "waiting": 0, "failed": 0}
    ends_at = time.monotonic() + MAX_SECONDS
    for _ in range(batch):
        if should_stop() or time.monotonic() > ends_at:
            break
        taken = run_transaction(_take_due)
        if taken is None:
            break
        counts[_send(*taken, till=till)] += 1
    return SentRefunds(**counts)


def _take_due(session: Session) -> tuple[Any, Any] | None:
    """Take one refund for one attempt; the next is put into the future."""
    refund = due_refund(session)
    if refund is None:
        return None
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(refund.attempts, 12), LONGEST_PAUSE_SECONDS)
    change_refund(
        session,
        refund,
        attempts=refund.attempts + 1,
        next_attempt_at=func.clock_timestamp() + timedelta(seconds=pause),
    )
    return refund, find_payment(session, refund.event_id, refund.payment_id)


def _send(refund: Any, payment: Any, *, till: Till) -> str:
    try:
        receipt = till.of(payment.provider).refund(
            payment.provider_ref, amount_minor=refund.amount_minor, key=f"{refund.event_id}-{refund.id}"
        )
    except ProviderError as error:
        log.warning("Refund %s of event %s did not go out: %s", refund.id, refund.event_id, error)
        is_final = not isinstance(error, ProviderAway)
        run_transaction(partial(_note_failure, refund=refund, error=str(error), is_final=is_final))
        return "failed" if is_final else "waiting"
    run_transaction(partial(note_done, refund=refund, receipt=receipt))
    return "done"


def note_done(
    session: Session, *, refund: Any, receipt: Receipt, actor: int | None = None, is_by_hand: bool = False
) -> None:
    """The money is with the buyer, or their bank. Repeating it changes nothing, and tells nothing again."""
    current = lock_refund(session, refund.event_id, refund.id)
    if current.status != "done":
        change_refund(
            session,
            current,
            status="done",
            done_at=func.clock_timestamp(),
            provider_ref=receipt.ref,
            last_error=None,
        )
        note_step(
            session,
            refund.event_id,
            refund.payment_id,
            "refunded",
            reason=refund.reason,
            note=receipt.ref,
            actor=actor,
        )
        _tell(session, current, is_done=True, is_by_hand=is_by_hand)


def _note_failure(session: Session, *, refund: Any, error: str, is_final: bool) -> None:
    current = lock_refund(session, refund.event_id, refund.id)
    if current.status != "due":
        return
    if is_final:
        change_refund(session, current, status="failed", last_error=error[:1_000])
        note_step(session, refund.event_id, refund.payment_id, "refund_failed", note=error)
        _tell(session, current, is_done=False)
    else:
        change_refund(session, current, last_error=error[:1_000])


def _tell(session: Session, refund: Any, *, is_done: bool, is_by_hand: bool = False) -> None:
    payment = find_payment(session, refund.event_id, refund.payment_id)
    if payment.provider == "counter" and not is_done:
        # Its letter of cancellation said already that the box office pays it out: there is no other way.
        return
    tell_refunded(
        session,
        refund.event_id,
        payment.settled_reservation_id or payment.reservation_id,
        refund_id=refund.id,
        amount_minor=refund.amount_minor,
        currency=currency_that_came(payment),
        provider="counter" if is_by_hand else payment.provider,
        is_done=is_done,
    )
