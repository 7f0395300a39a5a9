"""A week of a room: what is written around its slots, and where the links to other weeks lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import url_for

from seatbook.queries.event import AreaView
from seatbook.queries.event_page import EventPage
from seatbook.queries.seats import SeatView
from seatbook.queries.week import Outlook, Week, Weeks
from seatbook.web.formats import day_and_time, days_span
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext


class DaySlots(NamedTuple):
    """A day at the venue with its slots. `is_chosen`: it is the one that a narrow page shows first."""

    day: date
    slots: list[SeatView]
    is_chosen: bool
    is_over: bool


class WeekLink(NamedTuple):
    """A link to another week. `key` says which: before, after, now, free."""

    key: str
    name: str
    href: str


class WeekWords:
    """One room in one week."""

    def __init__(self, page: EventPage, area: AreaView, weeks: Weeks) -> None:
        self._page = page
        self._area = area
        self._weeks = weeks
        self._zone = ZoneInfo(page.event.time_zone)
        self._outlook = weeks.outlooks.get(area.id, Outlook())
        self.week = weeks.shown

    @property
    def name(self) -> str:
        """ "Nov 23 – 29, 2026" """
        return days_span(self.week.first, self.week.last)

    @property
    def address(self) -> str:
        return self._address(self.week)

    def days(self) -> list[DaySlots]:
        """Monday to Sunday. What has begun is not shown, but one's own until it is over."""
        now = self._page.event.moment.now
        by_day: dict[date, list[SeatView]] = {day: [] for day in self.week.days}
        for slot in self._weeks.slots:
            if slot.area_id == self._area.id and slot.starts_at and (slot.own or slot.starts_at > now):
                by_day[slot.starts_at.astimezone(self._zone).date()].append(slot)
        today = now.astimezone(self._zone).date()
        chosen = self._chosen_day(by_day, today)
        return [DaySlots(day, slots, day == chosen, day < today) for day, slots in by_day.items()]

    @staticmethod
    def _chosen_day(by_day: dict[date, list[SeatView]], today: date) -> date:
        """The day of what one has picked, else the first on which something is free."""
        for wanted in ("mine", "available"):
            for day, slots in by_day.items():
                if any(slot.status == wanted for slot in slots):
                    return day
        return today if today in by_day else next(iter(by_day))

    def links(self) -> list[WeekLink | None]:
        """To the week before and the one after; None at an end: before now, and after the last slot."""
        last = self._outlook.last
        has_more = last is not None and self.week.after.begins_at(self._zone) <= last
        return [
            self._link("before", _("Week before"), self.week.before)
            if self.week > self._weeks.current
            else None,
            self._link("after", _("Week after"), self.week.after) if has_more else None,
        ]

    @property
    def this_week(self) -> WeekLink | None:
        """Back to now, from any other week."""
        if self.week == self._weeks.current:
            return None
        return self._link("now", _("This week"), self._weeks.current)

    @property
    def next_free(self) -> WeekLink | None:
        """To the next slot that is free: after this week, or before it where there is none after it."""
        at = self._outlook.free_later or self._outlook.next_free
        if at is None:
            return None
        week = Week.of(at.astimezone(self._zone).date())
        if week == self.week:
            return None
        name = _("Next free: %(when)s", when=day_and_time(at, self._page.event.time_zone))
        return self._link("free", name, week)

    @property
    def nothing_free(self) -> str:
        """What stands there while nothing of the week can be had; whether that is so changes on an open page."""
        if not any(slot.area_id == self._area.id for slot in self._weeks.slots):
            return _("There is nothing to book in this week.")
        return _("Nothing is free in this week.")

    @property
    def terms(self) -> Sequence[str]:
        """ "For 2 to 6 people", "The price is for each person." """
        least, most = self._area.min_party, self._area.max_party
        if least is None or most is None:
            return ()
        if least == most:
            party = ngettext("For %(num)s person", "For %(num)s people", most)
        else:
            party = _("For %(least)s to %(most)s people", least=least, most=most)
        if self._area.price_per == "person":
            return (party, _("the price is for each person"))
        return (party, _("the price is for all of you"))

    def _link(self, key: str, name: str, week: Week) -> WeekLink:
        return WeekLink(key, name, self._address(week))

    def _address(self, week: Week) -> str:
        return url_for("events.week", event_id=self._page.event.id, week=str(week))
