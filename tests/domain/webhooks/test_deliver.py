"""Messages arrive: signed, again and again where needed, and never a second time without the same id."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.config import Config
from seatbook.domain.inventory import hold_seats
from seatbook.domain.webhooks import (
    Outside,
    bring_messages,
    delete_endpoint,
    follow_logs,
    purge_deliveries,
    redeliver,
    resume_endpoint,
    rotate_secret,
    send_test,
)
from seatbook.domain.webhooks.deliver import OF_ONE_ENDPOINT
from seatbook.errors import NotFound, WrongState
from seatbook.extensions import db
from tests.domain.webhooks.conftest import Subscribe, all_due_now, bring, deliveries, endpoint_row, turn
from tests.factories import make_event, make_holder
from tests.race import race
from tests.webhook_receiver import Receiver, Request, running_receiver

pytestmark = pytest.mark.usefixtures("app_context")


def happen(times: int = 1) -> None:
    """So many places are held."""
    hall, ann = make_event(seats=times, max_seats=1_000), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    db.session.rollback()


def of(delivery_id: int) -> Any:
    (row,) = [row for row in deliveries() if row.id == delivery_id]
    return row


def refuse(status: int) -> Any:
    return lambda _request, _handler: status


def test_a_message_arrives_signed(subscribe: Subscribe, receiver: Receiver, config: Config) -> None:
    made = subscribe("seat.*")
    happen()
    brought = turn(config)

    (request,), (row,) = receiver.requests, deliveries()
    assert (brought.done, brought.failed) == (1, 0)
    assert request.path == "/hook"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("seatbook/")
    assert request.id == row.message_id == request.content["id"]
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert request.is_signed_by(made.secret)
    assert not request.is_signed_by("whsec_" + "A" * 43 + "=")
    assert (row.status, row.attempts, row.response_status, row.last_error) == ("done", 1, 204, None)
    assert row.done_at is not None
    assert turn(config).done == 0


def test_after_a_rotation_both_secrets_are_good_for_a_day(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    made = subscribe("seat.*")
    fresh = rotate_secret(made.id, config=config)
    assert fresh != made.secret
    happen()
    turn(config)
    assert receiver.requests[0].is_signed_by(made.secret)
    assert receiver.requests[0].is_signed_by(fresh)

    db.session.execute(text("UPDATE webhook_endpoint SET salt_before_until = now()"))
    db.session.commit()
    happen()
    turn(config)
    assert not receiver.requests[1].is_signed_by(made.secret)
    assert receiver.requests[1].is_signed_by(fresh)


def test_the_secret_stands_nowhere(subscribe: Subscribe, config: Config) -> None:
    made = subscribe("seat.*")
    row = endpoint_row(made.id)
    assert made.secret.removeprefix("whsec_") not in repr(dict(row._mapping))


def test_what_is_refused_is_tried_again_with_longer_pauses(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen()
    receiver.answer = refuse(500)
    pauses = []
    for _ in range(4):
        turn(config)
        (row,) = deliveries()
        now = db.session.scalar(text("SELECT clock_timestamp()"))
        pauses.append(round((row.next_attempt_at - now).total_seconds()))
        assert bring(config).failed == 0, "it is not due yet"
        all_due_now()
    assert [pytest.approx(pause, abs=2) for pause in (5, 10, 20, 40)] == pauses
    assert (row.status, row.attempts, row.response_status) == ("waiting", 4, 500)
    assert row.last_error == "answered 500"

    receiver.answer = refuse(200)
    assert bring(config).done == 1
    assert len({request.id for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1


def test_after_three_days_a_message_is_given_up(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen()
    receiver.answer = refuse(404)
    follow_logs()
    db.session.execute(text("UPDATE webhook_delivery SET give_up_at = clock_timestamp(), attempts = 23"))
    db.session.commit()
    bring(config)
    (row,) = deliveries()
    assert (row.status, row.next_attempt_at, row.last_error) == ("failed", None, "answered 404")
    all_due_now()
    assert bring(config).failed == 0


def test_a_pause_is_never_longer_than_six_hours(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen()
    receiver.answer = refuse(500)
    follow_logs()
    db.session.execute(text("UPDATE webhook_delivery SET attempts = 60"))
    db.session.commit()
    bring(config)
    (row,) = deliveries()
    now = db.session.scalar(text("SELECT clock_timestamp()"))
    assert timedelta(hours=5, minutes=59) < row.next_attempt_at - now <= timedelta(hours=6)


def test_a_redirect_is_not_followed(subscribe: Subscribe, receiver: Receiver, config: Config) -> None:
    def away(_request: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"http://127.0.0.1:{receiver.port}/inside")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    subscribe("seat.*")
    happen()
    receiver.answer = away
    turn(config)
    (row,) = deliveries()
    assert [request.path for request in receiver.requests] == ["/hook"]
    assert (row.status, row.response_status) == ("waiting", 302)
    assert "redirects are not followed" in row.last_error


def test_nobody_listens(subscribe: Subscribe, free_port: int, config: Config) -> None:
    made = subscribe("seat.*", url=f"http://127.0.0.1:{free_port}/")
    happen()
    turn(config)
    (row,) = deliveries()
    assert (row.status, row.response_status, row.last_error) == ("waiting", None, "nobody listens there")
    assert endpoint_row(made.id).failures == 1


def test_a_receiver_that_sends_a_byte_now_and_then_is_cut_off(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    def drip(_request: Request, handler: BaseHTTPRequestHandler) -> None:
        try:
            # As long as somebody listens.
            while True:
                handler.wfile.write(b"H")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    subscribe("seat.*")
    happen()
    receiver.answer = drip
    turn(config, deadline_seconds=2)
    (row,) = deliveries()
    assert (row.status, row.last_error) == ("waiting", "no answer in time")


def test_an_endless_answer_is_not_read(subscribe: Subscribe, receiver: Receiver, config: Config) -> None:
    def endless(_request: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        try:
            for _ in range(20_000):
                handler.wfile.write(b"no " * 1_000)
        except OSError:
            pass

    subscribe("seat.*")
    happen()
    receiver.answer = endless
    turn(config)
    (row,) = deliveries()
    assert row.last_error.startswith("answered 500: no no no")
    assert len(row.last_error) <= 220


def test_a_dead_receiver_holds_up_no_other(subscribe: Subscribe, receiver: Receiver, config: Config) -> None:
    with running_receiver() as dead:
        may_answer = threading.Event()

        def hang(_request: Request, _handler: BaseHTTPRequestHandler) -> int:
            may_answer.wait(20)
            return 500

        dead.answer = hang
        slow = subscribe("seat.*", url=dead.url)
        subscribe("seat.*")
        happen(30)
        try:
            turn(config, deadline_seconds=2)
            assert len(receiver.requests) == 30
            # It gets what one receiver gets at once, and then, left alone, nothing; later one, to show that it is back.
            assert len(dead.requests) == OF_ONE_ENDPOINT
            assert endpoint_row(slow.id).failures == 1
            all_due_now()
            turn(config, deadline_seconds=2)
            assert len(dead.requests) == OF_ONE_ENDPOINT + 1
            assert endpoint_row(slow.id).failures == 2
            assert endpoint_row(slow.id).paused_until is not None
        finally:
            may_answer.set()
        dead.answer = refuse(204)
        all_due_now()
        turn(config)
        assert endpoint_row(slow.id).failures == 0
        assert {row.status for row in deliveries()} == {"done"}


def test_one_that_fails_for_days_is_switched_off_and_its_owner_told(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    made = subscribe("seat.*")
    receiver.answer = refuse(500)
    happen(2)
    turn(config)
    all_due_now()
    db.session.execute(
        text("UPDATE webhook_endpoint SET failing_since = clock_timestamp() - interval '73 hours'")
    )
    db.session.commit()
    bring(config)
    assert endpoint_row(made.id).disabled_reason == "failing"
    assert (
        db.session.scalar(text("SELECT data ->> 'name' FROM mail WHERE kind = 'webhook_off'")) == "Our till"
    )

    asked = len(receiver.requests)
    all_due_now()
    happen()
    turn(config)
    assert len(receiver.requests) == asked
    with pytest.raises(WrongState):
        send_test(made.id)
    with pytest.raises(WrongState):
        redeliver(made.id, delivery_id=deliveries()[0].id)

    # What waited goes when somebody has mended it.
    receiver.answer = refuse(204)
    resume_endpoint(made.id)
    turn(config)
    assert [row.status for row in deliveries()] == ["done", "done"]
    assert endpoint_row(made.id).failures == 0


def test_a_worker_that_dies_between_sending_and_noting_sends_it_again_with_the_same_id(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen()
    follow_logs()

    class Dies(Outside):
        def send(self, *args: Any, **options: Any) -> Any:
            super().send(*args, **options)
            raise SystemExit

    with pytest.raises(SystemExit):
        bring_messages(sender=Dies(private_allowed=True), secret_key=config.secret_key)
    assert bring(config).done == 0, "it may still be on its way"
    all_due_now()
    assert bring(config).done == 1
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)


def test_a_result_that_comes_after_somebody_took_it_anew_changes_nothing(
    app: Flask, subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen()
    follow_logs()

    class Slow(Outside):
        def send(self, *args: Any, **options: Any) -> Any:
            sent = super().send(*args, **options)
            assert sent.error
            return sent

    taken_anew = threading.Event()

    def refuse_late(_request: Request, _handler: BaseHTTPRequestHandler) -> int:
        if len(receiver.requests) == 1:
            assert taken_anew.wait(20)
            return 500
        return 204

    receiver.answer = refuse_late

    def late() -> Any:
        return bring_messages(sender=Slow(private_allowed=True), secret_key=config.secret_key)

    def anew() -> Any:
        try:
            while not receiver.requests:
                time.sleep(0.01)
            all_due_now()
            return bring(config)
        finally:
            taken_anew.set()

    race(app, late, anew)
    (row,) = deliveries()
    assert (row.status, row.response_status) == ("done", 204)


def test_two_workers_send_each_message_once(
    app: Flask, subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    subscribe("seat.*")
    happen(60)
    follow_logs()
    db.session.rollback()
    outcomes = race(app, *[lambda: bring(config)] * 3)
    assert sum(outcome.done for outcome in outcomes if not isinstance(outcome, Exception)) == 60
    assert len(receiver.requests) == len({request.id for request in receiver.requests}) == 60


def test_a_message_can_be_asked_for_again(subscribe: Subscribe, receiver: Receiver, config: Config) -> None:
    made, other = subscribe("seat.*"), subscribe("payment.*")
    happen()
    turn(config)
    (row,) = deliveries()
    redeliver(made.id, delivery_id=row.id)
    redeliver(made.id, delivery_id=row.id)
    assert of(row.id).status == "waiting"
    assert bring(config).done == 1
    assert [request.id for request in receiver.requests] == [row.message_id] * 2
    for endpoint_id, delivery_id in ((other.id, row.id), (made.id, row.id + 1), (0, row.id)):
        with pytest.raises(NotFound):
            redeliver(endpoint_id, delivery_id=delivery_id)


def test_a_test_message_arrives_whatever_is_subscribed_to(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    made = subscribe("payment.paid")
    delivery_id = send_test(made.id)
    bring(config)
    assert receiver.types == ["webhook.test"]
    assert receiver.requests[0].is_signed_by(made.secret)
    assert of(delivery_id).status == "done"
    with pytest.raises(NotFound):
        send_test(made.id + 1)


def test_one_that_is_deleted_hears_nothing_more_and_goes(
    subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    made, stays = subscribe("seat.*"), subscribe("seat.*")
    happen()
    follow_logs()
    delete_endpoint(made.id)
    happen()
    turn(config)
    assert len(receiver.requests) == 2
    for act in (delete_endpoint, resume_endpoint, send_test):
        with pytest.raises(NotFound):
            act(made.id)
    assert purge_deliveries() == 1
    db.session.execute(text("UPDATE webhook_endpoint SET deleted_at = deleted_at - interval '1 hour'"))
    db.session.commit()
    purge_deliveries()
    assert db.session.scalars(text("SELECT id FROM webhook_endpoint")).all() == [stays.id]


def test_deliveries_are_forgotten_after_thirty_days(subscribe: Subscribe, config: Config) -> None:
    subscribe("seat.*")
    happen(3)
    turn(config)
    assert purge_deliveries() == 0
    oldest = deliveries()[0].id
    db.session.execute(
        text("UPDATE webhook_delivery SET created_at = now() - interval '31 days' WHERE id = :id"),
        {"id": oldest},
    )
    db.session.commit()
    assert purge_deliveries() == 1
    assert oldest not in [row.id for row in deliveries()]


def test_one_that_is_asked_for_again_while_it_is_on_its_way_goes_again(
    app: Flask, subscribe: Subscribe, receiver: Receiver, config: Config
) -> None:
    made = subscribe("seat.*")
    happen()
    follow_logs()
    (row,) = deliveries()
    db.session.rollback()

    def ask_again(_request: Request, _handler: BaseHTTPRequestHandler) -> int:
        if len(receiver.requests) == 1:
            with app.app_context():
                redeliver(made.id, delivery_id=row.id)
        return 204

    receiver.answer = ask_again
    bring(config)
    assert [request.id for request in receiver.requests] == [row.message_id] * 2
    assert of(row.id).status == "done"
