"""With scheduler and worker as they run at night: what is overdue is asked about, and money goes back."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.orders import cancel_order, take_notice, till_of
from seatbook.payments.sandbox import Sandbox
from tests.factories import make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.jobs.conftest import StartProcess, wait_until
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    refunds_of,
    sandbox_balance,
    session_ref,
)


@pytest.mark.usefixtures("app_context")
def test_nothing_of_a_payment_waits_for_a_person(app: Flask, start_process: StartProcess) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    sandbox = till.online
    assert isinstance(sandbox, Sandbox)
    ann, ben, cleo = make_holder(), make_holder(), make_holder()
    bought, lost, unpaid = [
        go_to_checkout(hall, holder=holder, till=till, places=(place,))
        for place, holder in enumerate((ann, ben, cleo))
    ]
    sandbox.decide(session_ref(bought), becomes="paid")
    message = sandbox.next_message()
    assert message is not None
    take_notice("sandbox", body=message.body, headers=message.headers, till=till)
    cancel_order(hall.event_id, reservation_id=bought.reservation_id, holder=ann)
    # Ben's message never comes, and Cleo closed the tab.
    sandbox.decide(session_ref(lost), becomes="paid", copies=0)
    for begun in (lost, unpaid):
        let_deadline_pass(begun)

    start_process("-m", "seatbook.jobs.scheduler")
    start_process("worker.py")
    wait_until(
        lambda: (
            statuses(hall) == ["available", "reserved", "available", "available"]
            and refunds_of(hall) == [(4500, "cancelled", "done")]
        )
    )
    assert sandbox_balance() == 4500
    assert_books_are_right()
