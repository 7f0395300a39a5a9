"""`flask event`: an event is made whole or not at all, published, and listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import func, select

from seatbook.domain.catalogue import NewVenue, store_plan
from seatbook.domain.orders import continue_event_cancellations, record_answer
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Seat, Show, Venue
from seatbook.payments import Answer
from tests.factories import make_holder, statuses
from tests.paying import go_to_checkout, make_online_event, make_till, refunds_of

HALL = plan_from_csv(b"zone,row,start,end\nStalls,A,1,4\nBalcony,B,1,2\n", file_name="hall.csv").layout
ON_A_PLAN = ["--show", "The Quiet Hour", "--kind", "concert", "--venue", "Lyric Hall", "--plan", "Hall"]
STANDING = ["--show", "Loud", "--kind", "concert", "--venue", "Lyric Hall", "--area", "standing:Floor=25"]
AT = ["--starts-at", "2099-12-24 19:30"]


@pytest.fixture(autouse=True)
def hall(app_context: AppContext) -> None:
    store_plan(HALL, name="Hall", venue=NewVenue("Lyric Hall", time_zone="Europe/Helsinki"))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["event", *arguments])


def create(app: Flask, *arguments: str) -> Result:
    return run(app, "create", *arguments)


def the_event() -> Event:
    db.session.rollback()
    return db.session.scalars(select(Event)).one()


def prices() -> dict[str, int]:
    db.session.rollback()
    return {name: minor for name, minor in db.session.execute(select(Category.name, Category.price_minor))}


def nothing_was_written() -> bool:
    db.session.rollback()
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Show, Event, Seat)]
    return counts == [0, 0, 0] and db.session.scalar(select(func.count()).select_from(Venue)) == 1


def test_create_sells_the_seats_of_a_plan(app: Flask) -> None:
    result = create(app, *ON_A_PLAN, *AT, "--price", "Stalls=45.00", "--price", "balcony=20", "--publish")

    event = the_event()
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Event {event.id}: The Quiet Hour (new), Lyric Hall, Thu 2099-12-24 19:30, 6 places.",
        f"http://127.0.0.1:8000/events/{event.id}",
        "Buyers pay online before places are theirs.",
    ]
    assert prices() == {"Stalls": 4500, "Balcony": 2000}
    assert (event.starts_at.isoformat(), event.ends_at.isoformat()) == (
        "2099-12-24T17:30:00+00:00",
        "2099-12-24T19:30:00+00:00",
    )
    assert (event.status, event.payment, event.hold_ttl_seconds, event.max_seats) == (
        "published",
        "online",
        300,
        8,
    )
    assert (event.payment_ttl_seconds, event.late_offer_seconds) == (900, None)
    assert (event.fee_per_place_minor, event.fee_per_order_minor) == (0, 0)
    assert event.cancel_seconds_before_start == 0
    assert event.plan_id is not None
    assert not event.leave_no_single


def test_every_option_reaches_the_event(app: Flask) -> None:
    result = create(
        app,
        *ON_A_PLAN,
        *AT,
        *["--duration", "2:15", "--price", "5000", "--price", "Balcony=2000", "--currency", "jpy"],
        *["--on-sale-from", "2099-12-01 10:00", "--on-sale-until", "2099-12-24 18:00"],
        *["--hold-ttl", "600", "--max-seats", "4", "--leave-no-single"],
        *["--tagline", "Softly", "--description", "Very softly."],
    )

    assert result.exit_code == 0, result.stderr
    event = the_event()
    assert prices() == {"Stalls": 5000, "Balcony": 2000}
    assert (event.currency, event.hold_ttl_seconds, event.max_seats, event.status) == ("JPY", 600, 4, "draft")
    assert event.leave_no_single
    assert (event.ends_at - event.starts_at).total_seconds() == 8100
    assert event.on_sale_from.isoformat() == "2099-12-01T08:00:00+00:00"
    assert event.on_sale_until.isoformat() == "2099-12-24T16:00:00+00:00"
    show = db.session.scalars(select(Show)).one()
    assert (show.tagline, show.description) == ("Softly", "Very softly.")
    assert f"Next: flask event publish {event.id}" in result.stdout


def test_how_an_event_is_sold_is_said_by_options(app: Flask) -> None:
    result = create(
        app,
        *ON_A_PLAN,
        *AT,
        *["--price", "45", "--payment", "counter", "--payment-ttl", "1200", "--late-offer", "600"],
        *["--fee-per-place", "1.50", "--fee-per-order", "2", "--cancel-until", "24:30"],
    )
    assert result.exit_code == 0, result.stderr
    assert "Buyers pay at the window." in result.stdout
    event = the_event()
    assert (event.payment, event.payment_ttl_seconds, event.late_offer_seconds) == ("counter", 1200, 600)
    assert (event.fee_per_place_minor, event.fee_per_order_minor) == (150, 200)
    assert event.cancel_seconds_before_start == 88_200


def test_buyers_who_cannot_cancel_and_events_that_cost_nothing(app: Flask) -> None:
    result = create(app, *ON_A_PLAN, *AT, "--free", "--cancel-until", "never")
    assert result.exit_code == 0, result.stderr
    assert (the_event().payment, the_event().cancel_seconds_before_start) == ("none", None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--free", "--payment", "online"], "there is nothing to pay online"),
        (["--price", "5", "--payment", "later"], "'later' is not one of"),
        (["--price", "5", "--cancel-until", "tomorrow"], "“tomorrow” is not a deadline"),
        (["--price", "5", "--fee-per-place", "1.505"], "too many decimals"),
        (["--price", "5", "--fee-per-order", "-1"], "is not a price"),
        (["--price", "5", "--payment-ttl", "0"], "A payment may take from 1 second"),
        (["--price", "5", "--late-offer", "0"], "An offer stands from 1 second"),
    ],
)
def test_terms_that_make_no_sense_are_refused(app: Flask, options: list[str], said: str) -> None:
    result = create(app, *ON_A_PLAN, *AT, *options)
    assert result.exit_code != 0
    assert said in " ".join(result.stderr.split())
    assert nothing_was_written()


def test_a_room_gives_its_buyers_longer_to_pay_than_stock_does(app: Flask) -> None:
    room = ["--show", "Vault", "--kind", "escape_room", "--venue", "Lyric Hall", "--area", "slots:Vault"]
    stock = ["--show", "Shirts", "--kind", "merchandise", "--venue", "Lyric Hall", "--area", "stock:M=5"]
    for options, seconds in ((room, 1800), (stock, 900), ([*room, "--area", "stock:M=5"], 900)):
        result = create(app, *options, *AT, "--price", "5", "--json")
        assert result.exit_code == 0, result.stderr
        event = db.session.get(Event, json.loads(result.stdout)["event_id"])
        assert event is not None
        assert event.payment_ttl_seconds == seconds
        db.session.rollback()


def test_create_sells_standing_places_and_stock_without_a_plan(app: Flask) -> None:
    result = create(
        app,
        *STANDING,
        "--area",
        "stock:Size M=5@T-shirt",
        *AT,
        "--price",
        "Floor=30",
        "--price",
        "T-shirt=25",
    )

    assert result.exit_code == 0, result.stderr
    db.session.rollback()
    areas = db.session.execute(
        select(Area.kind, Area.name, func.count(Seat.id))
        .join(Seat, (Seat.event_id == Area.event_id) & (Seat.area_id == Area.id))
        .group_by(Area.id, Area.kind, Area.name)
        .order_by(Area.id)
    ).all()
    assert areas == [("standing", "Floor", 25), ("stock", "Size M", 5)]
    assert prices() == {"Floor": 3000, "T-shirt": 2500}


def test_a_free_event_costs_nothing_and_needs_no_payment(app: Flask) -> None:
    assert create(app, *STANDING, *AT, "--free").exit_code == 0

    assert prices() == {"Floor": 0}
    assert the_event().payment == "none"


def test_a_plan_and_areas_may_be_sold_together(app: Flask) -> None:
    assert create(app, *ON_A_PLAN, "--area", "standing:Floor=10@Stalls", *AT, "--price", "10").exit_code == 0

    assert prices() == {"Stalls": 1000, "Balcony": 1000}
    assert db.session.scalar(select(func.count()).select_from(Seat)) == 16


def test_a_new_venue_is_made_when_its_time_zone_is_given(app: Flask) -> None:
    wanted = ["--show", "X", "--kind", "film", "--venue", "Barn", "--area", "standing:Hay=5", *AT, "--free"]

    refused = create(app, *wanted)
    assert refused.exit_code == 1
    assert "There is no such venue as “Barn”" in refused.stderr
    assert nothing_was_written()

    assert create(app, *wanted, "--time-zone", "Asia/Tokyo").exit_code == 0
    assert the_event().starts_at.isoformat() == "2099-12-24T10:30:00+00:00"


def test_another_time_zone_than_the_venues_own_is_refused(app: Flask) -> None:
    wanted = [*STANDING, *AT, "--free", "--time-zone"]

    refused = create(app, *wanted, "Asia/Tokyo")
    assert refused.exit_code == 1
    assert "Lyric Hall is in the time zone Europe/Helsinki" in refused.stderr
    assert nothing_was_written()

    assert create(app, *wanted, "Europe/Helsinki").exit_code == 0


def test_a_show_that_exists_needs_no_kind(app: Flask) -> None:
    create(app, *STANDING, *AT, "--free")

    again = ["--show", "loud", "--venue", "Lyric Hall", "--area", "standing:Floor=5", *AT, "--free"]
    assert create(app, *again).exit_code == 0
    assert db.session.scalar(select(func.count()).select_from(Show)) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*ON_A_PLAN, *AT, "--price", "Stalls=1"], "A price is missing for “Balcony”."),
        ([*ON_A_PLAN, *AT, "--price", "Boxes=1", "--price", "2"], "There is no category “Boxes” here."),
        ([*ON_A_PLAN, *AT, "--price", "1", "--price", "2"], "There are two prices for everything."),
        (
            [*ON_A_PLAN, *AT, "--price", "Stalls=1", "--price", "stalls=2"],
            "There are two prices for “Stalls”.",
        ),
        ([*ON_A_PLAN, *AT, "--price", "45,00"], "“45,00” is not a price."),
        ([*ON_A_PLAN, *AT, "--price", "1", "--currency", "EURO"], "“EURO” is not a currency."),
        ([*ON_A_PLAN, "--starts-at", "tomorrow", "--price", "1"], "“tomorrow” is not a time."),
        (
            [*ON_A_PLAN, "--starts-at", "2099-03-29 03:30", "--price", "1"],
            "2099-03-29 03:30 does not exist in Europe/Helsinki",
        ),
        ([*ON_A_PLAN, "--starts-at", "2020-01-01 19:30", "--price", "1"], "2020-01-01 19:30 has passed"),
        (
            [*ON_A_PLAN, *AT, "--ends-at", "2099-12-24 19:00", "--price", "1"],
            "The event must end after it starts",
        ),
        ([*ON_A_PLAN, *AT, "--price", "1", "--hold-ttl", "0"], "A hold lasts from 1 second"),
        (
            ["--show", "X", "--kind", "film", "--venue", "Lyric Hall", "--plan", "Attic", *AT, "--free"],
            "no such plan of this venue as “Attic”",
        ),
        (
            ["--show", "X", "--venue", "Lyric Hall", "--plan", "Hall", *AT, "--free"],
            "no such show as “X”. Give its --kind",
        ),
        ([*STANDING, "--area", "standing:Floor=5", *AT, "--free"], "this name is already used by area 1"),
        ([*STANDING[:-1], "standing:Floor=0", *AT, "--free"], "needs a capacity from 1 to 100,000"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_1_and_writes_nothing(
    app: Flask, arguments: list[str], sentence: str
) -> None:
    result = create(app, *arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert nothing_was_written()


@pytest.mark.parametrize(
    "arguments",
    [
        [*ON_A_PLAN, *AT],
        [*ON_A_PLAN, *AT, "--free", "--price", "1"],
        [*ON_A_PLAN[:-2], *AT, "--free"],
        [*ON_A_PLAN, *AT, "--free", "--ends-at", "2099-12-24 21:00", "--duration", "1:00"],
        [*ON_A_PLAN, *AT, "--free", "--duration", "90"],
        [*ON_A_PLAN, *AT, "--free", "--duration", "0:00"],
        [*ON_A_PLAN, *AT, "--free", "--area", "seated:Hall=5"],
        [*ON_A_PLAN, *AT, "--free", "--area", "standing:Floor=many"],
        [*ON_A_PLAN, *AT, "--free", "--kind", "opera"],
        [*ON_A_PLAN, "--free"],
    ],
)
def test_wrong_usage_is_exit_code_2_and_writes_nothing(app: Flask, arguments: list[str]) -> None:
    assert create(app, *arguments).exit_code == 2
    assert nothing_was_written()


@pytest.mark.parametrize("number", ["100001", "999999999", "9" * 5_000])
def test_an_area_with_too_many_places_is_told_so(app: Flask, number: str) -> None:
    result = create(app, *STANDING[:-1], f"standing:Floor={number}", *AT, "--free")
    assert result.exit_code == 2
    assert "has too many places: at most 100,000 are possible." in " ".join(result.stderr.split())
    assert "is not an area" not in result.stderr
    assert nothing_was_written()


def test_json_is_for_programs(app: Flask) -> None:
    result = create(app, *STANDING, *AT, "--free", "--json")

    event = the_event()
    assert json.loads(result.stdout) == {"event_id": event.id, "path": f"/events/{event.id}", "places": 25}


def test_publish_puts_a_draft_on_sale(app: Flask) -> None:
    create(app, *STANDING, *AT, "--free")
    number = the_event().id

    assert "is now published" in run(app, "publish", str(number)).stdout
    assert the_event().status == "published"
    assert "is published already" in run(app, "publish", str(number)).stdout
    assert run(app, "publish", str(number + 1)).exit_code == 1


def test_list_shows_drafts_too(app: Flask) -> None:
    assert "There is no such event." in run(app, "list").stdout
    create(app, *STANDING, *AT, "--free")
    number = the_event().id

    head, line = run(app, "list").stdout.splitlines()
    assert " ".join(head.split()) == "Id Starts (venue's time) Show Venue Status Available Held Sold Blocked"
    assert " ".join(line.split()) == f"{number} Thu 2099-12-24 19:30 Loud Lyric Hall draft 25 0 0 0"
    (entry,) = json.loads(run(app, "list", "--json").stdout)
    assert (entry["event_id"], entry["status"], entry["figures"]["available"]) == (number, "draft", 25)
    assert "There is no such event." in run(app, "list", "--past").stdout


def test_an_event_in_the_real_hall_sells_all_its_seats(app: Flask, shared_dir: Path) -> None:
    file = shared_dir / "data" / "venues" / "tampere-talo-iso-sali.csv"
    if not file.is_file():
        pytest.skip(f"needs ../shared/data/venues/{file.name}, which is not here")
    hall = plan_from_csv(file.read_bytes(), file_name=file.name).layout
    store_plan(hall, name="Big", venue=NewVenue("Lyric Hall"))

    result = create(
        app, "--show", "X", "--kind", "concert", "--venue", "Lyric Hall", "--plan", "Big", *AT, "--free"
    )

    assert "1,563 places." in result.stdout
    assert db.session.scalar(select(func.count()).select_from(Seat)) == 1563


def test_cancel_gives_everybody_their_money_back_and_may_be_run_again(app: Flask) -> None:
    hall, till = make_online_event(), make_till()
    for place in range(2):
        begun = go_to_checkout(hall, holder=make_holder(), till=till, places=(place,))
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    assert run(app, "cancel", str(hall.event_id)).exit_code == 1, "nobody said yes"
    assert statuses(hall)[:2] == ["reserved", "reserved"]

    result = run(app, "cancel", str(hall.event_id), "--yes")
    assert result.stdout.startswith(f"Event {hall.event_id} is cancelled, and 2 purchases with it.")
    assert refunds_of(hall) == [(4500, "event_cancelled", "due")] * 2
    assert "and 0 purchases with it" in run(app, "cancel", str(hall.event_id), "--yes").stdout
    assert run(app, "cancel", "999999", "--yes").stderr == "There is no such event.\n"


def test_cancel_in_the_background_closes_the_event_and_leaves_the_rest_to_the_worker(app: Flask) -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder(), till=till, places=(0,))
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    result = run(app, "cancel", str(hall.event_id), "--yes", "--background")
    assert result.stdout.endswith("The worker undoes its purchases while it runs: 1 is left.\n")
    assert refunds_of(hall) == []
    continue_event_cancellations()
    assert refunds_of(hall) == [(4500, "event_cancelled", "due")]
