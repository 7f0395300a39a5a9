"""The people who were there before: they buy and hold places, so that the demonstration looks alive.

They use the same acts as everybody. Chance is seeded, so that two
demonstrations of one day look the same.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from seatbook.domain.demonstration.online import buy_online
from seatbook.domain.holders import HolderRef, holder_of_browser
from seatbook.domain.inventory import block_seats, confirm_reservation, hold_quantity, hold_seats
from seatbook.domain.transaction import run_transaction
from seatbook.models import Area, Seat
from seatbook.payments.till import Till

# Couples are the most.
GROUPS = (1, 2, 2, 2, 2, 3, 3, 4, 4, 5)
SOON, FORTNIGHT = timedelta(hours=1), timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _Seat:
    seat_id: int
    label: str
    x: float


@dataclass(slots=True)
class _Area:
    """What of an event's area is left. Rows are the free seats side by side; slots are rows of one."""

    area_id: int
    kind: str
    rows: list[list[_Seat]]
    places: int


class Crowd:
    """Buys and holds places of one event after another."""

    def __init__(self) -> None:
        # Not a secret: which seats look taken.
        self._chance = Random(1911)  # noqa: S311
        self._people = count()
        self._run = secrets.token_hex(4)

    def fill(self, event_id: int, *, share: float, keep: int | None, max_seats: int, held_groups: int) -> int:
        """Buy about `share` of the places, or all but `keep`; then hold a few more. How many were bought."""
        areas = _areas(event_id)
        total = sum(area.places for area in areas)
        wanted = total - keep if keep is not None else round(total * share)
        bought = 0
        while bought < wanted:
            area = self._chance.choices(areas, weights=[area.places for area in areas])[0]
            # Few people leave an event almost full: then everybody takes what is left together.
            group = max_seats if keep is not None else self._chance.choice(GROUPS)
            size = self._take(event_id, area, size=min(group, max_seats, wanted - bought), buy=True)
            bought += size
        for _ in range(held_groups):
            area = self._chance.choices(areas, weights=[area.places for area in areas])[0]
            self._take(event_id, area, size=min(2, max_seats), buy=False)
        return bought

    def block(self, event_id: int, *, labels: Sequence[str], actor_user_id: int) -> None:
        """Take seats off sale, as the box office does for a camera or a broken chair."""
        wanted = set(labels)
        seats = [
            seat.seat_id
            for area in _areas(event_id)
            for row in area.rows
            for seat in row
            if seat.label in wanted
        ]
        block_seats(event_id, seat_ids=seats, reason="Camera position", actor_user_id=actor_user_id)

    def buy_for(self, event_id: int, *, holder: HolderRef, size: int, till: Till) -> int:
        """Buy `size` places for a user, online where that is how they are paid; the reservation's id."""
        area = _areas(event_id)[0]
        reservation_id = self._hold(event_id, area, size=size, holder=holder, buy=False)[1]
        buy_online(event_id, reservation_id=reservation_id, holder=holder, till=till)
        return reservation_id

    def _take(self, event_id: int, area: _Area, *, size: int, buy: bool) -> int:
        if area.places == 0 or size == 0:
            return 0
        person = holder_of_browser(f"demonstration-{self._run}-{next(self._people)}")
        return self._hold(event_id, area, size=min(size, area.places), holder=person, buy=buy)[0]

    def _hold(
        self, event_id: int, area: _Area, *, size: int, holder: HolderRef, buy: bool
    ) -> tuple[int, int]:
        """(places, reservation id)"""
        if area.kind in ("standing", "stock"):
            hold = hold_quantity(event_id, area_id=area.area_id, quantity=size, holder=holder)
        else:
            seat_ids = self._pick(area, size)
            hold = hold_seats(event_id, seat_ids=seat_ids, holder=holder)
        area.places -= len(hold.seat_ids)
        if buy:
            confirm_reservation(event_id, reservation_id=hold.reservation_id, holder=holder)
        return len(hold.seat_ids), hold.reservation_id

    def _pick(self, area: _Area, size: int) -> list[int]:
        """Seats side by side, more likely in the middle; as many as there are where a row has fewer."""
        rows = [row for row in area.rows if row]
        long_enough = [row for row in rows if len(row) >= size] or [max(rows, key=len)]
        row = self._chance.choice(long_enough)
        size = min(size, len(row))
        starts = range(len(row) - size + 1)
        weights = [
            1 / (1 + abs(sum(seat.x for seat in row[start : start + size])) / size) for start in starts
        ]
        start = self._chance.choices(starts, weights=weights)[0]
        taken = row[start : start + size]
        area.rows.remove(row)
        area.rows += [part for part in (row[:start], row[start + size :]) if part]
        return [seat.seat_id for seat in taken]


def _areas(event_id: int) -> list[_Area]:
    """The event's areas with their free places, as they are now."""

    def act(session: Session) -> list[_Area]:
        areas: dict[int, _Area] = {}
        rows: dict[tuple[int, int | None, str | None], list[_Seat]] = defaultdict(list)
        query = (
            select(Seat.id, Seat.area_id, Area.kind, Seat.section_id, Seat.row_label, Seat.label, Seat.x)
            .join(Area, (Area.event_id == Seat.event_id) & (Area.id == Seat.area_id))
            .where(
                Seat.event_id == event_id,
                Seat.status == "available",
                # A slot that begins while the seed still buys would be refused then.
                # Nor does a crowd think of slots in two months.
                or_(
                    Seat.starts_at.is_(None),
                    Seat.starts_at.between(func.clock_timestamp() + SOON, func.clock_timestamp() + FORTNIGHT),
                ),
            )
            .order_by(Area.position, Seat.id)
        )
        for seat in session.execute(query):
            area = areas.setdefault(seat.area_id, _Area(seat.area_id, seat.kind, [], 0))
            area.places += 1
            if seat.kind == "slots":
                area.rows.append([_Seat(seat.id, seat.label, 0.0)])
            elif seat.kind == "seated":
                rows[(seat.area_id, seat.section_id, seat.row_label)].append(
                    _Seat(seat.id, seat.label, seat.x)
                )
        for (area_id, _, _), row in rows.items():
            areas[area_id].rows.append(row)
        return list(areas.values())

    return run_transaction(act)
