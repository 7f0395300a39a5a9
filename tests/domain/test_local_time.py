"""Local times of venues, with the hours that a clock change takes and gives."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from seatbook.domain.local_time import checked_time_zone, instant_of
from seatbook.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-12-24 19:30", "Europe/Helsinki", datetime(2026, 12, 24, 17, 30, tzinfo=UTC)),
        ("2026-07-01T19:30", "Europe/Helsinki", datetime(2026, 7, 1, 16, 30, tzinfo=UTC)),
        ("2026-12-24 19:30", "America/New_York", datetime(2026, 12, 25, 0, 30, tzinfo=UTC)),
        # With an offset of its own, the zone does not matter.
        ("2026-12-24T19:30+01:00", "Europe/Helsinki", datetime(2026, 12, 24, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_an_instant(text: str, zone: str, instant: datetime) -> None:
    assert instant_of(text, time_zone=zone) == instant


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"2026-03-29 03:30 does not exist in Europe/Helsinki"):
        instant_of("2026-03-29 03:30", time_zone="Europe/Helsinki")


def test_a_time_that_comes_twice_is_refused_with_both_readings_and_each_of_them_is_understood() -> None:
    with pytest.raises(InvalidInput) as refusal:
        instant_of("2026-10-25 03:30", time_zone="Europe/Helsinki")

    first, second = "2026-10-25T03:30+03:00", "2026-10-25T03:30+02:00"
    assert f"“{first}” or “{second}”" in str(refusal.value)
    assert instant_of(first, time_zone="Europe/Helsinki") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant_of(second, time_zone="Europe/Helsinki") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "24.12.2026 19:30", "2026-12-24", "2026-13-01 10:00", "19:30"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match="Write it like “2026-12-24 19:30”"):
        instant_of(text, time_zone="UTC")


@pytest.mark.parametrize("text", ["0001-01-01 00:00", "9999-12-31 23:59"])
def test_a_year_that_nobody_means_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="out of range"):
        instant_of(text, time_zone="Pacific/Auckland")


@pytest.mark.parametrize("name", ["", "Helsinki", "EET+2", "../etc/passwd", "/etc/localtime", "Europe/\0"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not a time zone"):
        checked_time_zone(name)
