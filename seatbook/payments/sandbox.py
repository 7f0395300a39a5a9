"""A payment provider that we play ourselves: for trying, for demonstrations and for tests.

It does what real ones do at their worst: be slow, fail, call back twice, call
back late or never. Its books are tables of its own, on connections of its own,
so that every process sees them, as if they stood on somebody else's computer.

`decide` is what its page for buyers calls.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from seatbook.extensions import db
from seatbook.models import SandboxNotice, SandboxRefund, SandboxSession
from seatbook.payments.provider import Answer, Charge, Notice, ProviderAway, ProviderRefused, Receipt, Session
from seatbook.payments.signature import check, sign

SIGNATURE_HEADER = "Sandbox-Signature"


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it goes over the wire."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class SessionView:
    """What the sandbox's page shows of a session."""

    ref: str
    amount_minor: int
    currency: str
    description: str
    return_url: str
    status: str


class Sandbox:
    """`secret` signs the notices. `page` is the address of its page for buyers, to which a session's name is added."""

    name = "sandbox"

    def __init__(self, *, secret: str, page: str = "/sandbox/") -> None:
        self._secret = secret
        self._page = page

    def open_session(self, charge: Charge) -> Session:
        row = insert(SandboxSession).values(
            ref=f"sb_{secrets.token_urlsafe(18)}",
            key=charge.key,
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            description=charge.description,
            return_url=charge.return_url,
        )
        same = row.on_conflict_do_update(index_elements=["key"], set_={"key": row.excluded.key})
        with _own_books() as books:
            ref = books.execute(same.returning(SandboxSession.ref)).scalar_one()
        return Session(ref, self._page + ref)

    def note_paid_before(self, charges: Sequence[Charge]) -> dict[str, str]:
        """Sessions that were paid before anybody looked, for demonstrations: their names, by the charge's key."""
        if not charges:
            return {}
        rows: list[dict[str, Any]] = [
            {
                "ref": f"sb_{secrets.token_urlsafe(18)}",
                "key": charge.key,
                "amount_minor": charge.amount_minor,
                "currency": charge.currency,
                "description": charge.description,
                "status": "paid",
            }
            for charge in charges
        ]
        with _own_books() as books:
            books.execute(insert(SandboxSession).values(rows))
        return {row["key"]: row["ref"] for row in rows}

    def look(self, session_ref: str) -> Answer:
        with _own_books() as books:
            return _answer(_session(books, session_ref))

    def end_session(self, session_ref: str) -> Answer:
        with _own_books() as books:
            session = _session(books, session_ref)
            if session.status != "open":
                return _answer(session)
            _set(books, session_ref, status="expired")
            _owe_notice(books, session_ref, status="expired")
            return Answer("expired")

    def refund(self, session_ref: str, *, amount_minor: int, key: str) -> Receipt:
        with _own_books() as books:
            session = _session(books, session_ref)
            once = insert(SandboxRefund).values(key=key, ref=session_ref, amount_minor=amount_minor)
            is_new = books.execute(once.on_conflict_do_nothing().returning(SandboxRefund.key)).one_or_none()
            if is_new:
                refunded = session.refunded_minor + amount_minor
                if session.status != "paid" or refunded > session.amount_minor:
                    raise ProviderRefused(f"of {session_ref} nothing more can go back")
                _set(books, session_ref, refunded_minor=refunded)
        return Receipt(f"re_{key}")

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        check(body, headers.get(SIGNATURE_HEADER, ""), secret=self._secret)
        told = json.loads(body)
        event_id, _, payment_id = str(told["key"]).partition("-")
        return Notice(
            ref=told["id"],
            event_id=int(event_id),
            payment_id=int(payment_id),
            session_ref=told["session"],
            answer=Answer(told["status"], told["amount_minor"], told["currency"]),
        )

    # What its page does

    def show(self, session_ref: str) -> SessionView:
        """Raises ProviderRefused when there is no such session."""
        with _own_books() as books:
            session = _session(books, session_ref)
            return SessionView(
                session.ref,
                session.amount_minor,
                session.currency,
                session.description,
                session.return_url,
                session.status,
            )

    def decide(
        self,
        session_ref: str,
        *,
        becomes: str,
        after_seconds: float = 0,
        copies: int = 1,
        told_after_seconds: float = 0,
    ) -> Answer:
        """The buyer pays, or fails to: `becomes` is paid or failed.

        It takes `after_seconds`, during which it is processing. Of the result
        `copies` notices are sent, `told_after_seconds` later (0 copies: the message
        is lost). One that has ended stays as it is.
        """
        if becomes not in ("paid", "failed"):
            raise ProviderRefused(f"a payment becomes paid or failed, not {becomes}")
        with _own_books() as books:
            session = _session(books, session_ref)
            if session.status != "open":
                return _answer(session)
            slow = after_seconds > 0
            settles_at = func.clock_timestamp() + timedelta(seconds=after_seconds)
            _set(
                books,
                session_ref,
                status="processing" if slow else becomes,
                becomes=becomes,
                settles_at=settles_at,
            )
            if slow:
                _owe_notice(books, session_ref, status="processing")
            _owe_notice(
                books,
                session_ref,
                status=becomes,
                copies=copies,
                after_seconds=after_seconds + told_after_seconds,
            )
            return _answer(_session(books, session_ref))

    def next_message(self) -> Message | None:
        """Take the next notice that is due; None: there is none. It counts as sent, whatever becomes of it."""
        with _own_books() as books:
            row = books.execute(TAKE_NOTICE).one_or_none()
        if row is None:
            return None
        told = {
            "id": row.notice_ref,
            "session": row.ref,
            "key": row.key,
            "status": row.status,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
        }
        body = json.dumps(told).encode()
        return Message(body, {SIGNATURE_HEADER: sign(body, secret=self._secret)})


