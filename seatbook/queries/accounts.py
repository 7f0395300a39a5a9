"""Accounts as the edges see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from seatbook.extensions import db
from seatbook.models import User


@dataclass(frozen=True)
class Account:
    """One user. A session is worth something only while its `sign_in_version` is this one."""

    id: int
    username: str
    email: str
    role: str
    sign_in_version: int

    @classmethod
    def of(cls, user: User) -> Account:
        return cls(user.id, user.username, user.email, user.role, user.sign_in_version)


def account_by_id(user_id: int) -> Account | None:
    """One account, or None when there is none."""
    return _account(User.id == user_id)


def account_by_username(username: str) -> Account | None:
    """One account by its name in any case, or None."""
    return _account(func.lower(User.username) == func.lower(username))


def _account(condition) -> Account | None:  # type: ignore[no-untyped-def]
    row = db.session.execute(
        select(User.id, User.username, User.email, User.role, User.sign_in_version).where(condition)
    ).one_or_none()
    return None if row is None else Account(*row)
