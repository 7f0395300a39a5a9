"""`flask plan`: a file becomes a hall, or a sentence says why not."""

from __future__ import annotations

import copy
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import func, select

from seatbook.domain.catalogue import find_plan, find_venue
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.extensions import db
from seatbook.models import Category, Plan, Venue
from tests.factories import Hall, make_holder
from tests.planned import planned_event
from tests.snapshot import nothing_changes

CHART: dict[str, Any] = {
    "categories": {"list": [{"label": "Stalls", "key": 1}]},
    "subChart": {
        "rows": [
            {
                "label": "A",
                "curve": 5,
                "seats": [{"label": str(n), "x": 20 * n, "y": 0, "categoryKey": 1} for n in (1, 2)],
            }
        ],
        "generalAdmissionAreas": [{"label": "Pit", "capacity": 50, "categoryKey": 1}],
    },
}
GOOD = "zone,row,start,end\nStalls left,A,1,3\nStalls right,A,4,6\n"


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["plan", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lyric.csv"
    path.write_text(GOOD, "utf-8")
    return path


def nothing_was_written() -> bool:
    db.session.rollback()
    return not any(db.session.scalar(select(func.count()).select_from(table)) for table in (Plan, Venue))


def test_import_makes_the_venue_and_the_plan_and_reports(
    app: Flask, app_context: AppContext, file: Path
) -> None:
    result = run(app, "import", str(file), "--venue", "Lyric Hall", "--time-zone", "Europe/Helsinki")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:6] == [
        "Imported plan “lyric” of Lyric Hall (new).",
        "6 seats in 2 rows and 2 sections, out of a table of seats.",
        "",
        "Section       Side   Rows  Seats  Category",
        "Stalls left   left      1      3  Stalls",
        "Stalls right  right     1      3  Stalls",
    ]
    venue = find_venue("Lyric Hall")
    assert venue.time_zone == "Europe/Helsinki"
    assert find_plan("lyric", venue_id=venue.venue_id).layout.seat_count == 6


def test_importing_again_changes_nothing_and_another_hall_needs_replace(
    app: Flask, app_context: AppContext, file: Path
) -> None:
    run(app, "import", str(file), "--venue", "Lyric Hall")
    again = run(app, "import", str(file), "--venue", "lyric hall")
    assert (again.exit_code, again.stdout.splitlines()[0]) == (
        0,
        "Nothing to do: these seats are there already, in plan “lyric” of Lyric Hall.",
    )

    file.write_text(GOOD + "Balcony,B,1,2\n", "utf-8")
    refused = run(app, "import", str(file), "--venue", "Lyric Hall")
    assert refused.exit_code == 1
    assert "already has a plan named “lyric” with other seats" in refused.stderr
    assert "--replace" in refused.stderr

    replaced = run(app, "import", str(file), "--venue", "Lyric Hall", "--replace")
    assert replaced.exit_code == 0
    assert find_plan("lyric", venue_id=find_venue("Lyric Hall").venue_id).layout.seat_count == 8


def test_a_bad_file_is_refused_with_file_and_line_and_nothing_is_written(
    app: Flask, app_context: AppContext, file: Path
) -> None:
    file.write_text(GOOD + "Balcony,B,9,2\nStalls left,A,3,3\n", "utf-8")

    result = run(app, "import", str(file), "--venue", "Lyric Hall")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "lyric.csv cannot be used as a plan:",
        "lyric.csv, line 4: start 9 is greater than end 2.",
        "lyric.csv, line 5: seat A3 of “Stalls left” came already in line 2.",
    ]
    assert nothing_was_written()


def test_an_unknown_time_zone_is_refused(app: Flask, app_context: AppContext, file: Path) -> None:
    result = run(app, "import", str(file), "--venue", "Lyric Hall", "--time-zone", "Lapland")

    assert result.exit_code == 1
    assert "“Lapland” is not a time zone" in result.stderr
    assert nothing_was_written()


@pytest.mark.parametrize(
    "arguments", [["import"], ["import", "nowhere.csv", "--venue", "X"], ["import", "."]]
)
def test_wrong_usage_is_exit_code_2(app: Flask, app_context: AppContext, arguments: list[str]) -> None:
    assert run(app, *arguments).exit_code == 2


def test_a_new_venue_without_a_zone_and_a_zone_that_is_not_used_are_noted(
    app: Flask, app_context: AppContext, file: Path
) -> None:
    first = run(app, "import", str(file), "--venue", "Lyric Hall")
    assert "Note: Lyric Hall is in the time zone UTC, because --time-zone was not given." in first.stdout

    second = run(app, "import", str(file), "--venue", "Lyric Hall", "--time-zone", "Asia/Tokyo")
    assert "Note: Lyric Hall was there already, and stays in UTC." in second.stdout


