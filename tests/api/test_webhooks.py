"""Endpoints and their deliveries by the API: for the box office, described as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from seatbook.config import Config
from seatbook.domain.inventory import hold_seats
from seatbook.domain.webhooks import Outside, bring_messages, follow_logs
from seatbook.extensions import db
from tests.api.caller import Caller, account_with_token
from tests.factories import make_event, make_holder
from tests.webhook_receiver import Receiver, running_receiver

ENDPOINT = {"url": "https://till.example.org/seatbook", "name": "Our till", "types": ["seat.*"]}


@pytest.fixture
def private(app: Flask) -> Iterator[None]:
    """Receivers on this machine are allowed."""
    config = app.extensions["seatbook"]
    app.extensions["seatbook"] = replace(config, webhooks_private=True)
    yield
    app.extensions["seatbook"] = config


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as server:
        yield server


def work(app: Flask) -> None:
    """What the worker does every few seconds."""
    config: Config = app.extensions["seatbook"]
    with app.app_context():
        follow_logs()
        bring_messages(sender=Outside(private_allowed=True), secret_key=config.secret_key)


def made(clerk: Caller, **fields: Any) -> Any:
    answer = clerk.post("/webhooks/", ENDPOINT | fields)
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.mark.usefixtures("private")
def test_from_subscription_to_redelivery(app: Flask, clerk: Caller, receiver: Receiver) -> None:
    subscribed = made(clerk, url=receiver.url)
    path = f"/webhooks/{subscribed['endpoint']['id']}"
    assert subscribed["secret"].startswith("whsec_")
    with app.app_context():
        hall = make_event(seats=3)
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
        db.session.remove()
    work(app)
    assert receiver.types == ["seat.held"] * 3
    assert all(request.is_signed_by(subscribed["secret"]) for request in receiver.requests)

    page = clerk.get(f"{path}/deliveries/?limit=2").json
    rest = clerk.get(f"{path}/deliveries/?limit=2&before={page['next']}").json
    assert [len(page["deliveries"]), len(rest["deliveries"]), rest["next"]] == [2, 1, None]
    assert {line["status"] for line in page["deliveries"]} == {"done"}
    assert clerk.get(f"{path}/deliveries/?status=failed").json["deliveries"] == []
    newest = page["deliveries"][0]
    one = clerk.get(f"{path}/deliveries/{newest['id']}/").json["delivery"]
    assert (one["response_status"], one["attempts"]) == (204, 1)
    assert one["body"].encode() in [request.body for request in receiver.requests]

    assert clerk.post(f"{path}/deliveries/{newest['id']}/redeliver/").status_code == 200
    work(app)
    assert [request.id for request in receiver.requests].count(newest["message_id"]) == 2

    test = clerk.post(f"{path}/test/").json["delivery_id"]
    work(app)
    assert receiver.types[-1] == "webhook.test"
    assert clerk.get(f"{path}/deliveries/{test}/").json["delivery"]["status"] == "done"
    fresh = clerk.post(f"{path}/rotate-secret/").json["secret"]
    assert fresh != subscribed["secret"]
    assert clerk.post(f"{path}/resume/").json["endpoint"]["state"] == "on"
    endpoint = clerk.get(f"{path}/").json["endpoint"]
    assert (endpoint["waiting"], endpoint["made_by"]) == (0, "clerk")
    assert endpoint["last_done_at"] is not None

    assert clerk.post(f"{path}/delete/").status_code == 200
    assert clerk.get(f"{path}/").status_code == 404
    assert clerk.get("/webhooks/").json["endpoints"] == []


def test_one_that_fails_shows_it(app: Flask, clerk: Caller, free_port: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.extensions, "seatbook", replace(app.extensions["seatbook"], webhooks_private=True))
        subscribed = made(clerk, url=f"http://127.0.0.1:{free_port}/")
    path = f"/webhooks/{subscribed['endpoint']['id']}"
    clerk.post(f"{path}/test/")
    work(app)
    endpoint = clerk.get(f"{path}/").json["endpoint"]
    assert (endpoint["state"], endpoint["waiting"]) == ("failing", 1)
    assert endpoint["failing_since"] and endpoint["paused_until"]
    (line,) = clerk.get(f"{path}/deliveries/?status=waiting").json["deliveries"]
    assert (line["response_status"], line["last_error"]) == (None, "nobody listens there")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"url": "http://till.example.org/"}, "#/url"),
        ({"url": "https://127.0.0.1/"}, "#/url"),
        ({"url": "https://[::1]/"}, "#/url"),
        ({"url": "https://ada:secret@till.example.org/"}, "#/url"),
        ({"types": []}, "#/types"),
        ({"types": ["seat.stolen"]}, "#/types/0"),
        ({"types": "seat.*"}, "#/types"),
        ({"name": "  "}, "#/name"),
        ({"secret": "mine"}, "#/secret"),
    ],
)
def test_what_is_not_fit_is_refused(clerk: Caller, fields: dict[str, Any], pointer: str) -> None:
    answer = clerk.post("/webhooks/", ENDPOINT | fields)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert clerk.get("/webhooks/").json["endpoints"] == []


def test_there_are_so_many_and_no_more(clerk: Caller) -> None:
    for _ in range(20):
        made(clerk)
    answer = clerk.post("/webhooks/", ENDPOINT)
    assert answer.status_code == 422
    assert "20 endpoints" in answer.json["detail"]


def test_asked_twice_with_a_key_there_is_one_and_the_same_secret(clerk: Caller) -> None:
    first, second = [
        clerk.post("/webhooks/", ENDPOINT, headers={"Idempotency-Key": "one-wish"}) for _ in range(2)
    ]
    assert first.data == second.data
    assert len(clerk.get("/webhooks/").json["endpoints"]) == 1


ROUTES = [
    ("GET", "/webhooks/"),
    ("POST", "/webhooks/"),
    ("GET", "/webhooks/{0}/"),
    ("POST", "/webhooks/{0}/delete/"),
    ("POST", "/webhooks/{0}/rotate-secret/"),
    ("POST", "/webhooks/{0}/test/"),
    ("POST", "/webhooks/{0}/resume/"),
    ("GET", "/webhooks/{0}/deliveries/"),
    ("GET", "/webhooks/{0}/deliveries/1/"),
    ("POST", "/webhooks/{0}/deliveries/1/redeliver/"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_they_are_open_to_the_box_office_alone(
    app: Flask, nobody: Caller, ada: Caller, clerk: Caller, method: str, path: str
) -> None:
    endpoint = made(clerk)["endpoint"]
    with app.app_context():
        door = Caller(app, account_with_token("dora", scopes=("read", "book", "staff"), role="door"))
        customer = Caller(app, account_with_token("carl", scopes=("read", "book", "staff")))
        reads = Caller(app, account_with_token("rita", scopes=("read",), role="admin"))
    options = {"data": "{}", "content_type": "application/json"} if method == "POST" else {}
    if (method, path) == ("POST", "/webhooks/"):
        options["data"] = '{"url": "https://a.example/", "name": "A", "types": ["seat.*"]}'
    path = path.format(endpoint["id"])
    assert nobody.send(method, path, **options).status_code == 401
    for caller in (ada, door, customer, reads):
        answer = caller.send(method, path, **options)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert clerk.get("/webhooks/").json["endpoints"] == [endpoint]


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "{0}" in route[1]])
def test_what_is_not_there_is_not_found(clerk: Caller, method: str, path: str) -> None:
    assert clerk.send(method, path.format(2**63 - 1)).status_code == 404


@pytest.mark.usefixtures("private")
def test_only_what_it_is_told_of_by_now_is_sent(app: Flask, clerk: Caller, receiver: Receiver) -> None:
    endpoint = made(clerk, url=receiver.url, types=["payment.*"])["endpoint"]
    path = f"/webhooks/{endpoint['id']}/"
    with app.app_context():
        hall = make_event(seats=2)
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    work(app)
    assert clerk.get(f"{path}deliveries/").json["deliveries"] == []

    changed = clerk.post(f"{path}types/", {"types": ["seat.held"]})
    assert changed.json["endpoint"]["types"] == ["seat.held"]
    with app.app_context():
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=make_holder())
    work(app)

    [delivery] = clerk.get(f"{path}deliveries/").json["deliveries"]
    assert delivery["type"] == "seat.held"
    assert clerk.post(f"{path}types/", {"types": []}).status_code == 422
    assert clerk.post(f"{path}types/", {"types": ["seat.eaten"]}).status_code == 422
    assert clerk.post("/webhooks/999999/types/", {"types": ["seat.*"]}).status_code == 404
