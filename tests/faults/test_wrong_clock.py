"""A web host whose clock is ten minutes off: no rule changes, because no rule asks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func

from seatbook.config import PROJECT_DIR
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.extensions import db
from tests.factories import (
    change_event,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    reservation_row,
    statuses,
)
from tests.invariants import assert_books_are_right

pytestmark = pytest.mark.usefixtures("app_context")

# A process whose clock is off from before seatbook is imported; it does what it is told by name, and
# answers with what came of it. The clock is turned where Python reads it.
WRONG_HOST = """
import datetime as module, json, os, sys, time

OFF = float(os.environ["OFF_SECONDS"])
true_time, TrueDatetime = time.time, module.datetime
time.time = lambda: true_time() + OFF

class WrongDatetime(TrueDatetime):
    @classmethod
    def now(cls, tz=None):
        return TrueDatetime.now(tz) + module.timedelta(seconds=OFF)

    @classmethod
    def utcnow(cls):
        return TrueDatetime.utcnow() + module.timedelta(seconds=OFF)

module.datetime = WrongDatetime

from seatbook import create_app
from seatbook.domain import expiry, inventory
from seatbook.domain.holders import HolderRef
from seatbook.errors import SeatbookError

ACTS = {name: getattr(inventory, name) for name in inventory.__all__}
ACTS["sweep_expired_holds"] = expiry.sweep_expired_holds

def do(name, arguments):
    if "holder" in arguments:
        arguments["holder"] = HolderRef(arguments["holder"])
    try:
        result = ACTS[name](*arguments.pop("about", ()), **arguments)
    except SeatbookError as refusal:
        return refusal.code
    return {field: getattr(result, field) for field in result.__dataclass_fields__}

with create_app().app_context():
    answers = [do(*wish) for wish in json.load(sys.stdin)]
    host = [WrongDatetime.now(module.UTC), true_time() - time.time()]
    json.dump({"answers": answers, "host": host}, sys.stdout, default=str)
"""


def on_wrong_host(app: Flask, *wishes: tuple[str, dict[str, Any]], seconds_off: int) -> list[Any]:
    """Do these acts on a host with a wrong clock; the codes of refusals, or the fields of results."""
    config = app.extensions["seatbook"]
    # Starting a process may take a busy machine longer than a transaction may be idle.
    db.session.rollback()
    done = subprocess.run(
        [sys.executable, "-c", WRONG_HOST],
        input=json.dumps(wishes),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=PROJECT_DIR,
        env=os.environ
        | {
            "OFF_SECONDS": str(seconds_off),
            "DATABASE_URL": config.database_url,
            "REDIS_URL": config.redis_url,
            "SECRET_KEY": config.secret_key,
            "PYTHONPATH": str(PROJECT_DIR),
        },
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    # It really was off.
    off = datetime.fromisoformat(answer["host"][0]) - database_clock()
    assert abs(off.total_seconds() - seconds_off) < 30
    assert round(answer["host"][1]) == -seconds_off
    return list(answer["answers"])


@pytest.mark.parametrize("seconds_off", [600, -600])
def test_a_host_whose_clock_is_ten_minutes_off_changes_nothing(app: Flask, seconds_off: int) -> None:
    hall = make_event(seats=5, hold_ttl_seconds=300)
    future, past, started = make_event(seats=1), make_event(seats=1), make_event(seats=1)
    ann, ben, cleo, dan = make_holder(), make_holder(), make_holder(), make_holder()
    minute = timedelta(minutes=1)
    change_event(future, on_sale_from=func.clock_timestamp() + minute)
    change_event(past, on_sale_until=func.clock_timestamp() - minute)
    live = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    over = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ben).reservation_id
    due = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:3], holder=cleo).reservation_id
    bought = hold_seats(started.event_id, seat_ids=started.seat_ids, holder=ann).reservation_id
    confirm_reservation(started.event_id, reservation_id=bought, holder=ann)
    change_event(started, starts_at=func.clock_timestamp() + minute)
    let_hold_end(hall, over, seconds_ago=60)
    let_hold_end(hall, due, seconds_ago=60)
    before = database_clock()

    def hold(place: Any, seat: int) -> tuple[str, dict[str, Any]]:
        about = {"about": [place.event_id], "seat_ids": [place.seat_ids[seat]], "holder": dan.holder_id}
        return "hold_seats", about

    def confirm(reservation_id: int, holder: Any) -> tuple[str, dict[str, Any]]:
        about = {
            "about": [hall.event_id],
            "reservation_id": reservation_id,
            "holder": holder.holder_id,
        }
        return "confirm_reservation", about

    taken, expired, taken_over, too_early, too_late, bought_now, swept, cancelled = on_wrong_host(
        app,
        hold(hall, 0),
        confirm(over, ben),
        hold(hall, 1),
        hold(future, 0),
        hold(past, 0),
        confirm(live, ann),
        ("sweep_expired_holds", {"batch": 10, "trigger": "command"}),
        (
            "cancel_reservation",
            {"about": [started.event_id], "reservation_id": bought, "holder": ann.holder_id},
        ),
        seconds_off=seconds_off,
    )

    assert (taken, expired, too_early, too_late) == (
        "seats_taken",
        "hold_expired",
        "sale_closed",
        "sale_closed",
    )
    ends = datetime.fromisoformat(taken_over["expires_at"])
    assert before + timedelta(seconds=300) <= ends <= database_clock() + timedelta(seconds=300)
    assert 299 < taken_over["seconds_left"] <= 300
    assert bought_now["seat_ids"] == [hall.seat_ids[0]]
    assert (swept["seats"], swept["reservations"]) == (1, 1)
    assert 60_000 <= swept["oldest_lag_ms"] < 120_000
    assert cancelled["seat_ids"] == list(started.seat_ids)
    assert statuses(hall) == ["reserved", "held", "available", "available", "available"]
    assert reservation_row(hall, due).status == "expired"
    assert_books_are_right()
