"""`flask plan`: halls in and out of files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from seatbook.cli.plan_report import report_import
from seatbook.cli.progress import steps
from seatbook.cli.refusal import refusals_told
from seatbook.cli.tables import echo_table
from seatbook.domain.catalogue import NewVenue, find_plan, find_venue, store_plan
from seatbook.domain.plan_formats import WRITTEN_FORMATS, read_plan, write_plan
from seatbook.queries.plans import list_plans

PLAN_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("plan")
def plan() -> None:
    """Halls: which seats there are and where they stand."""


@plan.command("import")
@click.argument("file", type=PLAN_FILE)
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
    """Import a hall from FILE: a table, a seats.io chart, a pretix plan, or our own format.

    What it is, the file's content says. A table has the columns `zone,row,start,end`,
    one line for consecutive seat numbers of one row. Importing the same file again
    changes nothing. Events keep the seats they have when a plan is replaced;
    `flask plan diff` and `flask plan apply` bring a new version to an event.
    """
    with steps("Reading the file", "Writing the plan") as next_step:
        next_step()
        read = read_plan(file.read_bytes(), file_name=file.name)
        next_step()
        stored = store_plan(
            read.layout,
            name=file.stem if name is None else name,
            venue=NewVenue(name=venue, address=address, time_zone=time_zone or "UTC"),
            replace=replace,
        )
    report_import(read, stored, zone_asked=time_zone)


@plan.command("export")
@click.argument("name")
@click.option("--venue", required=True, help="Name of the venue.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(WRITTEN_FORMATS),
    default="seatbook",
    show_default=True,
    help="Our own format holds everything.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file.  [default: standard output]"
)
@with_appcontext
@refusals_told
def export_plan(name: str, venue: str, file_format: str, output: Path | None) -> None:
    """Write the plan NAME as a file; what its format cannot hold is said on standard error."""
    found = find_plan(name, venue_id=find_venue(venue).venue_id)
    written = write_plan(found.layout, name=found.name, file_format=file_format)
    if output is None:
        click.echo(written.text, nl=False)
    else:
        try:
            output.write_text(written.text, "utf-8")
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from error
        click.echo(f"Wrote {found.layout.place_count:,} places to {output}.", err=True)
    for loss in written.lost:
        click.echo(f"Note: {loss}", err=True)


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


commands = [plan]
