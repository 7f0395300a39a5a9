"""Every sellable place of an event, whatever its area's kind, as programs read them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, literal_column, select, text

from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.queries.moment import status_at
from seatbook.queries.seats import IN_THE_PLAN
from seatbook.queries.viewer import Viewer


class Place(NamedTuple):
    """One place: a chair, one of N standing places, a slot, an item. Those that are alike have no label.

    `status` is available, held, reserved or blocked; `own`: the viewer holds or bought it.
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
    features: Sequence[str] | None


def places_of(
    event_id: int,
    *,
    viewer: Viewer,
    at: datetime,
    area_id: int | None = None,
    status: str | None = None,
    seat_ids: Collection[int] | None = None,
) -> list[Place]:
    """By id, which is the order in which the plan names them. Those that a later plan removed are not there."""
    status_now = status_at(at)
    query = (
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
            status_now,
            _is_own(viewer, status_now),
            func.nullif(Seat.features, literal_column("'{}'::text[]")),
        )
        .where(Seat.event_id == event_id, IN_THE_PLAN)
        .order_by(Seat.id)
    )
    if area_id is not None:
        query = query.where(Seat.area_id == area_id)
    if status is not None:
        query = query.where(status_now == status)
    if seat_ids is not None:
        query = query.where(Seat.id.in_(seat_ids))
    # By the connection: the session's way of loading rows costs more than the query.
    return list(map(Place._make, db.session.connection().execute(query).all()))


def version_of(event_id: int, *, at: datetime) -> str:
    """A short text that differs whenever any place of the event does, and costs a fraction of reading them.

    It sums up which version of each row there is (`xmin` is the transaction that wrote it), so it tells of
    whatever wrote to a seat and however late that committed; and which holds have ended by time alone.
    """
    row = db.session.connection().execute(VERSION, {"event": event_id, "at": at}).one()
    return f"{row.places}.{row.versions}.{row.lapsed}"


VERSION = text("""
    SELECT count(*) AS places, sum(hashint8extended(id, CAST(CAST(xmin AS text) AS bigint))) AS versions,
           count(*) FILTER (WHERE status = 'held' AND held_until <= :at) AS lapsed
      FROM seat WHERE event_id = :event
""")


def _is_own(viewer: Viewer, status_now: ColumnElement[str]) -> ColumnElement[Any]:
    ids = [i for i in (viewer.hold_id, *viewer.bought_ids) if i is not None]
    if not ids:
        return literal(False)
    is_theirs = func.coalesce(Seat.reservation_id.in_(ids), False)
    return case((status_now.in_(("held", "reserved")), is_theirs), else_=False)
