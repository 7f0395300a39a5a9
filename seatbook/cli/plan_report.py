"""What `flask plan import` says: what was read, what is in it, what was not used, what to do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from seatbook.cli.tables import echo_table
from seatbook.domain.catalogue import StoredPlan
from seatbook.domain.plan_formats import FORMAT_NAMES, ReadPlan
from seatbook.domain.plans import PlanLayout, PlanSection

MAX_SECTIONS_LISTED = 40
A_MONTH = timedelta(days=30)


def report_import(read: ReadPlan, stored: StoredPlan, *, zone_asked: str | None) -> None:
    """Say what an import did. `zone_asked` is the time zone that somebody asked for, or None."""
    venue = f"{stored.venue.name}" + (" (new)" if stored.venue.created else "")
    done = {
        "created": "Imported",
        "replaced": "Replaced",
        "unchanged": "Nothing to do: these seats are there already, in",
    }[stored.outcome]
    click.echo(f"{done} plan “{stored.name}” of {venue}.")
    click.echo(f"{_contents(read.layout)}, out of {FORMAT_NAMES[read.format]}.\n")
    _echo_sections(read.layout)
    if notes := [*read.notes, *_venue_notes(stored, zone_asked)]:
        click.echo("\n" + "\n".join(f"Note: {note}" for note in notes))
    evening = datetime.now(UTC) + A_MONTH
    click.echo(
        f'\nNext: flask event create --show TITLE --kind concert --venue "{stored.venue.name}" '
        f'--plan "{stored.name}" --starts-at "{evening:%Y-%m-%d} 19:30" --price 45.00 --publish'
    )


def _contents(layout: PlanLayout) -> str:
    sections = [section for area in layout.areas for section in area.sections]
    rows = sum(_rows(section) for section in sections)
    parts = []
    if sections:
        seats = _count(layout.seat_count, "seat")
        parts.append(f"{seats} in {_count(rows, 'row')} and {_count(len(sections), 'section')}")
    for area in layout.areas:
        if area.capacity:
            parts.append(f"{_count(area.capacity, 'place')} in “{area.name}”")
        elif area.kind == "slots":
            parts.append(f"“{area.name}” with time slots")
    return ", ".join(parts)


def _echo_sections(layout: PlanLayout) -> None:
    sections = [section for area in layout.areas for section in area.sections]
    if sections:
        echo_table(
            ("Section", "Side", "Rows", "Seats", "Category"),
            [
                (
                    section.name,
                    section.side,
                    _rows(section),
                    sum(len(row.seats) for row in section.rows),
                    _categories(section),
                )
                for section in sections[:MAX_SECTIONS_LISTED]
            ],
        )
    if len(sections) > MAX_SECTIONS_LISTED:
        click.echo(f"… and {len(sections) - MAX_SECTIONS_LISTED:,} more sections.")


def _rows(section: PlanSection) -> int:
    return len({row.label for row in section.rows})


def _categories(section: PlanSection) -> str:
    return ", ".join(dict.fromkeys(seat.category for row in section.rows for seat in row.seats))


def _venue_notes(stored: StoredPlan, zone_asked: str | None) -> list[str]:
    if stored.venue.created and zone_asked is None:
        return [f"{stored.venue.name} is in the time zone UTC, because --time-zone was not given."]
    if not stored.venue.created and zone_asked not in (None, stored.venue.time_zone):
        return [f"{stored.venue.name} was there already, and stays in {stored.venue.time_zone}."]
    return []


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
