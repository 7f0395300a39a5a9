"""A reservation for the calendar: one entry for the event, or one for each slot (RFC 5545).

An entry is known by its UID, which never changes, and the one with the highest
SEQUENCE counts: so a later letter puts right, or takes out, what an earlier one
put in. Times are in the venue's zone, whose rules come along, but for those that come twice there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app
from icalendar import Calendar, Event, vText

from seatbook.config import Config
from seatbook.queries.reservations import ReservationView, ReservedPlace
from seatbook.queries.tickets import load_ticket_matters
from seatbook.web.addresses import address_of
from seatbook.web.basket_lines import place_lines
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Occasion:
    """What goes into a calendar, of a reservation or of a letter about one. Times are aware; `address` is the
    reservation's page. `at` is when this was so, and `sequence` how often it changed before."""

    reference: str
    title: str
    venue: str
    venue_address: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    places: Sequence[ReservedPlace]
    address: str
    sequence: int
    at: datetime


def calendar_entry(occasion: Occasion, *, is_cancelled: bool = False) -> bytes:
    """The file. `is_cancelled` takes the entries out again: all of the event's, or those of the slots given."""
    calendar = Calendar()
    calendar.add("prodid", "-//seatbook//seatbook//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    slots = []
    for place in occasion.places:
        if place.starts_at is None or place.ends_at is None:
            continue
        slots.append(place)
        uid = f"{occasion.reference}-{place.seat_id}"
        calendar.add_component(
            _entry(occasion, uid, place.starts_at, place.ends_at, [place], is_cancelled=is_cancelled)
        )
    others = [place for place in occasion.places if place not in slots]
    if others or not slots:
        calendar.add_component(
            _entry(
                occasion,
                occasion.reference,
                occasion.starts_at,
                occasion.ends_at,
                others,
                is_cancelled=is_cancelled,
            )
        )
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def occasion_of(reservation: ReservationView) -> Occasion:
    """A reservation as an entry of a calendar, as it is now."""
    matters = load_ticket_matters(reservation.event_id, reservation_id=reservation.id)
    title = reservation.title
    if reservation.event_name:
        title = f"{title} · {reservation.event_name}"
    return Occasion(
        reference=reservation.reference,
        title=title,
        venue=reservation.venue,
        venue_address=reservation.address,
        time_zone=reservation.time_zone,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        places=reservation.places,
        address=address_of("reservations.reservation", reference=reservation.reference),
        sequence=matters.sequence,
        at=datetime.now(UTC),
    )


def _entry(
    occasion: Occasion,
    uid: str,
    starts_at: datetime,
    ends_at: datetime,
    places: Iterable[ReservedPlace],
    *,
    is_cancelled: bool,
) -> Event:
    begin, end = _local(starts_at, ends_at, time_zone=occasion.time_zone)
    entry = Event()
    entry.add("uid", f"{uid}@{_host()}")
    entry.add("sequence", occasion.sequence)
    entry.add("dtstamp", occasion.at)
    entry.add("dtstart", begin)
    entry.add("dtend", end)
    entry.add("summary", occasion.title)
    entry.add("location", vText(", ".join(part for part in (occasion.venue, occasion.venue_address) if part)))
    lines = place_lines(list(places), time_zone=occasion.time_zone)
    described = [
        ", ".join(
            part
            for part in (line.name if line.count == 1 else f"{line.count} × {line.name}", line.where)
            if part
        )
        for line in lines
    ]
    described += [_("Reference: %(reference)s", reference=occasion.reference), occasion.address]
    entry.add("description", "\n".join(described))
    entry.add("url", occasion.address)
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("transp", "OPAQUE")
    return entry


def _local(*moments: datetime, time_zone: str) -> Sequence[datetime]:
    """The same at the venue; in UTC where one comes twice there: in a calendar such a time is always the first."""
    local = [moment.astimezone(ZoneInfo(time_zone)) for moment in moments]
    return [moment.astimezone(UTC) for moment in moments] if any(moment.fold for moment in local) else local


def _host() -> str:
    config: Config = current_app.extensions["seatbook"]
    return urlsplit(config.public_url).hostname or "localhost"
