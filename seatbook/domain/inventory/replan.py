"""Seats under a new version of their plan: taken out, brought back, set elsewhere.

Parts of one transaction, which `domain/plan_apply.py` puts together. Like every
act here it locks first and judges then; what these write must be locked.

A seat that nobody ever had is deleted. One with a history cannot be, because
its lines and its log are kept for ever: it is blocked, with REMOVED_BY_PLAN as
the reason, and counts as gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BigInteger, ColumnElement, and_, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.inventory.block import SET_BLOCKED
from seatbook.domain.inventory.rows import Locked, end_claims, is_lapsed, lock_seats
from seatbook.models import ReservationSeat, Seat, SeatChange

T = TypeVar("T")

REMOVED_BY_PLAN = "removed by plan"

PAGE = 5_000
# For each deleted seat the database looks through the event's lines and log; a statement stays short.
DELETED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Seats that are gone: `deleted` ones, and those that are `blocked` because they have a history."""

    deleted: tuple[int, ...]
    blocked: tuple[int, ...]


class Arrangement(NamedTuple):
    """What a seat shall be. Its area, section and label stay: they are what makes it that seat."""

    seat_id: int
    category_id: int
    row_label: str | None
    number: str | None
    x: float
    y: float
    features: tuple[str, ...]


def one_plan_at_a_time(session: Session, event_id: int) -> None:
    """Wait until no other plan is being applied to the event. Buyers do not meet this lock."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('plan of event ' || :event, 0))"),
        {"event": event_id},
    )


def lock_given_seats(session: Session, event_id: int, seat_ids: Collection[int]) -> dict[int, Locked]:
    """Lock these seats in the order of their ids, any number of them; as they are now, by id."""
    locked: dict[int, Locked] = {}
    for page in _pages(sorted(seat_ids), PAGE):
        given = any_(bindparam(None, page, ARRAY(BigInteger)))
        locked |= {seat.id: seat for seat in lock_seats(session, event_id, Seat.id == given)}
    return locked


def lock_spare_places(session: Session, event_id: int, *, area_id: int, count: int) -> list[Locked]:
    """Lock up to `count` places of an area that nobody has, without waiting for anybody."""
    spare = (Seat.status == "available", is_lapsed(), Seat.blocked_reason != REMOVED_BY_PLAN)
    return _lock_any(session, event_id, area_id=area_id, count=count, kinds=spare)


def lock_removed_places(session: Session, event_id: int, *, area_id: int, count: int) -> list[Locked]:
    """Lock up to `count` places of an area that a plan had removed."""
    removed = (Seat.blocked_reason == REMOVED_BY_PLAN,)
    return _lock_any(session, event_id, area_id=area_id, count=count, kinds=removed)


def withdraw_seats(
    session: Session, event_id: int, seats: Sequence[Locked], *, at: datetime, actor: int | None
) -> Withdrawn:
    """Take locked seats that are free or blocked out of the event. Their reservations are locked too, where
    a hold has lapsed."""
    end_claims(session, [seat for seat in seats if seat.status == "held"], at=at)
    with_history = _with_history(session, event_id, [seat.id for seat in seats])
    kept = [seat for seat in seats if seat.id in with_history]
    deleted = [seat.id for seat in seats if seat.id not in with_history]
    for page in _pages(deleted, DELETED_AT_ONCE):
        session.execute(DELETE_SEATS, {"event": event_id, "seats": page})
    # The log says each step: what staff had blocked is unblocked, and blocked for another reason.
    blocked_before = [seat.id for seat in kept if seat.status == "blocked"]
    _set_blocked(session, event_id, blocked_before, reason="unblock", actor=actor)
    _set_blocked(session, event_id, [seat.id for seat in kept], reason="block", actor=actor)
    return Withdrawn(tuple(deleted), tuple(seat.id for seat in kept))


def bring_back_seats(session: Session, event_id: int, seats: Sequence[Locked], *, actor: int | None) -> None:
    """Put locked seats, which a plan had removed, on sale again."""
    _set_blocked(session, event_id, [seat.id for seat in seats], reason="unblock", actor=actor)


def arrange_seats(session: Session, event_id: int, arrangements: Sequence[Arrangement]) -> None:
    """Write where locked seats stand, and of which category they are. Nobody's claim changes by it."""
    for page in _pages(arrangements, PAGE):
        columns = dict(zip(Arrangement._fields, map(list, zip(*page, strict=True)), strict=True))
        columns["features"] = [",".join(one.features) for one in page]
        session.execute(ARRANGE_SEATS, {"event": event_id, **columns})


def _lock_any(
    session: Session, event_id: int, *, area_id: int, count: int, kinds: Sequence[ColumnElement[bool]]
) -> list[Locked]:
    seats: list[Locked] = []
    for kind in kinds:
        if len(seats) < count:
            missing = count - len(seats)
            which = and_(Seat.area_id == area_id, kind)
            seats += lock_seats(session, event_id, which, limit=missing, skip_locked=True)
    return seats


def _with_history(session: Session, event_id: int, seat_ids: Sequence[int]) -> set[int]:
    """Those that were ever held, sold or blocked."""
    found: set[int] = set()
    for page in _pages(seat_ids, PAGE):
        given = any_(bindparam(None, page, ARRAY(BigInteger)))
        for table in (ReservationSeat, SeatChange):
            query = select(table.seat_id).where(table.event_id == event_id, table.seat_id == given)
            found.update(session.scalars(query.distinct()))
    return found


def _set_blocked(
    session: Session, event_id: int, seat_ids: Sequence[int], *, reason: str, actor: int | None
) -> None:
    if not seat_ids:
        return
    note_changed(session, [event_id])
    values: dict[str, Any] = {"event": event_id, "reason": reason, "actor": actor}
    if reason == "block":
        values |= {"from": "available", "to": "blocked", "why": REMOVED_BY_PLAN}
    else:
        values |= {"from": "blocked", "to": "available", "why": None}
    for page in _pages(seat_ids, PAGE):
        session.execute(SET_BLOCKED, values | {"seats": page})


def _pages(items: Sequence[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while page := list(islice(iterator, size)):
        yield page


ONE_PLAN_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('plan of event ' || :event, 0))")

DELETE_SEATS = text("DELETE FROM seat WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))")

ARRANGE_SEATS = text("""
    UPDATE seat
       SET category_id = new.category_id, row_label = new.row_label, number = new.number,
           x = new.x, y = new.y, features = string_to_array(new.features, ',')
      FROM unnest(CAST(:seat_id AS bigint[]), CAST(:category_id AS bigint[]), CAST(:row_label AS text[]),
                  CAST(:number AS text[]), CAST(:x AS float8[]), CAST(:y AS float8[]), CAST(:features AS text[]))
           AS new (seat_id, category_id, row_label, number, x, y, features)
     WHERE seat.event_id = :event AND seat.id = new.seat_id
""")
