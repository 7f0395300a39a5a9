"""Local times of venues: text of people → instants, and the hours that a clock change skips or repeats."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seatbook.errors import N_, InvalidInput

FIRST_YEAR, LAST_YEAR = 2000, 2200


def checked_time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as Europe/Helsinki. Raises InvalidInput when there is none."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            field="time_zone",
            reason=N_(
                "“%(name)s” is not a time zone. Use a name like Europe/Helsinki, America/New_York or UTC."
            ),
            name=name,
        ) from None


def instant_of(text: str, *, time_zone: str) -> datetime:
    """The instant (aware, UTC) of a local time such as "2026-12-24 19:30" at a venue.

    A time with its own offset ("2026-12-24T19:30+02:00") is taken as it is, which is
    also how an hour that exists twice is told apart. Raises InvalidInput for text that
    is no time, and for local times that a clock change skips or repeats.
    """
    zone = checked_time_zone(time_zone)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    # A date alone would silently mean midnight.
    if moment is None or len(text.strip()) <= len("2026-12-24"):
        raise InvalidInput(
            field="time",
            reason=N_("“%(text)s” is not a time. Write it like “2026-12-24 19:30”, in the venue's own time."),
            text=text,
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidInput(
            field="time",
            reason=N_("“%(text)s” is out of range: years from %(first)s to %(last)s are possible."),
            text=text,
            first=str(FIRST_YEAR),
            last=str(LAST_YEAR),
        )
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    # In a gap the clock comes back from UTC as another time; in a repeated hour both readings are real.
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise InvalidInput(
            field="time",
            reason=N_(
                "%(time)s does not exist in %(zone)s: the clocks are put forward then. "
                "Choose a time an hour earlier or later."
            ),
            time=f"{moment:%Y-%m-%d %H:%M}",
            zone=zone.key,
        )
    raise InvalidInput(
        field="time",
        reason=N_(
            "%(time)s happens twice in %(zone)s: the clocks are put back then. "
            "Say which one you mean: “%(first)s” or “%(second)s”."
        ),
        time=f"{moment:%Y-%m-%d %H:%M}",
        zone=zone.key,
        first=first.isoformat(timespec="minutes"),
        second=second.isoformat(timespec="minutes"),
    )
