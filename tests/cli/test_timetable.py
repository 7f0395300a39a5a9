"""`flask timetable`: from an event with a room to slots for weeks, by commands alone."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Seat
from tests.factories import database_clock, make_event, make_holder
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")

ZONE = ZoneInfo("Europe/Dublin")
OFF_PEAK = ["--weekdays", "mon-fri", "--times", "10:00,11:30", "--duration", "1:00", "--category", "Off-peak"]
PEAK = ["--weekdays", "sat,sun", "--open", "10:00-22:00", "--duration", "1:00", "--pause", "0:30"]


def run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["timetable", *arguments], input=stdin)


def make(app: Flask) -> str:
    """An event with a room, "The Vault", made by the command; its id."""
    made = app.test_cli_runner().invoke(
        args=[
            *(
                "event",
                "create",
                "--show",
                "Seven Locks",
                "--kind",
                "escape_room",
                "--venue",
                "Locksmith Row",
            ),
            *("--time-zone", "Europe/Dublin", "--area", "slots:The Vault@Off-peak,Peak"),
            *("--price", "Off-peak=70", "--price", "Peak=90", "--publish", "--max-seats", "20"),
            *("--payment", "none"),
            *("--starts-at", (database_clock() + timedelta(days=1)).isoformat()),
        ]
    )
    assert made.exit_code == 0, made.output
    assert "Its rooms have no times yet. Next: flask timetable set" in made.output
    return str(db.session.scalars(select(Event.id)).one())


def slots() -> list[tuple[datetime, str]]:
    """(start at the wall, category)"""
    db.session.rollback()
    rows = db.session.execute(
        select(Seat.starts_at, Category.name)
        .join(Category, Category.id == Seat.category_id)
        .order_by(Seat.starts_at)
    )
    return [(row.starts_at.astimezone(ZONE), row.name) for row in rows]


def test_a_room_is_set_up_and_gets_its_slots(app: Flask) -> None:
    event = make(app)
    first = run(app, "set", event, "the vault", *OFF_PEAK, "--party", "2-6", "--price-per", "person")
    assert first.output == f"The Vault: 1 rule, 0 exceptions. Next: flask timetable generate {event}\n"
    added = run(app, "set", event, "The Vault", *PEAK, "--category", "Peak", "--add")
    assert "2 rules" in added.output
    made = run(app, "generate", event, "--days", "13")
    assert made.exit_code == 0
    found = slots()
    assert f"The Vault (event {event}): {len(found)} new, the last until " in made.output
    weekdays = [(start, category) for start, category in found if start.weekday() < 5]
    assert {f"{start:%H:%M}" for start, _ in weekdays} == {"10:00", "11:30"}
    assert {category for _, category in weekdays} == {"Off-peak"}
    weekend = [(start, category) for start, category in found if start.weekday() >= 5]
    assert {f"{start:%H:%M}" for start, _ in weekend} >= {"10:00", "11:30", "20:30"}
    assert {category for _, category in weekend} == {"Peak"}
    room = db.session.execute(select(Area.min_party, Area.max_party, Area.price_per)).one()
    assert tuple(room) == (2, 6, "person")
    again = run(app, "generate")
    assert again.exit_code == 0
    assert run(app, "generate").output.startswith(f"The Vault (event {event}): nothing to change")


def test_show_tells_the_rules_and_gives_the_document_back(app: Flask) -> None:
    event = make(app)
    assert "It has no timetable yet." in run(app, "show", event).output
    run(app, "set", event, "The Vault", *OFF_PEAK, "--from", "2026-01-01", "--until", "2099-12-31")
    run(app, "close", event, "The Vault", "2098-12-25", "--reason", "Christmas")
    shown = run(app, "show", event).output
    assert (
        "mon,tue,wed,thu,fri  10:00 11:30  for 1:00  at “Off-peak”  from 2026-01-01  until 2099-12-31"
        in shown
    )
    assert "2098-12-25: closed (Christmas)" in shown
    document = run(app, "show", event, "The Vault", "--json").output
    given = run(app, "set", event, "The Vault", "-", stdin=document)
    assert given.output.startswith("The Vault: 1 rule, 1 exception.")
    assert json.loads(run(app, "show", event, "--json").output) == json.loads(document)


def test_days_at_either_end_of_the_calendar_are_days_like_any(app: Flask) -> None:
    """Somebody who means "for ever" writes them: a rule is never worked out so far ahead."""
    event = make(app)
    given = run(app, "set", event, "The Vault", *OFF_PEAK, "--from", "0001-01-01", "--until", "9999-12-31")
    assert given.exit_code == 0, given.output
    closed = run(app, "close", event, "The Vault", "9999-12-31", "--reason", "The last one")
    assert closed.exit_code == 0, closed.output
    assert "9999-12-31: closed (The last one)" in run(app, "show", event).output
    assert "is over" in run(app, "close", event, "The Vault", "0001-01-01").stderr
    assert len(slots()) > 0


def test_close_names_who_comes_all_the_same(app: Flask) -> None:
    event = make(app)
    run(app, "set", event, "The Vault", "--times", "10:00,12:00", "--duration", "1:00", "--category", "Peak")
    run(app, "generate", event)
    day = (database_clock().astimezone(ZONE) + timedelta(days=3)).date()
    noon = datetime.combine(day, time(12), ZONE)
    seat_id = db.session.scalars(select(Seat.id).where(Seat.starts_at == noon)).one()
    ann = make_holder("ann")
    held = hold_seats(int(event), seat_ids=[seat_id], holder=ann)
    confirm_reservation(int(event), reservation_id=held.reservation_id, holder=ann)
    closed = run(app, "close", event, "The Vault", day.isoformat())
    assert "1 taken out" in closed.output
    assert f"{day:%a %Y-%m-%d} 12:00 is reserved, and stays as it is." in closed.output
    opened = run(app, "close", event, "The Vault", day.isoformat(), "--reopen")
    assert "1 new" in opened.output


def test_a_day_that_is_over_stays_as_it_was(app: Flask) -> None:
    event = make(app)
    assert "The Vault has no timetable yet." in run(app, "close", event, "The Vault", "2098-12-25").output
    run(app, "set", event, "The Vault", "--times", "10:00,12:00", "--duration", "1:00", "--category", "Peak")
    yesterday = database_clock().astimezone(ZONE).date() - timedelta(days=1)
    for reopen in ([], ["--reopen"]):
        with nothing_changes():
            refused = run(app, "close", event, "The Vault", yesterday.isoformat(), *reopen)
        assert refused.exit_code == 1
        assert refused.output == f"{yesterday} is over: nothing can change on it.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give a FILE, or a rule by --times"),
        (["--times", "10:00"], "A rule needs --duration, and --times or --open."),
        (["--times", "10:00", "--open", "10:00-12:00", "--duration", "1:00"], "A rule needs --duration"),
        (["-", "--times", "10:00", "--duration", "1:00"], "Give a FILE, or a rule by options, not both."),
        (["--weekdays", "monday"], "are no weekdays. Write “mon-fri” or “sat,sun”."),
        (["--from", "soon"], "“soon” is no day. Write it like 2026-12-25."),
        (["--party", "many"], "“many” is no number of people. Write “2-6”, or “4”."),
    ],
)
def test_wrong_options_are_told(app: Flask, arguments: list[str], said: str) -> None:
    result = run(app, "set", "1", "The Vault", *arguments, stdin="{}")
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_what_cannot_be_is_refused_in_a_sentence(app: Flask) -> None:
    event = make(app)
    for arguments, said in (
        (
            ["nowhere", *OFF_PEAK],
            "no such room as “nowhere”: the areas with time slots of this event are “The Vault”.",
        ),
        (
            ["The Vault", "--times", "10:00,10:30", "--duration", "1:00"],
            "rule 1: on mon at 10:30 a slot begins before",
        ),
        (
            ["The Vault", "--times", "10:00", "--duration", "1:00"],
            "Please say for each rule which category's price",
        ),
        (["The Vault", "--party", "6-2"], "A room takes from 1 to 1,000 people"),
        (["The Vault", "--price-per", "person"], "needs to know how many the room takes"),
    ):
        result = run(app, "set", event, *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
    assert (
        run(app, "set", event, "The Vault", "-", stdin="no").stderr
        == "<stdin> is no JSON. Nothing was changed.\n"
    )
    assert run(app, "close", event, "The Vault", "2030-01-01").stderr.startswith(
        "The Vault has no timetable yet."
    )
    assert run(app, "generate", "0").stderr == "There is no such event.\n"
    assert slots() == []


def test_generate_says_that_there_is_nothing_to_do(app: Flask) -> None:
    make_event(seats=1)
    assert (
        run(app, "generate").output
        == "No room has a timetable yet. Give it one with `flask timetable set`.\n"
    )
    assert json.loads(run(app, "generate", "--json").output) == {"rooms": [], "failed": {}}
