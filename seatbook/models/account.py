"""Who uses seatbook: users with a password, and holders, who hold and buy seats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from seatbook.extensions import Base
from seatbook.models.columns import timestamp

ROLES = ("customer", "door", "box_office", "admin")


class User(Base):
    """An account. `sign_in_version` is part of every session: raising it signs out everywhere.

    `language` is what its owner read when they last signed in ("de", "de_CH"): letters are written in it.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("username = btrim(username) AND username <> ''", name="username_trimmed"),
        Index("uq_user_account_username", func.lower(text("username")), unique=True),
        Index("uq_user_account_email", func.lower(text("email")), unique=True),
        # Staff look for people by how their name or address begins.
        *(
            Index(
                f"ix_user_account_{name}_prefix",
                func.lower(text(name)).label("begins"),
                postgresql_ops={"begins": "text_pattern_ops"},
            )
            for name in ("username", "email")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="customer")
    sign_in_version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
    language: Mapped[str | None] = mapped_column(Text)


class Holder(Base):
    """Whoever holds: one row for a user, or one for an anonymous browser.

    A browser is known by the random `browser_key` in its signed session cookie.
    The key is there from the first page on and the row is made at the first
    hold: so readers cost nothing, and two clicks at once are one holder.
    """

    __tablename__ = "holder"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (browser_key IS NULL)", name="user_or_browser"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    browser_key: Mapped[str | None] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = timestamp(server_default=func.clock_timestamp())
