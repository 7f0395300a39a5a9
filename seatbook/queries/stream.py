"""What the streams of open pages are fed with: the log of many events at once, and what changed as it is now.

The log is followed as in `queries/changes.py`: in the order (xid, id), only up
to the oldest transaction that is still running, and with the holds that ended
by time beside it. Here one statement does it for all events that have an open
page, each from its own place. It reads the newest lines, and at most so many:
when there are more, a page does better to ask for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, text

from seatbook.extensions import db
from seatbook.models import Holder, Reservation, Seat
from seatbook.queries.activity import ActivityLine, recent_activity
from seatbook.queries.basket import Basket
from seatbook.queries.changes import Cursor
from seatbook.queries.event import EventView
from seatbook.queries.event_page import EventPage, figures_of_their_sections
from seatbook.queries.figures import figures_of_areas
from seatbook.queries.moment import Moment
from seatbook.queries.places import Place, places_of
from seatbook.queries.seats import seats_by_id
from seatbook.queries.viewer import STRANGER


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a change is: the holder, and the browser's key when nobody is signed in there."""

    holder_id: int
    browser_key: str | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One change, or one hold that ended by time (then `id` is None). `at` is when it was written, or ended."""

    seat_id: int
    xid: int | None
    id: int | None
    at: datetime
    reservation_id: int | None
    reason: str
    owner: Owner | None


@dataclass(slots=True)
class NewLines:
    """What is new at one event after a place in its log. `lines` oldest first; those that ended by time last.

    `is_more`: there are more than were read. `is_waiting`: something has been
    written already that cannot be shown yet, as an older transaction still runs.
    """

    lines: list[LogLine] = field(default_factory=list)
    is_more: bool = False
    is_waiting: bool = False


# The clock stands in a CTE of its own: asked once. Reading backwards gives the newest lines.
NEW_LINES = text("""
    WITH moment AS MATERIALIZED (
        SELECT clock_timestamp() AS now, pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    ), place AS (
        SELECT nth, event_id, CAST(xid AS xid8) AS xid, id, at
          FROM unnest(CAST(:events AS bigint[]), CAST(:xids AS text[]), CAST(:ids AS bigint[]),
                      CAST(:ats AS timestamptz[]))
               WITH ORDINALITY AS place(event_id, xid, id, at, nth)
    )
    SELECT moment.now, CAST(moment.xmin AS text) AS xmin, place.nth,
           CAST(line.xid AS text) AS xid, line.id, line.seat_id, line.at, line.reservation_id, line.reason,
           line.xid >= moment.xmin AS is_waiting, holder.id AS holder_id, holder.browser_key
      FROM moment
      LEFT JOIN place ON true
      LEFT JOIN LATERAL (
          (SELECT c.xid, c.id, c.seat_id, c.at, c.reservation_id, c.reason
             FROM seat_change c
            WHERE c.event_id = place.event_id AND (c.xid, c.id) > (place.xid, place.id)
            ORDER BY c.xid DESC, c.id DESC
            LIMIT :limit)
          UNION ALL
          (SELECT NULL, NULL, s.id, s.held_until, s.reservation_id, 'lapse'
             FROM seat s
            WHERE s.event_id = place.event_id AND s.status = 'held'
              AND s.held_until > place.at AND s.held_until <= moment.now
            LIMIT :limit)
      ) line ON true
      LEFT JOIN reservation ON reservation.event_id = place.event_id AND reservation.id = line.reservation_id
      LEFT JOIN holder ON holder.id = reservation.holder_id
     ORDER BY place.nth, line.xid, line.id
