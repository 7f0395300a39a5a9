"""Whose eyes see the page: which reservations of an event are the viewer's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, and_, func, or_, select

from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.models import Reservation, ReservationSeat

# For so long after a hold ended by time, its page offers to take the same places back.
REMEMBER_ENDED = timedelta(minutes=15)
# Reservations of one holder at one event that a page looks at, newest first.
MAX_OWN_RESERVATIONS = 200


@dataclass(frozen=True, slots=True)
class Viewer:
    """`hold_id` is the open hold, `ended_id` one that time ended a moment ago (never both);
    `bought` are the ids of confirmed reservations with their references. `places` counts what
    the viewer holds and bought, which is what the event's `max_seats` limits."""

    hold_id: int | None = None
    hold_until: datetime | None = None
    ended_id: int | None = None
    ended_at: datetime | None = None
    bought: tuple[tuple[int, str], ...] = ()
    places: int = 0

    @property
    def bought_ids(self) -> tuple[int, ...]:
        return tuple(reservation_id for reservation_id, _ in self.bought)


STRANGER = Viewer()


def load_viewer(event_id: int, *, holder_id: int | None, at: datetime) -> Viewer:
    """What the holder has of this event at `at`. Nobody's holder (None) costs no query."""
    if holder_id is None:
        return STRANGER
    own = and_(Reservation.holder_id == holder_id, Reservation.event_id == event_id)
    newest_id = select(func.max(Reservation.id)).where(own).scalar_subquery()
    rows = db.session.execute(
        select(
            Reservation.id,
            Reservation.code,
            Reservation.status,
            Reservation.expires_at,
            _open_lines().label("places"),
        )
        .where(own, or_(Reservation.status == "confirmed", Reservation.id == newest_id))
        .order_by(Reservation.id.desc())
        .limit(MAX_OWN_RESERVATIONS)
    ).all()
    confirmed = [row for row in rows if row.status == "confirmed"]
    bought = tuple((row.id, format_reference(event_id, row.code)) for row in confirmed)
    places = sum(row.places for row in confirmed)
    newest = rows[0] if rows else None
    if newest is None or newest.status not in ("held", "expired"):
        return Viewer(bought=bought, places=places)
    if newest.status == "held" and newest.expires_at > at:
        held = places + newest.places
        return Viewer(hold_id=newest.id, hold_until=newest.expires_at, bought=bought, places=held)
    if _ended_just_now(newest.expires_at, at=at):
        return Viewer(ended_id=newest.id, ended_at=newest.expires_at, bought=bought, places=places)
    return Viewer(bought=bought, places=places)


def _open_lines() -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(
            ReservationSeat.event_id == Reservation.event_id,
            ReservationSeat.reservation_id == Reservation.id,
            ReservationSeat.ended_at.is_(None),
        )
        .correlate(Reservation)
        .scalar_subquery()
    )


def _ended_just_now(ended_at: datetime | None, *, at: datetime) -> bool:
    return ended_at is not None and at - REMEMBER_ENDED < ended_at <= at
