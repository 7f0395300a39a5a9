"""Accounts as the edges see them."""

from __future__ import annotations

from sqlalchemy import select

from seatbook.domain.accounts import ACCOUNT_COLUMNS, Account
from seatbook.extensions import db
from seatbook.models import User


def account_by_id(user_id: int) -> Account | None:
    """One account, or None when there is none. One query by key."""
    row = db.session.execute(select(*ACCOUNT_COLUMNS).where(User.id == user_id)).one_or_none()
    return None if row is None else Account(*row)
