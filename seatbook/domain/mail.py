"""Outgoing mail: written in the transaction that causes it, sent after its commit.

A mail is a row of the outbox, so it exists exactly when what it tells of was
committed. What is told about a reservation (`domain/letters.py`) is a row of facts until then,
and gets its words on its way out. Delivering takes one mail after the other, in three steps:

1. a short transaction takes the oldest due mail (SKIP LOCKED, so any number of
   deliveries may run) and puts its next attempt into the future;
2. it is worded, where it has no words yet, and sent, with no transaction open and no lock held;
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
from typing import Any, Protocol

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound
from seatbook.models import Mail

log = logging.getLogger(__name__)

# After each failure the pause doubles: 1, 2, 4 … minutes, so the twelfth and last attempt comes
# 34 hours after the first. Then somebody has to look: the row stays, with its last error.
FIRST_PAUSE_SECONDS = 60
MAX_ATTEMPTS = 12
# Of what was sent, so long can be read what it said. It names people and what they bought.
KEPT_DAYS = 90
PURGED_AT_ONCE = 1_000
# A slow mail server must not keep a worker from its other jobs.
MAX_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter. `content_type` is a media type, perhaps with parameters."""

    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be: plain text to one recipient, perhaps the same as HTML too, and files."""

    recipient: str
    subject: str
    body_text: str
    body_html: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A letter without words: what it tells, in the shape of `domain/letters.py`, and in which language.

    `language` is a locale ("de", "de_CH"), or None where the recipient never chose one.
    """

    kind: str
    recipient: str
    language: str | None
    event_id: int
    reservation_id: int
    data: dict[str, Any]


Writer = Callable[[Told], Letter]


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


def _words_missing(told: Told) -> Letter:
    raise Undeliverable(f"nobody here can word a letter of the kind {told.kind!r}")


def deliver_mail(
    *,
    carrier: Carrier,
    write: Writer = _words_missing,
    batch: int = 100,
    should_stop: Callable[[], bool] = lambda: False,
) -> Delivery:
    """Send up to `batch` due mails, for about MAX_SECONDS. Safe to run any number at once.

    `write` gives words to what is told. A letter that is refused, or that cannot be
    worded, never stops the rest; a mail server that is away does.
    """
    sent = failed = 0
    ends_at = time.monotonic() + MAX_SECONDS
    while sent + failed < batch and time.monotonic() < ends_at and not should_stop():
        taken = run_transaction(_take_due)
        if taken is None:
            break
        try:
            letter = taken.letter if isinstance(taken.letter, Letter) else _worded(taken.letter, write=write)
            carrier.carry(letter, message_number=taken.id)
        except Undeliverable as error:
            failed += 1
            _note_failure(taken, error)
            if isinstance(error, CarrierAway):
                break
        else:
            sent += 1
            run_transaction(partial(_note_sent, mail_id=taken.id, letter=letter))
    return Delivery(sent, failed)


@dataclass(frozen=True, slots=True)
class _Taken:
    id: int
    attempt: int
    letter: Letter | Told


def _worded(told: Told, *, write: Writer) -> Letter:
    """A fault in one letter's words is the operator's to see, and holds up no other letter."""
    try:
        # What it reads is read in one transaction, which is over before anything is sent.
        return run_transaction(lambda session: write(told))
    except (DBAPIError, Undeliverable):
        raise
    except Exception as error:
        log.exception("A letter of the kind %s could not be worded", told.kind)
        raise Undeliverable(f"it could not be worded: {error!r}") from error


def _take_due(session: Session) -> _Taken | None:
    """Take the oldest due mail for one attempt. Locks its row, for this short transaction only."""
    now = func.clock_timestamp()
    row = session.execute(
        select(*Mail.__table__.columns)
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
    return _Taken(row.id, row.attempts + 1, letter_of(row))


def letter_of(row: Any) -> Letter | Told:
    """What a row of the outbox is: a letter, or what it will tell."""
    if row.body_text is not None:
        return Letter(row.recipient, row.subject, row.body_text, row.body_html)
    return Told(row.kind, row.recipient, row.language, row.event_id, row.reservation_id, row.data)


def _note_sent(session: Session, *, mail_id: int, letter: Letter) -> None:
    """What went is kept as it went: the next release may word it otherwise."""
    session.execute(
        update(Mail)
        .where(Mail.id == mail_id)
        .values(
            sent_at=func.clock_timestamp(),
            last_error=None,
            subject=letter.subject,
            body_text=letter.body_text,
            body_html=letter.body_html,
        )
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


def try_again(mail_id: int) -> None:
    """A letter that was given up, or waits for its next attempt, is due now, with all its attempts.

    One that was sent stays so. Raises NotFound.
    """

    def act(session: Session) -> None:
        row = session.execute(select(Mail.id, Mail.sent_at).where(Mail.id == mail_id)).one_or_none()
        if row is None:
            raise NotFound(what="letter")
        session.execute(
            update(Mail)
            .where(Mail.id == mail_id, Mail.sent_at.is_(None))
            .values(attempts=0, next_attempt_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )

    run_transaction(act)


def purge_sent_mail(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Forget letters KEPT_DAYS after they were sent; how many. Safe to run any number at once."""
    purged = 0
    while not should_stop():
        gone = run_transaction(_purge_some)
        purged += gone
        if gone < PURGED_AT_ONCE:
            break
    return purged


def _purge_some(session: Session) -> int:
    old = (
        select(Mail.id)
        .where(Mail.sent_at < func.clock_timestamp() - timedelta(days=KEPT_DAYS))
        .order_by(Mail.sent_at)
        .limit(PURGED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return len(
        session.scalars(
            delete(Mail)
            .where(Mail.id.in_(old))
            .returning(Mail.id)
            .execution_options(synchronize_session=False)
        ).all()
    )
