"""Holders: who holds and buys. A user has one; an anonymous browser gets one at its first hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from seatbook.domain.transaction import run_transaction
from seatbook.models import Holder


@dataclass(frozen=True, slots=True)
class HolderRef:
    """Whoever acts: the holder, and the user when somebody is signed in."""

    holder_id: int
    user_id: int | None = None


def holder_of_browser(browser_key: str) -> HolderRef:
    """The one holder of a browser that nobody signed in to, made at its first hold."""
    return HolderRef(_holder_id(Holder.browser_key, browser_key))


def holder_of_user(user_id: int) -> HolderRef:
    """The user's one holder, made when it is missing."""
    return HolderRef(_holder_id(Holder.user_id, user_id), user_id)


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
