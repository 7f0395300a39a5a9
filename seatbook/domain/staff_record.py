"""The record of what staff do that neither the log of places nor the steps of a payment tell."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from seatbook.models import StaffAct


def note_staff_act(
    session: Session,
    event_id: int,
    act: str,
    *,
    actor: int | None,
    reservation_id: int | None = None,
    subject: str = "",
) -> None:
    """Write it down in the transaction that does it. `actor` None: the system or a command did it, and nobody's
    name stands for that. `act` is one of `models.record.STAFF_ACTS`."""
    if actor is None:
        return
    session.execute(
        insert(StaffAct).values(
            event_id=event_id, actor_user_id=actor, act=act, reservation_id=reservation_id, subject=subject
        )
    )
