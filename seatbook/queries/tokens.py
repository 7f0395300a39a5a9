"""Tokens as the edges see them: whose a token is that somebody sent, and the list of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, and_, cast, func, or_, select

from seatbook.domain.tokens import USE_NOTED_EVERY, hash_of
from seatbook.extensions import db
from seatbook.models import ApiToken, Holder, User


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever sent a good token. `holder_id` None: they never held anything. `is_use_noted`: a moment ago."""

    token_id: int
    scopes: tuple[str, ...]
    user_id: int
    username: str
    role: str
    holder_id: int | None
    is_use_noted: bool


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token that works, as its owner sees it. Times are aware, UTC; `origin` is page or login. `seconds_left` counts
    to `expires_at` from now."""

    id: int
    name: str
    origin: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    seconds_left: float | None


IS_GOOD = and_(
    ApiToken.revoked_at.is_(None),
    ApiToken.sign_in_version == User.sign_in_version,
    or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.clock_timestamp()),
)


def bearer_of(secret: str) -> Bearer | None:
    """Whose token it is, while it is good. One statement."""
    row = db.session.execute(
        select(
            ApiToken.id,
            ApiToken.scopes,
            User.id,
            User.username,
            User.role,
            Holder.id,
            func.coalesce(ApiToken.last_used_at > func.clock_timestamp() - USE_NOTED_EVERY, False),
        )
        .join(User, User.id == ApiToken.user_id)
        .outerjoin(Holder, Holder.user_id == User.id)
        .where(ApiToken.token_hash == hash_of(secret), IS_GOOD)
    ).one_or_none()
    return None if row is None else Bearer(row[0], tuple(row[1]), *row[2:])


def tokens_of(user_id: int) -> tuple[TokenLine, ...]:
    """The account's tokens that work, the newest first."""
    rows = db.session.execute(
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.origin,
            ApiToken.scopes,
            ApiToken.created_at,
            ApiToken.expires_at,
            ApiToken.last_used_at,
            cast(func.extract("epoch", ApiToken.expires_at - func.clock_timestamp()), Double).label(
                "seconds_left"
            ),
        )
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.user_id == user_id, IS_GOOD)
        .order_by(ApiToken.id.desc())
    )
    return tuple(TokenLine(**{**row._mapping, "scopes": tuple(row.scopes)}) for row in rows)
