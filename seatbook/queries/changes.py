"""What changed at an event since a page was drawn: the log after a cursor, and holds that ended by time.

The log (`seat_change`) is followed in the order (xid, id), only up to the oldest
transaction that is still running. A transaction which took its number early and
commits late is therefore reported when it commits, and nothing is reported
before its place in that order is final: no change is missed, and none comes
twice. A page that begins at `Moment.xmin` may hear once more of what it already
shows, which does no harm, because seats are drawn as they are now.

A hold that ends leaves no line in the log until a sweep writes one. The cursor
carries the time of the last look, so that seats whose end fell in between are
reported as well, whether or not any sweep runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from seatbook.errors import N_, InvalidInput, NotFound
from seatbook.extensions import db
from seatbook.queries.moment import Moment

# Lines of the log that one look reads; a page that slept catches up in several looks.
MAX_CHANGES = 1_000

_CURSOR = re.compile(r"([0-9]{1,20})\.([0-9]{1,19})\.([0-9]{1,17})", re.ASCII)
_MAX_XID = 2**64 - 1
_MAX_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MICROSECONDS = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log, and the database's time at that look. Its text means nothing to a page."""

    xid: int
    id: int
    at: datetime

    @classmethod
    def at_moment(cls, moment: Moment) -> Cursor:
        """Where a page begins that reads its seats after `moment`."""
        return cls(moment.xmin, 0, moment.now)

    @classmethod
    def parse(cls, value: str) -> Cursor:
        """Read a cursor back. Raises InvalidInput for anything that we did not write."""
        match = _CURSOR.fullmatch(value)
        if match:
            xid, change_id, microseconds = (int(part) for part in match.groups())
            if xid <= _MAX_XID and change_id <= _MAX_ID and microseconds <= _MAX_MICROSECONDS:
                return cls(xid, change_id, _EPOCH + timedelta(microseconds=microseconds))
        raise InvalidInput(field="since", reason=N_("This page has lost its place. Please load it again."))

    def __str__(self) -> str:
        return f"{self.xid}.{self.id}.{(self.at - _EPOCH) // timedelta(microseconds=1)}"


@dataclass(frozen=True, slots=True)
class Changes:
    """`seat_ids`: places that changed, each once. `cursor` is where the next look begins.

    `is_lost` tells that the cursor was not made by this database, as after a
    restore: the page must be loaded again.
    """

    moment: Moment
    seat_ids: tuple[int, ...]
    cursor: Cursor
    is_lost: bool = False


# One statement, so that one snapshot answers all of it. The clock stands in a CTE of its own: asked once.
CHANGES_SINCE = text("""
    WITH moment AS MATERIALIZED (
        SELECT clock_timestamp() AS now, pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    ), change AS (
        SELECT c.xid, c.id, c.seat_id
          FROM seat_change c
         WHERE c.event_id = :event
           AND (c.xid, c.id) > (CAST(CAST(:xid AS text) AS xid8), :id)
           AND c.xid < (SELECT xmin FROM moment)
         ORDER BY c.xid, c.id
         LIMIT :limit
    ), lapsed AS (
        SELECT s.id AS seat_id
          FROM seat s
         WHERE s.event_id = :event AND s.status = 'held'
           AND s.held_until > :at AND s.held_until <= (SELECT now FROM moment)
    )
    SELECT moment.now, CAST(moment.xmin AS text) AS xmin,
           EXISTS (SELECT FROM event WHERE id = :event AND status <> 'draft') AS is_there,
           CAST(seen.xid AS text) AS xid, seen.id, seen.seat_id
      FROM moment
      LEFT JOIN (SELECT xid, id, seat_id FROM change
                 UNION ALL
                 SELECT NULL, NULL, seat_id FROM lapsed) seen ON true
     ORDER BY seen.xid, seen.id
""")


def changes_since(event_id: int, *, cursor: Cursor, limit: int = MAX_CHANGES) -> Changes:
    """Places that changed after the cursor. Raises NotFound when there is no such event."""
    rows = db.session.execute(
        CHANGES_SINCE,
        {"event": event_id, "xid": str(cursor.xid), "id": cursor.id, "at": cursor.at, "limit": limit},
    ).all()
    first = rows[0]
    if not first.is_there:
        raise NotFound(what="event")
    moment = Moment(first.now, int(first.xmin))
    if cursor.xid > moment.xmin:
        return Changes(moment, (), Cursor.at_moment(moment), is_lost=True)
    logged = [row for row in rows if row.id is not None]
    # All of the log up to xmin was read, or as much of it as the limit allows.
    xid, change_id = (int(logged[-1].xid), logged[-1].id) if len(logged) == limit else (moment.xmin, 0)
    seat_ids = tuple(dict.fromkeys(row.seat_id for row in rows if row.seat_id is not None))
    return Changes(moment, seat_ids, Cursor(xid, change_id, moment.now))
