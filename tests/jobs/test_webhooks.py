"""With scheduler and worker as they run at night: what happens is brought to whoever asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from seatbook.domain.accounts import create_account
from seatbook.domain.inventory import hold_seats
from seatbook.domain.webhooks import create_endpoint
from tests.factories import make_event, make_holder
from tests.jobs.conftest import StartProcess, wait_until
from tests.visitor import PASSWORD
from tests.webhook_receiver import running_receiver


@pytest.mark.usefixtures("app_context")
def test_a_hold_is_told_outside(
    app: Flask, start_process: StartProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOKS_PRIVATE", "1")
    config = replace(app.extensions["seatbook"], webhooks_private=True)
    otto = create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    with running_receiver() as receiver:
        made = create_endpoint(
            receiver.url, name="Our till", types=["reservation.*"], actor_user_id=otto.id, config=config
        )
        start_process("-m", "seatbook.jobs.scheduler")
        start_process("worker.py")
        hall = make_event(seats=1)
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
        wait_until(lambda: bool(receiver.requests))
        assert receiver.types == ["reservation.held"]
        assert receiver.requests[0].is_signed_by(made.secret)
