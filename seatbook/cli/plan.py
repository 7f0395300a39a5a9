"""`flask plan`: halls in and out of files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from seatbook.cli.event_options import PRICE, PriceOption, prices_by_category
from seatbook.cli.plan_diff_report import diff_as_json, report_applied, report_diff
from seatbook.cli.plan_report import report_import
from seatbook.cli.progress import steps
from seatbook.cli.refusal import Refusal
from seatbook.cli.tables import echo_table
from seatbook.domain.catalogue import NewVenue, PlanExists, find_plan, find_venue, store_plan
from seatbook.domain.plan_apply import apply_plan, diff_plan
from seatbook.domain.plan_formats import WRITTEN_FORMATS, read_plan, write_plan
from seatbook.domain.plans import PlanLayout
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
        try:
            stored = store_plan(
                read.layout,
                name=file.stem if name is None else name,
                venue=NewVenue(name=venue, address=address, time_zone=time_zone or "UTC"),
                replace=replace,
            )
        except PlanExists as error:
            raise Refusal(f"{error} The options for it are --name and --replace.") from error
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


@plan.command("diff")
@click.argument("file", type=PLAN_FILE)
@click.option("--event", "event_id", type=click.IntRange(min=1), required=True, help="Number of the event.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
@with_appcontext
def diff(context: click.Context, file: Path, event_id: int, as_json: bool) -> None:
    """Say what the plan in FILE would do to an event that is on sale. Nothing is written.

    Ends with 1 where the plan cannot be applied, because somebody would lose a seat.
    """
    with steps("Reading the file", "Comparing it with the event") as next_step:
        next_step()
        read = read_plan(file.read_bytes(), file_name=file.name)
        next_step()
        found = diff_plan(event_id, layout=read.layout)
    if as_json:
        click.echo(json.dumps(diff_as_json(found), ensure_ascii=False))
    else:
        report_diff(found, read, file_name=file.name)
    if found.faults():
        context.exit(1)


@plan.command("apply")
@click.argument("file", type=PLAN_FILE)
@click.option("--event", "event_id", type=click.IntRange(min=1), required=True, help="Number of the event.")
@click.option(
    "--price",
    "prices",
    type=PRICE,
    multiple=True,
    help="“Gold=45.00” for a category that is new, or “45.00” for all of these.",
)
@with_appcontext
def apply(file: Path, event_id: int, prices: tuple[PriceOption, ...]) -> None:
    """Bring the plan in FILE to an event that is on sale, all of it or nothing.

    No sold or held seat is ever lost, and none changes its category. Look first
    with `flask plan diff`.
    """
    with steps("Reading the file", "Applying the plan") as next_step:
        next_step()
        read = read_plan(file.read_bytes(), file_name=file.name)
        next_step()
        minor = _new_prices(event_id, read.layout, prices) if prices else {}
        done = apply_plan(event_id, layout=read.layout, prices=minor)
    report_applied(done, read)


def _new_prices(event_id: int, layout: PlanLayout, options: tuple[PriceOption, ...]) -> dict[str, int]:
    found = diff_plan(event_id, layout=layout)
    new = tuple(category for category in layout.categories if category.name in found.new_categories)
    return prices_by_category(
        options, dataclasses.replace(layout, categories=new), currency=found.event.currency
    )


@plan.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
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
