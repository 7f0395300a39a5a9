"""Finding and holding the best places for a group.

The choice is made on what is free at a glance, without locks, and then taken
with SKIP LOCKED: whoever loses a seat of it to somebody who clicks at the same
moment goes on to the next best one, and waits for nobody. Where others are
faster again and again, a buyer waits for a lock, and looks again: it is said
that there is nothing only when nothing is free, because a transaction that
fails gives its seats back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from math import inf
from random import choice

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.hold import HoldResult, LapsedHold, hold_locked, with_own_lapsed_hold_closed
from seatbook.domain.inventory.rows import Locked, is_lapsed, lock_seats
from seatbook.domain.plan_shapes import Point
from seatbook.domain.prices import price_with_fee
from seatbook.domain.seating import MAX_NEIGHBOUR_DISTANCE, Place, best_apart, best_together
from seatbook.errors import N_, InvalidInput, NoneTogether, NotFound
from seatbook.models import Category, Event, Seat

MAX_GROUP = 50
# Tries on one look at the hall, and looks, before a buyer waits for others' locks.
TRIES_A_LOOK = 32
LOOKS = 4
# A look at a large hall reads the rows of so many fitting seats, the nearest; more for a large group.
NEAREST, NEAREST_EACH = 600, 60
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
        select(Event.drawing["focal_point"], Event.leave_no_single).where(
            Event.id == event_id, Event.status != "draft"
        )
    ).one_or_none()
    if event is None:
        raise NotFound(what="event")
    point, leave_no_single = event
    focus = (point[0], point[1]) if point else FRONT_OF_FIRST_ROW
    looks = 0
    while True:
        choices = _choices(session, event_id, wish, focus=focus, leave_no_single=leave_no_single)
        if not choices:
            left = sum(place.fits for place in _look(session, event_id, wish, focus=focus).places)
            raise NoneTogether(wanted=wish.quantity, left=left)
        is_waiting = looks >= LOOKS
        if is_waiting:
            # In the order of ids like everybody else. Those who wait for the same seats would all lose but one.
            choices = [choice(choices)]  # noqa: S311  (no secret)
        for seat_ids in choices:
            seats = _try_to_lock(session, event_id, seat_ids, wait=is_waiting)
            if seats is not None:
                return hold_locked(session, event_id, seats=seats, holder=holder)
        looks += 1


def _choices(
    session: Session, event_id: int, wish: Wish, *, focus: Point, leave_no_single: bool
) -> list[tuple[int, ...]]:
    """Seats to try, the best first, none of them twice; parts of a group only where no row has room.

    In a large hall a look at the rows around the focal point mostly finds them.
    """
    near = _look(session, event_id, wish, focus=focus, nearest=max(NEAREST, NEAREST_EACH * wish.quantity))
    hall = near
    together = _together(near, wish.quantity, focus=focus, leave_no_single=leave_no_single)
    if not together and not near.is_whole:
        hall = _look(session, event_id, wish, focus=focus)
        together = _together(hall, wish.quantity, focus=focus, leave_no_single=leave_no_single)
    if together:
        return together
    # No row has room for all of them, so there is nothing better than two parts near the focal point.
    apart = best_apart(near.places, wish.quantity, focus=focus, leave_no_single=leave_no_single, most_parts=2)
    if apart is None:
        apart = best_apart(hall.places, wish.quantity, focus=focus, leave_no_single=leave_no_single)
    return [tuple(apart)] if apart else []


def _together(look: _Look, quantity: int, *, focus: Point, leave_no_single: bool) -> list[tuple[int, ...]]:
    """The best places in one row, as far as nothing that was not looked at can be better."""
    together: list[tuple[int, ...]] = []
    used: set[int] = set()
    # Every seat that was not seen is further away than the horizon, and a group's middle is so near its seats.
    sure = look.horizon - MAX_NEIGHBOUR_DISTANCE * (quantity - 1) / 2
    for block in best_together(
        look.places, quantity, focus=focus, leave_no_single=leave_no_single, most=TRIES_A_LOOK * quantity * 2
    ):
        if block.distance > sure:
            break
        if used.isdisjoint(block.seat_ids):
            together.append(block.seat_ids)
            used.update(block.seat_ids)
    return together[:TRIES_A_LOOK]


@dataclass(frozen=True, slots=True)
class _Look:
    """Free seats of the hall, in whole rows. Every fitting seat within `horizon` of the focal point is there."""

    places: list[Place]
    horizon: float

    @property
    def is_whole(self) -> bool:
        return self.horizon == inf


def _look(session: Session, event_id: int, wish: Wish, *, focus: Point, nearest: int | None = None) -> _Look:
    """The free seats of the rows that have a seat which fits the wish; with `nearest`, of those that have
    the so many nearest fitting ones. Nothing is locked."""
    # Only seats of a hall have a place; those that have none are left out.
    free = and_(Seat.event_id == event_id, Seat.x.is_not(None), FREE)
    fits = _fits(event_id, wish)
    row = (func.coalesce(Seat.section_id, 0), func.coalesce(Seat.row_label, ""))
    distance = func.sqrt(func.power(Seat.x - focus[0], 2) + func.power(Seat.y - focus[1], 2))
    near = select(row[0].label("section"), row[1].label("row"), distance.label("distance")).where(free, fits)
    if nearest is not None:
        near = near.order_by(distance).limit(nearest)
    seen = near.cte("seen")
    rows = session.connection().execute(
        select(
            Seat.id,
            Seat.section_id,
            Seat.row_label,
            Seat.x,
            Seat.y,
            fits,
            select(func.count()).select_from(seen).scalar_subquery(),
            select(func.max(seen.c.distance)).scalar_subquery(),
        ).where(free, tuple_(*row).in_(select(seen.c.section, seen.c.row).distinct()))
    )
    places = []
    of_seen, furthest = 0, 0.0
    for id_, section, label, x, y, is_fitting, of_seen, furthest in rows:  # noqa: B007
        places.append(Place(id_, (section, label), x, y, fits=is_fitting))
    return _Look(places, horizon=furthest if of_seen == nearest else inf)


def _fits(event_id: int, wish: Wish) -> ColumnElement[bool]:
    is_wheelchair = Seat.features.contains(["wheelchair"])
    fits: list[ColumnElement[bool]] = [is_wheelchair if wish.wheelchair else ~is_wheelchair]
    if wish.area_id is not None:
        fits.append(Seat.area_id == wish.area_id)
    if wish.category_id is not None:
        fits.append(Seat.category_id == wish.category_id)
    if wish.max_price_minor is not None:
        cheap = select(Category.id).where(
            Category.event_id == event_id, price_with_fee() <= wish.max_price_minor
        )
        fits.append(Seat.category_id.in_(cheap))
    return and_(*fits)


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
