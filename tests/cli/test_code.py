"""`flask code`, `flask concession`: what makes an event cheaper."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask

from seatbook.domain.inventory import hold_seats
from seatbook.domain.orders import apply_code, choose_concessions, remove_code
from seatbook.errors import CodeRefused, InvalidInput
from seatbook.queries.reductions import codes_of, concessions_of
from tests.factories import Hall, make_event, make_holder
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def hall() -> Hall:
    return make_event(seats=2)


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def test_a_code_is_made_used_listed_stopped_and_started_again(app: Flask, hall: Hall) -> None:
    made = run(
        app, "code", "create", hall.event_id, "lantern10", "--percent", 10, "--max-uses", 5,
        "--max-uses-per-buyer", 1, "--category", "stalls", "--valid-until", "2099-12-24 18:00",
    )  # fmt: skip
    assert made.stdout == f"LANTERN10 takes 10 % off at event {hall.event_id}.\n"
    ann = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    assert apply_code(hall.event_id, code="LANTERN10", holder=ann).total_minor == 8100

    listed = " ".join(run(app, "code", "list", hall.event_id).stdout.splitlines()[1].split())
    assert listed == "LANTERN10 10 % Stalls 1 of 5, 1 a buyer until 2099-12-24 18:00"
    (line,) = json.loads(run(app, "code", "list", hall.event_id, "--json").stdout)
    assert (line["uses"], line["max_uses_per_holder"], line["is_active"]) == (1, 1, True)

    assert run(app, "code", "stop", hall.event_id, "lantern10").stdout == "LANTERN10 is stopped.\n"
    assert run(app, "code", "stop", hall.event_id, "lantern10").stdout == "LANTERN10 is stopped already.\n"
    assert run(app, "code", "list", hall.event_id).stdout.rstrip().endswith("stopped")
    remove_code(hall.event_id, holder=ann)
    with refused(CodeRefused):
        apply_code(hall.event_id, code="LANTERN10", holder=ann)
    assert run(app, "code", "start", hall.event_id, "lantern10").stdout == "LANTERN10 is good again.\n"
    assert run(app, "code", "start", hall.event_id, "lantern10").stdout == "LANTERN10 is good already.\n"
    assert apply_code(hall.event_id, code="LANTERN10", holder=ann).total_minor == 8100


def test_a_code_takes_an_amount_in_the_events_currency(app: Flask, hall: Hall) -> None:
    assert "takes 5.00 EUR off" in run(app, "code", "create", hall.event_id, "five", "--amount", "5").stdout
    (line,) = codes_of(hall.event_id)
    assert (line.amount_off_minor, line.percent_off, line.categories) == (500, None, ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Give --percent or --amount."),
        (["--percent", "10", "--amount", "5"], "Give --percent or --amount."),
        (["--percent", "101"], "A reduction is a percentage from 1 to 100"),
        (["--amount", "5.001"], "too many decimals"),
        (["--percent", "5", "--max-uses", "0"], "Limits are above 0, too."),
        (["--percent", "5", "--max-uses-per-buyer", "0"], "Limits are above 0, too."),
        (["--percent", "5", "--max-uses", "99999999999"], "A code can be limited to at most 1,000,000 uses."),
        (["--percent", "5", "--max-uses-per-buyer", "9999999"], "at most 1,000,000 uses."),
        (["--percent", "5", "--valid-from", "0001-01-01 00:00"], "years from 2000 to 2200 are possible"),
        (["--percent", "5", "--valid-until", "9999-12-31 23:59"], "years from 2000 to 2200 are possible"),
        (["--percent", "5", "--category", "Royal box"], "There is no category “Royal box” here."),
    ],
)
def test_a_code_that_makes_no_sense_is_refused(app: Flask, hall: Hall, options: list[str], said: str) -> None:
    result = run(app, "code", "create", hall.event_id, "SPRING", *options)
    assert result.exit_code != 0
    assert said in " ".join(result.stderr.split())
    assert codes_of(hall.event_id) == []


def test_names_fit_into_a_line(app: Flask, hall: Hall) -> None:
    for arguments in (("code", "create", hall.event_id), ("concession", "create", hall.event_id)):
        result = run(app, *arguments, "x" * 81, "--percent", 5)
        assert (result.exit_code, result.stderr) == (
            1,
            "Please use at most 80 characters, and no control characters.\n",
        )
        assert run(app, *arguments, "x" * 80, "--percent", 5).exit_code == 0


def test_what_is_not_there_is_said(app: Flask, hall: Hall) -> None:
    for act in ("stop", "start"):
        assert run(app, "concession", act, hall.event_id, "X").stderr == "There is no such concession.\n"
        assert run(app, "code", act, hall.event_id, "X").stderr == "There is no such code.\n"
    for arguments in (
        ("concession", "stop", 999_999, "Child"),
        ("code", "create", 999_999, "X", "--percent", 5),
        ("code", "list", 999_999),
        ("concession", "list", 999_999),
        ("concession", "create", 999_999, "Child", "--percent", 5),
    ):
        assert run(app, *arguments).stderr == "There is no such event.\n"
    assert "has no codes" in run(app, "code", "list", hall.event_id).stdout
    assert "Everybody pays the same" in run(app, "concession", "list", hall.event_id).stdout


def test_a_child_pays_half(app: Flask, hall: Hall) -> None:
    made = run(app, "concession", "create", hall.event_id, "Child", "--percent", 50)
    assert made.stdout == f"At event {hall.event_id}, Child pays 50 % less.\n"
    assert run(app, "concession", "list", hall.event_id).stdout.splitlines()[1].split() == ["Child", "50"]
    (child,) = concessions_of(hall.event_id)
    ann = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    choices = {hall.seat_ids[0]: child.id}
    assert choose_concessions(hall.event_id, choices=choices, holder=ann).total_minor == 2250


def test_who_pays_less_is_stopped_for_everybody_who_does_not_yet(app: Flask, hall: Hall) -> None:
    run(app, "concession", "create", hall.event_id, "Child", "--percent", 50)
    (child,) = concessions_of(hall.event_id)
    ann, ben = make_holder(), make_holder()
    for holder, seat_id in ((ann, hall.seat_ids[0]), (ben, hall.seat_ids[1])):
        hold_seats(hall.event_id, seat_ids=[seat_id], holder=holder)
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child.id}, holder=ann)
    said = f"At event {hall.event_id}, Child is stopped"
    assert run(app, "concession", "stop", hall.event_id, " child ").stdout == f"{said}.\n"
    assert run(app, "concession", "stop", hall.event_id, "Child").stdout == f"{said} already.\n"
    assert run(app, "concession", "list", hall.event_id).stdout.rstrip().endswith("stopped")
    with refused(InvalidInput):
        choose_concessions(hall.event_id, choices={hall.seat_ids[1]: child.id}, holder=ben)
    again = choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child.id}, holder=ann)
    assert again.total_minor == 2250
    # Given up, it is gone.
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: None}, holder=ann)
    with refused(InvalidInput):
        choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child.id}, holder=ann)
    # Started again, it can be chosen by everybody.
    offered = f"At event {hall.event_id}, Child is offered"
    assert run(app, "concession", "start", hall.event_id, "CHILD").stdout == f"{offered} again.\n"
    assert run(app, "concession", "start", hall.event_id, "Child").stdout == f"{offered} already.\n"
    choose_concessions(hall.event_id, choices={hall.seat_ids[1]: child.id}, holder=ben)


def test_two_concessions_differ_by_more_than_their_capitals(app: Flask, hall: Hall) -> None:
    assert run(app, "concession", "create", hall.event_id, "Child", "--percent", 50).exit_code == 0
    again = run(app, "concession", "create", hall.event_id, " CHILD ", "--percent", 40)
    assert (again.exit_code, again.stderr) == (1, "This event has that already.\n")
    assert [line.percent_off for line in concessions_of(hall.event_id)] == [50]
