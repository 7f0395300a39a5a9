"""The slots of a room under its timetable: added, changed, taken out, brought back. What somebody has stays.

Part of a transaction which `domain/timetables.py` puts together. It waits for no
buyer: a slot that is being bought at this very moment is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.event_places import Place, insert_seats, slot_label
from seatbook.domain.inventory.replan import REMOVED_BY_PLAN, bring_back_seats, withdraw_seats
from seatbook.domain.inventory.rows import Locked, clock, is_free, lock_reservations, lock_seats
from seatbook.models import Seat


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """A slot as the timetable has it."""

    starts_at: datetime
    ends_at: datetime
    category_id: int


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot that the timetable has no more, or at other times, and that somebody has: `status` is held or
    reserved; busy where somebody was just taking it."""

    seat_id: int
    starts_at: datetime
    ends_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class FittedSlots:
    """How many slots came (also those that came back), changed and went; what could not be changed; and the
    wanted ones that are not there because it is in their way."""

    added: int
    changed: int
    withdrawn: int
    kept: tuple[KeptSlot, ...]
    in_the_way: tuple[WantedSlot, ...]


def fit_slots(
    session: Session,
    event_id: int,
    *,
    area_id: int,
    wanted: Sequence[WantedSlot],
    add_until: datetime,
    zone: ZoneInfo,
) -> FittedSlots:
    """Make the slots of a room that are still to come what is `wanted`; new ones only until `add_until`.

    Whoever calls takes turns by `one_plan_at_a_time`. Doing it again changes nothing.
    """
    at = clock(session)
    there = session.execute(
        select(Seat.id, Seat.starts_at, Seat.ends_at, Seat.category_id, Seat.status, Seat.blocked_reason)
        .where(Seat.event_id == event_id, Seat.area_id == area_id, Seat.ends_at > at)
        .order_by(Seat.starts_at, Seat.id)
    ).all()
    by_start = {slot.starts_at: slot for slot in wanted if slot.starts_at > at}
    rows = {row.id: row for row in there}
    # What has begun is nobody's to change, nor is what is right.
    off = [row for row in there if row.starts_at > at and not _is_as(row, by_start.get(row.starts_at))]
    locked = {seat.id: seat for seat in _lock(session, event_id, [row.id for row in off])}
    free = [seat for seat in locked.values() if seat.status == "blocked" or is_free(seat, at=at)]
    free_ids = {seat.id for seat in free}
    stuck = [row for row in off if row.id not in free_ids and not _only_dearer(row, by_start)]
    fixed = [row for row in there if row.starts_at <= at and row.blocked_reason != REMOVED_BY_PLAN] + stuck

    def is_blocked_by_others(slot: WantedSlot) -> bool:
        return any(row.starts_at < slot.ends_at and slot.starts_at < row.ends_at for row in fixed)

    possible = {start: slot for start, slot in by_start.items() if not is_blocked_by_others(slot)}
    going = [
        seat
        for seat in free
        if seat.starts_at not in possible and rows[seat.id].blocked_reason != REMOVED_BY_PLAN
    ]
    changing = [seat for seat in free if seat.starts_at in possible]
    lock_reservations(session, event_id, {seat.reservation_id for seat in going if seat.reservation_id})
    withdraw_seats(session, event_id, going, at=at, actor=None)
    _change(session, event_id, [(seat.id, possible[seat.starts_at]) for seat in changing])
    back = [seat for seat in changing if rows[seat.id].blocked_reason == REMOVED_BY_PLAN]
    bring_back_seats(session, event_id, back, actor=None)
    known = {row.starts_at for row in there}
    new = [slot for start, slot in possible.items() if start not in known and start <= add_until]
    places = _places(new, zone)
    added = sum(insert_seats(session, event_id, area_id, places))
    if added or changing or going:
        note_changed(session, [event_id])
    return FittedSlots(
        added=added + len(back),
        changed=len(changing) - len(back),
        withdrawn=len(going),
        kept=tuple(_kept(row, locked) for row in stuck),
        in_the_way=tuple(
            slot for start, slot in by_start.items() if start not in possible and start <= add_until
        ),
    )


def _is_as(row: Locked, slot: WantedSlot | None) -> bool:
    """Whether a slot is what the timetable says of that time. What staff took off sale stays so while it is there."""
    if row.blocked_reason == REMOVED_BY_PLAN:
        return slot is None
    return slot is not None and (slot.ends_at, slot.category_id) == (row.ends_at, row.category_id)


def _only_dearer(row: Locked, by_start: dict[datetime, WantedSlot]) -> bool:
    """What somebody has, at the right time, keeps the price it was taken for: nothing to tell anybody."""
    slot = by_start.get(row.starts_at)
    return slot is not None and slot.ends_at == row.ends_at


def _lock(session: Session, event_id: int, seat_ids: Sequence[int]) -> list[Locked]:
    if not seat_ids:
        return []
    given = any_(bindparam(None, list(seat_ids), ARRAY(BigInteger)))
    return lock_seats(session, event_id, Seat.id == given, skip_locked=True)


def _kept(row: Locked, locked: dict[int, Locked]) -> KeptSlot:
    status = locked[row.id].status if row.id in locked else "busy"
    return KeptSlot(row.id, row.starts_at, row.ends_at, status)


def _places(slots: Sequence[WantedSlot], zone: ZoneInfo) -> Iterator[Place]:
    for slot in sorted(slots, key=lambda slot: slot.starts_at):
        yield Place(
            slot.category_id,
            label=slot_label(slot.starts_at, zone),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
        )


def _change(session: Session, event_id: int, changes: Sequence[tuple[int, WantedSlot]]) -> None:
    if changes:
        session.execute(
            CHANGE_SLOTS,
            {
                "event": event_id,
                "seats": [seat_id for seat_id, _ in changes],
                "ends": [slot.ends_at for _, slot in changes],
                "categories": [slot.category_id for _, slot in changes],
            },
        )


CHANGE_SLOTS = text("""
    UPDATE seat SET ends_at = new.ends_at, category_id = new.category_id
      FROM unnest(CAST(:seats AS bigint[]), CAST(:ends AS timestamptz[]), CAST(:categories AS bigint[]))
           AS new (seat_id, ends_at, category_id)
     WHERE seat.event_id = :event AND seat.id = new.seat_id
""")
