from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from seatbook.web import formats

NINE_UTC = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("en"):
        yield


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(4500, "EUR", "€45.00"), (45, "JPY", "¥45"), (1250, "KWD", "KWD\xa01.250"), (0, "EUR", "Free")],
)
@pytest.mark.usefixtures("english")
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert formats.money(minor, currency) == text


def test_money_and_times_are_written_as_the_viewer_writes_them(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert formats.money(123450, "EUR") == "1.234,50\xa0€"
        assert formats.clock(NINE_UTC, "Europe/Berlin") == "23:30"


@pytest.mark.parametrize(
    ("locale", "when", "price"),
    [
        ("en", "Wed, Jul 1, 9:30\u202fPM", "€1,234.50"),
        ("en_GB", "Wed 1 Jul, 21:30", "€1,234.50"),
        ("de", "Mi., 1. Juli, 21:30 Uhr", "1.234,50\xa0€"),
        ("de_AT", "Mi., 1. Juli, 21:30 Uhr", "€\xa01.234,50"),
        ("de_CH", "Mi., 1. Juli, 21:30 Uhr", "EUR\xa01'234.50"),
    ],
)
def test_each_region_writes_in_its_own_way(app: Flask, locale: str, when: str, price: str) -> None:
    with app.test_request_context(), force_locale(locale):
        assert formats.day_and_time(NINE_UTC, "UTC") == when
        # Which apostrophe a Swiss thousand has is another one in each few releases of CLDR.
        assert formats.money(123450, "EUR").replace("’", "'") == price


def test_a_city_is_called_as_the_viewer_calls_it(app: Flask) -> None:
    for locale, name in [("en", "Vienna time"), ("de", "Ortszeit Wien")]:
        with app.test_request_context(), force_locale(locale):
            assert formats.zone_name("Europe/Vienna") == name


@pytest.mark.usefixtures("english")
def test_a_time_is_the_venues_own() -> None:
    assert formats.weekday_and_day(NINE_UTC, "Europe/Berlin") == "Wed, Jul 1"
    assert formats.weekday_and_day(NINE_UTC, "Asia/Tokyo") == "Thu, Jul 2"
    assert formats.zone_name("America/New_York") == "New York time"
    assert formats.zone_name("UTC") == formats.zone_name("Etc/UTC") == "UTC"


@pytest.mark.usefixtures("english")
def test_a_range_of_prices_begins_at_the_lowest() -> None:
    assert formats.price_range(4500, 4500, "EUR") == "€45.00"
    assert formats.price_range(2500, 4500, "EUR") == "from €25.00"
    assert formats.price_range(None, None, "EUR") == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5:00"),
        (299.2, "5:00"),
        (61, "1:01"),
        (0.3, "0:01"),
        (0, "0:00"),
        (-4, "0:00"),
        (3725, "1:02:05"),
    ],
)
def test_what_is_left_is_rounded_up_and_never_negative(seconds: float, text: str) -> None:
    assert formats.minutes_and_seconds(seconds) == text


@pytest.mark.usefixtures("english")
def test_an_evening_is_one_day_and_a_fortnight_is_two() -> None:
    assert formats.span(NINE_UTC, NINE_UTC + timedelta(hours=5), "UTC").startswith("Wed, Jul 1, 9:30")
    assert formats.span(NINE_UTC, NINE_UTC + timedelta(days=14), "UTC") == "Wed, Jul 1 – Wed, Jul 15"


@pytest.mark.parametrize(
    ("language", "days", "text"),
    [
        ("en", 14, "Wed, Jul 1 – Wed, Jul 15, 2026"),
        ("en", 200, "Wed, Jul 1, 2026 – Sun, Jan 17, 2027"),
        ("en_GB", 14, "Wed, 1 Jul – Wed, 15 Jul 2026"),
        ("en_GB", 200, "Wed, 1 Jul 2026 – Sun, 17 Jan 2027"),
        ("de", 200, "Mi., 1. Juli 2026 – So., 17. Jan. 2027"),
    ],
)
def test_both_ends_of_what_lasts_for_days_are_written_alike(
    app: Flask, language: str, days: int, text: str
) -> None:
    with app.test_request_context(), force_locale(language):
        assert formats.long_span(NINE_UTC, NINE_UTC + timedelta(days=days), "UTC") == text


@pytest.mark.usefixtures("english")
def test_lately_has_seconds_and_longer_ago_has_its_day() -> None:
    assert formats.lately(NINE_UTC, "UTC", NINE_UTC + timedelta(minutes=5)) == "9:30:00\u202fPM"
    assert formats.lately(NINE_UTC, "UTC", NINE_UTC + timedelta(hours=5)) == "Jul 1, 9:30\u202fPM"
