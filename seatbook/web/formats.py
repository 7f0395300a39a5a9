"""Money, dates and times as people read them: in the viewer's locale, and at the venue's own time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time, get_timezone_location
from babel.numbers import (
    NumberFormatError,
    format_currency,
    format_decimal,
    get_currency_precision,
    parse_decimal,
)
from flask import Blueprint
from flask_babel import get_locale

from seatbook.web.texts import gettext as _
from seatbook.web.texts import pgettext

LETTER_BESIDE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def register(blueprint: Blueprint) -> None:
    """Make these available to every template as filters."""
    filters: tuple[Callable[..., str], ...] = (
        money,
        amount,
        typed_amount,
        price_range,
        number,
        day_and_time,
        long_day,
        clock,
        lately,
        weekday_and_day,
        slot_day,
        weekday,
        days_span,
        span,
        long_span,
        iso,
        zone_name,
        minutes_and_seconds,
    )
    for function in filters:
        blueprint.add_app_template_filter(function)


def locale() -> Locale:
    return get_locale() or Locale("en")


def money(minor: int, currency: str) -> str:
    """ "€45.00". Nothing to pay is called free."""
    return _("Free") if minor == 0 else _amount(minor, currency, locale())


def amount(minor: int, currency: str) -> str:
    """The same in a column of figures: "€0.00"."""
    return _amount(minor, currency, locale())


def typed_amount(minor: int, currency: str) -> str:
    """ "5.00", "5,00": as the viewer types it, and `plain_number` reads it."""
    digits = get_currency_precision(currency)
    pattern = "0." + "0" * digits if digits else "0"
    return str(format_decimal(Decimal(minor).scaleb(-digits), format=pattern, locale=locale()))


def plain_number(text: str) -> str:
    """A number as the viewer types it, "5,00" in German, with a point; what is no such number, as it came."""
    try:
        return str(parse_decimal(text, locale=locale(), strict=True))
    except NumberFormatError:
        return text


@lru_cache(maxsize=4096)
def _amount(minor: int, currency: str, in_locale: Locale) -> str:
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    # Babel leaves out the space that CLDR (currencySpacing) wants beside a currency of letters: "CHF 52.00".
    return LETTER_BESIDE_DIGIT.sub("\xa0", str(format_currency(amount, currency, locale=in_locale)))


def price_range(lowest: int | None, highest: int | None, currency: str) -> str:
    if lowest is None or highest is None:
        return ""
    if lowest == highest:
        return money(lowest, currency)
    return _("from %(price)s", price=_amount(lowest, currency, locale()))


def number(value: int) -> str:
    return str(format_decimal(value, locale=locale()))


def day_and_time(at: datetime, time_zone: str) -> str:
    """ "Sat, Nov 22, 7:30 PM"."""
    return _joined(weekday_and_day(at, time_zone), clock(at, time_zone))


def weekday_and_day(at: datetime, time_zone: str) -> str:
    """ "Sat, Nov 22"."""
    return str(format_skeleton("MMMEd", _local(at, time_zone), locale=locale()))


def slot_day(at: date) -> str:
    """ "Sat, Nov 22"."""
    return str(format_skeleton("MMMEd", at, locale=locale()))


def weekday(at: date) -> str:
    """ "Sat"."""
    return str(format_skeleton("E", at, locale=locale()))


def days_span(first: date, last: date) -> str:
    """ "Nov 23 – 29, 2026"."""
    return str(format_interval(first, last, "yMMMd", locale=locale()))


def long_day(at: datetime | date, time_zone: str = "UTC") -> str:
    """ "Saturday, November 22, 2025"."""
    local = _local(at, time_zone) if isinstance(at, datetime) else at
    return str(format_date(local, "full", locale=locale()))


def clock(at: datetime, time_zone: str) -> str:
    """ "7:30 PM", or "19:30": in a sentence, what some languages say after it ("Uhr") belongs to the sentence."""
    return str(format_time(_local(at, time_zone), "short", locale=locale()))


def lately(at: datetime, time_zone: str, now: datetime) -> str:
    """With seconds for what happened today; the day for what is longer ago."""
    local = _local(at, time_zone)
    if local.date() == _local(now, time_zone).date():
        return str(format_time(local, "medium", locale=locale()))
    return _joined(str(format_skeleton("MMMd", local, locale=locale())), clock(at, time_zone))


def span(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """When an event is, in a list: "Sat, Nov 22, 7:30 PM", or from which day to which."""
    if not lasts_days(starts_at, ends_at):
        return day_and_time(starts_at, time_zone)
    return f"{weekday_and_day(starts_at, time_zone)} – {weekday_and_day(ends_at, time_zone)}"


def long_span(starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
    """The same on the event's own page: "Saturday, November 22, 2025, 7:30 PM"; "Sat, Nov 22 – Tue, Dec 2, 2025"."""
    if not lasts_days(starts_at, ends_at):
        return _joined(long_day(starts_at, time_zone), clock(starts_at, time_zone))
    first, last = _local(starts_at, time_zone).date(), _local(ends_at, time_zone).date()
    # Thin spaces are not in every font that a ticket may be printed in.
    return str(format_interval(first, last, "yMMMEd", locale=locale())).replace("\u2009", " ")


def lasts_days(starts_at: datetime, ends_at: datetime) -> bool:
    """A room's fortnight, and not an evening that ends after midnight."""
    return ends_at - starts_at > timedelta(days=1)


def iso(at: datetime) -> str:
    """For `datetime=` attributes."""
    return at.isoformat(timespec="seconds")


def zone_name(time_zone: str) -> str:
    """ "Helsinki time": whose clock the times are of. A clock of no city is called by its own name."""
    if time_zone.removeprefix("Etc/") in ("UTC", "GMT"):
        return "UTC"
    return _("%(city)s time", city=_city(time_zone, locale()))


@lru_cache(maxsize=1024)
def _city(time_zone: str, in_locale: Locale) -> str:
    """ "Vienna", "Wien", of Europe/Vienna."""
    location = get_timezone_location(time_zone, locale=in_locale, return_city=True)
    return str(location).rsplit("/", 1)[-1]


def minutes_and_seconds(seconds: float) -> str:
    """ "4:05"; an hour and more as "1:04:05". Never negative."""
    whole = max(0, -int(-seconds // 1))
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{rest // 60}:{rest % 60:02}"


def _joined(day: str, time: str) -> str:
    return pgettext("day and time", "%(day)s, %(time)s", day=day, time=time)


def _local(at: datetime, time_zone: str) -> datetime:
    return at.astimezone(ZoneInfo(time_zone))