@contextmanager
def _own_books() -> Iterator[Connection]:
    """A transaction of the sandbox's own, as on its own computer. A database that is away is a provider that is."""
    try:
        with db.engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise ProviderAway(str(error.orig).strip()) from error


def _session(books: Connection, session_ref: str) -> Any:
    """The session, locked, as it stands now: one whose time to settle has come is settled."""
    books.execute(SETTLE_DUE, {"ref": session_ref})
    row = books.execute(LOCK_SESSION, {"ref": session_ref}).one_or_none()
    if row is None:
        raise ProviderRefused(f"the sandbox has no session {session_ref}")
    return row


SETTLE_DUE = text("""
    UPDATE sandbox_session SET status = becomes
     WHERE ref = :ref AND status = 'processing' AND settles_at <= clock_timestamp()
""")
LOCK_SESSION = text("SELECT * FROM sandbox_session WHERE ref = :ref FOR UPDATE")


def _answer(session: Any) -> Answer:
    return Answer(session.status, session.amount_minor, session.currency)


def _set(books: Connection, session_ref: str, **values: Any) -> None:
    books.execute(update(SandboxSession).where(SandboxSession.ref == session_ref).values(values))


def _owe_notice(
    books: Connection, session_ref: str, *, status: str, copies: int = 1, after_seconds: float = 0
) -> None:
    books.execute(
        insert(SandboxNotice).values(
            ref=session_ref,
            notice_ref=f"ev_{secrets.token_hex(12)}",
            status=status,
            due_at=func.clock_timestamp() + timedelta(seconds=after_seconds),
            copies=copies,
        )
    )


TAKE_NOTICE = text("""
    UPDATE sandbox_notice SET copies = copies - 1
      FROM sandbox_session session
     WHERE session.ref = sandbox_notice.ref
       AND sandbox_notice.id = (
            SELECT id FROM sandbox_notice WHERE copies > 0 AND due_at <= clock_timestamp()
             ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING sandbox_notice.ref, notice_ref, sandbox_notice.status, session.key, session.amount_minor,
              session.currency
""")
