"""Whose eyes see the page: which reservations of an event are the viewer's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, and_, bindparam, func, or_, select

from seatbook.domain.inventory.hold import LIVE_STATUSES
from seatbook.domain.reference import format_reference
from seatbook.extensions import db
from seatbook.models import Reservation, ReservationSeat

# For so long after a hold ended by time, its page offers to take the same places back.
REMEMBER_ENDED = timedelta(minutes=15)
# Reservations of one holder at one event that a page looks at, newest first.
MAX_OWN_RESERVATIONS = 200
# Checkouts of one holder at one event that a page tells of.
MAX_PAYING = 3


@dataclass(frozen=True, slots=True)
class Paying:
    """A checkout that is not paid yet: it must be by `due_at`, and its places are kept meanwhile."""

    reservation_id: int
    reference: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Viewer:
    """`hold_id` is the open hold, `ended_id` one that time ended a moment ago (never both);
    `bought` are the ids of confirmed reservations with their references; `paying` are the
    checkouts that wait for their money. `places` counts what the viewer holds, pays for and
    bought, which is what the event's `max_seats` limits."""

    hold_id: int | None = None
    hold_begun_at: datetime | None = None
    hold_until: datetime | None = None
    ended_id: int | None = None
    ended_at: datetime | None = None
    bought: tuple[tuple[int, str], ...] = ()
    paying: tuple[Paying, ...] = ()
    places: int = 0

    @property
    def paying_ids(self) -> tuple[int, ...]:
        return tuple(paying.reservation_id for paying in self.paying)

    @property
    def bought_ids(self) -> tuple[int, ...]:
        return tuple(reservation_id for reservation_id, _ in self.bought)


STRANGER = Viewer()


def load_viewer(event_id: int, *, holder_id: int | None, at: datetime) -> Viewer:
    """What the holder has of this event at `at`. Nobody's holder (None) costs no query."""
    if holder_id is None:
        return STRANGER
    rows = db.session.execute(OWN_RESERVATIONS, {"holder_id": holder_id, "event_id": event_id}).all()
    confirmed = [row for row in rows if row.status == "confirmed"]
    pending = [row for row in rows if row.status == "pending" and row.expires_at > at]
    seen = Viewer(
        bought=tuple((row.id, format_reference(event_id, row.code)) for row in confirmed),
        paying=tuple(
            Paying(row.id, format_reference(event_id, row.code), row.payment_due_at)
            for row in pending[:MAX_PAYING]
        ),
        places=sum(row.places for row in (*confirmed, *pending)),
    )
    # There is at most one, and not always the newest: equal places that were offered come later.
    hold = next((row for row in rows if row.status == "held" and row.expires_at > at), None)
    if hold is not None:
        return replace(
            seen,
            hold_id=hold.id,
            hold_begun_at=hold.created_at,
            hold_until=hold.expires_at,
            places=seen.places + hold.places,
        )
    newest = rows[0] if rows else None
    if newest is None or newest.status not in ("held", "expired"):
        return seen
    if newest.payment_due_at is None and _ended_just_now(newest.expires_at, at=at):
        return replace(seen, ended_id=newest.id, ended_at=newest.expires_at)
    return seen


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


# Made once: every page, every click and every poll asks it.
_OWN = and_(Reservation.holder_id == bindparam("holder_id"), Reservation.event_id == bindparam("event_id"))
_NEWEST_ID = select(func.max(Reservation.id)).where(_OWN).scalar_subquery()
OWN_RESERVATIONS = (
    select(
        Reservation.id,
        Reservation.code,
        Reservation.status,
        Reservation.created_at,
        Reservation.expires_at,
        Reservation.payment_due_at,
        _open_lines().label("places"),
    )
    .where(_OWN, or_(Reservation.status.in_(LIVE_STATUSES), Reservation.id == _NEWEST_ID))
    .order_by(Reservation.id.desc())
    .limit(MAX_OWN_RESERVATIONS)
)


def _ended_just_now(ended_at: datetime | None, *, at: datetime) -> bool:
    return ended_at is not None and at - REMEMBER_ENDED < ended_at <= at
