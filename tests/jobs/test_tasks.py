"""What the worker does, and what it says when it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.domain.orders import cancel_order, till_of
from seatbook.jobs.schedule import schedule
from seatbook.jobs.tasks import deliver_mail, settle_payments, sweep
from seatbook.payments.sandbox import Sandbox
from tests.factories import make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    refunds_of,
    sandbox_balance,
    session_ref,
)


@pytest.mark.parametrize("task", [sweep, deliver_mail, settle_payments], ids=lambda task: task.__name__)
def test_a_database_that_is_away_is_one_line_in_the_log(
    app: Flask, task: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = "postgresql+psycopg2://clerk:opensesame@127.0.0.1:1/seatbook"
    away = create_app(replace(app.extensions["seatbook"], database_url=nowhere))
    with away.app_context(), caplog.at_level(logging.INFO):
        task()
    (line,) = caplog.messages
    assert line.startswith(f"{task.__name__} waits for its next turn: the database does not answer (")
    assert "\n" not in line
    assert "opensesame" not in line


@pytest.mark.usefixtures("app_context")
def test_payments_are_settled_with_nobody_at_the_pages(app: Flask) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    sandbox = till.online
    assert isinstance(sandbox, Sandbox)
    people = [make_holder() for _ in range(3)]
    told, lost, unpaid = [
        go_to_checkout(hall, holder=holder, till=till, places=(place,)) for place, holder in enumerate(people)
    ]
    sandbox.decide(session_ref(told), becomes="paid", copies=2)
    sandbox.decide(session_ref(lost), becomes="paid", copies=0)
    settle_payments()
    assert statuses(hall) == ["reserved", "held", "held", "available"]
    for begun in (lost, unpaid):
        let_deadline_pass(begun)
    settle_payments()
    assert statuses(hall) == ["reserved", "reserved", "available", "available"]
    cancel_order(hall.event_id, reservation_id=told.reservation_id, holder=people[0])
    settle_payments()
    assert refunds_of(hall) == [(4500, "cancelled", "done")]
    assert sandbox_balance() == 4500
    assert_books_are_right()


def test_all_that_waits_for_its_turn_has_one(app: Flask) -> None:
    assert {sweep, deliver_mail, settle_payments} == {
        scheduled.task for scheduled in schedule(app.extensions["seatbook"])
    }
