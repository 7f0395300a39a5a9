"""An event that is cancelled while its worker is killed: the next one goes on, and everybody is paid back once."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.orders import record_answer, request_event_cancellation, till_of
from seatbook.extensions import db
from seatbook.payments import Answer
from seatbook.payments.sandbox import Sandbox
from seatbook.queries.cancellations import CancellationProgress, cancellation_progress
from tests.factories import make_holders, statuses
from tests.invariants import assert_books_are_right
from tests.jobs.conftest import StartProcess, wait_until
from tests.paying import go_to_checkout, make_online_event, refunds_of, sandbox_balance, session_ref

ORDERS = 60


@pytest.mark.usefixtures("app_context")
def test_a_killed_worker_loses_nothing_and_refunds_nothing_twice(
    app: Flask, start_process: StartProcess
) -> None:
    hall, till = make_online_event(seats=ORDERS), till_of(app.extensions["seatbook"])
    assert isinstance(till.online, Sandbox)
    for place, holder in enumerate(make_holders(ORDERS)):
        order = go_to_checkout(hall, holder=holder, till=till, places=(place,))
        till.online.decide(session_ref(order), becomes="paid", copies=0)
        record_answer(hall.event_id, order.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    request_event_cancellation(hall.event_id)

    def progress() -> CancellationProgress:
        db.session.rollback()
        found = cancellation_progress(hall.event_id)
        assert found is not None
        return found

    start_process("-m", "seatbook.jobs.scheduler")
    worker = start_process("worker.py")
    wait_until(lambda: progress().done > 0)
    worker.kill()
    worker.wait()
    start_process("worker.py")
    wait_until(lambda: progress().is_finished and progress().refunds_done == ORDERS)
    assert (progress().done, progress().orders) == (ORDERS, ORDERS)
    assert refunds_of(hall) == [(4500, "event_cancelled", "done")] * ORDERS
    assert statuses(hall) == ["available"] * ORDERS
    assert sandbox_balance() == 0
    assert_books_are_right()
