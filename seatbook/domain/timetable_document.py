"""How a timetable is written down, with its area and in files: read, checked, written.

Format "seatbook-timetable", version 1;
unknown keys are ignored, and those below "may have" are left out where there is
nothing to say:

    {"format": "seatbook-timetable", "version": 1,
     "rules": [
       {"weekdays": ["mon", "tue"], "starts": ["10:00", "11:30"], "duration": "1:00"},
       {"weekdays": ["sat", "sun"], "opens": "10:00", "closes": "22:00", "duration": "1:00",
        "pause": "0:15", "category": "Peak", "from": "2026-11-01", "until": "2027-03-31"}],
     "exceptions": [
       {"date": "2026-12-25", "closed": true, "reason": "Christmas"},
       {"date": "2026-12-31", "rules": [{"starts": ["11:00"], "duration": "1:00"}]}]}

    a rule        needs "duration" and "starts", or "opens" and "closes"; those of the week need "weekdays"
                  may have "pause" (before the next slot), "category" (its price), "from", "until" (days, both
                  included)
    an exception  says what holds on that one day, instead of every rule
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from seatbook.domain.plan_checks import MAX_FAULTS_LISTED, shown
from seatbook.domain.timetable import (
    DAY,
    Clash,
    Closed,
    Rule,
    Timetable,
    clashes,
    clashes_on,
    since_midnight,
    time_of,
)
from seatbook.errors import InvalidInput

FORMAT, VERSION = "seatbook-timetable", 1
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=24)
MAX_RULES, MAX_EXCEPTIONS, MAX_STARTS = 50, 1_000, 300


class TimetableFaults(InvalidInput):
    """A timetable that cannot be used. `faults` are sentences, each naming its place; at most 20 are listed."""

    def __init__(self, faults: list[str]) -> None:
        faults = [shown(fault) for fault in faults]
        listed = faults[:MAX_FAULTS_LISTED]
        if len(faults) > len(listed):
            listed.append(f"… and {len(faults) - len(listed)} more.")
        listing = "\n".join(["This timetable cannot be used:", *listed])
        super().__init__(field="timetable", reason="%(listing)s", listing=listing, faults=faults)


def timetable_from_document(document: Any) -> Timetable:
    """Read and check a document. Raises TimetableFaults, which lists everything that is wrong with it."""
    faults: list[str] = []
    if not isinstance(document, dict):
        raise TimetableFaults(["A timetable is a JSON object with “rules”."])
    if document.get("format", FORMAT) != FORMAT or document.get("version", VERSION) != VERSION:
        faults.append(f"This is no “{FORMAT}” of version {VERSION}.")
    rules = _rules(document.get("rules", []), "rule", faults, needs_weekdays=True)
    exceptions: dict[date, Closed] = {}
    for number, given in enumerate(_list(document.get("exceptions", []), "exceptions", faults), 1):
        where = f"exception {number}"
        if not isinstance(given, dict) or (on := _day(given.get("date"))) is None:
            faults.append(f"{where}: “date” must be a day like 2026-12-25.")
            continue
        if on in exceptions:
            faults.append(f"{where}: {on} is there already.")
        if (given.get("closed") is True) == ("rules" in given):
            faults.append(f"{where} ({on}): say “closed”: true, or which “rules” hold on that day.")
        of_day = _rules(given.get("rules", []), f"{where}, rule", faults, needs_weekdays=False)
        exceptions[on] = Closed(of_day, str(given.get("reason", "")))
        faults += [
            f"{where} ({on}): the slot at {clash.at:%H:%M} is too early."
            for clash in clashes_on(exceptions[on])
        ]
    if not rules and not faults and not any(day.rules for day in exceptions.values()):
        faults.append("There is no rule, so there would be no slot.")
    if len(rules) > MAX_RULES or len(exceptions) > MAX_EXCEPTIONS:
        faults.append(f"At most {MAX_RULES} rules and {MAX_EXCEPTIONS:,} exceptions are possible.")
    timetable = Timetable(rules, exceptions)
    faults += map(_clash_sentence, clashes(timetable))
    if faults:
        raise TimetableFaults(faults)
    return timetable


def _clash_sentence(clash: Clash) -> str:
    rules = f"rule {clash.rule}" if clash.rule == clash.other else f"rules {clash.rule} and {clash.other}"
    return (
        f"{rules}: on {WEEKDAYS[clash.weekday]} at {clash.at:%H:%M} a slot begins before the one before it, "
        "and its pause, is over."
    )


def document_from_timetable(timetable: Timetable) -> dict[str, Any]:
    """The document of a timetable; reading it gives the same again."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "rules": [_rule_document(rule, with_weekdays=True) for rule in timetable.rules],
        "exceptions": [_exception_document(on, what) for on, what in sorted(timetable.exceptions.items())],
    }


def _exception_document(on: date, what: Closed) -> dict[str, Any]:
    document: dict[str, Any] = {"date": on.isoformat()}
    if what.rules:
        document["rules"] = [_rule_document(rule, with_weekdays=False) for rule in what.rules]
    else:
        document["closed"] = True
    return document | ({"reason": what.reason} if what.reason else {})


