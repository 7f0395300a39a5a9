"""Outgoing mail: written in the transaction that causes it, sent after its commit.

A mail is a row of the outbox, so it exists exactly when what it tells of was
committed. Delivering takes one mail after the other, in three steps:

1. a short transaction takes the oldest due mail (SKIP LOCKED, so any number of
   deliveries may run) and puts its next attempt into the future;
2. it is sent, with no transaction open and no lock held;
3. a short transaction writes down what became of it.

A process that dies between 2 and 3 leaves a mail that goes out a second time
when its next attempt comes: twice is better than never. Both copies carry the
same Message-ID, by which mail programs tell that they are one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from seatbook.domain.transaction import run_transaction
from seatbook.models import Mail

log = logging.getLogger(__name__)

# After each failure the pause doubles: 1, 2, 4 … minutes, so the twelfth and last attempt comes
# 34 hours after the first. Then somebody has to look: the row stays, with its last error.
FIRST_PAUSE_SECONDS = 60
MAX_ATTEMPTS = 12
# A slow mail server must not keep a worker from its other jobs.
MAX_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be: plain text to one recipient."""

    recipient: str
    subject: str
    body_text: str


class Undeliverable(Exception):
    """A letter did not go out. `forever` says that trying again is of no use. The text is for the operator."""

    def __init__(self, reason: str, *, forever: bool = False) -> None:
        super().__init__(reason)
        self.forever = forever


class CarrierAway(Undeliverable):
    """The mail server can't be reached, or lets nobody in: the next letter would fare no better now."""


class Carrier(Protocol):
    """What takes a letter away. `carry` raises Undeliverable, or CarrierAway."""

    def carry(self, letter: Letter, *, message_number: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery did: letters sent, and attempts that failed."""

    sent: int
    failed: int


def put_in_outbox(session: Session, letter: Letter) -> None:
    """Write `letter` within the transaction of what it tells."""
    session.execute(
        insert(Mail).values(recipient=letter.recipient, subject=letter.subject, body_text=letter.body_text)
    )


def deliver_mail(
    *, carrier: Carrier, batch: int = 100, should_stop: Callable[[], bool] = lambda: False
) -> Delivery:
    """Send up to `batch` due mails, for about MAX_SECONDS. Safe to run any number at once.

    A letter that is refused never stops the rest; a mail server that is away does.
    """
    sent = failed = 0
    ends_at = time.monotonic() + MAX_SECONDS
    while sent + failed < batch and time.monotonic() < ends_at and not should_stop():
        taken = run_transaction(_take_due)
        if taken is None:
            break
        try:
            carrier.carry(taken.letter, message_number=taken.id)
        except Undeliverable as error:
            failed += 1
            _note_failure(taken, error)
            if isinstance(error, CarrierAway):
                break
        else:
            sent += 1
            run_transaction(partial(_note_sent, mail_id=taken.id))
    return Delivery(sent, failed)


@dataclass(frozen=True, slots=True)
class _Taken:
    id: int
    attempt: int
    letter: Letter


def _take_due(session: Session) -> _Taken | None:
    """Take the oldest due mail for one attempt. Locks its row, for this short transaction only."""
    now = func.clock_timestamp()
    row = session.execute(
        select(Mail.id, Mail.recipient, Mail.subject, Mail.body_text, Mail.attempts)
        .where(Mail.sent_at.is_(None), Mail.next_attempt_at <= now, Mail.attempts < MAX_ATTEMPTS)
        .order_by(Mail.next_attempt_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    ).one_or_none()
    if row is None:
        return None
    pause = timedelta(seconds=FIRST_PAUSE_SECONDS * 2**row.attempts)
    session.execute(
        update(Mail)
        .where(Mail.id == row.id)
        .values(attempts=row.attempts + 1, next_attempt_at=now + pause)
        .execution_options(synchronize_session=False)
    )
    return _Taken(row.id, row.attempts + 1, Letter(row.recipient, row.subject, row.body_text))


def _note_sent(session: Session, *, mail_id: int) -> None:
    session.execute(
        update(Mail)
        .where(Mail.id == mail_id)
        .values(sent_at=func.clock_timestamp(), last_error=None)
        .execution_options(synchronize_session=False)
    )


def _note_failure(taken: _Taken, error: Undeliverable) -> None:
    given_up = error.forever or taken.attempt >= MAX_ATTEMPTS
    log.log(
        logging.ERROR if given_up else logging.WARNING,
        "Mail %s did not go out at attempt %s of %s%s: %s",
        taken.id,
        taken.attempt,
        MAX_ATTEMPTS,
        ", and will not be tried again" if given_up else "",
        error,
    )
    values: dict[str, str | int] = {"last_error": str(error)[:1_000]}
    if error.forever:
        values["attempts"] = MAX_ATTEMPTS
    query = update(Mail).where(Mail.id == taken.id).values(values)
    run_transaction(lambda session: session.execute(query.execution_options(synchronize_session=False)))
