"""`flask sweep`, as it is typed at a prompt or in a crontab."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from seatbook.config import PROJECT_DIR
from seatbook.domain.inventory import hold_seats
from seatbook.domain.orders import till_of
from seatbook.extensions import db
from seatbook.payments.sandbox import Sandbox
from tests.curse import CURSED_PRICE, cursed_claims
from tests.factories import make_event, make_holder, make_lapsed_holds, statuses
from tests.paying import go_to_checkout, let_deadline_pass, make_online_event, session_ref
from tests.race import until_waiting
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context", "signals_and_logs_as_before")


@pytest.fixture
def signals_and_logs_as_before() -> Iterator[None]:
    """The command is made for a process of its own; here it must give back what it set."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    level = logging.getLogger("seatbook.sweep").level
    yield
    logging.getLogger("seatbook.sweep").setLevel(level)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def sweep(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["sweep", *options])


def test_sweep_says_what_it_released(app: Flask) -> None:
    hall = make_event(seats=3)
    make_lapsed_holds(hall, seats_each=2)
    result = sweep(app)
    assert result.exit_code == 0
    assert result.output.startswith("Released 3 seats of 2 holds in ")
    assert statuses(hall) == ["available"] * 3


def test_sweep_with_nothing_to_do_is_fine(app: Flask) -> None:
    result = sweep(app)
    assert result.exit_code == 0
    assert result.output.startswith("Released 0 seats of 0 holds in ")


def test_one_seat_is_one_seat(app: Flask) -> None:
    make_lapsed_holds(make_event(seats=1))
    assert sweep(app).output.startswith("Released 1 seat of 1 hold in ")


def test_verbose_has_a_line_for_every_seat(app: Flask) -> None:
    hall = make_event(seats=2)
    make_lapsed_holds(hall, name="alice", seats_each=2)
    lines = sweep(app, "--verbose").output.splitlines()
    assert sorted(lines[:2]) == [
        f"Released A1 (event {hall.event_id}, was held by alice)",
        f"Released A2 (event {hall.event_id}, was held by alice)",
    ]
    assert lines[2].startswith("Released 2 seats of 1 hold in ")


def test_the_payment_service_is_asked_before_places_are_released(app: Flask) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    for place, is_paid in enumerate((True, False)):
        begun = go_to_checkout(hall, holder=make_holder(), till=till, places=(place,))
        if is_paid:
            assert isinstance(till.online, Sandbox)
            till.online.decide(session_ref(begun), becomes="paid", copies=0)
        let_deadline_pass(begun, grace_too=True)
    with nothing_changes():
        assert sweep(app, "--dry-run").output.startswith("Would release 0 seats of 0 holds")
    result = sweep(app)
    assert result.output.splitlines()[0] == "Asked about 2 payments: 1 paid, 1 not, 0 still on their way."
    assert statuses(hall)[:2] == ["reserved", "available"]


def test_dry_run_names_the_seats_and_writes_nothing(app: Flask) -> None:
    hall = make_event(seats=1)
    make_lapsed_holds(hall)
    with nothing_changes():
        result = sweep(app, "--dry-run")
    lines = result.output.splitlines()
    assert lines[0] == f"Would release A1 (event {hall.event_id}, was held by a visitor)"
    assert lines[1].startswith("Would release 1 seat of 1 hold in ")
    assert result.exit_code == 0


def test_batch_is_the_number_of_seats_a_transaction(app: Flask) -> None:
    hall = make_event(seats=5)
    make_lapsed_holds(hall, seats_each=5)
    sweep(app, "--batch", "2")
    db.session.rollback()
    sizes = db.session.execute(
        text("SELECT count(*) FROM seat_change WHERE reason = 'expire' GROUP BY xid ORDER BY min(id)")
    ).scalars()
    assert list(sizes) == [2, 2, 1]


@pytest.mark.parametrize("batch", ["0", "1001", "-1", "many"])
def test_a_batch_that_makes_no_sense_is_a_usage_error(app: Flask, batch: str) -> None:
    make_lapsed_holds(make_event(seats=1))
    with nothing_changes():
        assert sweep(app, "--batch", batch).exit_code == 2


def test_a_hold_that_cannot_be_released_is_told_and_the_exit_code_is_1(app: Flask) -> None:
    cursed, hall = make_event(seats=3, price_minor=CURSED_PRICE), make_event(seats=2)
    make_lapsed_holds(cursed)
    make_lapsed_holds(hall)
    with cursed_claims():
        result = sweep(app, "--batch", "1")
    assert result.exit_code == 1
    assert "3 holds could not be released" in result.stderr
    assert statuses(hall) == ["available"] * 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_sweep_finish_its_batch(
    app: Flask, database_url: str, redis_url: str, number: signal.Signals
) -> None:
    hall = make_event(seats=6)
    (held,) = make_lapsed_holds(hall, seats_each=6)
    with db.engine.connect() as other:
        # Starting a process may take a busy machine longer than a transaction may otherwise be idle.
        other.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        # The sweep has its batch of seats and waits for their reservation when the signal comes.
        other.execute(text("SELECT FROM reservation WHERE id = :id FOR UPDATE"), {"id": held})
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "sweep", "--batch", "2", "--verbose"],
            cwd=PROJECT_DIR,
            env=os.environ
            | {
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "SECRET_KEY": app.extensions["seatbook"].secret_key,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until_waiting()
        process.send_signal(number)
        other.rollback()
    output, faults = process.communicate(timeout=120)
    assert process.returncode == 0, faults
    assert output.count("Released A") == 2
    assert "Released 2 seats of 1 hold" in output
    assert "Stopped after the batch in hand" in output
    assert statuses(hall).count("available") == 2
    run = db.session.execute(text("SELECT released_seats, finished_at FROM sweep_run")).one()
    assert run.released_seats == 2
    assert run.finished_at is not None


def test_a_sweep_and_a_purchase_in_the_meantime_do_not_meet(app: Flask) -> None:
    hall, ann = make_event(seats=2), make_holder()
    make_lapsed_holds(hall, seats_each=2)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    assert sweep(app).output.startswith("Released 1 seat of 1 hold")
    assert statuses(hall) == ["held", "available"]
    assert bought.seat_ids == hall.seat_ids[:1]
