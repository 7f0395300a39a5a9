"""One act, one transaction: all of it or nothing, again where PostgreSQL asks for it, and Busy in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from seatbook.domain.inventory import hold_seats
from seatbook.domain.transaction import MAX_RETRIES, run_transaction, violated_constraint
from seatbook.errors import Busy, InvalidInput
from seatbook.extensions import db
from tests.factories import make_event, make_holder, statuses
from tests.race import begun, race, until_waiting, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")


def venues() -> list[str]:
    """Names of venues that are committed."""
    with db.engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM venue ORDER BY name")).scalars())


def add_venue(session: Session, name: str) -> None:
    session.execute(text("INSERT INTO venue (name) VALUES (:name)"), {"name": name})


def fails_with(sqlstate: str, *, attempts: list[int], until_attempt: int) -> Callable[[Session], str]:
    """An act that writes, and that PostgreSQL then ends with this error, up to the given attempt."""

    def act(session: Session) -> str:
        attempts.append(1)
        add_venue(session, "Opera")
        if len(attempts) < until_attempt:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$"))
        return "done"

    return act


def test_what_an_act_wrote_is_committed_when_it_returns() -> None:
    assert run_transaction(lambda session: add_venue(session, "Opera")) is None
    assert venues() == ["Opera"]


@pytest.mark.parametrize("refusal", [InvalidInput(field="x", reason="no"), KeyboardInterrupt(), ValueError()])
def test_an_act_that_raises_leaves_nothing_behind(refusal: BaseException) -> None:
    def act(session: Session) -> None:
        add_venue(session, "Opera")
        raise refusal

    with pytest.raises(type(refusal)):
        run_transaction(act)
    assert venues() == []
    run_transaction(lambda session: add_venue(session, "Theatre"))
    assert venues() == ["Theatre"]


def test_a_fault_of_the_program_is_raised_as_it_is_and_not_tried_again() -> None:
    attempts: list[int] = []

    def act(session: Session) -> None:
        attempts.append(1)
        add_venue(session, "Opera")
        session.execute(text("SELECT FROM no_such_table"))

    with pytest.raises(ProgrammingError):
        run_transaction(act)
    assert len(attempts) == 1
    assert venues() == []


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_deadlock_or_serialisation_failure_runs_the_whole_act_again(sqlstate: str) -> None:
    attempts: list[int] = []
    assert run_transaction(fails_with(sqlstate, attempts=attempts, until_attempt=3)) == "done"
    assert len(attempts) == 3
    assert venues() == ["Opera"]


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_after_enough_tries_everybody_is_told_that_it_is_busy(sqlstate: str) -> None:
    attempts: list[int] = []
    with pytest.raises(Busy):
        run_transaction(fails_with(sqlstate, attempts=attempts, until_attempt=99))
    assert len(attempts) == 1 + MAX_RETRIES
    assert venues() == []


def test_a_real_deadlock_reaches_nobody(app: Flask) -> None:
    hall = make_event(seats=2)
    attempts: list[int] = []
    met = Barrier(2)

    def act(order: tuple[int, ...], session: Session) -> None:
        attempts.append(1)
        for seat_id in order:
            session.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": seat_id})
            # Hold the first seat until the other thread has its own first seat too.
            if len(attempts) <= 2 and seat_id == order[0]:
                met.wait(5)

    outcomes = race(
        app,
        partial(run_transaction, partial(act, hall.seat_ids)),
        partial(run_transaction, partial(act, hall.seat_ids[::-1])),
    )
    assert won(outcomes) == [None, None]
    assert len(attempts) == 3


def test_a_lock_that_takes_too_long_is_busy_and_not_waited_for_again() -> None:
    hall, ann = make_event(seats=1), make_holder()
    attempts: list[int] = []

    def act(session: Session) -> None:
        attempts.append(1)
        add_venue(session, "Opera")
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        session.execute(text("SELECT FROM seat FOR UPDATE"))

    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat FOR UPDATE"))
        with pytest.raises(Busy):
            run_transaction(act)
    assert len(attempts) == 1
    assert "Opera" not in venues()
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).seat_ids == hall.seat_ids


def test_a_statement_that_takes_too_long_is_busy() -> None:
    def act(session: Session) -> None:
        add_venue(session, "Opera")
        session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        session.execute(text("SELECT pg_sleep(10)"))

    with pytest.raises(Busy):
        run_transaction(act)
    assert venues() == []
    timeout = run_transaction(lambda session: session.execute(text("SHOW statement_timeout")).scalar_one())
    assert timeout == "5s"


def test_hold_waits_two_seconds_for_a_lock_and_then_says_busy_having_changed_nothing() -> None:
    hall, ann = make_event(seats=2), make_holder()
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR UPDATE"), {"id": hall.seat_ids[1]})
        with refused(Busy):
            hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).seat_ids == hall.seat_ids


def test_a_code_that_was_drawn_before_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    drawn = iter(["K2M9QX", "K2M9QX", "K2M9QX", "AAAAAA"])
    monkeypatch.setattr("seatbook.domain.inventory.hold.new_code", lambda: next(drawn))
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ben)
    db.session.rollback()
    codes = db.session.execute(text("SELECT code FROM reservation ORDER BY id")).scalars().all()
    assert codes == ["K2M9QX", "AAAAAA"]


def test_a_code_that_is_drawn_again_and_again_is_busy_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    monkeypatch.setattr("seatbook.domain.inventory.hold.new_code", lambda: "K2M9QX")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    with refused(Busy):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ben)


def test_any_other_collision_is_raised_with_the_name_of_its_constraint() -> None:
    run_transaction(lambda session: add_venue(session, "Opera"))
    attempts: list[int] = []

    def act(session: Session) -> None:
        attempts.append(1)
        add_venue(session, "OPERA")

    with pytest.raises(IntegrityError) as collision:
        run_transaction(act)
    assert violated_constraint(collision.value) == "uq_venue_name"
    assert len(attempts) == 1


def test_a_session_killed_in_the_middle_leaves_nothing_half_done_and_the_next_request_works(
    app: Flask,
) -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    with db.engine.connect() as other:
        # Ann's transaction has seat A1 locked and waits for A2, when its session is killed.
        other.execute(text("SELECT FROM seat WHERE id = :id FOR UPDATE"), {"id": hall.seat_ids[1]})
        with (
            nothing_changes(),
            begun(app, lambda: hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)) as killed,
        ):
            until_waiting()
            assert other.execute(KILL_WAITING).scalars().all() == [True]
        other.rollback()
    assert isinstance(killed.exception(), OperationalError)
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben).seat_ids == hall.seat_ids
    assert statuses(hall) == ["held", "held"]


KILL_WAITING = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_idle_connections_that_were_killed_cost_no_failed_request() -> None:
    hall, ann = make_event(seats=1), make_holder()
    db.session.rollback()
    with db.engine.connect() as other:
        # Each is waited for until it is gone, which on a busy machine takes longer than a request may.
        other.execute(text("SET LOCAL statement_timeout = 0"))
        killed = other.execute(
            text(
                "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'seatbook'"
            )
        ).scalars()
        assert True in set(killed)
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).seat_ids == hall.seat_ids
