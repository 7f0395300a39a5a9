"""When a page was read: one look at the database's clock and at its log, and what a seat is at that instant.

All parts of a page are judged at one instant, so that they agree: a seat whose
hold ends while the page is being put together is held, or free, in every part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal_column, select

from seatbook.extensions import db
from seatbook.models import Seat


@dataclass(frozen=True, slots=True)
class Moment:
    """`now` is the database's clock (aware, UTC). Every transaction before `xmin` has ended.

    Read it before anything else: what committed later is in the log at or after `xmin`.
    """

    now: datetime
    xmin: int


# An uncorrelated sub-select: PostgreSQL asks the clock once a statement and not once a row.
CLOCK: ColumnElement[datetime] = select(func.clock_timestamp()).scalar_subquery()
XMIN: ColumnElement[str] = cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text)


def read_moment() -> Moment:
    row = db.session.execute(select(CLOCK.label("now"), XMIN.label("xmin"))).one()
    return Moment(row.now, int(row.xmin))


def status_at(at: Any) -> ColumnElement[str]:
    """The seat's state at an instant of the database's clock: a hold that has ended is available.

    `at` is a value of `Moment.now`, or CLOCK.
    """
    lapsed = and_(Seat.status == "held", Seat.held_until <= at)
    return case((lapsed, literal_column("'available'")), else_=Seat.status)