def test_list_shows_plans_with_their_places(app: Flask, app_context: AppContext, file: Path) -> None:
    assert run(app, "list").stdout.startswith("There is no plan yet.")
    run(app, "import", str(file), "--venue", "Lyric Hall", "--name", "Concert")

    assert run(app, "list").stdout.splitlines() == [
        "Venue       Plan     Places  Events",
        "Lyric Hall  Concert       6       0",
    ]
    (line,) = json.loads(run(app, "list", "--json").stdout)
    assert (line["name"], line["venue"], line["places"], line["events"]) == ("Concert", "Lyric Hall", 6, 0)


def test_a_chart_is_imported_whatever_its_name_and_says_what_was_not_used(
    app: Flask, app_context: AppContext, tmp_path: Path
) -> None:
    chart = tmp_path / "arena.csv"
    chart.write_text(json.dumps(CHART), "utf-8")

    result = run(app, "import", str(chart), "--venue", "Arena", "--time-zone", "Europe/Berlin")

    assert result.exit_code == 0
    *told, following = result.stdout.splitlines()
    assert told == [
        "Imported plan “arena” of Arena (new).",
        "2 seats in 1 row and 1 section, 50 places in “Pit”, out of a seats.io chart.",
        "",
        "Section  Side    Rows  Seats  Category",
        "Hall     centre     1      2  Stalls",
        "",
        "Note: subChart.generalAdmissionAreas[0]: its shape is given in a way that is not known here, "
        "so it is not drawn.",
        "Note: subChart.rows[0]: not used: curve.",
        "",
    ]
    assert re.fullmatch(
        'Next: flask event create --show TITLE --kind concert --venue "Arena" --plan "arena" '
        r'--starts-at "\d{4}-\d\d-\d\d 19:30" --price 45.00 --publish',
        following,
    )
    # It can be done as it stands there, on any day.
    done = app.test_cli_runner().invoke(args=shlex.split(following.removeprefix("Next: flask ")))
    assert done.exit_code == 0, done.output


def test_a_chart_with_faults_names_their_places_and_nothing_is_written(
    app: Flask, app_context: AppContext, tmp_path: Path
) -> None:
    document = copy.deepcopy(CHART)
    document["subChart"]["rows"][0]["seats"][1] |= {"x": "right", "categoryKey": 9}
    chart = tmp_path / "arena.json"
    chart.write_text(json.dumps(document), "utf-8")

    result = run(app, "import", str(chart), "--venue", "Arena")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "arena.json cannot be used as a plan:",
        "subChart.rows[0].seats[1]: category “9” is not among the file's categories.",
        "subChart.rows[0].seats[1] (seat “A2”): x and y are not numbers within 10,000 seats.",
    ]
    assert nothing_was_written()


@pytest.mark.parametrize("file_format", ["seatbook", "pretix"])
def test_what_is_exported_can_be_imported(
    app: Flask, app_context: AppContext, file: Path, tmp_path: Path, file_format: str
) -> None:
    run(app, "import", str(file), "--venue", "Lyric Hall")
    written = tmp_path / "written.json"

    result = run(
        *(app, "export", "lyric", "--venue", "Lyric Hall"),
        *("--format", file_format, "--output", str(written)),
    )

    assert (result.exit_code, result.stdout) == (0, "")
    assert f"Wrote 6 places to {written}." in result.stderr
    back = run(app, "import", str(written), "--venue", "Lyric Hall", "--name", "lyric")
    if file_format == "seatbook":
        assert back.stdout.startswith("Nothing to do: these seats are there already")
    else:
        # Which section is left of the other, such a plan does not say in words.
        assert "Note: Bands and sides of sections are lost" in result.stderr
        assert "already has a plan named “lyric”" in back.stderr


def test_a_plan_is_exported_to_standard_output_and_losses_are_said_beside_it(
    app: Flask, app_context: AppContext, tmp_path: Path
) -> None:
    chart = tmp_path / "arena.json"
    chart.write_text(json.dumps(CHART), "utf-8")
    run(app, "import", str(chart), "--venue", "Arena")

    result = run(app, "export", "arena", "--venue", "Arena", "--format", "pretix")

    assert json.loads(result.stdout)["name"] == "arena"
    assert result.stderr.startswith(
        "Note: pretix plans have seats only, so these standing areas cannot be sold"
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["export", "lyric", "--venue", "Nowhere"], 1, "There is no such venue as “Nowhere”."),
        (["export", "other", "--venue", "Lyric Hall"], 1, "There is no such plan of this venue as “other”."),
        (["export", "lyric", "--venue", "Lyric Hall", "--format", "dxf"], 2, "'dxf' is not one of"),
        (
            ["export", "lyric", "--venue", "Lyric Hall", "--output", "/nowhere/x"],
            1,
            "/nowhere/x cannot be written",
        ),
    ],
)
def test_an_export_that_cannot_be_says_why(
    app: Flask, app_context: AppContext, file: Path, arguments: list[str], exit_code: int, sentence: str
) -> None:
    run(app, "import", str(file), "--venue", "Lyric Hall")
    result = run(app, *arguments)

    assert result.exit_code == exit_code
    assert sentence in result.stderr


