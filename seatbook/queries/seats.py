"""Seats as light tuples: 1,500 of them are read and drawn for every page of a hall."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
)

from seatbook.domain.inventory.replan import REMOVED_BY_PLAN
from seatbook.domain.inventory.rows import one_of
from seatbook.extensions import db
from seatbook.models import Area, Seat, Section
from seatbook.queries.event import SEAT_BY_SEAT
from seatbook.queries.moment import CLOCK, status_at
from seatbook.queries.viewer import Viewer

# Seats with a history stay as blocked rows when a new version of the plan has them no more.
IN_THE_PLAN: ColumnElement[bool] = Seat.blocked_reason.is_distinct_from(REMOVED_BY_PLAN)


class SeatView(NamedTuple):
    """One seat or slot as the viewer sees it.

    `status` is available, mine (held by the viewer), held, reserved or blocked.
    `own` tells that the viewer holds it, pays for it or bought it. `x`, `y` are its place in the
    hall in units of one seat's width, x from the axis, y from the first row.
    """

    id: int
    area_id: int
    section_id: int | None
    category_id: int
    row_label: str | None
    number: str | None
    label: str | None
    x: float | None
    y: float | None
    starts_at: datetime | None
    ends_at: datetime | None
    status: str
    own: bool
    # Some of SEAT_FEATURES; None and not an empty list, which the driver would make for every seat.
    features: Sequence[str] | None = None


def seats_of(event_id: int, *, viewer: Viewer, at: datetime) -> list[SeatView]:
    """Every numbered seat of the event, by id, which is the order in which the plan names them.

    Seats that a later plan removed are not there any more, even where their history keeps their rows.
    """
    return _read(ALL_SEATS, event_id, viewer=viewer, at=at)


def slots_between(
    event_id: int,
    *,
    area_ids: Collection[int],
    begin: datetime,
    end: datetime,
    viewer: Viewer,
    at: datetime,
) -> list[SeatView]:
    """The slots of these rooms that begin from `begin` to before `end` and are not over yet, in their order."""
    query = SEATS.where(
        Seat.area_id.in_(area_ids),
        Seat.starts_at >= begin,
        Seat.starts_at < end,
        Seat.ends_at > at,
        IN_THE_PLAN,
    )
    return _read(query.order_by(Seat.starts_at, Seat.id), event_id, viewer=viewer, at=at)


def seats_of_section(event_id: int, *, section_id: int, viewer: Viewer, at: datetime) -> list[SeatView]:
    """The seats of one section, by id; none where the event has no such section."""
    query = SEATS.where(in_sections(event_id, [section_id]), IN_THE_PLAN).order_by(Seat.id)
    return _read(query, event_id, viewer=viewer, at=at)


def in_sections(event_id: int, section_ids: Collection[int]) -> ColumnElement[bool]:
    """A seat is in one of these sections; what that takes depends on them, and not on how large the hall is.

    Every seat of a section has an area and a label. They stand here because the index of labels
    finds the seats by them: one more index would be one more thing to write with every hold.
    """
    sections = select(Section.area_id, Section.id).where(
        Section.event_id == event_id, Section.id.in_(section_ids)
    )
    return and_(tuple_(Seat.area_id, Seat.section_id).in_(sections), Seat.label.is_not(None))


def seats_by_id(event_id: int, *, seat_ids: Collection[int], viewer: Viewer, at: datetime) -> list[SeatView]:
    """Those of the named that are numbered seats or slots, by id."""
    if not seat_ids:
        return []
    return _read(SEATS_BY_ID, event_id, viewer=viewer, at=at, seat_ids=list(seat_ids))


def _read(
    query: Select[*tuple[Any, ...]], event_id: int, *, viewer: Viewer, at: datetime, **values: Any
) -> list[SeatView]:
    values |= {
        "event_id": event_id,
        "at": at,
        "hold_id": viewer.hold_id,
        "own_ids": [i for i in (viewer.hold_id, *viewer.bought_ids, *viewer.paying_ids) if i is not None],
    }
    # By the connection: the session's way of loading rows costs more than the query.
    return list(map(SeatView._make, db.session.connection().execute(query, values)))


# Made once: every page, every click and every poll asks one of these.
def _seats() -> Select[*tuple[Any, ...]]:
    status = status_at(bindparam("at"))
    is_held_by_viewer = and_(Seat.reservation_id == bindparam("hold_id"), status == "held")
    return (
        select(
            Seat.id,
            Seat.area_id,
            Seat.section_id,
            Seat.category_id,
            Seat.row_label,
            Seat.number,
            Seat.label,
            Seat.x,
            Seat.y,
            Seat.starts_at,
            Seat.ends_at,
            case((is_held_by_viewer, literal_column("'mine'")), else_=status),
            func.coalesce(Seat.reservation_id == one_of("own_ids"), False),
            func.nullif(Seat.features, literal_column("'{}'::text[]")),
        )
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .where(Seat.event_id == bindparam("event_id"), Area.kind.in_(SEAT_BY_SEAT))
    )


SEATS = _seats()
ALL_SEATS = SEATS.where(Area.kind == "seated", IN_THE_PLAN).order_by(Seat.id)
SEATS_BY_ID = SEATS.where(Seat.id == one_of("seat_ids")).order_by(Seat.id)


# A seat two places away is "beside"; further ones are somewhere else.
BESIDE = 2.5
# In a hall the next row is a longer way than the next chair.
ROW_WEIGHT = 1.5


class FreeSeat(NamedTuple):
    """A free seat near another one. `distance` is in seats."""

    id: int
    label: str
    distance: float


def free_seats_near(event_id: int, *, seat_id: int, limit: int = 2) -> list[FreeSeat]:
    """The nearest free seats of the same section and price, nearest first. Slots have no neighbours.

    Rows may be curved or turned: which seat is behind another is told by their rows, and not by their places.
    """
    lost = (
        select(Seat.area_id, Seat.section_id, Seat.category_id, Seat.row_label, Seat.x, Seat.y)
        .where(Seat.event_id == event_id, Seat.id == seat_id)
        .subquery()
    )
    weight = case((Seat.row_label.is_not_distinct_from(lost.c.row_label), 1.0), else_=ROW_WEIGHT)
    straight = func.sqrt(func.power(Seat.x - lost.c.x, 2) + func.power(Seat.y - lost.c.y, 2))
    distance = (straight * weight).label("distance")
    rows = db.session.execute(
        select(Seat.id, func.coalesce(Seat.label, ""), distance)
        .join(
            lost,
            and_(
                Seat.area_id == lost.c.area_id,
                Seat.section_id.is_not_distinct_from(lost.c.section_id),
                Seat.category_id == lost.c.category_id,
            ),
        )
        .where(
            Seat.event_id == event_id,
            Seat.id != seat_id,
            distance.is_not(None),
            status_at(CLOCK) == "available",
        )
        .order_by(distance, Seat.id)
        .limit(limit)
    )
    return [FreeSeat._make(row) for row in rows]
