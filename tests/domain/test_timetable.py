"""Timetables: which slots a room has, on ordinary days and on those two a year that have 23 or 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatbook.domain.timetable import (
    Closed,
    LeftOut,
    Rule,
    Timetable,
    clashes,
    closed_on,
    open_on,
    slots_between,
)
from seatbook.domain.timetable_document import (
    TimetableFaults,
    document_from_timetable,
    timetable_from_document,
)

DUBLIN = ZoneInfo("Europe/Dublin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HOUR = timedelta(hours=1)


def at(*times: str) -> tuple[time, ...]:
    return tuple(time.fromisoformat(one) for one in times)


def nights(*times: str, duration: timedelta = HOUR, pause: timedelta = timedelta(0)) -> Timetable:
    return Timetable((Rule(at(*times), duration, pause=pause),))


def local(timetable: Timetable, zone: ZoneInfo, first: date, last: date | None = None) -> list[str]:
    """When each slot begins and ends, by the clock at the wall."""
    slots = slots_between(timetable, zone=zone, first=first, last=last or first).slots
    return [
        f"{slot.starts_at.astimezone(zone):%H:%M%z} {slot.ends_at.astimezone(zone):%H:%M%z}" for slot in slots
    ]


def test_a_week_has_its_days_and_prices() -> None:
    timetable = Timetable(
        (
            Rule(at("10:00", "11:30"), HOUR, frozenset({0, 1, 2, 3, 4})),
            Rule(at("18:00"), HOUR, frozenset({4}), category="Peak"),
        )
    )
    week = slots_between(timetable, zone=DUBLIN, first=date(2026, 11, 23), last=date(2026, 11, 29))
    assert len(week.slots) == 11
    assert [(slot.starts_at, slot.category) for slot in week.slots[-3:]] == [
        (datetime(2026, 11, 27, 10, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 27, 11, 30, tzinfo=UTC), None),
        (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), "Peak"),
    ]


def test_a_rule_holds_from_its_first_day_to_its_last() -> None:
    rule = Rule(at("10:00"), HOUR, valid_from=date(2026, 11, 24), valid_until=date(2026, 11, 26))
    found = slots_between(Timetable((rule,)), zone=DUBLIN, first=date(2026, 11, 1), last=date(2026, 12, 31))
    assert [slot.starts_at.day for slot in found.slots] == [24, 25, 26]


def test_an_exception_closes_a_day_or_gives_it_other_times() -> None:
    timetable = closed_on(nights("10:00", "12:00"), date(2026, 12, 25), reason="Christmas")
    timetable = Timetable(
        timetable.rules, {**timetable.exceptions, date(2026, 12, 26): Closed((Rule(at("15:00"), 2 * HOUR),))}
    )
    assert local(timetable, DUBLIN, date(2026, 12, 24), date(2026, 12, 26)) == [
        "10:00+0000 11:00+0000",
        "12:00+0000 13:00+0000",
        "15:00+0000 17:00+0000",
    ]
    again = open_on(timetable, date(2026, 12, 25))
    assert len(local(again, DUBLIN, date(2026, 12, 25))) == 2


# Clocks go forward: an hour of the night is not there, and what is left of it passes as quickly as ever


@pytest.mark.parametrize(
    ("zone", "day", "expected", "left_out"),
    [
        (
            DUBLIN,
            date(2027, 3, 28),
            # 00:30 lasts an hour: the wall says 02:30 then, and who comes at 02:00 would stand before a closed door.
            ["00:30+0000 02:30+0100", "03:00+0100 04:00+0100"],
            [("01:30", "no_such_time"), ("02:00", "overlap")],
        ),
        (
            NEW_YORK,
            date(2027, 3, 14),
            ["00:30-0500 01:30-0500", "01:30-0500 03:30-0400"],
            [("02:00", "no_such_time"), ("03:00", "overlap")],
        ),
        (
            LORD_HOWE,
            # From 02:00 to 02:30: half an hour.
            date(2026, 10, 4),
            ["00:30+1030 01:30+1030", "01:30+1030 03:00+1100", "03:00+1100 04:00+1100"],
            [("02:00", "no_such_time")],
        ),
    ],
)
def test_on_the_day_of_23_hours_what_cannot_be_is_left_out(
    zone: ZoneInfo, day: date, expected: list[str], left_out: list[tuple[str, str]]
) -> None:
    timetable = nights("00:30", "01:30", "02:00", "03:00")
    found = slots_between(timetable, zone=zone, first=day, last=day)
    assert local(timetable, zone, day) == expected
    assert found.left_out == tuple(LeftOut(day, time.fromisoformat(text), why) for text, why in left_out)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (
            DUBLIN,
            date(2026, 10, 25),
            ["00:30+0100 01:30+0100", "01:30+0100 01:30+0000", "02:30+0000 03:30+0000"],
        ),
        (
            NEW_YORK,
            date(2026, 11, 1),
            ["00:30-0400 01:30-0400", "01:30-0400 01:30-0500", "02:30-0500 03:30-0500"],
        ),
        (
            LORD_HOWE,
            date(2027, 4, 4),
            ["00:30+1100 01:30+1100", "01:30+1100 02:00+1030", "02:30+1030 03:30+1030"],
        ),
    ],
)
def test_on_the_day_of_25_hours_each_time_is_offered_once_and_lasts_as_long_as_ever(
    zone: ZoneInfo, day: date, expected: list[str]
) -> None:
    assert local(nights("00:30", "01:30", "02:30"), zone, day) == expected


@pytest.mark.parametrize("zone", [DUBLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize(
    "monday", [date(2027, 3, 22), date(2027, 3, 8), date(2026, 10, 19), date(2026, 9, 28)]
)
def test_the_evenings_of_such_a_week_are_where_the_wall_clock_says(zone: ZoneInfo, monday: date) -> None:
    week = local(nights("10:00", "18:30"), zone, monday, monday + timedelta(days=6))
    assert [line[:5] for line in week] == ["10:00", "18:30"] * 7


def test_what_began_the_evening_before_is_waited_for() -> None:
    timetable = Timetable(
        (Rule(at("10:00"), HOUR),), {date(2026, 11, 24): Closed((Rule(at("22:00"), 13 * HOUR),))}
    )
    found = slots_between(timetable, zone=DUBLIN, first=date(2026, 11, 25), last=date(2026, 11, 26))
    assert [slot.starts_at.day for slot in found.slots] == [26]
    assert found.left_out == (LeftOut(date(2026, 11, 25), time(10), "overlap"),)


MINUTES = st.integers(1, 180).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    starts = draw(st.sets(st.times(), min_size=1, max_size=8))
    return Rule(
        tuple(sorted(one.replace(second=0, microsecond=0) for one in starts)),
        draw(MINUTES),
        frozenset(draw(st.sets(st.integers(0, 6), min_size=1))),
        draw(MINUTES),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(rules(), min_size=1, max_size=3),
    st.sampled_from([DUBLIN, NEW_YORK, LORD_HOWE, ZoneInfo("Africa/Casablanca")]),
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
)
def test_slots_never_overlap_and_last_exactly_as_long_as_they_should(
    some: list[Rule], zone: ZoneInfo, first: date
) -> None:
    """Whatever the rules say, clashing ones too, in weeks of every kind."""
    timetable = Timetable(tuple(some))
    found = slots_between(timetable, zone=zone, first=first, last=first + timedelta(days=9))
    for slot, following in pairwise(found.slots):
        assert slot.ends_at <= following.starts_at
    for slot in found.slots:
        begins = slot.starts_at.astimezone(zone)
        fitting = [
            rule
            for rule in some
            if begins.time() in rule.starts and rule.holds_on(begins.date())
            if slot.ends_at - slot.starts_at == rule.duration
        ]
        assert fitting
        assert begins.fold == 0
    # Nothing is lost without a word, and what no clock can explain is a clash of the rules.
    wanted = sum(
        len(rule.starts) for nth in range(10) for rule in some if rule.holds_on(first + timedelta(days=nth))
    )
    assert len(found.slots) + len(found.left_out) == wanted
    offsets = {
        datetime.combine(first + timedelta(days=nth), time(12), zone).utcoffset() for nth in range(-2, 12)
    }
    if len(offsets) == 1 and not list(clashes(timetable)):
        assert found.left_out == ()


# Documents


def test_a_document_is_read_and_written() -> None:
    document = {
        "rules": [
            {"weekdays": ["mon", "fri"], "starts": ["10:00", "11:30"], "duration": "1:00", "pause": "0:30"},
            {
                "weekdays": ["sat"],
                "opens": "18:00",
                "closes": "00:00",
                "duration": "1:30",
                "pause": "0:30",
                "category": "Peak",
                "from": "2026-11-01",
                "until": "2027-03-31",
            },
        ],
        "exceptions": [
            {"date": "2026-12-25", "closed": True, "reason": "Christmas"},
            {"date": "2026-12-31", "rules": [{"starts": ["11:00"], "duration": "0:45"}]},
        ],
    }
    timetable = timetable_from_document(document)
    assert timetable.rules[1].starts == at("18:00", "20:00", "22:00")
    assert timetable.categories == {None, "Peak"}
    assert timetable.priced("Off-peak").categories == {"Off-peak", "Peak"}
    assert timetable_from_document(document_from_timetable(timetable)) == timetable


RULE = {"weekdays": ["mon"], "starts": ["10:00"], "duration": "1:00"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "A timetable is a JSON object"),
        ({}, "There is no rule"),
        ({"rules": "mon"}, "“rules” must be a list"),
        ({"rules": [1]}, "rule 1: it must be an object"),
        ({"format": "other", "rules": [RULE]}, "This is no “seatbook-timetable”"),
        ({"rules": [RULE | {"weekdays": ["monday"]}]}, "rule 1: “weekdays” must be a list of mon, tue"),
        ({"rules": [RULE | {"duration": "60"}]}, "rule 1: “duration” must be hours and minutes like 1:00"),
        ({"rules": [RULE | {"duration": "0:00"}]}, "rule 1: “duration”"),
        ({"rules": [RULE | {"duration": "25:00"}]}, "rule 1: “duration”"),
        ({"rules": [RULE | {"pause": "soon"}]}, "rule 1: “pause”"),
        ({"rules": [RULE | {"starts": ["25:00"]}]}, "rule 1: “starts”"),
        ({"rules": [RULE | {"starts": []}]}, "rule 1: “starts”"),
        ({"rules": [RULE | {"opens": "10:00"}]}, "rule 1: give “starts”, or “opens” and “closes”"),
        ({"rules": [RULE | {"from": "soon"}]}, "rule 1: “from” must be a day"),
        (
            {"rules": [RULE | {"from": "2027-01-02", "until": "2027-01-01"}]},
            "rule 1: it ends before it begins",
        ),
        ({"rules": [RULE | {"category": 1}]}, "rule 1: “category”"),
        (
            {"rules": [{"weekdays": ["mon"], "opens": "10:00", "closes": "10:30", "duration": "1:00"}]},
            "rule 1: between 10:00 and 10:30 no slot has room",
        ),
        (
            {"rules": [RULE | {"starts": ["10:00", "10:30"]}]},
            "rule 1: on mon at 10:30 a slot begins before the one before it",
        ),
        # An hour each, one after the other, and no pause between them.
        (
            {"rules": [RULE | {"starts": ["10:00", "11:00"], "pause": "0:15"}]},
            "rule 1: on mon at 11:00 a slot begins before the one before it, and its pause, is over",
        ),
        ({"rules": [RULE, RULE | {"starts": ["10:59"]}]}, "rules 1 and 2: on mon at 10:59"),
        # Through the night, and from the end of the week into its beginning.
        (
            {"rules": [RULE | {"weekdays": ["sun"], "starts": ["23:30"]}, RULE | {"starts": ["00:15"]}]},
            "rules 1 and 2: on mon at 00:15",
        ),
        (
            {"rules": [RULE | {"weekdays": ["mon", "tue"], "starts": ["00:15", "23:30"]}]},
            "rule 1: on tue at 00:15",
        ),
        ({"rules": [RULE], "exceptions": [{"date": "soon"}]}, "exception 1: “date” must be a day"),
        ({"rules": [RULE], "exceptions": [{"date": "2026-12-25"}]}, "exception 1 (2026-12-25): say"),
        (
            {"rules": [RULE], "exceptions": [{"date": "2026-12-25", "closed": True}] * 2},
            "exception 2: 2026-12-25 is there already",
        ),
        (
            {"rules": [RULE], "exceptions": [{"date": "2026-12-25", "rules": [{"starts": ["10:00"]}]}]},
            "exception 1, rule 1: “duration”",
        ),
        (
            {
                "rules": [RULE],
                "exceptions": [
                    {"date": "2026-12-25", "rules": [{"starts": ["10:00", "10:10"], "duration": "1:00"}]}
                ],
            },
            "exception 1 (2026-12-25): the slot at 10:10 is too early",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_its_place(document: Any, said: str) -> None:
    with pytest.raises(TimetableFaults) as refusal:
        timetable_from_document(document)
    assert said in str(refusal.value)


def test_rules_of_different_months_do_not_clash() -> None:
    timetable_from_document(
        {"rules": [RULE | {"until": "2026-11-30"}, RULE | {"from": "2026-12-01", "starts": ["10:30"]}]}
    )
