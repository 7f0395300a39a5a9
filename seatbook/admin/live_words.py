"""Times in words, on staff pages."""

from __future__ import annotations

from datetime import datetime

from babel.numbers import format_decimal

from seatbook.live.freshness import BUCKETS_SECONDS, FreshnessFigures
from seatbook.web.formats import day_and_time, locale, number, zone_name
from seatbook.web.texts import gettext as _

UTC = "UTC"


def seconds_in_words(seconds: float) -> str:
    """ "50 ms", "2.5 s"."""
    if seconds < 1:
        return _("%(count)s ms", count=number(round(seconds * 1000)))
    return _("%(count)s s", count=format_decimal(seconds, locale=locale()))


def since_in_words(at: datetime) -> str:
    """ "Fri, Nov 20, 9:30 AM UTC": a process has no venue whose clock it could go by."""
    return f"{day_and_time(at, UTC)} {zone_name(UTC)}"


def within(freshness: FreshnessFigures, share: float) -> str:
    """Within which time that share of the changes went out: "≤ 50 ms". A dash when there was none."""
    reached = freshness.quantile(share)
    if reached is None:
        return "–"
    if reached == float("inf"):
        return f"> {seconds_in_words(BUCKETS_SECONDS[-1])}"
    return f"≤ {seconds_in_words(reached)}"
