"""What the crowd of a stress test has got, as the database sees it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from seatbook.extensions import db
from seatbook.models import Reservation, Seat
from seatbook.queries.moment import CLOCK, status_at


@dataclass(frozen=True, slots=True)
class StressOutcome:
    """Seats that are held or sold now, and how many different holders have them."""

    held: int
    holders: int


def stress_outcome(event_id: int) -> StressOutcome:
    row = db.session.execute(
        select(func.count(), func.count(Reservation.holder_id.distinct()))
        .select_from(Seat)
        .join(Reservation, and_(Reservation.event_id == Seat.event_id, Reservation.id == Seat.reservation_id))
        .where(Seat.event_id == event_id, status_at(CLOCK).in_(("held", "reserved")))
    ).one()
    db.session.rollback()
    return StressOutcome(*row)
