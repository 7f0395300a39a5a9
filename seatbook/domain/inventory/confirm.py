"""Buying what is held, and undoing a purchase."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.rows import (
    OPEN_STATUSES,
    Locked,
    checked_id,
    clock,
    free_seats,
    lock_seats,
    open_lines,
    own_reservation,
)
from seatbook.domain.inventory.singles import refuse_stranding
from seatbook.domain.transaction import run_transaction
from seatbook.errors import BasketChanged, HoldExpired, SaleClosed, TooLateToCancel, WrongState
from seatbook.models import Event, Seat


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """A confirmed reservation. `total_minor` is in minor units of the event's currency."""

    event_id: int
    reservation_id: int
    code: str
    seat_ids: tuple[int, ...]
    total_minor: int


@dataclass(frozen=True, slots=True)
class CancelResult:
    """A cancelled reservation and the seats that are on sale again."""

    event_id: int
    reservation_id: int
    seat_ids: tuple[int, ...]


def confirm_reservation(
    event_id: int, *, reservation_id: int, holder: HolderRef, seat_ids: Collection[int] | None = None
) -> ConfirmResult:
    """Buy what is held. `seat_ids` is what the person saw: other contents are refused, not sold.

    Repeating it after success answers the same. Raises HoldExpired, BasketChanged, LeavesSingle,
    SaleClosed, NotFound.
    """

    def act(session: Session) -> ConfirmResult:
        seats = lock_seats(session, event_id, Seat.reservation_id == checked_id(reservation_id))
        reservation = own_reservation(session, event_id, reservation_id, holder)
        if reservation.status == "confirmed":
            bought = tuple(seat.id for seat in seats)
            return ConfirmResult(event_id, reservation_id, reservation.code, bought, reservation.total_minor)
        now = clock(session)
        if reservation.status not in OPEN_STATUSES or reservation.expires_at <= now or not seats:
            raise HoldExpired(expired_at=reservation.expires_at.isoformat())
        lines = open_lines(session, event_id, reservation_id)
        # Another tab may have added or given back a seat between the page and this click, or between
        # our two locks; what is sold must be what was seen.
        seen = {line.seat_id for line in lines} if seat_ids is None else set(seat_ids)
        if {seat.id for seat in seats} != seen or {line.seat_id for line in lines} != seen:
            raise BasketChanged()
        event = session.execute(select(Event.status, Event.leave_no_single).where(Event.id == event_id)).one()
        if event.status == "cancelled":
            raise SaleClosed(state="cancelled")
        if event.leave_no_single:
            refuse_stranding(session, event_id, chosen=seen, at=now)
        total_minor = sum(line.price_minor for line in lines)
        note_changed(session, [event_id])
        session.execute(
            CONFIRM,
            {
                "event": event_id,
                "reservation": reservation_id,
                "seats": [seat.id for seat in seats],
                "total": total_minor,
                "at": now,
                "actor": holder.user_id,
            },
        )
        sold = tuple(seat.id for seat in seats)
        return ConfirmResult(event_id, reservation_id, reservation.code, sold, total_minor)

    return run_transaction(act)


CONFIRM = text("""
    WITH confirmed AS (
        UPDATE reservation SET status = 'confirmed', confirmed_at = :at, total_minor = :total
         WHERE event_id = :event AND id = :reservation
    ), sold AS (
        UPDATE seat SET status = 'reserved', held_until = NULL
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT :event, id, 'held', 'reserved', 'reserve', :reservation, :actor FROM sold ORDER BY id
""")


def cancel_reservation(
    event_id: int, *, reservation_id: int, holder: HolderRef | None, actor_user_id: int | None = None
) -> CancelResult:
    """Undo a purchase; its seats are on sale again at once. `holder` None: staff, without a deadline.

    Repeating it answers the same. Raises TooLateToCancel, WrongState (never bought), NotFound.
    """

    def act(session: Session) -> CancelResult:
        seats = lock_seats(session, event_id, Seat.reservation_id == checked_id(reservation_id))
        reservation = own_reservation(session, event_id, reservation_id, holder)
        if reservation.status == "cancelled":
            return CancelResult(event_id, reservation_id, ())
        if reservation.status != "confirmed":
            raise WrongState(state=reservation.status)
        now = clock(session)
        if holder is not None:
            _refuse_after_deadline(session, event_id, seats=seats, at=now)
        actor = holder.user_id if holder else actor_user_id
        free_seats(session, seats, outcome="cancelled", reason="cancel", at=now, actor=actor)
        return CancelResult(event_id, reservation_id, tuple(seat.id for seat in seats))

    return run_transaction(act)


def _refuse_after_deadline(session: Session, event_id: int, *, seats: Sequence[Locked], at: datetime) -> None:
    """The deadline counts from the first time slot that was bought; without slots, from the event's start."""
    event = session.execute(
        select(Event.starts_at, Event.cancel_seconds_before_start).where(Event.id == event_id)
    ).one()
    seconds = event.cancel_seconds_before_start
    starts_at = min((seat.starts_at for seat in seats if seat.starts_at is not None), default=event.starts_at)
    if seconds is None or (starts_at - at).total_seconds() < seconds:
        raise TooLateToCancel()
