"""Finding and holding the best places for a group.

The choice is made on what is free at a glance, without locks, and then taken
with SKIP LOCKED: whoever loses a seat of it to somebody who clicks at the same
moment goes on to the next best one, and waits for nobody. Only before saying
that there is nothing does a buyer wait for the locks of others, because a
transaction that fails gives its seats back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.hold import HoldResult, LapsedHold, hold_locked, with_own_lapsed_hold_closed
from seatbook.domain.inventory.rows import Locked, is_lapsed, lock_seats
from seatbook.domain.seating import Place, best_apart, best_together
from seatbook.errors import N_, InvalidInput, NoneTogether, NotFound
from seatbook.models import Area, Category, Event, Seat

MAX_GROUP = 50
# Tries on one look at the hall, and looks, before a buyer waits for others' locks.
TRIES_A_LOOK = 12
LOOKS = 6
# Without a drawing the stage stands in front of the first row, in the middle.
FRONT_OF_FIRST_ROW = (0.0, -2.0)

FREE = or_(Seat.status == "available", is_lapsed())


@dataclass(frozen=True, slots=True)
class Wish:
    """What a group wants. None: no matter. `wheelchair`: wheelchair places, which nobody gets unasked."""

    quantity: int
    area_id: int | None = None
    category_id: int | None = None
    max_price_minor: int | None = None
    wheelchair: bool = False


def hold_best(event_id: int, *, wish: Wish, holder: HolderRef) -> HoldResult:
    """Hold the best seats for a group: in one row if there is one, else in the least bad parts.

    Nearest to the event's focal point wins. One transaction; all or none. Not
    idempotent by itself. Raises NoneTogether (fewer than asked for are free),
    TooManySeats, SaleClosed, NotFound, InvalidInput.
    """
    if not 1 <= wish.quantity <= MAX_GROUP:
        raise InvalidInput(
            field="quantity", reason=N_("Please choose a number of seats from 1 to %(most)s."), most=MAX_GROUP
        )
    return with_own_lapsed_hold_closed(partial(_hold_best, event_id=event_id, wish=wish, holder=holder))


def _hold_best(session: Session, *, event_id: int, wish: Wish, holder: HolderRef) -> HoldResult | LapsedHold:
    event = session.execute(
        select(Event.drawing, Event.leave_no_single).where(Event.id == event_id, Event.status != "draft")
    ).one_or_none()
    if event is None:
        raise NotFound(what="event")
    focus = _focal_point(event.drawing)
    for look in range(LOOKS + 1):
        hall = _look(session, event_id, wish)
        choices = _choices(hall, wish.quantity, focus=focus, leave_no_single=event.leave_no_single)
        if not choices:
            break
        # The last look waits for whoever is ahead, in the order of ids like everybody else.
        for seat_ids in choices if look < LOOKS else choices[:1]:
            seats = _try_to_lock(session, event_id, seat_ids, wait=look == LOOKS)
            if seats is not None:
                return hold_locked(session, event_id, seats=seats, holder=holder)
    left = sum(place.fits for place in _look(session, event_id, wish))
    raise NoneTogether(wanted=wish.quantity, left=left)


def _choices(
    hall: Sequence[Place], quantity: int, *, focus: tuple[float, float], leave_no_single: bool
) -> list[tuple[int, ...]]:
    """Seats to try, the best first, none of them twice; parts of a group only where no row has room."""
    together: list[tuple[int, ...]] = []
    used: set[int] = set()
    for block in best_together(
        hall, quantity, focus=focus, leave_no_single=leave_no_single, most=TRIES_A_LOOK * quantity * 2
    ):
        if used.isdisjoint(block.seat_ids):
            together.append(block.seat_ids)
            used.update(block.seat_ids)
    if together:
        return together[:TRIES_A_LOOK]
    apart = best_apart(hall, quantity, focus=focus, leave_no_single=leave_no_single)
    return [tuple(apart)] if apart else []


def _look(session: Session, event_id: int, wish: Wish) -> list[Place]:
    """Every free seat of the hall, and whether it fits the wish; nothing is locked."""
    fits: list[ColumnElement[bool]] = []
    if wish.area_id is not None:
        fits.append(Seat.area_id == wish.area_id)
    if wish.category_id is not None:
        fits.append(Seat.category_id == wish.category_id)
    if wish.max_price_minor is not None:
        fits.append(Category.price_minor <= wish.max_price_minor)
    is_wheelchair = Seat.features.contains(["wheelchair"])
    fits.append(is_wheelchair if wish.wheelchair else ~is_wheelchair)
    # Seats without a place in the hall are left out, so x and y are numbers.
    rows: Iterable[Any] = session.execute(
        select(Seat.id, Seat.section_id, Seat.row_label, Seat.x, Seat.y, and_(*fits))
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .where(Seat.event_id == event_id, Area.kind == "seated", Seat.x.is_not(None), FREE)
    )
    return [Place(id_, (section, row), x, y, fits=is_fitting) for id_, section, row, x, y, is_fitting in rows]


def _focal_point(drawing: dict[str, Any] | None) -> tuple[float, float]:
    point = (drawing or {}).get("focal_point")
    return (point[0], point[1]) if point else FRONT_OF_FIRST_ROW


def _try_to_lock(
    session: Session, event_id: int, seat_ids: Collection[int], *, wait: bool
) -> list[Locked] | None:
    """All of these seats, locked and still free, or None with no lock kept."""
    savepoint = session.begin_nested()
    seats = lock_seats(session, event_id, and_(Seat.id.in_(seat_ids), FREE), skip_locked=not wait)
    if len(seats) == len(seat_ids):
        savepoint.commit()
        return seats
    savepoint.rollback()
    return None
