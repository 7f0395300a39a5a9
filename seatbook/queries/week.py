"""Time slots week by week: a page has those of one week, however many there are in all."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.queries.event import EventView
from seatbook.queries.moment import status_at
from seatbook.queries.seats import IN_THE_PLAN, SeatView, slots_between
from seatbook.queries.viewer import Viewer

FIRST_YEAR, LAST_YEAR = 2000, 2200
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week from Monday to Sunday, by its first day. Written as ISO 8601 does: 2026-W48."""

    first: date

    @classmethod
    def of(cls, day: date) -> Week:
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, text: str) -> Week:
        """Raises NotFound for what is no week."""
        match = _WEEK.fullmatch(text)
        if match and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
            try:
                return cls(date.fromisocalendar(int(match[1]), int(match[2]), 1))
            except ValueError:
                pass
        raise NotFound(what="week")

    def __str__(self) -> str:
        year, number, _ = self.first.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=nth) for nth in range(7))

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6)

    @property
    def before(self) -> Week:
        return Week(self.first - timedelta(days=7))

    @property
    def after(self) -> Week:
        return Week(self.first + timedelta(days=7))

    def begins_at(self, zone: ZoneInfo) -> datetime:
        """Its first instant at the venue."""
        return datetime.combine(self.first, time(), zone)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a room has to come: its next slot that is free, the next one after the week that is shown, and the
    start of its last slot. Aware, UTC; None: there is none."""

    next_free: datetime | None = None
    free_later: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Weeks:
    """One week of all rooms of an event (`current` is the one that is now), and by area id what is to come."""

    shown: Week
    current: Week
    outlooks: dict[int, Outlook]
    slots: list[SeatView]


def load_weeks(event: EventView, *, week: Week | None, viewer: Viewer, at: datetime) -> Weeks | None:
    """Two queries, whatever there is; None where the event has no rooms. Without a `week`, that of the next
    slot that is free. Slots that are over are left out."""
    area_ids = [area.id for area in event.areas if area.kind == "slots"]
    if not area_ids:
        return None
    zone = ZoneInfo(event.time_zone)
    current = Week.of(at.astimezone(zone).date())
    outlooks = _outlooks(event.id, area_ids=area_ids, at=at, after=week.after.begins_at(zone) if week else at)
    if week is None:
        free = [outlook.next_free for outlook in outlooks.values() if outlook.next_free]
        week = Week.of(min(free).astimezone(zone).date()) if free else current
    slots = slots_between(
        event.id,
        area_ids=area_ids,
        begin=week.begins_at(zone),
        end=week.after.begins_at(zone),
        viewer=viewer,
        at=at,
    )
    return Weeks(week, current, outlooks, slots)


def _outlooks(
    event_id: int, *, area_ids: Collection[int], at: datetime, after: datetime
) -> dict[int, Outlook]:
    is_free = status_at(at) == "available"
    rows = db.session.execute(
        select(
            Seat.area_id,
            func.min(Seat.starts_at).filter(is_free),
            func.min(Seat.starts_at).filter(is_free, Seat.starts_at >= after),
            func.max(Seat.starts_at),
        )
        .where(Seat.event_id == event_id, Seat.area_id.in_(area_ids), Seat.starts_at > at, IN_THE_PLAN)
        .group_by(Seat.area_id)
    )
    return {area_id: Outlook(*times) for area_id, *times in rows}
