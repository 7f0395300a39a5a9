"""The timetable of a room: on which days and at which times its slots are, without a database.

`timetable_document.py` says how one is written down.

Times are local: what a clock at the venue's wall says. Durations and pauses are
time that passes. On the two days a year on which that differs:

- a time that the clock jumps over is not there, and its slot is left out;
- a time that comes twice is offered once, the first time;
- a slot that would begin before the one before it is over is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# So long before a day something may begin that is, with its pause, in its way.
REACH = 3 * DAY


@dataclass(frozen=True, slots=True)
class Rule:
    """Slots that begin at these local times, on these weekdays (0 is Monday), from and until these days.

    `category` names their price; None: what the room's slots cost anyway.
    """

    starts: tuple[time, ...]
    duration: timedelta
    weekdays: frozenset[int] = frozenset(range(7))
    pause: timedelta = timedelta(0)
    category: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() in self.weekdays
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """One day with other times, or with none. `reason` is for staff."""

    rules: tuple[Rule, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Timetable:
    """What holds every week, and what on single days instead."""

    rules: tuple[Rule, ...]
    exceptions: Mapping[date, Closed] = field(default_factory=dict)

    @property
    def categories(self) -> set[str | None]:
        """Every category that is named, and None where a rule names none."""
        of_days = (rule for day in self.exceptions.values() for rule in day.rules)
        return {rule.category for rule in (*self.rules, *of_days)}

    def priced(self, category: str) -> Timetable:
        """The same; what names no category is of this one."""

        def named(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
            return tuple(replace(rule, category=rule.category or category) for rule in rules)

        days = {day: replace(what, rules=named(what.rules)) for day, what in self.exceptions.items()}
        return Timetable(named(self.rules), days)


@dataclass(frozen=True, slots=True)
class TimetableSlot:
    """A slot with its end. Instants, aware, UTC; `category` is that of its rule."""

    starts_at: datetime
    ends_at: datetime
    category: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A slot that a change of the clocks took: `why` is no_such_time or overlap."""

    day: date
    at: time
    why: str


@dataclass(frozen=True, slots=True)
class Days:
    """The slots of some days in their order, and those that a change of the clocks took."""

    slots: tuple[TimetableSlot, ...]
    left_out: tuple[LeftOut, ...]


def slots_between(timetable: Timetable, *, zone: ZoneInfo, first: date, last: date) -> Days:
    """Every slot that begins on a local day from `first` to `last`."""
    slots: list[TimetableSlot] = []
    left_out: list[LeftOut] = []
    free_from: datetime | None = None
    # What began the evening before may reach into the first day.
    day = first - REACH
    while day <= last:
        for at, rule in _times_of(timetable, day):
            starts_at = _instant(day, at, zone)
            if starts_at is None:
                why = "no_such_time"
            elif free_from is not None and starts_at < free_from:
                why = "overlap"
            else:
                ends_at = starts_at + rule.duration
                free_from = ends_at + rule.pause
                if day >= first:
                    slots.append(TimetableSlot(starts_at, ends_at, rule.category))
                continue
            if day >= first:
                left_out.append(LeftOut(day, at, why))
        day += DAY
    return Days(tuple(slots), tuple(left_out))


def _times_of(timetable: Timetable, day: date) -> list[tuple[time, Rule]]:
    instead = timetable.exceptions.get(day)
    rules = (
        (rule for rule in timetable.rules if rule.holds_on(day)) if instead is None else iter(instead.rules)
    )
    return sorted(((at, rule) for rule in rules for at in rule.starts), key=lambda found: found[0])


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The instant of a local time, the first one where it comes twice; None where there is no such time."""
    local = datetime.combine(day, at, zone)
    instant = local.astimezone(UTC)
    is_there = instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return instant if is_there else None


def closed_on(timetable: Timetable, day: date, *, reason: str = "") -> Timetable:
    """The same, without any slot on that day."""
    return Timetable(timetable.rules, {**timetable.exceptions, day: Closed(reason=reason)})


def open_on(timetable: Timetable, day: date) -> Timetable:
    """The same, and on that day as in every week."""
    return Timetable(timetable.rules, {on: what for on, what in timetable.exceptions.items() if on != day})


# --- what cannot be on any day ---


@dataclass(frozen=True, slots=True)
class Clash:
    """Two slots of ordinary days in each other's way: numbers of their rules from 1, weekday (0 is Monday), time."""

    rule: int
    other: int
    weekday: int
    at: time


def clashes(timetable: Timetable) -> Iterator[Clash]:
    """What begins before that which was before it is over, pauses included, in a week whose days have 24 hours."""
    for number, rule in enumerate(timetable.rules, 1):
        yield from _first_clash([(number, rule)], rule.weekdays, turns=True)
    for one, other in combinations(enumerate(timetable.rules, 1), 2):
        # Only where there is a day on which both hold.
        if max(rule.valid_from or date.min for _, rule in (one, other)) <= min(
            rule.valid_until or date.max for _, rule in (one, other)
        ):
            yield from _first_clash([one, other], None, turns=True)


def clashes_on(instead: Closed) -> Iterator[Clash]:
    """The same for the times of one single day."""
    yield from _first_clash(list(enumerate(instead.rules, 1)), frozenset({0}), turns=False)


def _first_clash(
    rules: Sequence[tuple[int, Rule]], weekdays: frozenset[int] | None, *, turns: bool
) -> Iterator[Clash]:
    """`turns`: Sunday night is followed by Monday."""
    slots = sorted(
        (day * DAY + since_midnight(at), rule.duration + rule.pause, number)
        for number, rule in rules
        for day in (rule.weekdays if weekdays is None else weekdays)
        for at in rule.starts
    )
    if turns and slots:
        slots.append((slots[0][0] + 7 * DAY, *slots[0][1:]))
    for (begin, lasts, number), (following, _, other) in pairwise(slots):
        if begin + lasts > following:
            yield Clash(number, other, following // DAY % 7, time_of(following % DAY))
            return


def since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def time_of(since: timedelta) -> time:
    """The time so long after midnight, where no clock is changed."""
    minutes = since // timedelta(minutes=1)
    return time(minutes // 60, minutes % 60)
