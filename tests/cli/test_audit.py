"""`flask audit`, as it is typed at a prompt."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from tests.factories import make_event

pytestmark = pytest.mark.usefixtures("app_context")


def audit(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", *options])


def test_right_books_are_said_to_be_right(app: Flask) -> None:
    hall = make_event(seats=3)
    for options in ([], ["--event", str(hall.event_id)]):
        result = audit(app, *options)
        assert (result.exit_code, result.stdout) == (0, "The books are right: 3 seats, 0 changes of state.\n")


def test_an_event_that_is_not_there_is_told(app: Flask) -> None:
    result = audit(app, "--event", "99999")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "There is no such event as 99999.\n"
