"""How many places are available, held, reserved and blocked: counted in one grouped query, however many seats."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select

from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.queries.moment import CLOCK, status_at
from seatbook.queries.seats import IN_THE_PLAN

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of places by state. `blocked` places are not for sale."""

    available: int = 0
    held: int = 0
    reserved: int = 0
    blocked: int = 0

    @property
    def total(self) -> int:
        return self.available + self.held + self.reserved + self.blocked

    @property
    def for_sale(self) -> int:
        """Places that are sold at all, now or before."""
        return self.total - self.blocked

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.available + other.available,
            self.held + other.held,
            self.reserved + other.reserved,
            self.blocked + other.blocked,
        )


NOBODY = Figures()


def figures_of_events(event_ids: Collection[int]) -> dict[int, Figures]:
    """Counts by event id. An event without places is not in it."""
    status = status_at(CLOCK).label("status")
    rows = db.session.execute(
        select(Seat.event_id, status, func.count())
        .where(Seat.event_id.in_(event_ids), IN_THE_PLAN)
        .group_by(Seat.event_id, status)
    )
    return _by_key((event_id, name, count) for event_id, name, count in rows)


def figures_of_areas(event_id: int, *, at: datetime) -> dict[tuple[int, int], Figures]:
    """Counts of one event by (area id, category id)."""
    status = status_at(at).label("status")
    rows = db.session.execute(
        select(Seat.area_id, Seat.category_id, status, func.count())
        .where(Seat.event_id == event_id, IN_THE_PLAN)
        .group_by(Seat.area_id, Seat.category_id, status)
    )
    return _by_key(((area_id, category_id), name, count) for area_id, category_id, name, count in rows)


def _by_key(rows: Iterable[tuple[K, str, int]]) -> dict[K, Figures]:
    counts: dict[K, dict[str, int]] = {}
    for key, status, count in rows:
        counts.setdefault(key, {})[status] = count
    return {key: Figures(**by_status) for key, by_status in counts.items()}
