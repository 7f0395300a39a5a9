"""What the worker does, and what it says when it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.jobs.schedule import schedule
from seatbook.jobs.tasks import deliver_mail, settle_payments, sweep


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


def test_all_that_waits_for_its_turn_has_one(app: Flask) -> None:
    assert {sweep, deliver_mail, settle_payments} == {
        scheduled.task for scheduled in schedule(app.extensions["seatbook"])
    }
