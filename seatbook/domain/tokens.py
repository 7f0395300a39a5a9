"""Tokens of the API: make one, revoke one, note that one was used.

A token is 256 random bits, shown once. What is kept is its SHA-256, without salt
and without the slow hashing that passwords need: those slow down guessing from a
list of likely words, and nobody can guess 256 random bits, however quickly they
try. In return each request finds its token by one look at an index.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, InvalidInput, NotFound
from seatbook.models import ApiToken, User
from seatbook.models.token import TOKEN_SCOPES

# So that a token that was published by mistake is known for what it is, also by programs that look for such.
PREFIX = "sbk_"
MAX_NAME_LENGTH = 80
# A program that signs in again and again pushes out the oldest of what it got.
MAX_LIVE_TOKENS = 50
LOGIN_TOKEN_LIFETIME = timedelta(days=30)
# How long a token that is over is still listed nowhere but kept, for whoever asks when it was used last.
KEEP_ENDED = timedelta(days=90)
# What was used a minute ago is not written again: reading must not write a row for every request.
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """`secret` is what its owner sends; it can be seen here and never again, so it is None for whoever asks for
    the same token once more. `expires_at`: aware, UTC; None: never."""

    id: int
    secret: str | None
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    seconds_left: float | None


def hash_of(secret: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def make_token(
    user_id: int,
    *,
    name: str,
    scopes: Collection[str],
    origin: str = "page",
    lifetime: timedelta | None = None,
) -> MadeToken:
    """Make a token for an account. Raises InvalidInput for a name or scopes that are not fit, NotFound."""
    name = _clean_name(name)
    chosen = tuple(scope for scope in TOKEN_SCOPES if scope in scopes)
    if not chosen or set(scopes) - set(chosen):
        raise InvalidInput(field="scopes", reason=N_("Please choose what the token may do."))
    secret = PREFIX + secrets.token_urlsafe(32)
    token_hash = hash_of(secret)
    row = run_transaction(
        partial(
            _make,
            user_id=user_id,
            name=name,
            scopes=chosen,
            origin=origin,
            lifetime=lifetime,
            token_hash=token_hash,
        )
    )
    seconds = None if row.expires_at is None else (row.expires_at - row.created_at).total_seconds()
    # What is kept of an act that is repeated is its result, and the secret shall stand nowhere.
    is_new = row.token_hash == token_hash
    return MadeToken(
        row.id, secret if is_new else None, name, chosen, row.created_at, row.expires_at, seconds
    )


def revoke_token(user_id: int, *, token_id: int) -> None:
    """End a token of this account at once. Repeating it changes nothing. Raises NotFound, for somebody else's too."""

    def act(session: Session) -> None:
        ended = session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.user_id == user_id)
            .values(revoked_at=func.coalesce(ApiToken.revoked_at, func.clock_timestamp()))
            .returning(ApiToken.id)
        ).one_or_none()
        if ended is None:
            raise NotFound(what="token")

    run_transaction(act)


def note_use(token_id: int) -> None:
    """Remember that the token was used now, to the minute."""
    stale = func.clock_timestamp() - USE_NOTED_EVERY
    run_transaction(
        lambda session: session.execute(
            update(ApiToken)
            .where(
                ApiToken.id == token_id, or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < stale)
            )
            .values(last_used_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )
    )


def _make(
    session: Session,
    *,
    user_id: int,
    name: str,
    scopes: tuple[str, ...],
    origin: str,
    lifetime: timedelta | None,
    token_hash: bytes,
) -> Any:
    # Locked, so that many sign-ins at once count each other's tokens.
    version = session.scalar(
        update(User)
        .where(User.id == user_id)
        .values(sign_in_version=User.sign_in_version)
        .returning(User.sign_in_version)
        .execution_options(synchronize_session=False)
    )
    if version is None:
        raise NotFound(what="user")
    _make_room(session, user_id, version=version)
    now = func.clock_timestamp()
    return session.execute(
        insert(ApiToken)
        .values(
            user_id=user_id,
            name=name,
            origin=origin,
            scopes=list(scopes),
            token_hash=token_hash,
            sign_in_version=version,
            expires_at=None if lifetime is None else now + lifetime,
        )
        .returning(ApiToken.id, ApiToken.created_at, ApiToken.expires_at, ApiToken.token_hash)
    ).one()


def _make_room(session: Session, user_id: int, *, version: int) -> None:
    own = ApiToken.user_id == user_id
    now = func.clock_timestamp()
    is_live = and_(
        ApiToken.revoked_at.is_(None),
        ApiToken.sign_in_version == version,
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
    )
    long_over = (
        func.coalesce(ApiToken.revoked_at, ApiToken.expires_at, ApiToken.created_at) < now - KEEP_ENDED
    )
    session.execute(delete(ApiToken).where(own, ~is_live, long_over))
    live = session.execute(
        select(ApiToken.id, ApiToken.origin).where(own, is_live).order_by(ApiToken.id.desc())
    ).all()
    if len(live) < MAX_LIVE_TOKENS:
        return
    of_logins = [token.id for token in live if token.origin == "login"]
    if not of_logins:
        raise InvalidInput(
            field="name",
            reason=N_("You have %(most)s tokens. Please revoke one that you do not need."),
            most=MAX_LIVE_TOKENS,
        )
    session.execute(update(ApiToken).where(ApiToken.id == of_logins[-1]).values(revoked_at=now))


def _clean_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME_LENGTH or "\0" in clean:
        raise InvalidInput(
            field="name",
            reason=N_(
                "Please give the token a name of up to %(most)s characters, such as “Till at the door”."
            ),
            most=MAX_NAME_LENGTH,
        )
    return clean
