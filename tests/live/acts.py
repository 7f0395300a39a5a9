"""People who do at random what people do with places, so that an open page has something to keep up with."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sqlalchemy import func, select

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
    unblock_seats,
)
from seatbook.errors import SeatbookError
from seatbook.extensions import db
from seatbook.models import Reservation, SeatChange
from tests.factories import Hall, database_clock, let_hold_end, reservation_row

ACTS = (
    "hold",
    "hold",
    "hold",
    "release some",
    "release all",
    "buy",
    "cancel",
    "block",
    "unblock",
    "lapse",
    "sweep",
)


class People:
    """Holders who act on one hall. What is refused changes nothing, and counts as nothing."""

    def __init__(
        self,
        hall: Hall,
        holders: Sequence[HolderRef],
        *,
        dice: random.Random,
        area_id: int | None = None,
        most_at_once: int = 6,
    ) -> None:
        self.hall = hall
        self.holders = holders
        self._dice = dice
        self._area_id = area_id
        self._most_at_once = most_at_once

    def act(self, kind: str | None = None) -> None:
        """One act of `kind`, or any, by somebody, somewhere."""
        kind = kind or self._dice.choice(ACTS)
        holder = self._dice.choice(self.holders)
        first = self._dice.randrange(len(self.hall.seat_ids))
        seat_ids = self.hall.seat_ids[first : first + self._dice.randint(1, self._most_at_once)]
        try:
            self._act(kind, holder, seat_ids)
        except SeatbookError:
            db.session.rollback()

    def _act(self, kind: str, holder: HolderRef, seat_ids: Sequence[int]) -> None:
        event_id = self.hall.event_id
        if kind == "hold" and self._area_id is not None and self._dice.random() < 0.3:
            hold_quantity(event_id, area_id=self._area_id, quantity=len(seat_ids), holder=holder)
        elif kind == "hold":
            hold_seats(event_id, seat_ids=seat_ids, holder=holder)
        elif kind == "release some":
            release_seats(event_id, seat_ids=seat_ids, holder=holder)
        elif kind == "release all":
            release_hold(event_id, holder=holder)
        elif kind == "buy" and (reservation_id := self._reservation_of(holder, "held")):
            confirm_reservation(event_id, reservation_id=reservation_id, holder=holder)
        elif kind == "cancel" and (reservation_id := self._reservation_of(holder, "confirmed")):
            cancel_reservation(event_id, reservation_id=reservation_id, holder=None)
        elif kind == "block":
            block_seats(event_id, seat_ids=seat_ids, reason="camera", actor_user_id=None)
        elif kind == "unblock":
            unblock_seats(event_id, seat_ids=seat_ids, actor_user_id=None)
        elif kind == "lapse" and (reservation_id := self._reservation_of(holder, "held")):
            let_time_end_hold(self.hall, reservation_id)
        elif kind == "sweep":
            sweep_expired_holds(batch=3, trigger="test")

    def _reservation_of(self, holder: HolderRef, status: str) -> int | None:
        db.session.rollback()
        return db.session.scalar(
            select(func.max(Reservation.id)).where(
                Reservation.event_id == self.hall.event_id,
                Reservation.holder_id == holder.holder_id,
                Reservation.status == status,
            )
        )


def let_time_end_hold(hall: Hall, reservation_id: int) -> None:
    """The hold ends a moment from now, by itself, and that moment passes."""
    let_hold_end(hall, reservation_id, seconds_ago=-0.005)
    end = reservation_row(hall, reservation_id).expires_at
    while database_clock() <= end:
        pass


def changes_made(hall: Hall) -> int:
    """How many lines the event's log has."""
    db.session.rollback()
    query = select(func.count()).select_from(SeatChange).where(SeatChange.event_id == hall.event_id)
    return db.session.scalar(query) or 0
