"""The address for messages of payment providers: signed ones are believed, and nobody else."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from seatbook.domain.orders import BegunCheckout, till_of
from seatbook.payments.sandbox import Message, Sandbox
from tests.factories import Hall, make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.paying import go_to_checkout, make_online_event, session_ref
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def paid(app: Flask) -> tuple[Hall, BegunCheckout, Message]:
    """A buyer has paid, and the provider's message is on its way."""
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    begun = go_to_checkout(hall, holder=make_holder(), till=till)
    assert isinstance(till.online, Sandbox)
    till.online.decide(session_ref(begun), becomes="paid")
    message = till.online.next_message()
    assert message is not None
    return hall, begun, message


def test_a_signed_message_is_taken_as_often_as_it_comes(
    client: FlaskClient, paid: tuple[Hall, BegunCheckout, Message]
) -> None:
    hall, _, message = paid
    for _ in range(3):
        answer = client.post("/payments/sandbox/notices", data=message.body, headers=message.headers)
        assert (answer.status_code, answer.data) == (204, b"")
        assert "Set-Cookie" not in answer.headers
    assert statuses(hall)[0] == "reserved"
    assert_books_are_right()


def test_what_is_not_signed_is_not_believed(
    client: FlaskClient, paid: tuple[Hall, BegunCheckout, Message]
) -> None:
    _, _, message = paid
    with nothing_changes():
        for body, headers in (
            (message.body, {}),
            (message.body + b" ", message.headers),
            (b"", {}),
            (b"\xff\x00", {"Sandbox-Signature": "t=1,v1=\xe4"}),
        ):
            answer = client.post("/payments/sandbox/notices", data=body, headers=headers)
            assert answer.status_code == 400
            assert answer.mimetype == "text/plain"


def test_who_takes_no_payments_here_sends_no_messages(
    client: FlaskClient, paid: tuple[Hall, BegunCheckout, Message]
) -> None:
    _, _, message = paid
    for provider in ("stripe", "nobody"):
        answer = client.post(f"/payments/{provider}/notices", data=message.body, headers=message.headers)
        assert answer.status_code == 404
    assert client.post("/payments/counter/notices", data=b"paid!").status_code == 400
    assert client.get("/payments/sandbox/notices").status_code == 405
