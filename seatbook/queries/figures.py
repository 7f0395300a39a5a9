"""How many places are available, held, reserved and blocked: counted in one grouped query, however many seats."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Integer, and_, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from seatbook.domain.prices import price_with_fee
from seatbook.extensions import db
from seatbook.models import Category, Seat
from seatbook.queries.moment import CLOCK, status_at
from seatbook.queries.seats import IN_THE_PLAN, in_sections

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


class SectionFigures(NamedTuple):
    """What a section has left, and what its seats cost, taken ones too.

    `for_sale` counts the seats that are not blocked. `category_ids`: the dearest first.
    """

    section_id: int
    available: int
    for_sale: int
    lowest_minor: int
    highest_minor: int
    category_ids: tuple[int, ...]

    @property
    def thirds_left(self) -> int:
        return thirds(self.available, self.for_sale)


def thirds(available: int, for_sale: int) -> int:
    """How much is left, in thirds of what is for sale, rounded up: 0 is nothing, 3 more than two thirds."""
    return -(-3 * available // for_sale) if for_sale else 0


# A slot that has begun is neither left nor part of what there was: a room goes on for years.
def _is_to_come(at: Any) -> ColumnElement[bool]:
    return or_(Seat.starts_at.is_(None), Seat.starts_at > at)


def figures_of_events(event_ids: Collection[int]) -> dict[int, Figures]:
    """Counts by event id. An event without places is not in it."""
    status = status_at(CLOCK).label("status")
    rows = db.session.execute(
        select(Seat.event_id, status, func.count())
        .where(Seat.event_id.in_(event_ids), IN_THE_PLAN, _is_to_come(CLOCK))
        .group_by(Seat.event_id, status)
    )
    return _by_key((event_id, name, count) for event_id, name, count in rows)


def figures_of_areas(event_id: int, *, at: datetime) -> dict[tuple[int, int], Figures]:
    """Counts of one event by (area id, category id)."""
    rows = db.session.execute(BY_AREA, {"event_id": event_id, "at": at})
    return _by_key(((area_id, category_id), name, count) for area_id, category_id, name, count in rows)


# Made once: every page, every click and every poll asks it.
_STATUS = status_at(bindparam("at")).label("status")
BY_AREA = (
    select(Seat.area_id, Seat.category_id, _STATUS, func.count())
    .where(Seat.event_id == bindparam("event_id"), IN_THE_PLAN, _is_to_come(bindparam("at")))
    .group_by(Seat.area_id, Seat.category_id, _STATUS)
)


def figures_of_sections(
    event_id: int, *, at: datetime, section_ids: Collection[int] | None = None
) -> dict[int, SectionFigures]:
    """By section id, for all sections or these. A section without seats is not in it."""
    is_free = or_(Seat.status == "available", and_(Seat.status == "held", Seat.held_until <= at))
    wanted = Seat.section_id.is_not(None) if section_ids is None else in_sections(event_id, section_ids)
    # Counted before the few prices are joined to it.
    counted = (
        select(
            Seat.section_id,
            Seat.category_id,
            func.count().filter(is_free).label("available"),
            func.count().filter(Seat.status != "blocked").label("for_sale"),
        )
        .where(Seat.event_id == event_id, wanted, IN_THE_PLAN)
        .group_by(Seat.section_id, Seat.category_id)
        .subquery()
    )
    price = price_with_fee()
    rows = db.session.execute(
        select(
            counted.c.section_id,
            cast(func.sum(counted.c.available), Integer),
            cast(func.sum(counted.c.for_sale), Integer),
            func.min(price),
            func.max(price),
            func.array_agg(aggregate_order_by(Category.id, price.desc(), Category.id)),
        )
        .join(Category, and_(Category.event_id == event_id, Category.id == counted.c.category_id))
        .group_by(counted.c.section_id)
    )
    return {row[0]: SectionFigures._make((*row[:5], tuple(row[5]))) for row in rows}


def _by_key(rows: Iterable[tuple[K, str, int]]) -> dict[K, Figures]:
    counts: dict[K, dict[str, int]] = {}
    for key, status, count in rows:
        counts.setdefault(key, {})[status] = count
    return {key: Figures(**by_status) for key, by_status in counts.items()}
