"""`flask plan`: halls in, out of files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from seatbook.cli.progress import steps
from seatbook.cli.refusal import refusals_told
from seatbook.cli.tables import echo_table
from seatbook.domain.catalogue import NewVenue, StoredPlan, store_plan
from seatbook.domain.plan_csv import CsvPlan, plan_from_csv
from seatbook.queries.plans import list_plans


@click.group("plan")
def plan() -> None:
    """Halls: which seats there are and where they stand."""


@plan.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--venue", required=True, help="Name of the venue. It is made when it does not exist.")
@click.option("--name", help="Name of the plan.  [default: the file's name]")
@click.option("--address", default="", help="Address of a new venue.")
@click.option("--time-zone", help="Time zone of a new venue, such as Europe/Helsinki.  [default: UTC]")
@click.option("--replace", is_flag=True, help="Replace a plan of that name which has other seats.")
@with_appcontext
@refusals_told
def import_plan(
    file: Path, venue: str, name: str | None, address: str, time_zone: str | None, replace: bool
) -> None:
    """Import a hall from FILE, a CSV table `zone,row,start,end`.

    One line for consecutive seat numbers of one row. Importing the same file
    again changes nothing. Events keep the seats they have when a plan is replaced.
    """
    with steps("Reading the file", "Setting out the seats", "Writing the plan") as next_step:
        next_step()
        content = file.read_bytes()
        next_step()
        read = plan_from_csv(content, file_name=file.name)
        next_step()
        stored = store_plan(
            read.layout,
            name=file.stem if name is None else name,
            venue=NewVenue(name=venue, address=address, time_zone=time_zone or "UTC"),
            replace=replace,
        )
    _report(read, stored, zone_asked=time_zone)


@plan.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
@refusals_told
def list_(as_json: bool) -> None:
    """List the plans of all venues."""
    plans = list_plans()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(line) for line in plans], default=str, ensure_ascii=False))
    elif not plans:
        click.echo("There is no plan yet. Import one with `flask plan import FILE --venue NAME`.")
    else:
        echo_table(
            ("Venue", "Plan", "Places", "Events"),
            [(line.venue, line.name, line.places, line.events) for line in plans],
        )


def _report(read: CsvPlan, stored: StoredPlan, *, zone_asked: str | None) -> None:
    venue = f"{stored.venue.name}" + (" (new)" if stored.venue.created else "")
    done = {
        "created": "Imported",
        "replaced": "Replaced",
        "unchanged": "Nothing to do: these seats are there already, in",
    }[stored.outcome]
    click.echo(f"{done} plan “{stored.name}” of {venue}.")
    click.echo(f"{read.seats:,} seats in {read.rows:,} rows and {read.zones:,} zones.\n")
    sections = [section for area in read.layout.areas for section in area.sections]
    echo_table(
        ("Zone", "Side", "Rows", "Seats", "Category"),
        [
            (
                section.name,
                section.side,
                len({row.label for row in section.rows}),
                sum(len(row.seats) for row in section.rows),
                section.rows[0].seats[0].category,
            )
            for section in sections
        ],
    )
    notes = list(read.notes)
    if stored.venue.created and zone_asked is None:
        notes.append(f"{stored.venue.name} is in the time zone UTC, because --time-zone was not given.")
    elif not stored.venue.created and zone_asked not in (None, stored.venue.time_zone):
        notes.append(f"{stored.venue.name} was there already, and stays in {stored.venue.time_zone}.")
    for note in notes:
        click.echo(f"\nNote: {note}")
    click.echo(
        f'\nNext: flask event create --show TITLE --kind concert --venue "{stored.venue.name}" '
        f'--plan "{stored.name}" --starts-at "2026-12-24 19:30" --price 45.00 --publish'
    )


commands = [plan]
