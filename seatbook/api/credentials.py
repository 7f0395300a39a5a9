"""Who asks: the owner of a token, or whoever sits at a browser of ours. And what they may do here.

A token comes in the header `Authorization: Bearer TOKEN`. A browser's session does
as well, so that scripts on our own pages can use the API; as a browser sends its
cookie with whatever another site makes it send, such a request has to carry the
session's CSRF token in `X-CSRFToken` when it changes something.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, Response, g, request
from flask_login import current_user

from seatbook.domain.holders import HolderRef, holder_of_user
from seatbook.domain.tokens import note_use
from seatbook.errors import CredentialsNeeded, CredentialsRefused, ScopeMissing
from seatbook.extensions import csrf
from seatbook.queries.tokens import Bearer, bearer_of
from seatbook.web.holder import browser_key, current_holder, ensure_holder

READ, BOOK, STAFF = "read", "book", "staff"
SCOPES = {
    READ: "Read what is yours: reservations, tickets, tokens.",
    BOOK: "Hold, reserve, pay, release and cancel in your name.",
    STAFF: "Do what the pages for staff do, as far as your role reaches.",
}
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]{1,200}=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asker:
    """`holder` None: they never picked anything. `user_id` None: nobody is signed in at that browser."""

    holder: HolderRef | None
    user_id: int | None
    role: str | None
    scopes: frozenset[str]
    token_id: int | None = None


NOBODY = Asker(None, None, None, frozenset())


def bind(blueprint: Blueprint) -> None:
    blueprint.after_request(_keep_what_is_personal_nowhere)


def asker() -> Asker:
    """Who asks, found once a request; NOBODY when the request says nothing. Raises CredentialsRefused."""
    if "asker" not in g:
        g.asker = _by_token() if "Authorization" in request.headers else _by_session()
    found: Asker = g.asker
    return found


def require(scope: str | None, *, roles: Collection[str] | None = None) -> None:
    """Let the request through, or raise CredentialsNeeded, CredentialsRefused, ScopeMissing, CSRFError.

    `roles`: whose account it has to be; None: any.
    """
    who = asker()
    if scope is None:
        return
    if who is NOBODY:
        raise CredentialsNeeded()
    if scope not in who.scopes or (roles is not None and who.role not in roles):
        raise ScopeMissing(scope=scope)
    if who.token_id is None and request.method not in ("GET", "HEAD"):
        csrf.protect()


def holder() -> HolderRef:
    """The holder of whoever asks, made when they never held anything."""
    who = asker()
    if who.holder is not None:
        return who.holder
    if who.user_id is not None:
        return holder_of_user(who.user_id)
    return ensure_holder()


def holder_id() -> int | None:
    """For reading: nobody's holder is made by looking."""
    found = asker().holder
    return found.holder_id if found else None


def user_id() -> int:
    """The account of whoever asks. Raises CredentialsNeeded for a browser that nobody signed in at."""
    found = asker().user_id
    if found is None:
        raise CredentialsNeeded()
    return found


def whose_key() -> str:
    """Whose an Idempotency-Key is: nobody gets an answer that was somebody else's.

    Of those who are nobody yet it is all the same: a key of theirs is answered again only to
    whoever sends the same content, password included.
    """
    who = asker()
    if who.user_id is not None:
        return f"user {who.user_id}"
    return "anybody" if who is NOBODY else f"browser {browser_key()}"


def _by_token() -> Asker:
    sent = _BEARER.fullmatch(request.headers["Authorization"].strip())
    bearer = bearer_of(sent[1]) if sent else None
    if bearer is None:
        raise CredentialsRefused()
    if not bearer.is_use_noted:
        note_use(bearer.token_id)
    g.is_personal = True
    own = HolderRef(bearer.holder_id, bearer.user_id) if bearer.holder_id is not None else None
    return Asker(own, bearer.user_id, bearer.role, _scopes(bearer), bearer.token_id)


def _scopes(bearer: Bearer) -> frozenset[str]:
    """What the token says, as far as its owner's role reaches at this moment."""
    return frozenset(bearer.scopes) - ({STAFF} if bearer.role == "customer" else set())


def _by_session() -> Asker:
    if current_user.is_authenticated:
        scopes = {READ, BOOK} | (set() if current_user.role == "customer" else {STAFF})
        return Asker(current_holder(), current_user.id, current_user.role, frozenset(scopes))
    if current_holder() is not None or browser_key() is not None:
        return Asker(current_holder(), None, None, frozenset({READ, BOOK}))
    return NOBODY


def _keep_what_is_personal_nowhere(response: Response) -> Response:
    if request.method != "GET" or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    response.headers.add("Vary", "Authorization")
    return response
