"""Writing down what time has already decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Exists, Select, and_, exists, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.inventory.rows import (
    Locked,
    clock,
    free_seats,
    is_lapsed,
    label,
    lock_reservations,
    lock_seats,
)
from seatbook.domain.letters import tell_lapsed
from seatbook.domain.transaction import run_transaction
from seatbook.models import Holder, Payment, Reservation, Seat, User


@dataclass(frozen=True, slots=True)
class ExpiredSeat:
    """A seat that time had freed and that is now written down as free. `holder` is a user's name or None."""

    event_id: int
    seat_id: int
    label: str
    reservation_id: int
    holder: str | None
    held_until: datetime


def expire_due_holds(*, batch: int, skip: Collection[tuple[int, int]] = ()) -> list[ExpiredSeat]:
    """Write down up to `batch` seats whose hold has ended; an empty list when nothing is due.

    Seats whose payment is under way are not due here: first its provider is asked (`orders.ask_due_payments`).

    Any number of these may run at once: a seat that somebody works on is passed
    over, and every seat is judged again under its lock. `skip` names
    (event_id, reservation_id) pairs to leave alone.
    """

    def act(session: Session) -> list[ExpiredSeat]:
        seats = session.execute(
            _due_seats(skip).limit(batch).with_for_update(of=Seat, key_share=True, skip_locked=True)
        ).all()
        return _expire_locked(session, seats)

    return run_transaction(act)


def expire_reservation(event_id: int, *, reservation_id: int) -> list[ExpiredSeat]:
    """The same for the due seats of one reservation."""
    return run_transaction(lambda session: _expire_reservation(session, event_id, reservation_id))


def due_holds(*, batch: int | None = None, skip: Collection[tuple[int, int]] = ()) -> list[ExpiredSeat]:
    """What `expire_due_holds` would write down, read without locks and without writing; all without `batch`."""
    return run_transaction(
        lambda session: _with_holder_names(session, session.execute(_due_seats(skip).limit(batch)).all())
    )


def _due_seats(skip: Collection[tuple[int, int]]) -> Select[*tuple[Any, ...]]:
    query = (
        select(Seat.event_id, Seat.id, Seat.label, Seat.reservation_id, Seat.held_until)
        .where(is_lapsed(), ~_is_being_paid())
        .order_by(Seat.held_until)
    )
    for event_id, reservation_id in skip:
        query = query.where(or_(Seat.event_id != event_id, Seat.reservation_id != reservation_id))
    return query


def _is_being_paid() -> Exists:
    return exists().where(
        Payment.event_id == Seat.event_id,
        Payment.reservation_id == Seat.reservation_id,
        Payment.status.in_(("open", "processing")),
    )


def _expire_reservation(session: Session, event_id: int, reservation_id: int) -> list[ExpiredSeat]:
    seats = lock_seats(
        session,
        event_id,
        and_(
            Seat.reservation_id == reservation_id,
            is_lapsed(),
        ),
    )
    if not seats:
        # Every seat of it was taken over meanwhile, or the hold never had one.
        at = clock(session)
        session.execute(CLOSE_EMPTY, {"event": event_id, "reservation": reservation_id, "at": at})
        tell_lapsed(session, [(event_id, reservation_id)], at=at)
    return _expire_locked(session, seats)


CLOSE_EMPTY = text("""
    UPDATE reservation SET status = 'expired', ended_at = :at
     WHERE event_id = :event AND id = :reservation AND status IN ('held', 'pending') AND expires_at <= :at
       AND NOT EXISTS (SELECT FROM reservation_seat line
                        WHERE line.event_id = :event AND line.reservation_id = :reservation
                          AND line.ended_at IS NULL)
""")


def _expire_locked(session: Session, seats: Sequence[Locked]) -> list[ExpiredSeat]:
    by_event: dict[int, list[Locked]] = defaultdict(list)
    for seat in seats:
        by_event[seat.event_id].append(seat)
    for event_id in sorted(by_event):
        lock_reservations(session, event_id, {seat.reservation_id for seat in by_event[event_id]})
    expired = _with_holder_names(session, seats)
    free_seats(session, seats, outcome="expired", reason="expire", at=clock(session))
    return expired


def _with_holder_names(session: Session, seats: Sequence[Locked]) -> list[ExpiredSeat]:
    if not seats:
        return []
    rows = session.execute(
        select(Reservation.id, User.username)
        .join(Holder, Holder.id == Reservation.holder_id)
        .join(User, User.id == Holder.user_id)
        .where(
            Reservation.event_id.in_({seat.event_id for seat in seats}),
            Reservation.id.in_({seat.reservation_id for seat in seats}),
        )
    )
    names = {row.id: row.username for row in rows}
    return [
        ExpiredSeat(s.event_id, s.id, label(s), s.reservation_id, names.get(s.reservation_id), s.held_until)
        for s in seats
    ]
