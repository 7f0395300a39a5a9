"""Other places for somebody who has bought: the box office moves a purchase, place by place, at the same price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import and_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.inventory.party import why_unfit
from seatbook.domain.inventory.rows import (
    LinePrice,
    Locked,
    checked_id,
    checked_ids,
    clock,
    end_claims,
    is_free,
    label,
    lock_named,
    lock_reservations,
    open_lines,
    take_seats,
)
from seatbook.domain.letters import tell_moved
from seatbook.domain.transaction import run_transaction
from seatbook.errors import (
    N_,
    InvalidInput,
    NotFound,
    OtherPrice,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    WrongState,
)
from seatbook.models import Area, Category, Event, Seat

# A place is held between being free and being bought, within one transaction.
WITHIN_THIS_TRANSACTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MovedPurchase:
    """`seat_ids` are the new places, in the order of the old ones' ids."""

    event_id: int
    reservation_id: int
    seat_ids: tuple[int, ...]


def move_purchase(
    event_id: int, *, reservation_id: int, moves: Mapping[int, int], actor_user_id: int | None = None
) -> MovedPurchase:
    """Give a buyer other places instead of some that they bought: old seat id → new one; all or none.

    What was paid stays as it is, so a new place must cost what the old one does. The old tickets are void, the new
    places have tickets of their own, and the buyer is told. Locks the seats by id, then the reservations by id.
    Repeating it raises NotFound, or answers the same under its key. Raises SeatsTaken, OtherPrice, PartyDoesNotFit,
    SlotBegun, SaleClosed (the event is cancelled), WrongState (not bought), NotFound, InvalidInput.
    """
    old_ids, new_ids = checked_ids(list(moves)), checked_ids(list(moves.values()))
    if len(new_ids) != len(moves) or set(old_ids) & set(new_ids):
        raise _not_another()
    return run_transaction(
        partial(
            _move,
            event_id=event_id,
            reservation_id=checked_id(reservation_id),
            moves={old: moves[old] for old in old_ids},
            actor=actor_user_id,
        )
    )


def _move(
    session: Session, *, event_id: int, reservation_id: int, moves: dict[int, int], actor: int | None
) -> MovedPurchase:
    locked = {seat.id: seat for seat in lock_named(session, event_id, [*moves, *moves.values()])}
    new = [locked[seat_id] for seat_id in moves.values()]
    lapsed = {seat.reservation_id for seat in new if seat.reservation_id is not None}
    reservation = lock_reservations(session, event_id, {reservation_id, *lapsed}).get(reservation_id)
    if reservation is None:
        raise NotFound(what="reservation")
    if reservation.status != "confirmed":
        raise WrongState(state=reservation.status)
    now = clock(session)
    if any(locked[seat_id].reservation_id != reservation_id for seat_id in moves):
        raise NotFound(what="seat")
    if any(seat.reservation_id == reservation_id for seat in new):
        raise _not_another()
    if taken := [seat for seat in new if not is_free(seat, at=now)]:
        raise SeatsTaken(seat_ids=[seat.id for seat in taken], labels=[label(seat) for seat in taken])
    if any(seat.starts_at is not None and seat.starts_at <= now for seat in new):
        raise SlotBegun()
    if session.scalar(select(Event.status).where(Event.id == event_id)) == "cancelled":
        raise SaleClosed(state="cancelled")
    lines = {line.seat_id: line for line in open_lines(session, event_id, reservation_id)}
    _refuse_other_prices(session, event_id, moves=moves, lines=lines, new=new)
    end_claims(session, [seat for seat in new if seat.status == "held"], at=now)
    take_seats(
        session,
        event_id,
        new,
        reservation_id=reservation_id,
        until=now + WITHIN_THIS_TRANSACTION,
        reason="move",
        actor=actor,
        prices=[LinePrice.of(lines[seat_id]) for seat_id in moves],
    )
    values = {"event": event_id, "reservation": reservation_id, "actor": actor, "at": now}
    session.execute(BUY_NEW, values | {"seats": list(moves.values())})
    session.execute(FREE_OLD, values | {"seats": list(moves)})
    tell_moved(session, event_id, reservation_id)
    return MovedPurchase(event_id, reservation_id, tuple(moves.values()))


def _not_another() -> InvalidInput:
    return InvalidInput(field="moves", reason=N_("Each place needs another place of its own."))


def _refuse_other_prices(
    session: Session,
    event_id: int,
    *,
    moves: dict[int, int],
    lines: dict[int, Locked],
    new: list[Locked],
) -> None:
    """A new place must cost, without reductions and fees, what the old one did, for as many people."""
    parties = {new_id: lines[old_id].party_size for old_id, new_id in moves.items()}
    if refusal := why_unfit(session, event_id, parties=parties):
        raise refusal
    offered = {
        row.id: row
        for row in session.execute(
            select(Seat.id, Category.price_minor, Area.kind, Area.price_per)
            .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
            .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
            .where(Seat.event_id == event_id, Seat.id.in_([*moves, *moves.values()]))
        )
    }

    def price_of(seat_id: int, party: int | None) -> int:
        row = offered[seat_id]
        times = party if row.price_per == "person" and party else 1
        return int(row.price_minor) * times

    other = [
        new_id
        for old_id, new_id in moves.items()
        if price_of(new_id, parties[new_id])
        # What was agreed, or what the old place would cost now: prices may have changed since.
        not in (lines[old_id].full_price_minor, price_of(old_id, parties[new_id]))
        or offered[new_id].kind != offered[old_id].kind
    ]
    if other:
        raise OtherPrice(labels=[label(seat) for seat in new if seat.id in other])


BUY_NEW = text("""
    WITH bought AS (
        UPDATE seat SET status = 'reserved', held_until = NULL
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT :event, id, 'held', 'reserved', 'move', :reservation, :actor FROM bought ORDER BY id
""")
FREE_OLD = text("""
    WITH ended AS (
        UPDATE reservation_seat SET ended_at = :at, outcome = 'moved'
         WHERE event_id = :event AND reservation_id = :reservation
           AND seat_id = ANY(CAST(:seats AS bigint[])) AND ended_at IS NULL
    ), freed AS (
        UPDATE seat SET status = 'available', reservation_id = NULL
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT :event, id, 'reserved', 'available', 'move', :reservation, :actor FROM freed ORDER BY id
""")
