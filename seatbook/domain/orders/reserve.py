"""Buying seats by their names: whoever holds exactly these buys the hold that they are in."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.rows import checked_ids, label
from seatbook.domain.orders.begin import BegunCheckout, begin_checkout
from seatbook.domain.transaction import run_transaction
from seatbook.errors import BasketChanged, HoldExpired, NotFound, NothingHeld, SeatsTaken
from seatbook.models import Reservation, ReservationSeat, Seat
from seatbook.payments.till import Till


def reserve_seats(
    event_id: int, *, seat_ids: Collection[int], holder: HolderRef, till: Till, return_url: str = ""
) -> BegunCheckout:
    """Buy these seats, which the holder holds, or begin to pay for them; `begin_checkout` with the hold found.

    Asking again after success, or while it is being paid, answers the same. Raises SeatsTaken (somebody
    else has one), HoldExpired, NothingHeld, and what `begin_checkout` raises.
    """
    wanted = checked_ids(list(seat_ids))
    reservation_id = run_transaction(partial(_find, event_id=event_id, wanted=wanted, holder=holder))
    return begin_checkout(
        event_id,
        reservation_id=reservation_id,
        holder=holder,
        till=till,
        seat_ids=wanted,
        return_url=return_url,
    )


def _find(session: Session, *, event_id: int, wanted: Collection[int], holder: HolderRef) -> int:
    """The reservation to buy. Nothing is decided here that `begin_checkout` does not judge again under its locks."""
    seats = {
        row.id: row
        for row in session.execute(
            select(Seat.id, Seat.label, Seat.status, Reservation.id.label("owner"), Reservation.holder_id)
            .outerjoin(
                Reservation,
                and_(Reservation.event_id == Seat.event_id, Reservation.id == Seat.reservation_id),
            )
            .where(Seat.event_id == event_id, Seat.id.in_(wanted))
        )
    }
    if len(seats) != len(wanted):
        raise NotFound(what="seat")
    own = [row.owner for row in seats.values() if row.holder_id == holder.holder_id]
    if own:
        newest: int = max(own)
        others = [row for row in seats.values() if row.owner != newest]
        _refuse_taken([row for row in others if row.holder_id != holder.holder_id])
        if others:
            # What was bought or begun before answers for its own seats alone.
            raise BasketChanged()
        return newest
    ended = session.execute(
        select(func.least(Reservation.expires_at, Reservation.ended_at).label("expires_at"))
        .join(
            ReservationSeat,
            and_(
                ReservationSeat.event_id == Reservation.event_id,
                ReservationSeat.reservation_id == Reservation.id,
            ),
        )
        .where(
            Reservation.event_id == event_id,
            Reservation.holder_id == holder.holder_id,
            Reservation.status == "expired",
            ReservationSeat.seat_id.in_(wanted),
        )
        .order_by(Reservation.id.desc())
        .limit(1)
    ).one_or_none()
    if ended is not None:
        raise HoldExpired(expired_at=ended.expires_at.isoformat())
    _refuse_taken(list(seats.values()))
    raise NothingHeld()


def _refuse_taken(seats: Collection[Any]) -> None:
    taken = [row for row in seats if row.status != "available"]
    if taken:
        raise SeatsTaken(seat_ids=[row.id for row in taken], labels=[label(row) for row in taken])