def _rule_document(rule: Rule, *, with_weekdays: bool) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if with_weekdays:
        document["weekdays"] = [WEEKDAYS[day] for day in sorted(rule.weekdays)]
    document |= {"starts": [f"{at:%H:%M}" for at in rule.starts], "duration": hours(rule.duration)}
    if rule.pause:
        document["pause"] = hours(rule.pause)
    if rule.category is not None:
        document["category"] = rule.category
    for key, day in (("from", rule.valid_from), ("until", rule.valid_until)):
        if day is not None:
            document[key] = day.isoformat()
    return document


def hours(duration: timedelta) -> str:
    """ "1:30" """
    minutes = duration // timedelta(minutes=1)
    return f"{minutes // 60}:{minutes % 60:02}"


def _list(given: Any, name: str, faults: list[str]) -> Sequence[Any]:
    if isinstance(given, list):
        return given
    faults.append(f"“{name}” must be a list.")
    return []


def _rules(given: Any, where: str, faults: list[str], *, needs_weekdays: bool) -> tuple[Rule, ...]:
    found = (
        _rule(one, f"{where} {number}", faults, needs_weekdays=needs_weekdays)
        for number, one in enumerate(_list(given, "rules", faults), 1)
    )
    return tuple(rule for rule in found if rule is not None)


def _rule(given: Any, where: str, faults: list[str], *, needs_weekdays: bool) -> Rule | None:
    if not isinstance(given, dict):
        faults.append(f"{where}: it must be an object.")
        return None
    before = len(faults)
    weekdays = frozenset(range(7))
    if needs_weekdays:
        named = given.get("weekdays")
        if not isinstance(named, list) or not named or not all(day in WEEKDAYS for day in named):
            faults.append(f"{where}: “weekdays” must be a list of {', '.join(WEEKDAYS)}.")
        else:
            weekdays = frozenset(WEEKDAYS.index(day) for day in named)
    duration, pause = _duration(given.get("duration")), _duration(given.get("pause", "0:00"))
    if duration is None or not SHORTEST <= duration <= LONGEST:
        faults.append(f"{where}: “duration” must be hours and minutes like 1:00, at most 24:00.")
    if pause is None or pause > LONGEST:
        faults.append(f"{where}: “pause” must be hours and minutes like 0:15.")
    valid_from, valid_until = _day(given.get("from")), _day(given.get("until"))
    for key, day in (("from", valid_from), ("until", valid_until)):
        if given.get(key) is not None and day is None:
            faults.append(f"{where}: “{key}” must be a day like 2026-12-25.")
    if valid_from and valid_until and valid_until < valid_from:
        faults.append(f"{where}: it ends before it begins.")
    category = given.get("category")
    if category is not None and not (isinstance(category, str) and category):
        faults.append(f"{where}: “category” must be the name of one.")
    if duration is None or pause is None or len(faults) > before:
        return None
    starts = _starts(given, where, faults, step=duration + pause, duration=duration)
    if not starts:
        return None
    return Rule(starts, duration, weekdays, pause, category, valid_from, valid_until)


def _starts(
    given: Mapping[str, Any], where: str, faults: list[str], *, step: timedelta, duration: timedelta
) -> tuple[time, ...]:
    """The times at which slots begin: as they are listed, or one after the other while the room is open."""
    if ("starts" in given) == ("opens" in given or "closes" in given):
        faults.append(f"{where}: give “starts”, or “opens” and “closes”.")
        return ()
    if "starts" in given:
        listed = [_time(one) for one in _list(given["starts"], "starts", faults)]
        starts = sorted({at for at in listed if at is not None})
        if not starts or None in listed or len(starts) > MAX_STARTS:
            faults.append(f"{where}: “starts” must be from 1 to {MAX_STARTS} times like 10:00.")
            return ()
        return tuple(starts)
    opens, closes = _time(given.get("opens")), _time(given.get("closes"))
    if opens is None or closes is None:
        faults.append(f"{where}: “opens” and “closes” must be times like 10:00.")
        return ()
    # Midnight, and whatever is before the room opens, is of the night that follows.
    end = since_midnight(closes) + (DAY if closes <= opens else timedelta(0))
    begin = since_midnight(opens)
    starts = []
    while begin + duration <= end and begin < DAY:
        starts.append(time_of(begin))
        begin += step
    if not starts:
        faults.append(f"{where}: between {opens:%H:%M} and {closes:%H:%M} no slot has room.")
    return tuple(starts)


def _time(given: Any) -> time | None:
    try:
        return time.fromisoformat(given) if len(given) == len("10:00") else None
    except (TypeError, ValueError):
        return None


def _day(given: Any) -> date | None:
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        return None


def _duration(given: Any) -> timedelta | None:
    if not isinstance(given, str):
        return None
    whole, colon, minutes = given.partition(":")
    if not (colon and whole.isascii() and whole.isdigit() and len(whole) < 4):
        return None
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) == 2 and int(minutes) < 60):
        return None
    return timedelta(hours=int(whole), minutes=int(minutes))
