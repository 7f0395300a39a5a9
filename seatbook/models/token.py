"""Tokens by which programs say whose they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp

TOKEN_SCOPES = ("read", "book", "staff")
# Where a token came from: the account page, or signing in through the API.
TOKEN_ORIGINS = ("page", "login")


class ApiToken(Base):
    """A token of a user. What was shown once is not here: only its SHA-256.

    It is good while it is not revoked, `expires_at` (NULL: never) has not come, and the user's
    `sign_in_version` is the one that it was made under: a new password ends all of them.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint(
            f"scopes <@ ARRAY{list(TOKEN_SCOPES)}::text[] AND cardinality(scopes) > 0", name="scopes"
        ),
        CheckConstraint(f"origin IN {TOKEN_ORIGINS}", name="origin"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
        CheckConstraint("name = btrim(name) AND name <> ''", name="name_trimmed"),
        Index("ix_api_token_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    sign_in_version: Mapped[int]
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime | None] = timestamp()
    revoked_at: Mapped[datetime | None] = timestamp()
    last_used_at: Mapped[datetime | None] = timestamp()
