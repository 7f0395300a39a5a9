"""`flask timetable`: the timetables of rooms, and the slots that they make."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from seatbook.cli.event_options import DURATION
from seatbook.cli.refusal import Refusal
from seatbook.cli.timetable_options import DAY, PARTY, WEEKDAYS_, rule_document
from seatbook.domain.timetable import Timetable
from seatbook.domain.timetable_document import timetable_from_document
from seatbook.domain.timetables import (
    DAYS_AHEAD,
    MOST_DAYS_AHEAD,
    Room,
    RoomSlots,
    close_day,
    generate_all_slots,
    generate_slots,
    set_room,
)
from seatbook.queries.timetables import RoomRecord, room_called, rooms_of

MOST_LISTED = 20
WHY_LEFT_OUT = {
    "no_such_time": "the clocks are put forward then",
    "overlap": "the slot before it is not over then",
}


@click.group("timetable")
def timetable() -> None:
    """Timetables of rooms, and the slots that they make ahead."""


@timetable.command("set")
@click.argument("event_id", type=int, metavar="EVENT")
@click.argument("area")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--weekdays", type=WEEKDAYS_, help="Of a rule: “mon-fri”, “sat,sun”.  [default: every day]")
@click.option("--times", help="When its slots begin: “10:00,11:30”.")
@click.option(
    "--open", "opens", help="Or from when to when there are slots, one after the other: “10:00-22:00”."
)
@click.option("--duration", type=DURATION, help="How long a slot lasts: “1:00” is hours and minutes.")
@click.option("--pause", type=DURATION, help="How long the room stays empty after it.")
@click.option("--category", help="Whose price the slots have.")
@click.option("--from", "valid_from", type=DAY, help="First day of the rule: 2026-12-01.")
@click.option("--until", "valid_until", type=DAY, help="Last day of the rule.")
@click.option("--add", is_flag=True, help="Keep the rules that there are.")
@click.option("--party", type=PARTY, help="How many people the room takes: “2-6”.")
@click.option("--price-per", type=click.Choice(["slot", "person"]), help="What a price is for.")
@with_appcontext
def set_(
    event_id: int,
    area: str,
    file: IO[str] | None,
    weekdays: Sequence[str] | None,
    times: str | None,
    opens: str | None,
    duration: timedelta | None,
    pause: timedelta | None,
    category: str | None,
    valid_from: str | None,
    valid_until: str | None,
    add: bool,
    party: tuple[int, int] | None,
    price_per: str | None,
) -> None:
    """Give the room AREA of EVENT a timetable: out of FILE (JSON, docs/timetables.md), or one rule by options.

    Its slots change with the next `flask timetable generate`.
    """
    of_rule = (weekdays, times, opens, duration, pause, category, valid_from, valid_until)
    has_rule = any(value is not None for value in of_rule)
    if file is not None and (has_rule or add):
        raise click.UsageError("Give a FILE, or a rule by options, not both.")
    if not has_rule and file is None and party is None and price_per is None:
        raise click.UsageError(
            "Give a FILE, or a rule by --times and --duration, or --party, or --price-per."
        )
    if has_rule and (duration is None or (times is None) == (opens is None)):
        raise click.UsageError("A rule needs --duration, and --times or --open.")
    room = room_called(event_id, area)
    new = None
    if file is not None:
        new = _read(file)
    elif has_rule and duration is not None:
        rule = rule_document(
            weekdays=weekdays,
            times=times,
            opens=opens,
            duration=duration,
            pause=pause,
            category=category,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        kept = room.timetable or {} if add else {}
        new = timetable_from_document({**kept, "rules": [*kept.get("rules", []), rule]})
    set_room(event_id, area_id=room.area_id, room=Room(new, party, price_per))
    if new is not None:
        click.echo(
            f"{room.name}: {_counted(len(new.rules), 'rule')}, {_counted(len(new.exceptions), 'exception')}. "
            f"Next: flask timetable generate {event_id}"
        )
    else:
        click.echo(f"{room.name}: done. Whoever holds or bought a slot keeps what they have.")


@timetable.command("close")
@click.argument("event_id", type=int, metavar="EVENT")
@click.argument("area")
@click.argument("day", type=DAY)
@click.option("--reason", default="", help="Why, for staff.")
@click.option("--reopen", is_flag=True, help="Open the day again: it has its usual times.")
@with_appcontext
def close(event_id: int, area: str, day: str, reason: str, reopen: bool) -> None:
    """No slots in the room AREA on DAY, such as 2026-12-25; what nobody has is taken off sale at once.

    Slots that somebody holds or bought stay, and are named.
    """
    room = room_called(event_id, area)
    if room.timetable is None:
        raise Refusal(f"{room.name} has no timetable yet. Give it one with `flask timetable set`.")
    on = datetime.fromisoformat(day).date()
    close_day(event_id, area_id=room.area_id, day=on, reason=reason, reopen=reopen)
    (done,) = [made for made in generate_slots(event_id) if made.area_id == room.area_id]
    _report(done)


@timetable.command("generate")
@click.argument("event_id", type=int, metavar="EVENT", required=False)
@click.option(
    "--days",
    type=click.IntRange(0, MOST_DAYS_AHEAD),
    default=DAYS_AHEAD,
    show_default=True,
    help="How far ahead, from today; where nothing but slots is sold, from the event's start if that is later.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def generate(event_id: int | None, days: int, as_json: bool) -> None:
    """Make the slots of EVENT, or of every event, what its timetables say.

    Safe to run at any time, and twice at once. Slots that are held or sold are never touched. A scheduled job
    does the same every day.
    """
    if event_id is not None:
        rooms, failed = generate_slots(event_id, days=days), {}
    else:
        done = generate_all_slots(days=days)
        rooms, failed = done.rooms, done.failed
    if as_json:
        found = {"rooms": [dataclasses.asdict(room) for room in rooms], "failed": failed}
        click.echo(json.dumps(found, default=str, ensure_ascii=False))
    else:
        for room in rooms:
            _report(room)
        if not rooms and not failed:
            click.echo("No room has a timetable yet. Give it one with `flask timetable set`.")
    if failed:
        listing = "\n".join(f"Event {event}: {error}" for event, error in failed.items())
        raise Refusal(f"Nothing changed at these events:\n{listing}")


@timetable.command("show")
@click.argument("event_id", type=int, metavar="EVENT")
@click.argument("area", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="The document itself, to be changed and given to `set`."
)
@with_appcontext
def show(event_id: int, area: str | None, as_json: bool) -> None:
    """The timetables of EVENT's rooms, or of the room AREA."""
    rooms = [room_called(event_id, area)] if area else rooms_of(event_id)
    if as_json:
        if len(rooms) != 1:
            raise click.UsageError(f"Say of which room: {', '.join(room.name for room in rooms) or 'none'}.")
        click.echo(json.dumps(rooms[0].timetable, indent=2, ensure_ascii=False))
        return
    if not rooms:
        click.echo("This event has no area with time slots.")
    for room in rooms:
        click.echo(_about(room))
        for line in _lines_of(room.timetable or {}):
            click.echo(f"  {line}")