@pytest.fixture
def new_plan(tmp_path: Path) -> Path:
    """A file with another hall than `GOOD`: A6 is gone, B1 is new, the right side is another category."""
    path = tmp_path / "lyric v2.csv"
    path.write_text("zone,row,start,end\nStalls left,A,1,3\nStalls right,A,4,5\nBalcony,B,1,1\n", "utf-8")
    return path


def event_of(content: str) -> Hall:
    return planned_event(plan_from_csv(content.encode(), file_name="x.csv").layout)


def test_a_diff_says_what_a_plan_would_do_and_writes_nothing(
    app: Flask, app_context: AppContext, new_plan: Path
) -> None:
    event = event_of(GOOD)

    with nothing_changes():
        result = run(app, "diff", str(new_plan), "--event", str(event.event_id))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"“lyric v2.csv”, a table of seats, against event {event.event_id}:",
        "",
        "Coming: 1 seat",
        "  Balcony: B1",
        "Going: 1 seat",
        "  Stalls right: A6",
        "Unchanged: 5 seats",
        "“Balcony” is a new category: `flask plan apply` needs --price “Balcony=…”.",
        "",
        f"Next: flask plan apply 'lyric v2.csv' --event {event.event_id}",
    ]


def test_a_plan_that_would_lose_a_sold_seat_is_told_and_refused(
    app: Flask, app_context: AppContext, new_plan: Path
) -> None:
    event = event_of(GOOD)
    ann = make_holder()
    basket = hold_seats(event.event_id, seat_ids=[event.seat_ids[-1]], holder=ann)
    confirm_reservation(event.event_id, reservation_id=basket.reservation_id, holder=ann)

    told = run(app, "diff", str(new_plan), "--event", str(event.event_id))
    assert told.exit_code == 1
    assert told.stdout.splitlines()[-6:] == [
        "Sold and held seats that it touches:",
        "Section       Seat  State  What happens",
        "Stalls right  A6    sold   would be lost",
        "",
        "It cannot be applied:",
        "seat A6 of “Stalls right” is sold, and the plan has no such seat.",
    ]
    as_json = run(app, "diff", str(new_plan), "--event", str(event.event_id), "--json")
    assert as_json.exit_code == 1
    document = json.loads(as_json.stdout)
    assert (document["applicable"], document["touched"][0]["label"]) == (False, "A6")

    with nothing_changes():
        refused = run(
            *(app, "apply", str(new_plan), "--event", str(event.event_id)), *("--price", "Balcony=25.00")
        )
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "This plan cannot be applied, and nothing was changed:",
        "seat A6 of “Stalls right” is sold, and the plan has no such seat.",
    ]


def test_a_plan_is_applied_with_the_price_of_what_is_new(
    app: Flask, app_context: AppContext, new_plan: Path
) -> None:
    event = event_of(GOOD)
    arguments = ["apply", str(new_plan), "--event", str(event.event_id)]

    without = run(app, *arguments)
    assert without.exit_code == 1
    assert "“Balcony” is a new category and needs a price." in without.stderr
    wrong = run(app, *arguments, "--price", "Balcony=cheap")
    assert wrong.exit_code == 1
    assert "“cheap” is not a price" in wrong.stderr
    done = run(app, *arguments, "--price", "25.00")
    assert (done.exit_code, done.stdout) == (
        0,
        f"Event {event.event_id} has the new plan. Places: 1 added, 1 deleted.\n",
    )
    assert db.session.scalar(select(Category.price_minor).where(Category.name == "Balcony")) == 2500
    again = run(app, *arguments)
    assert again.stdout.startswith(f"Event {event.event_id} has these places already")


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_an_event_that_is_not_there_is_said(
    app: Flask, app_context: AppContext, file: Path, command: str
) -> None:
    result = run(app, command, str(file), "--event", "77")

    assert result.exit_code == 1
    assert "There is no such event." in result.stderr
    assert run(app, command, str(file), "--event", "x").exit_code == 2
    assert run(app, command, str(file)).exit_code == 2


def test_the_big_real_hall_is_imported(app: Flask, app_context: AppContext, shared_dir: Path) -> None:
    file = shared_dir / "data" / "venues" / "tampere-talo-iso-sali.csv"
    if not file.is_file():
        pytest.skip(f"needs ../shared/data/venues/{file.name}, which is not here")

    result = run(app, "import", str(file), "--venue", "Lakeside Hall", "--time-zone", "Europe/Helsinki")

    assert result.exit_code == 0
    assert "1,563 seats in 141 rows and 11 sections, out of a table of seats." in result.stdout
