from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import text

from seatbook.domain import mail
from seatbook.domain.mail import CarrierAway, Delivery, Letter, Undeliverable, deliver_mail, put_in_outbox
from seatbook.domain.transaction import run_transaction
from seatbook.extensions import db
from tests.race import race, won


@pytest.fixture(autouse=True)
def _in_an_application(app_context: AppContext) -> Iterator[None]:
    yield


class Postman:
    """Keeps what it is given; raises what `faults` has for a recipient."""

    def __init__(self, **faults: Undeliverable) -> None:
        self.carried: list[tuple[int, str]] = []
        self.faults = faults
        self.transactions: list[bool] = []

    def carry(self, letter: Letter, *, message_number: int) -> None:
        self.transactions.append(db.session().in_transaction())
        fault = self.faults.get(letter.recipient.partition("@")[0])
        if fault:
            raise fault
        self.carried.append((message_number, letter.recipient))


def post(*names: str) -> None:
    for name in names:
        letter = Letter(f"{name}@example.org", "Hello", f"Dear {name}")
        run_transaction(partial(_post, letter=letter))


def _post(session: Any, *, letter: Letter) -> None:
    put_in_outbox(session, letter)


def outbox() -> dict[str, dict[str, Any]]:
    """By name: attempts, whether sent, the last error, and seconds until the next attempt."""
    db.session.rollback()
    rows = db.session.execute(
        text(
            "SELECT split_part(recipient, '@', 1) AS name, attempts, sent_at IS NOT NULL AS sent, last_error,"
            " extract(epoch FROM next_attempt_at - clock_timestamp())::float AS pause FROM mail"
        )
    )
    return {row["name"]: dict(row) for row in rows.mappings()}


def make_due() -> None:
    db.session.execute(text("UPDATE mail SET next_attempt_at = clock_timestamp() WHERE sent_at IS NULL"))
    db.session.commit()


def test_what_is_in_the_outbox_is_sent_once_and_the_oldest_first() -> None:
    post("alice", "bob")
    postman = Postman()

    assert deliver_mail(carrier=postman) == Delivery(sent=2, failed=0)
    assert deliver_mail(carrier=postman) == Delivery(sent=0, failed=0)

    assert [recipient for _, recipient in postman.carried] == ["alice@example.org", "bob@example.org"]
    assert all(row["sent"] for row in outbox().values())


def test_a_letter_of_a_transaction_that_failed_does_not_exist() -> None:
    def act(session: Any) -> None:
        put_in_outbox(session, Letter("alice@example.org", "Hello", "Dear Alice"))
        raise KeyError("something else went wrong")

    with pytest.raises(KeyError):
        run_transaction(act)

    assert outbox() == {}


def test_no_transaction_is_open_while_a_letter_is_carried() -> None:
    post("alice")
    postman = Postman()

    deliver_mail(carrier=postman)

    assert postman.transactions == [False]


def test_a_letter_that_failed_waits_twice_as_long_each_time_and_stops_no_other() -> None:
    post("alice", "bob")
    postman = Postman(alice=Undeliverable("450 come back later"))

    assert deliver_mail(carrier=postman) == Delivery(sent=1, failed=1)

    first = outbox()
    assert first["bob"]["sent"]
    assert (first["alice"]["attempts"], first["alice"]["last_error"]) == (1, "450 come back later")
    assert 55 < first["alice"]["pause"] <= 60
    make_due()
    deliver_mail(carrier=postman)
    assert 115 < outbox()["alice"]["pause"] <= 120
    postman.faults.clear()
    make_due()
    deliver_mail(carrier=postman)
    assert outbox()["alice"]["sent"]
    assert outbox()["alice"]["last_error"] is None


@pytest.mark.parametrize("forever", [True, False])
def test_what_is_refused_for_good_or_too_often_is_given_up(forever: bool) -> None:
    post("alice")
    postman = Postman(alice=Undeliverable("550 nobody of that name", forever=forever))
    attempts = 1 if forever else mail.MAX_ATTEMPTS

    for _ in range(attempts):
        assert deliver_mail(carrier=postman) == Delivery(sent=0, failed=1)
        make_due()

    assert deliver_mail(carrier=postman) == Delivery(sent=0, failed=0)
    assert outbox()["alice"]["last_error"] == "550 nobody of that name"


def test_a_server_that_is_away_is_asked_once_and_not_for_every_letter() -> None:
    post("alice", "bob")

    assert deliver_mail(carrier=Postman(alice=CarrierAway("away"))) == Delivery(sent=0, failed=1)

    assert outbox()["bob"]["attempts"] == 0


def test_a_process_that_dies_while_sending_leaves_the_letter_to_the_next_one() -> None:
    post("alice")

    class Dying(Postman):
        def carry(self, letter: Letter, *, message_number: int) -> None:
            super().carry(letter, message_number=message_number)
            raise SystemExit

    dying, next_one = Dying(), Postman()
    with pytest.raises(SystemExit):
        deliver_mail(carrier=dying)
    assert deliver_mail(carrier=next_one) == Delivery(sent=0, failed=0), "it is not due yet"
    make_due()
    assert deliver_mail(carrier=next_one) == Delivery(sent=1, failed=0)

    # The same number makes the same Message-ID.
    assert dying.carried == next_one.carried


def test_any_number_of_deliveries_at_once_send_each_letter_once(app: Flask) -> None:
    post(*[f"visitor{n}" for n in range(40)])
    carried: list[int] = []
    lock = threading.Lock()

    class Shared(Postman):
        def carry(self, letter: Letter, *, message_number: int) -> None:
            with lock:
                carried.append(message_number)

    outcomes = race(app, *[partial(deliver_mail, carrier=Shared())] * 8)

    assert len(won(outcomes)) == 8
    assert len(carried) == len(set(carried)) == 40


def test_a_delivery_stops_when_asked_to() -> None:
    post("alice", "bob")
    asked = iter([False, True])

    assert deliver_mail(carrier=Postman(), should_stop=lambda: next(asked)) == Delivery(sent=1, failed=0)
