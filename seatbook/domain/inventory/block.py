"""Taking seats off sale, and putting them on sale again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.inventory.rows import (
    checked_ids,
    clock,
    end_claims,
    is_free,
    label,
    lock_named,
    lock_reservations,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, InvalidInput, SeatsTaken


@dataclass(frozen=True, slots=True)
class BlockResult:
    """The seats whose state this act changed."""

    event_id: int
    seat_ids: tuple[int, ...]


def block_seats(
    event_id: int, *, seat_ids: Sequence[int], reason: str, actor_user_id: int | None
) -> BlockResult:
    """Take free seats off sale, all or none, with a reason. Raises SeatsTaken, InvalidInput, NotFound."""
    wanted = checked_ids(seat_ids)
    if not reason.strip():
        raise InvalidInput(field="reason", reason=N_("Please say why these seats are blocked."))

    def act(session: Session) -> BlockResult:
        seats = lock_named(session, event_id, wanted)
        lock_reservations(session, event_id, {s.reservation_id for s in seats if s.reservation_id})
        now = clock(session)
        free = [seat for seat in seats if seat.status != "blocked"]
        taken = [seat for seat in free if not is_free(seat, at=now)]
        if taken:
            raise SeatsTaken(seat_ids=[s.id for s in taken], labels=[label(s) for s in taken])
        end_claims(session, [seat for seat in free if seat.status == "held"], at=now)
        values = {
            "event": event_id,
            "seats": [s.id for s in free],
            "why": reason.strip(),
            "actor": actor_user_id,
            "from": "available",
            "to": "blocked",
            "reason": "block",
        }
        note_changed(session, [event_id])
        session.execute(SET_BLOCKED, values)
        return BlockResult(event_id, tuple(seat.id for seat in free))

    return run_transaction(act)


def unblock_seats(event_id: int, *, seat_ids: Sequence[int], actor_user_id: int | None) -> BlockResult:
    """Put blocked seats on sale again. What is not blocked stays as it is."""
    wanted = checked_ids(seat_ids)

    def act(session: Session) -> BlockResult:
        seats = lock_named(session, event_id, wanted)
        blocked = [seat.id for seat in seats if seat.status == "blocked"]
        values = {
            "event": event_id,
            "seats": blocked,
            "why": None,
            "actor": actor_user_id,
            "from": "blocked",
            "to": "available",
            "reason": "unblock",
        }
        note_changed(session, [event_id])
        session.execute(SET_BLOCKED, values)
        return BlockResult(event_id, tuple(blocked))

    return run_transaction(act)


SET_BLOCKED = text("""
    WITH changed AS (
        UPDATE seat SET status = :to, blocked_reason = :why, reservation_id = NULL, held_until = NULL
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, actor_user_id, note)
    SELECT :event, id, :from, :to, :reason, :actor, :why FROM changed ORDER BY id
""")
