"""Holders: who holds and buys. A user has one; an anonymous browser gets one at its first hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from seatbook.domain.transaction import run_transaction
from seatbook.extensions import db
from seatbook.models import Holder, User

# How the key of a buyer begins who stood at the window: no browser has such a one.
WALK_IN = "window-"
WINDOW_ROLES = ("box_office", "admin")


@dataclass(frozen=True, slots=True)
class HolderRef:
    """Whoever acts: the holder, and the user when somebody is signed in."""

    holder_id: int
    user_id: int | None = None


def holder_of_browser(browser_key: str) -> HolderRef:
    """The one holder of a browser that nobody signed in to, made at its first hold."""
    return HolderRef(_holder_id(Holder.browser_key, browser_key))


def known_holder_of_browser(browser_key: str) -> HolderRef | None:
    """The same when there is one already; makes nothing."""
    holder_id = db.session.scalar(select(Holder.id).where(Holder.browser_key == browser_key))
    return None if holder_id is None else HolderRef(holder_id)


def holder_of_user(user_id: int) -> HolderRef:
    """The user's one holder, made when it is missing."""
    return HolderRef(_holder_id(Holder.user_id, user_id), user_id)


def sells_at_window(session: Session, holder: HolderRef) -> bool:
    """Whether it is one of the box office."""
    if holder.user_id is None:
        return False
    role = session.scalar(select(User.role).where(User.id == holder.user_id))
    return role in WINDOW_ROLES


def _holder_id(column: InstrumentedAttribute[Any], value: int | str) -> int:
    """Find or make the holder. Safe to repeat, also at the same moment: two clicks are one holder."""
    query = select(Holder.id).where(column == value)

    def act(session: Session) -> int:
        holder_id = session.scalar(query)
        if holder_id is None:
            session.execute(
                insert(Holder).values({column: value}).on_conflict_do_nothing(index_elements=[column])
            )
            holder_id = session.scalars(query).one()
        return holder_id

    return run_transaction(act)
