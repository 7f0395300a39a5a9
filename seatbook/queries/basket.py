"""The viewer's basket of one event: what is held, what it costs, and what became of a hold that ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from seatbook.extensions import db
from seatbook.models import Area, Category, ReservationSeat, Seat, Section
from seatbook.queries.moment import Moment, status_at
from seatbook.queries.viewer import Viewer


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One place with its price in minor units. `is_free`: somebody could take it now."""

    seat_id: int
    area_id: int
    area_kind: str
    area: str
    section: str | None
    category_id: int
    category: str
    colour: int
    row_label: str | None
    number: str | None
    label: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    price_minor: int
    is_free: bool
    section_id: int | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """`state` is empty, open, or ended (by time, a moment ago; `lines` are what was in it).

    `seconds_left` counts from the database's clock, so that a browser's clock never matters.
    """

    state: str = "empty"
    reservation_id: int | None = None
    lines: tuple[BasketLine, ...] = ()
    until: datetime | None = None
    seconds_left: float = 0.0
    references: tuple[str, ...] = ()

    @property
    def total_minor(self) -> int:
        return sum(line.price_minor for line in self.lines)

    @property
    def free_again(self) -> tuple[BasketLine, ...]:
        return tuple(line for line in self.lines if line.is_free)

    @property
    def seat_ids(self) -> tuple[int, ...]:
        """What is held now; nothing when the hold has ended."""
        return tuple(line.seat_id for line in self.lines) if self.state == "open" else ()


def load_basket(event_id: int, *, viewer: Viewer, moment: Moment) -> Basket:
    references = tuple(reference for _, reference in viewer.bought)
    if viewer.hold_id is not None and viewer.hold_until is not None:
        lines = _lines(event_id, reservation_id=viewer.hold_id, at=moment.now, with_expired=False)
        if lines:
            left = (viewer.hold_until - moment.now).total_seconds()
            return Basket("open", viewer.hold_id, lines, viewer.hold_until, left, references)
    if viewer.ended_id is not None:
        lines = _lines(event_id, reservation_id=viewer.ended_id, at=moment.now, with_expired=True)
        if lines:
            return Basket("ended", viewer.ended_id, lines, viewer.ended_at, 0.0, references)
    return Basket(references=references)


def _lines(event_id: int, *, reservation_id: int, at: datetime, with_expired: bool) -> tuple[BasketLine, ...]:
    shown: ColumnElement[bool] = ReservationSeat.ended_at.is_(None)
    if with_expired:
        shown = or_(shown, ReservationSeat.outcome == "expired")
    rows: Iterable[Any] = db.session.execute(
        select(
            Seat.id,
            Area.id,
            Area.kind,
            Area.name,
            Section.name,
            Category.id,
            Category.name,
            Category.colour,
            Seat.row_label,
            Seat.number,
            Seat.label,
            Seat.starts_at,
            Seat.ends_at,
            ReservationSeat.price_minor,
            status_at(at) == "available",
            Seat.section_id,
        )
        .select_from(ReservationSeat)
        .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
        .where(ReservationSeat.event_id == event_id, ReservationSeat.reservation_id == reservation_id, shown)
        .order_by(
            Area.position, Area.id, Section.band, Section.position, Seat.y, Seat.x, Seat.starts_at, Seat.id
        )
    )
    return tuple(BasketLine(*row) for row in rows)
