"""What a group can ask for when the best places are looked for."""

from __future__ import annotations

from sqlalchemy import exists, select

from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.queries.seats import IN_THE_PLAN


def has_wheelchair_places(event_id: int) -> bool:
    """Whether the event has places for wheelchairs at all, free or not. For whole pages: a click never asks."""
    query = exists().where(Seat.event_id == event_id, Seat.features.contains(["wheelchair"]), IN_THE_PLAN)
    return bool(db.session.scalar(select(query)))