def _read(file: IO[str]) -> Timetable:
    try:
        return timetable_from_document(json.load(file))
    except (ValueError, RecursionError):
        raise Refusal(f"{file.name} is no JSON. Nothing was changed.") from None


def _about(room: RoomRecord) -> str:
    party = ""
    if room.min_party is not None:
        party = f", {room.min_party} to {room.max_party} people, a price for each {room.price_per}"
    coming = f"{_counted(room.coming, 'slot')} to come, {room.free:,} free"
    return f"{room.name} ({room.time_zone}{party}): {coming}{_until(room.until, room.time_zone)}."


def _until(moment: datetime | None, time_zone: str) -> str:
    return "" if moment is None else f", the last until {_local(moment, time_zone)}"


def _lines_of(document: dict[str, Any]) -> Sequence[str]:
    if not document:
        return ["It has no timetable yet. Give it one with `flask timetable set`."]
    lines = [_rule_line(rule) for rule in document["rules"]]
    for day in document["exceptions"]:
        times = "closed" if day.get("closed") else "; ".join(map(_rule_line, day["rules"]))
        reason = f" ({day['reason']})" if day.get("reason") else ""
        lines.append(f"{day['date']}: {times}{reason}")
    return lines


def _rule_line(rule: dict[str, Any]) -> str:
    parts = [",".join(rule.get("weekdays", [])), " ".join(rule["starts"]), f"for {rule['duration']}"]
    parts += [f"pause {rule['pause']}"] if "pause" in rule else []
    parts += [f"at “{rule['category']}”"] if "category" in rule else []
    parts += [f"{key} {rule[key]}" for key in ("from", "until") if key in rule]
    return "  ".join(part for part in parts if part)


def _report(room: RoomSlots) -> None:
    counts = [
        f"{count:,} {word}"
        for count, word in ((room.added, "new"), (room.changed, "changed"), (room.withdrawn, "taken out"))
        if count
    ]
    click.echo(
        f"{room.area} (event {room.event_id}): {', '.join(counts) or 'nothing to change'}"
        f"{_until(room.until, room.time_zone)}."
    )
    kept = [
        f"{_local(slot.starts_at, room.time_zone)} is {_BEING[slot.status]}, and stays as it is."
        for slot in room.kept
    ]
    kept += [
        f"{_local(starts_at, room.time_zone)} is left out: one that stays is in its way."
        for starts_at in room.in_the_way
    ]
    kept += [f"{one.day} {one.at:%H:%M} is left out: {WHY_LEFT_OUT[one.why]}." for one in room.left_out]
    for line in kept[:MOST_LISTED]:
        click.echo(f"  {line}")
    if len(kept) > MOST_LISTED:
        click.echo(f"  … and {len(kept) - MOST_LISTED:,} more; --json has them all.")


_BEING = {"held": "held by somebody", "reserved": "reserved", "busy": "being taken at this moment"}


def _local(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%a %Y-%m-%d %H:%M}"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


commands = [timetable]
