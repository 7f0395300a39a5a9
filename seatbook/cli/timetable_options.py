"""What `flask timetable` takes in its options: weekdays, days, parties; and the rule that they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import click

from seatbook.domain.timetable_document import WEEKDAYS, hours


class _Weekdays(click.ParamType[tuple[str, ...]]):
    name = "weekdays"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        days: list[str] = []
        for part in str(value).lower().replace(" ", "").split(","):
            first, dash, last = part.partition("-")
            if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
                self.fail(f"“{value}” are no weekdays. Write “mon-fri” or “sat,sun”.", param, ctx)
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
            # “fri-mon” is four days.
            days += [WEEKDAYS[nth % 7] for nth in range(start, (end if end >= start else end + 7) + 1)]
        return tuple(day for day in WEEKDAYS if day in days)


class _Day(click.ParamType[str]):
    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"“{value}” is no day. Write it like 2026-12-25.", param, ctx)


class _Party(click.ParamType[tuple[int, int]]):
    name = "party"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", str(value))
        if match is None:
            self.fail(f"“{value}” is no number of people. Write “2-6”, or “4”.", param, ctx)
        return int(match[1]), int(match[2] or match[1])


WEEKDAYS_, DAY, PARTY = _Weekdays(), _Day(), _Party()


def rule_document(
    *,
    weekdays: Sequence[str] | None,
    times: str | None,
    opens: str | None,
    duration: timedelta,
    pause: timedelta | None,
    category: str | None,
    valid_from: str | None,
    valid_until: str | None,
) -> dict[str, Any]:
    """One rule as a timetable's document has it; whether it can be is the document's to say."""
    rule: dict[str, Any] = {"weekdays": list(weekdays or WEEKDAYS), "duration": hours(duration)}
    if times is not None:
        rule["starts"] = [time.strip() for time in times.split(",")]
    if opens is not None:
        rule["opens"], _, rule["closes"] = (part.strip() for part in opens.partition("-"))
    if pause is not None:
        rule["pause"] = hours(pause)
    more = {"category": category, "from": valid_from, "until": valid_until}
    return rule | {key: value for key, value in more.items() if value is not None}
