"""An anonymous basket becomes the user's at sign-in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.hold import (
    LapsedHold,
    one_count_at_a_time,
    places_of,
    with_own_lapsed_hold_closed,
)
from seatbook.domain.inventory.reprice import code_is_left, hand_code_on, reprice, take_code_off
from seatbook.domain.inventory.rows import (
    LinePrice,
    clock,
    free_seats,
    lock_reservations,
    lock_seats,
    open_hold_of,
    open_lines,
    take_seats,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import BasketChanged, Busy
from seatbook.models import Event, Reservation, Seat

MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class AdoptResult:
    """What became of an anonymous basket at sign-in: events whose seats are now the user's, and how many
    seats were given back because the user would have had more than the event allows."""

    event_ids: tuple[int, ...]
    released_seats: int


def adopt_holds(*, from_holder_id: int, to: HolderRef) -> AdoptResult:
    """Hand an anonymous browser's live holds to the user who signed in there. Safe to repeat.

    Where the user holds seats of the same event already, the seats join that
    hold and its end, and keep the full price they were held at; they cost what
    that basket's code makes of it, or bring their own code where it has none and
    the user may use it. Seats beyond the event's `max_seats` go back on sale.
    """
    if from_holder_id == to.holder_id:
        return AdoptResult((), 0)
    open_holds = run_transaction(
        lambda session: session.execute(
            select(Reservation.event_id, Reservation.id)
            .where(Reservation.holder_id == from_holder_id, Reservation.status == "held")
            .order_by(Reservation.event_id)
        ).all()
    )
    event_ids = []
    released_seats = 0
    for event_id, reservation_id in open_holds:
        kept, given_back = _adopt_hold(
            event_id, reservation_id=reservation_id, from_holder_id=from_holder_id, to=to
        )
        if kept:
            event_ids.append(event_id)
        released_seats += given_back
    return AdoptResult(tuple(event_ids), released_seats)


def _adopt_hold(event_id: int, *, reservation_id: int, from_holder_id: int, to: HolderRef) -> tuple[int, int]:
    """Move one hold; how many of its seats are the user's now, and how many had to be given back."""
    act = partial(
        _move_hold, event_id=event_id, reservation_id=reservation_id, from_holder_id=from_holder_id, to=to
    )
    for _ in range(MAX_TRIES):
        # Another window may add a seat between our two locks; then we look again.
        with suppress(BasketChanged):
            return with_own_lapsed_hold_closed(act)
    raise Busy()


def _move_hold(
    session: Session, *, event_id: int, reservation_id: int, from_holder_id: int, to: HolderRef
) -> tuple[int, int] | LapsedHold:
    seats = lock_seats(session, event_id, and_(Seat.reservation_id == reservation_id, Seat.status == "held"))
    own_id = session.scalar(open_hold_of(event_id, to.holder_id))
    holds = lock_reservations(session, event_id, {reservation_id} | ({own_id} if own_id else set()))
    now = clock(session)
    anonymous, own = holds[reservation_id], holds.get(own_id or 0)
    if own is not None and own.status == "held" and own.expires_at <= now:
        return LapsedHold(event_id, own.id)
    if anonymous.holder_id != from_holder_id or anonymous.status != "held" or anonymous.expires_at <= now:
        return 0, 0
    lines = {line.seat_id: LinePrice.of(line) for line in open_lines(session, event_id, reservation_id)}
    if lines.keys() != {seat.id for seat in seats}:
        raise BasketChanged()

    one_count_at_a_time(session, event_id, holder_id=to.holder_id)
    event = session.execute(
        select(Event.max_seats, places_of(event_id, to.holder_id).label("places")).where(Event.id == event_id)
    ).one()
    room = max(0, event.max_seats - event.places)
    kept, given_back = seats[:room], seats[room:]
    free_seats(session, given_back, outcome="released", reason="release", at=now, actor=to.user_id)
    if not kept:
        return 0, len(given_back)
    # A code comes along as long as the user may use it.
    brings_code = code_is_left(session, event_id, reservation_id=reservation_id, holder_id=to.holder_id)
    if own is None or own.status != "held":
        if not brings_code:
            take_code_off(session, event_id, reservation_id=reservation_id)
        session.execute(
            update(Reservation)
            .where(Reservation.event_id == event_id, Reservation.id == reservation_id)
            .values(holder_id=to.holder_id)
        )
        reprice(session, event_id, reservation_id=reservation_id)
    else:
        free_seats(session, kept, outcome="moved", reason="move", at=now, actor=to.user_id)
        take_seats(
            session,
            event_id,
            kept,
            reservation_id=own.id,
            until=own.expires_at,
            reason="move",
            actor=to.user_id,
            prices=[lines[seat.id] for seat in kept],
        )
        if brings_code:
            hand_code_on(session, event_id, from_id=reservation_id, to_id=own.id)
        reprice(session, event_id, reservation_id=own.id)
    return len(kept), len(given_back)
