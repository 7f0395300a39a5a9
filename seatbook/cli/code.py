"""`flask code` and `flask concession`: what makes an event cheaper, and for whom."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from seatbook.cli.refusal import Refusal
from seatbook.cli.tables import echo_table
from seatbook.domain.local_time import instant_of
from seatbook.domain.money import amount_text, price_minor
from seatbook.domain.orders import (
    create_code,
    create_concession,
    start_code,
    start_concession,
    stop_code,
    stop_concession,
)
from seatbook.errors import NotFound
from seatbook.queries.reductions import (
    CodeLine,
    ConcessionLine,
    EventTerms,
    codes_of,
    concessions_of,
    terms_of_event,
)


@click.group("code")
def code() -> None:
    """Discount codes of an event."""


@code.command("create")
@click.argument("event_id", type=int)
@click.argument("name", metavar="CODE")
@click.option("--percent", type=int, help="Takes so many percent off each price.")
@click.option("--amount", help="Takes an amount off the whole basket, such as 5.00.")
@click.option("--max-uses", type=int, metavar="N", help="How many purchases have it at most.")
@click.option("--max-uses-per-buyer", type=int, metavar="N", help="How many of one buyer.")
@click.option("--category", "categories", multiple=True, help="Only for places of this category. Repeatable.")
@click.option("--valid-from", help="“2026-12-24 10:00”, in the venue's own time.")
@click.option("--valid-until", help="The same for its end.")
@with_appcontext
def create_(
    event_id: int,
    name: str,
    percent: int | None,
    amount: str | None,
    max_uses: int | None,
    max_uses_per_buyer: int | None,
    categories: tuple[str, ...],
    valid_from: str | None,
    valid_until: str | None,
) -> None:
    """Make a CODE for EVENT_ID that takes a part of each price off, or an amount of the basket.

    Fees stay as they are.
    """
    if (percent is None) == (amount is None):
        raise click.UsageError("Give --percent or --amount.")
    terms = terms_of_event(event_id)
    create_code(
        event_id,
        code=name,
        percent_off=percent,
        amount_off_minor=None if amount is None else price_minor(amount, currency=terms.currency),
        max_uses=max_uses,
        max_uses_per_holder=max_uses_per_buyer,
        category_ids=_category_ids(categories, terms),
        valid_from=instant_of(valid_from, time_zone=terms.time_zone) if valid_from else None,
        valid_until=instant_of(valid_until, time_zone=terms.time_zone) if valid_until else None,
    )
    (made,) = (line for line in codes_of(event_id) if line.code == name.strip().upper())
    click.echo(f"{made.code} takes {_takes_off(made, terms)} off at event {event_id}.")


@code.command("list")
@click.argument("event_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def list_codes(event_id: int, as_json: bool) -> None:
    """List the codes of EVENT_ID and how often each is used now."""
    terms = terms_of_event(event_id)
    lines = codes_of(event_id)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(line) for line in lines], default=str, ensure_ascii=False))
    elif not lines:
        click.echo(f"Event {event_id} has no codes. Make one with `flask code create {event_id} CODE`.")
    else:
        echo_table(
            ("Code", "Takes off", "For", "Uses", "Valid (venue's time)", ""),
            [
                (
                    line.code,
                    _takes_off(line, terms),
                    ", ".join(line.categories) or "all places",
                    _uses(line),
                    _validity(line, terms),
                    "" if line.is_active else "stopped",
                )
                for line in lines
            ],
        )


@code.command("stop")
@click.argument("event_id", type=int)
@click.argument("name", metavar="CODE")
@with_appcontext
def stop(event_id: int, name: str) -> None:
    """Nobody can use CODE of EVENT_ID from now on. Baskets and purchases that have it keep it."""
    done = stop_code(event_id, code=name)
    click.echo(f"{name.strip().upper()} is {'stopped' if done else 'stopped already'}.")


@code.command("start")
@click.argument("event_id", type=int)
@click.argument("name", metavar="CODE")
@with_appcontext
def start(event_id: int, name: str) -> None:
    """CODE of EVENT_ID, which was stopped, is good again."""
    done = start_code(event_id, code=name)
    click.echo(f"{name.strip().upper()} is {'good again' if done else 'good already'}.")


@click.group("concession")
def concession() -> None:
    """Who pays less at an event: a child, a student."""


@concession.command("create")
@click.argument("event_id", type=int)
@click.argument("name")
@click.option("--percent", type=int, required=True, help="How much less, in percent of the place's price.")
@with_appcontext
def create_concession_(event_id: int, name: str, percent: int) -> None:
    """Let buyers of EVENT_ID say that a place is for NAME, who pays less."""
    create_concession(event_id, name=name, percent_off=percent)
    click.echo(f"At event {event_id}, {' '.join(name.split())} pays {percent} % less.")


@concession.command("list")
@click.argument("event_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def list_concessions(event_id: int, as_json: bool) -> None:
    """List who pays less at EVENT_ID."""
    terms_of_event(event_id)
    lines = concessions_of(event_id)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(line) for line in lines], ensure_ascii=False))
    elif not lines:
        click.echo(f"Everybody pays the same at event {event_id}.")
    else:
        echo_table(
            ("Who", "Percent less", ""),
            [(line.name, line.percent_off, "" if line.is_active else "stopped") for line in lines],
        )


@concession.command("stop")
@click.argument("event_id", type=int)
@click.argument("name")
@with_appcontext
def stop_concession_(event_id: int, name: str) -> None:
    """Nobody can choose NAME at EVENT_ID from now on. Baskets and purchases that have it keep it."""
    found = _concession_called(event_id, name)
    done = stop_concession(event_id, concession_id=found.id)
    click.echo(f"At event {event_id}, {found.name} is {'stopped' if done else 'stopped already'}.")


@concession.command("start")
@click.argument("event_id", type=int)
@click.argument("name")
@with_appcontext
def start_concession_(event_id: int, name: str) -> None:
    """Buyers of EVENT_ID can choose NAME, which was stopped, again."""
    found = _concession_called(event_id, name)
    done = start_concession(event_id, concession_id=found.id)
    click.echo(f"At event {event_id}, {found.name} is {'offered again' if done else 'offered already'}.")


def _concession_called(event_id: int, name: str) -> ConcessionLine:
    terms_of_event(event_id)
    wanted = " ".join(name.split()).casefold()
    found = next((line for line in concessions_of(event_id) if line.name.casefold() == wanted), None)
    if found is None:
        raise NotFound(what="concession")
    return found


def _category_ids(names: Sequence[str], terms: EventTerms) -> list[int]:
    """Whoever types a name may be careless with capitals."""
    by_name = {name.casefold(): id_ for name, id_ in terms.category_ids.items()}
    if unknown := [name for name in names if name.casefold() not in by_name]:
        known = ", ".join(f"“{name}”" for name in terms.category_ids)
        raise Refusal(f"There is no category “{unknown[0]}” here. The categories are {known}.")
    return [by_name[name.casefold()] for name in names]


def _takes_off(line: CodeLine, terms: EventTerms) -> str:
    if line.percent_off is not None:
        return f"{line.percent_off} %"
    return amount_text(line.amount_off_minor or 0, currency=terms.currency)


def _uses(line: CodeLine) -> str:
    uses = f"{line.uses:,}" if line.max_uses is None else f"{line.uses:,} of {line.max_uses:,}"
    if line.max_uses_per_holder is None:
        return uses
    return f"{uses}, {line.max_uses_per_holder:,} a buyer"


def _validity(line: CodeLine, terms: EventTerms) -> str:
    def local(moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(terms.time_zone)):%Y-%m-%d %H:%M}"

    if line.valid_from is None and line.valid_until is None:
        return "always"
    from_ = f"from {local(line.valid_from)}" if line.valid_from else ""
    until = f"until {local(line.valid_until)}" if line.valid_until else ""
    return " ".join(part for part in (from_, until) if part)


commands = [code, concession]
