"""Holders: who holds and buys. A user has one; an anonymous browser gets one at its first hold."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.domain.transaction import run_transaction
from seatbook.models import Holder


@dataclass(frozen=True, slots=True)
class HolderRef:
    """Whoever acts: the holder, and the user when somebody is signed in."""

    holder_id: int
    user_id: int | None = None


def new_anonymous_holder() -> HolderRef:
    """Make a holder for a browser that nobody signed in to."""
    return run_transaction(
        lambda session: HolderRef(session.execute(insert(Holder).returning(Holder.id)).scalar_one())
    )


def holder_of_user(user_id: int) -> HolderRef:
    """The user's one holder, made when it is missing. Safe to repeat, also at the same moment."""

    def act(session: Session) -> HolderRef:
        query = select(Holder.id).where(Holder.user_id == user_id)
        holder_id = session.execute(query).scalar_one_or_none()
        if holder_id is None:
            session.execute(
                insert(Holder).values(user_id=user_id).on_conflict_do_nothing(index_elements=[Holder.user_id])
            )
            holder_id = session.execute(query).scalar_one()
        return HolderRef(holder_id, user_id)

    return run_transaction(act)
