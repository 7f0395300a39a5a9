"""Giving held places back before buying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.reprice import reprice
from seatbook.domain.inventory.rows import (
    Locked,
    checked_ids,
    clock,
    free_seats,
    is_free,
    label,
    lock_named,
    lock_reservations,
    lock_seats,
    open_hold_of,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import SeatsTaken, WrongState
from seatbook.models import Seat


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """The seats that became free by this act; those that were free already are not among them."""

    event_id: int
    seat_ids: tuple[int, ...]


def release_seats(event_id: int, *, seat_ids: Sequence[int], holder: HolderRef) -> ReleaseResult:
    """Give these held seats back; the hold ends with its last seat. What is free already stays so.

    Raises SeatsTaken when one of them is somebody else's by now, WrongState when
    it is bought (that is a cancellation), NotFound.
    """
    wanted = checked_ids(seat_ids)

    def act(session: Session) -> ReleaseResult:
        seats = lock_named(session, event_id, wanted)
        return release_locked(session, event_id, seats=seats, holder=holder)

    return run_transaction(act)


def release_hold(event_id: int, *, holder: HolderRef) -> ReleaseResult:
    """Give back everything that the holder holds of this event. Nothing held: nothing happens."""

    def act(session: Session) -> ReleaseResult:
        own_hold = open_hold_of(event_id, holder.holder_id).scalar_subquery()
        seats = lock_seats(session, event_id, and_(Seat.status == "held", Seat.reservation_id == own_hold))
        return release_locked(session, event_id, seats=seats, holder=holder)

    return run_transaction(act)


def release_locked(
    session: Session, event_id: int, *, seats: Sequence[Locked], holder: HolderRef
) -> ReleaseResult:
    """Judge and write a release of seats that are locked already."""
    reservations = lock_reservations(session, event_id, {s.reservation_id for s in seats if s.reservation_id})
    now = clock(session)
    freed = []
    for seat in seats:
        if is_free(seat, at=now):
            continue
        owner = reservations.get(seat.reservation_id)
        if owner is None or owner.holder_id != holder.holder_id:
            raise SeatsTaken(seat_ids=[seat.id], labels=[label(seat)])
        if owner.status != "held":
            raise WrongState(state=owner.status)
        freed.append(seat)
    free_seats(session, freed, outcome="released", reason="release", at=now, actor=holder.user_id)
    for reservation_id in {seat.reservation_id for seat in freed}:
        # What was spread over the places is spread over those that are left.
        reprice(session, event_id, reservation_id=reservation_id)
    return ReleaseResult(event_id, tuple(seat.id for seat in freed))
