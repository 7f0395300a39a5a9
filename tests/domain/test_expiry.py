"""The sweep: batches, a history of its runs, and nothing that one bad hold could stop."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import ExpiredSeat, hold_seats
from seatbook.extensions import db
from tests.curse import CURSE, CURSED_PRICE, cursed_claims
from tests.factories import (
    changes,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    make_lapsed_holds,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import race, won
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


def history() -> list[Any]:
    db.session.rollback()
    return list(db.session.execute(text("SELECT * FROM sweep_run ORDER BY id")).all())


def test_sweep_writes_down_every_hold_that_is_over_and_counts_them() -> None:
    hall, other = make_event(seats=6), make_event(seats=2)
    holds = make_lapsed_holds(hall, seats_each=2)
    hold_seats(other.event_id, seat_ids=other.seat_ids, holder=make_holder())

    result = sweep_expired_holds(batch=100, trigger="command")

    assert (result.seats, result.reservations, result.failed) == (6, 3, ())
    assert (result.dry_run, result.stopped) == (False, False)
    assert statuses(hall) == ["available"] * 6
    assert statuses(other) == ["held"] * 2
    assert {reservation_row(hall, id).status for id in holds} == {"expired"}
    assert_books_are_right()


def test_sweep_leaves_a_line_in_the_history_with_its_lag() -> None:
    before = database_clock()
    hall = make_event(seats=2)
    make_lapsed_holds(hall, seconds_ago=90)

    sweep_expired_holds(batch=100, trigger="schedule")

    (run,) = history()
    assert (run.trigger, run.released_seats, run.expired_reservations, run.failed_reservations) == (
        "schedule",
        2,
        2,
        0,
    )
    assert run.host
    assert before <= run.started_at <= run.finished_at <= database_clock()
    assert 90_000 <= run.oldest_lag_ms < 100_000


def test_sweep_with_nothing_to_do_says_so() -> None:
    result = sweep_expired_holds(batch=100, trigger="command")
    assert (result.seats, result.oldest_lag_ms) == (0, None)
    (run,) = history()
    assert (run.released_seats, run.oldest_lag_ms) == (0, None)
    assert run.finished_at is not None


def test_sweep_works_in_batches_and_each_is_committed_before_the_next() -> None:
    hall = make_event(seats=7)
    make_lapsed_holds(hall, seats_each=7)
    seen: list[tuple[int, int]] = []

    def look(seats: list[ExpiredSeat]) -> None:
        with db.engine.connect() as other:
            free = other.execute(text("SELECT count(*) FROM seat WHERE status = 'available'")).scalar_one()
        seen.append((len(seats), free))

    sweep_expired_holds(batch=3, trigger="command", on_batch=look)

    assert [step for step in seen if step[0]] == [(3, 3), (3, 6), (1, 7)]


def test_dry_run_tells_the_same_and_writes_nothing_at_all() -> None:
    hall = make_event(seats=3)
    make_lapsed_holds(hall, name="alice", seats_each=3, seconds_ago=60)
    told: list[ExpiredSeat] = []
    done: list[ExpiredSeat] = []

    with nothing_changes():
        result = sweep_expired_holds(batch=1, trigger="command", dry_run=True, on_batch=told.extend)
    sweep_expired_holds(batch=1, trigger="command", on_batch=done.extend)

    assert (result.seats, result.reservations, result.dry_run) == (3, 1, True)
    assert result.oldest_lag_ms is not None
    assert 60_000 <= result.oldest_lag_ms < 70_000
    assert sorted(told, key=lambda seat: seat.seat_id) == sorted(done, key=lambda seat: seat.seat_id)


def test_sweep_that_is_asked_to_stop_finishes_its_batch_and_its_line_in_the_history() -> None:
    hall = make_event(seats=5)
    make_lapsed_holds(hall, seats_each=5)

    result = sweep_expired_holds(batch=2, trigger="command", should_stop=lambda: True)

    assert (result.seats, result.stopped) == (2, True)
    assert statuses(hall).count("available") == 2
    (run,) = history()
    assert run.released_seats == 2
    assert run.finished_at is not None
    assert sweep_expired_holds(batch=2, trigger="command").seats == 3
    assert_books_are_right()


def test_sweep_logs_one_line_a_seat_and_a_total(caplog: pytest.LogCaptureFixture) -> None:
    hall = make_event(seats=2)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder("alice"))
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=make_holder())
    for seat_id in hall.seat_ids:
        let_hold_end(hall, seat_row(hall, seat_id).reservation_id)

    with caplog.at_level(logging.INFO, logger="seatbook.sweep"):
        sweep_expired_holds(batch=10, trigger="schedule")

    assert caplog.messages == [
        f"Released A1 (event {hall.event_id}, was held by alice)",
        f"Released A2 (event {hall.event_id}, was held by a visitor)",
        "Released 2 seats of 2 holds; 0 holds failed",
    ]


def test_one_bad_hold_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    cursed, hall = make_event(seats=2, price_minor=CURSED_PRICE), make_event(seats=4)
    (bad,) = make_lapsed_holds(cursed, seats_each=2, seconds_ago=60)
    make_lapsed_holds(hall)

    with caplog.at_level(logging.WARNING, logger="seatbook.sweep"), cursed_claims():
        result = sweep_expired_holds(batch=3, trigger="command")

    assert (result.seats, result.failed) == (4, ((cursed.event_id, bad),))
    assert statuses(hall) == ["available"] * 4
    assert statuses(cursed) == ["held"] * 2
    assert caplog.messages[-1] == (f"Hold {bad} of event {cursed.event_id} was skipped: {CURSE}")
    (run,) = history()
    assert (run.released_seats, run.failed_reservations) == (4, 1)

    assert sweep_expired_holds(batch=3, trigger="command").seats == 2
    assert_books_are_right()


def test_more_bad_holds_than_a_batch_do_not_stop_the_rest() -> None:
    cursed, hall = make_event(seats=7, price_minor=CURSED_PRICE), make_event(seats=5)
    make_lapsed_holds(cursed, seconds_ago=60)
    make_lapsed_holds(hall, seats_each=5)

    with cursed_claims():
        result = sweep_expired_holds(batch=2, trigger="command")

    assert (result.seats, len(result.failed), len(set(result.failed))) == (5, 7, 7)
    assert statuses(hall) == ["available"] * 5
    assert statuses(cursed) == ["held"] * 7


def test_sweep_of_nothing_but_bad_holds_comes_to_an_end() -> None:
    cursed = make_event(seats=5, price_minor=CURSED_PRICE)
    make_lapsed_holds(cursed)
    with nothing_changes(but=["sweep_run"]), cursed_claims():
        result = sweep_expired_holds(batch=2, trigger="command")
    assert (result.seats, len(result.failed)) == (0, 5)


def test_sweep_leaves_a_seat_that_somebody_works_on_to_the_next_sweep() -> None:
    hall = make_event(seats=2)
    make_lapsed_holds(hall, seats_each=2)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        result = sweep_expired_holds(batch=10, trigger="command")
    assert (result.seats, result.failed) == (1, ())
    assert sweep_expired_holds(batch=10, trigger="command").seats == 1
    assert_books_are_right()


def test_sweeps_at_once_share_the_work_and_write_down_each_seat_once(app: Flask) -> None:
    hall = make_event(seats=120)
    make_lapsed_holds(hall, seats_each=8)

    outcomes = race(app, *[partial(sweep_expired_holds, batch=7, trigger="command")] * 4)

    results = won(outcomes)
    assert len(results) == 4
    assert sum(result.seats for result in results) == 120
    assert all(not result.failed for result in results)
    assert len(changes(hall)) == 240
    assert sum(run.released_seats for run in history()) == 120
    assert_books_are_right()


def test_sweep_and_buyers_at_once_agree_on_every_seat(app: Flask) -> None:
    hall = make_event(seats=24)
    make_lapsed_holds(hall, seats_each=4)
    buyers = [make_holder() for _ in range(6)]

    outcomes = race(
        app,
        partial(sweep_expired_holds, batch=3, trigger="command"),
        partial(sweep_expired_holds, batch=5, trigger="command"),
        *[
            partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[place::6], holder=buyer)
            for place, buyer in enumerate(buyers)
        ],
    )

    assert len(won(outcomes)) == 8
    assert statuses(hall) == ["held"] * 24
    assert_books_are_right()


def test_lag_is_measured_by_the_databases_clock() -> None:
    hall = make_event(seats=1)
    (held,) = make_lapsed_holds(hall, seconds_ago=30)
    end: datetime = reservation_row(hall, held).expires_at
    result = sweep_expired_holds(batch=1, trigger="command")
    (run,) = history()
    assert result.oldest_lag_ms == round((run.started_at - end).total_seconds() * 1000)
