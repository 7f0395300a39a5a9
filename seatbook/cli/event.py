"""`flask event`: dated offerings, made, published and listed by hand."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext

from seatbook.cli.event_options import (
    AREA,
    DURATION,
    PRICE,
    PriceOption,
    prices_by_category,
)
from seatbook.cli.progress import counted, counting
from seatbook.cli.refusal import Refusal
from seatbook.cli.sale_options import PAYMENT_SAID, sale_options, sale_terms
from seatbook.cli.tables import echo_table
from seatbook.domain.added_areas import AddedArea, layout_with_areas
from seatbook.domain.catalogue import NewShow, NewVenue, VenueRecord, find_plan, find_show, find_venue
from seatbook.domain.events import CreatedEvent, SaleTerms, create_event, publish_event
from seatbook.domain.local_time import checked_time_zone, instant_of
from seatbook.domain.money import checked_currency
from seatbook.domain.orders import cancel_event_orders, request_event_cancellation
from seatbook.domain.timetables import Room
from seatbook.errors import NotFound
from seatbook.models.catalogue import SHOW_KINDS
from seatbook.queries.cancellations import cancellation_progress
from seatbook.queries.event_list import EventLine, list_events

DEFAULT_DURATION = timedelta(hours=2)


@click.group("event")
def event() -> None:
    """Events: what is on, when, and at what price."""


@event.command("create")
@click.option("--show", "title", required=True, help="Title of the show. It is made when it does not exist.")
@click.option("--kind", type=click.Choice(SHOW_KINDS), help="Kind of a new show.")
@click.option("--tagline", default="", help="One line about a new show.")
@click.option("--description", default="", help="Text about a new show.")
@click.option("--venue", required=True, help="Name of the venue.")
@click.option("--address", default="", help="Address of a new venue.")
@click.option("--time-zone", help="Time zone of a new venue, which is made with it, such as Europe/Helsinki.")
@click.option("--plan", "plan_name", help="Name of the venue's plan whose seats are sold.")
@click.option(
    "--area",
    "areas",
    type=AREA,
    multiple=True,
    metavar="KIND:NAME[=NUMBER][@CATEGORY]",
    help="Standing places, stock or a room: “standing:Floor=800”, “stock:Size M=50@T-shirt”, "
    "“slots:The Vault@Off-peak,Peak”. Repeatable.",
)
@click.option("--starts-at", required=True, help="“2026-12-24 19:30”, in the venue's own time.")
@click.option("--ends-at", help="The same for the end.")
@click.option(
    "--duration", type=DURATION, help="Instead of an end: “2:15” is hours and minutes.  [default: 2:00]"
)
@click.option(
    "--price",
    "prices",
    type=PRICE,
    multiple=True,
    metavar="[CATEGORY=]AMOUNT",
    help="“Stalls=45.00”, repeatable; or “45.00” for every category that is not named.",
)
@click.option("--free", is_flag=True, help="Nothing costs anything.")
@click.option("--currency", default="EUR", show_default=True, help="Three letters of ISO 4217.")
@click.option("--on-sale-from", help="When the sale begins, in the venue's time.  [default: now]")
@click.option("--on-sale-until", help="When it ends.  [default: the start; the end where only stock is sold]")
@click.option(
    "--hold-ttl", type=int, metavar="SECONDS", help="How long a picked place is kept.  [default: 300]"
)
@click.option("--max-seats", type=int, help="Most places of one buyer.  [default: 8]")
@click.option(
    "--leave-no-single",
    is_flag=True,
    help="Refuse choices that leave one seat alone between others, and offer better ones.",
)
@sale_options
@click.option("--publish/--draft", default=False, help="Show it to the public at once.  [default: --draft]")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def create(
    title: str,
    kind: str | None,
    tagline: str,
    description: str,
    venue: str,
    address: str,
    time_zone: str | None,
    plan_name: str | None,
    areas: tuple[AddedArea, ...],
    starts_at: str,
    ends_at: str | None,
    duration: timedelta | None,
    prices: tuple[PriceOption, ...],
    free: bool,
    currency: str,
    on_sale_from: str | None,
    on_sale_until: str | None,
    hold_ttl: int | None,
    max_seats: int | None,
    leave_no_single: bool,
    publish: bool,
    as_json: bool,
    **sale: Any,
) -> None:
    """Make an event with all its places.

    The seats come from a plan, or the places from --area, or both. Nothing is
    made when anything is refused.
    """
    if ends_at is not None and duration is not None:
        raise click.UsageError("Give --ends-at or --duration, not both.")
    if free == bool(prices):
        raise click.UsageError(
            "Give at least one --price, or --free." if not free else "Give --price or --free, not both."
        )
    if plan_name is None and not areas:
        raise click.UsageError("Give a --plan, or at least one --area.")

    at = _venue(venue, address=address, time_zone=time_zone)
    zone = at.time_zone
    plan = None
    if plan_name is not None:
        if isinstance(at, NewVenue):
            raise NotFound(
                what=f"plan as “{plan_name}”: {venue} is a new venue. Import one with `flask plan import`"
            )
        plan = find_plan(plan_name, venue_id=at.venue_id)
    layout = layout_with_areas(plan.layout if plan else None, areas)
    currency = checked_currency(currency)
    priced = prices_by_category(prices, layout, currency=currency)
    begins = instant_of(starts_at, time_zone=zone)
    ends = instant_of(ends_at, time_zone=zone) if ends_at else begins + (duration or DEFAULT_DURATION)
    config = current_app.extensions["seatbook"]
    terms = sale_terms(
        sale,
        prices=priced,
        currency=currency,
        on_sale_from=instant_of(on_sale_from, time_zone=zone) if on_sale_from else None,
        on_sale_until=instant_of(on_sale_until, time_zone=zone) if on_sale_until else None,
        hold_ttl_seconds=config.hold_ttl_seconds if hold_ttl is None else hold_ttl,
        max_seats=config.max_seats if max_seats is None else max_seats,
        leave_no_single=leave_no_single,
    )
    with counted("Making places", total=layout.place_count) as written:
        made = create_event(
            show=_show(title, kind=kind, tagline=tagline, description=description),
            venue=at.venue_id if isinstance(at, VenueRecord) else at,
            layout=layout,
            plan_id=plan.plan_id if plan else None,
            starts_at=begins,
            ends_at=ends,
            currency=currency,
            prices=priced,
            status="published" if publish else "draft",
            terms=terms,
            rooms={area.name: Room() for area in layout.areas if area.kind == "slots"},
            progress=written,
        )
    _report(made, terms=terms, published=publish, as_json=as_json)


@event.command("publish")
@click.argument("event_id", type=int)
@with_appcontext
def publish_(event_id: int) -> None:
    """Put the draft EVENT_ID on sale."""
    done = publish_event(event_id)
    click.echo(
        f"Event {event_id} is {'now published' if done else 'published already'}: {_address(event_id)}"
    )


@event.command("cancel")
@click.argument("event_id", type=int)
@click.option(
    "--background", is_flag=True, help="Close the event now, and leave its purchases to the worker."
)
@click.confirmation_option(prompt="Cancel the event, and give everybody their money back?")
@with_appcontext
def cancel_(event_id: int, background: bool) -> None:
    """Cancel EVENT_ID and every purchase of it; what was paid goes back.

    May be stopped and run again: it goes on where it stopped, and so does the
    worker. Who is paying at this moment gets the money back when it comes.
    """
    if background:
        request_event_cancellation(event_id)
        progress_now = cancellation_progress(event_id)
        left = progress_now.orders - progress_now.done if progress_now else 0
        click.echo(
            f"Event {event_id} is cancelled. The worker undoes its purchases while it runs: "
            f"{left:,} {'is' if left == 1 else 'are'} left."
        )
        return
    with counting("Cancelling") as progress:
        done = cancel_event_orders(event_id, on_progress=progress)
    found = cancellation_progress(event_id)
    if found is not None and not found.is_finished:
        raise Refusal(
            f"Event {event_id} is cancelled, and {done:,} purchases with it. Some are still to be undone"
            f"{f' ({found.last_error})' if found.last_error else ''}: the worker goes on with them, "
            "and so does this command when it is run again."
        )
    click.echo(
        f"Event {event_id} is cancelled, and {done:,} {'purchase' if done == 1 else 'purchases'} with it. "
        "What was paid online goes back within minutes, while the worker runs."
    )


@event.command("list")
@click.option("--past", is_flag=True, help="Those that are over, latest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def list_(past: bool, limit: int, as_json: bool) -> None:
    """List events with what is sold, drafts too."""
    lines = list_events(past=past, limit=limit)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(line) for line in lines], default=str, ensure_ascii=False))
    elif not lines:
        click.echo(
            "There is no such event. Make one with `flask event create`, or demonstration data with `flask seed`."
        )
    else:
        echo_table(
            (
                "Id",
                "Starts (venue's time)",
                "Show",
                "Venue",
                "Status",
                "Available",
                "Held",
                "Sold",
                "Blocked",
            ),
            [
                (
                    # An id is a name here, and carries no thousands separator.
                    str(line.event_id),
                    _local(line.starts_at, line.time_zone),
                    line.show,
                    line.venue,
                    _status(line),
                    line.figures.available,
                    line.figures.held,
                    line.figures.reserved,
                    line.figures.blocked,
                )
                for line in lines
            ],
        )


def _venue(name: str, *, address: str, time_zone: str | None) -> VenueRecord | NewVenue:
    try:
        found = find_venue(name)
    except NotFound:
        if time_zone is None:
            raise NotFound(
                what=f"venue as “{name}”. Import a plan for it with `flask plan import`, "
                "or give --time-zone, and it is made"
            ) from None
        return NewVenue(name=name, address=address, time_zone=checked_time_zone(time_zone).key)
    if time_zone is not None and checked_time_zone(time_zone).key != found.time_zone:
        raise Refusal(
            f"{found.name} is in the time zone {found.time_zone}, and the times of its events are told in it. "
            f"Leave out “--time-zone {time_zone}”, and give the times in {found.time_zone}."
        )
    return found


def _show(title: str, *, kind: str | None, tagline: str, description: str) -> NewShow | int:
    if kind is not None:
        return NewShow(title=title, kind=kind, tagline=tagline, description=description)
    try:
        return find_show(title).show_id
    except NotFound:
        raise NotFound(what=f"show as “{title}”. Give its --kind, and it is made") from None


def _report(made: CreatedEvent, *, terms: SaleTerms, published: bool, as_json: bool) -> None:
    path = f"/events/{made.event_id}"
    if as_json:
        click.echo(json.dumps({"event_id": made.event_id, "path": path, "places": made.places}))
        return
    new = " (new)" if made.show.created else ""
    click.echo(
        f"Event {made.event_id}: {made.show.title}{new}, {made.venue.name}, "
        f"{_local(made.starts_at, made.venue.time_zone)}, {made.places:,} places."
    )
    click.echo(f"{_address(made.event_id)}")
    click.echo(PAYMENT_SAID[terms.payment])
    if not made.places:
        click.echo(f"Its rooms have no times yet. Next: flask timetable set {made.event_id} AREA --help")
    if not published:
        click.echo(f"It is a draft, which the public cannot see. Next: flask event publish {made.event_id}")
    elif made.on_sale_from > datetime.now(UTC):
        click.echo(f"On sale from {_local(made.on_sale_from, made.venue.time_zone)}.")


def _address(event_id: int) -> str:
    return f"{current_app.extensions['seatbook'].public_url}/events/{event_id}"


def _local(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%a %Y-%m-%d %H:%M}"


def _status(line: EventLine) -> str:
    return line.status if line.listed else f"{line.status}, unlisted"


commands = [event]