""")


def new_lines(places: Sequence[tuple[int, Cursor]], *, limit: int) -> tuple[Moment, list[NewLines]]:
    """What is new at each (event id, cursor), in their order, and the moment up to which that is everything."""
    rows = db.session.execute(
        NEW_LINES,
        {
            "events": [event_id for event_id, _ in places],
            "xids": [str(cursor.xid) for _, cursor in places],
            "ids": [cursor.id for _, cursor in places],
            "ats": [cursor.at for _, cursor in places],
            "limit": limit,
        },
    ).all()
    news = [NewLines() for _ in places]
    counts = [0] * len(places)
    for row in rows:
        if row.seat_id is None:
            continue
        new = news[row.nth - 1]
        counts[row.nth - 1] += 1
        if row.is_waiting:
            new.is_waiting = True
        else:
            new.lines.append(_line(row))
    for new, count in zip(news, counts, strict=True):
        new.is_more = count >= limit
    return Moment(rows[0].now, int(rows[0].xmin)), news


def _line(row: Any) -> LogLine:
    return LogLine(
        row.seat_id,
        None if row.xid is None else int(row.xid),
        row.id,
        row.at,
        row.reservation_id,
        row.reason,
        None if row.holder_id is None else Owner(row.holder_id, row.browser_key),
    )


@dataclass(frozen=True, slots=True)
class LiveParts:
    """Parts of an event's page as a stranger sees them: some seats, the figures, the latest acts.

    `area_ids` are the areas of every place that changed, also of those that are
    not drawn one by one, and `seat_ids` are these places. `owners` has those of the seats that are held or
    reserved.
    """

    page: EventPage
    area_ids: frozenset[int]
    owners: dict[int, Owner]
    seat_ids: tuple[int, ...] = ()


def load_live_parts(event: EventView, *, seat_ids: Collection[int], moment: Moment) -> LiveParts:
    """These places, the figures and the latest acts as they are now. `moment` was read before; of the event
    itself what `event` says is taken."""
    event = replace(event, moment=moment)
    seats = seats_by_id(event.id, seat_ids=seat_ids, viewer=STRANGER, at=moment.now)
    figures = figures_of_areas(event.id, at=moment.now)
    page = EventPage(
        event=event,
        seats=seats,
        figures_by_part=figures,
        viewer=STRANGER,
        basket=Basket(),
        activity=recent_activity(event.id),
        cursor=Cursor.at_moment(moment),
        figures_by_section=figures_of_their_sections(event, seats, figures),
    )
    taken = {seat.id for seat in page.seats if seat.status in ("held", "reserved")}
    area_ids: set[int] = set()
    owners: dict[int, Owner] = {}
    if seat_ids:
        rows = db.session.execute(
            select(Seat.id, Seat.area_id, Holder.id, Holder.browser_key)
            .outerjoin(
                Reservation,
                and_(Reservation.event_id == Seat.event_id, Reservation.id == Seat.reservation_id),
            )
            .outerjoin(Holder, Holder.id == Reservation.holder_id)
            .where(Seat.event_id == event.id, Seat.id.in_(seat_ids))
        )
        for seat_id, area_id, holder_id, browser_key in rows:
            area_ids.add(area_id)
            if holder_id is not None and seat_id in taken:
                owners[seat_id] = Owner(holder_id, browser_key)
    return LiveParts(page, frozenset(area_ids), owners, tuple(seat_ids))


@dataclass(frozen=True, slots=True)
class OwnedPlace:
    """A place as a stranger sees it, and who has it. `held_until` stands only beside a hold."""

    place: Place
    owner: Owner | None
    held_until: datetime | None


def places_with_owners(event_id: int, *, seat_ids: Collection[int], at: datetime) -> list[OwnedPlace]:
    """These places as programs read them, whatever their area's kind, by id."""
    places = places_of(event_id, viewer=STRANGER, at=at, seat_ids=seat_ids)
    rows = db.session.execute(
        select(Seat.id, Seat.held_until, Holder.id, Holder.browser_key)
        .join(Reservation, and_(Reservation.event_id == Seat.event_id, Reservation.id == Seat.reservation_id))
        .join(Holder, Holder.id == Reservation.holder_id)
        .where(Seat.event_id == event_id, Seat.id.in_(seat_ids))
    )
    theirs = {row[0]: (Owner(row[2], row[3]), row[1]) for row in rows}
    return [
        OwnedPlace(place, *theirs[place.id])
        if place.status in ("held", "reserved") and place.id in theirs
        else OwnedPlace(place, None, None)
        for place in places
    ]


def acts_of(activity: Sequence[ActivityLine], lines: Collection[LogLine]) -> tuple[ActivityLine, ...]:
    """Those of the latest acts whose newest change is among these lines of the log."""
    ids = {line.id for line in lines}
    return tuple(act for act in activity if act.id in ids)
