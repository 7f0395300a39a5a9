"""What happened lately to an event's places, without a word about who did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, and_, cast, select

from seatbook.extensions import db
from seatbook.models import Area, Seat, SeatChange

MAX_LINES = 8
# One act on many seats is one line of the list; so many changes are looked at to make the lines.
MAX_CHANGES = 80
# Labels that a line names before it only counts.
MAX_LABELS = 3


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One act: `reason` is hold, release, expire, reserve, cancel, block or unblock; `at` aware, UTC.

    `labels` are at most the first 3; `count` tells how many places there were in all.
    """

    id: int
    at: datetime
    reason: str
    area: str
    area_kind: str
    labels: tuple[str, ...]
    starts_at: datetime | None
    count: int


def recent_activity(event_id: int) -> tuple[ActivityLine, ...]:
    """The newest acts, newest first. What moves a hold into an account is no news to others."""
    # The newest first and then their seats: joined before, the whole log of the event may be read for a few.
    newest_changes = (
        select(SeatChange.id, SeatChange.xid, SeatChange.at, SeatChange.reason, SeatChange.seat_id)
        .where(SeatChange.event_id == event_id, SeatChange.reason != "move")
        .order_by(SeatChange.id.desc())
        .limit(MAX_CHANGES)
        .subquery()
    )
    rows = db.session.execute(
        select(
            newest_changes.c.id,
            cast(newest_changes.c.xid, Text).label("xid"),
            newest_changes.c.at,
            newest_changes.c.reason,
            Seat.label,
            Seat.starts_at,
            Area.name.label("area"),
            Area.kind,
        )
        .join(Seat, and_(Seat.event_id == event_id, Seat.id == newest_changes.c.seat_id))
        .join(Area, and_(Area.event_id == event_id, Area.id == Seat.area_id))
        .order_by(newest_changes.c.id.desc())
    ).all()
    acts: dict[tuple[str, str, str], list[int]] = {}
    for place, row in enumerate(rows):
        acts.setdefault((row.xid, row.reason, row.area), []).append(place)
    lines = []
    for places in list(acts.values())[:MAX_LINES]:
        newest = rows[places[0]]
        # Newest first in the list, but "A1, A2, A3" within a line.
        labels = [rows[place].label for place in reversed(places) if rows[place].label]
        lines.append(
            ActivityLine(
                id=newest.id,
                at=newest.at,
                reason=newest.reason,
                area=newest.area,
                area_kind=newest.kind,
                labels=tuple(labels[:MAX_LABELS]),
                starts_at=newest.starts_at,
                count=len(places),
            )
        )
    return tuple(lines)
