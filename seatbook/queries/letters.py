"""Letters as staff look for them: by recipient, reference and state, newest first, and one as it was worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select

from seatbook.domain.mail import MAX_ATTEMPTS, Letter, Told, letter_of
from seatbook.domain.reference import format_reference, parse_reference
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Mail
from seatbook.queries.moment import CLOCK

ON_A_PAGE = 50
# What becomes of a letter: it waits for its (next) attempt, it went, or all attempts are used up.
LETTER_STATES = ("waiting", "sent", "failed")

_IS_FAILED = and_(Mail.sent_at.is_(None), Mail.attempts >= MAX_ATTEMPTS)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "sent": Mail.sent_at.is_not(None),
    "failed": _IS_FAILED,
    "waiting": and_(Mail.sent_at.is_(None), Mail.attempts < MAX_ATTEMPTS),
}


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in one line. Times are aware, UTC. `kind` as in `domain/letters.py`; None: one with words of its
    own, which are its recipient's business. Times are shown in `time_zone`; `now` is the database's clock."""

    id: int
    kind: str | None
    recipient: str
    subject: str | None
    reference: str | None
    state: str
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime
    attempts: int
    last_error: str | None
    time_zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class FoundLetters:
    """The newest letters that fit, and from where the next page goes on (None: these are all)."""

    lines: tuple[LetterLine, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter: `worded` as it went, None where it waits for its words; `told` what it tells, None where it
    has no kind."""

    line: LetterLine
    worded: Letter | None
    told: Told | None


def find_letters(*, words: str = "", state: str = "", before: int | None = None) -> FoundLetters:
    """`words`: a reference, or how a mail address begins. `before`: only letters older than that id."""
    conditions = []
    if words:
        begins = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        fits: list[ColumnElement[bool]] = [func.lower(Mail.recipient).like(begins, escape="\\")]
        if reference := parse_reference(words):
            fits.append(and_(Mail.event_id == reference[0], Mail.data["code"].astext == reference[1]))
        conditions.append(or_(*fits))
    if state:
        conditions.append(_CONDITIONS[state])
    if before is not None:
        conditions.append(Mail.id < before)
    rows = db.session.execute(
        _letters().where(*conditions).order_by(Mail.id.desc()).limit(ON_A_PAGE + 1)
    ).all()
    lines = tuple(_line(row) for row in rows[:ON_A_PAGE])
    return FoundLetters(lines, before=lines[-1].id if len(rows) > ON_A_PAGE else None)


def load_letter(mail_id: int) -> LetterView:
    """Raises NotFound."""
    row = db.session.execute(_letters().where(Mail.id == mail_id)).one_or_none()
    if row is None:
        raise NotFound(what="letter")
    told = None
    if row.kind is not None:
        told = Told(row.kind, row.recipient, row.language, row.event_id, row.reservation_id, row.data)
    worded = letter_of(row)
    return LetterView(_line(row), worded if isinstance(worded, Letter) else None, told)


def _letters() -> Select[*tuple[Any, ...]]:
    state = case(
        (Mail.sent_at.is_not(None), literal_column("'sent'")),
        (_IS_FAILED, literal_column("'failed'")),
        else_=literal_column("'waiting'"),
    )
    return select(*Mail.__table__.columns, state.label("state"), CLOCK.label("now"))


def _line(row: Any) -> LetterLine:
    reference = format_reference(row.event_id, row.data["code"]) if row.kind and row.event_id else None
    return LetterLine(
        id=row.id,
        kind=row.kind,
        recipient=row.recipient,
        subject=row.subject,
        reference=reference,
        state=row.state,
        created_at=row.created_at,
        sent_at=row.sent_at,
        next_attempt_at=row.next_attempt_at,
        attempts=row.attempts,
        last_error=row.last_error,
        # A letter about no event has no place on earth.
        time_zone=row.data["time_zone"] if row.kind else "UTC",
        now=row.now,
    )
