"""What is true of every route, read off the routes themselves: a new one is under these tests at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from seatbook.api import CHAPTERS
from tests.api.caller import Caller, account_with_token, description, operations
from tests.factories import make_event
from tests.snapshot import nothing_changes

OPERATIONS = operations()
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]
POSTS = [(method, path, operation) for method, path, operation in OPERATIONS if method == "POST"]
POST_IDS = [path for _, path, _ in POSTS]
# Open to everybody, and why. All others refuse whoever says nothing of themselves.
OPEN = {
    "list_events": "what is on",
    "get_event": "what is on",
    "list_seats": "what is free",
    "get_seat": "what is free",
    "list_changes": "what is free",
    "follow_event": "what is free",
    "list_shows": "what is on",
    "list_show_seats": "what is free",
    "register": "how one becomes somebody",
    "login": "how one says who one is",
}
# What each scope reaches, besides what is open.
READING = {"list_reservations", "get_reservation", "get_account", "list_tokens", "list_tickets", "get_basket"}

OF_STAFF = ("/api/staff/", "/api/webhooks/")
AT_THE_DOOR = {"check_code"}

# Bodies that no route takes: what is sent, as which kind, and the status of the answer.
HOSTILE: list[tuple[str, bytes, str, int]] = [
    ("no JSON", b"{", "application/json", 400),
    ("two texts", b"{}{}", "application/json", 400),
    ("no UTF-8", b'{"a": "\xff\xfe"}', "application/json", 400),
    ("half a pair", b'{"a": "\\ud800"}', "application/json", 400),
    ("no number", b'{"quantity": NaN}', "application/json", 400),
    ("a name twice", b'{"quantity": 1, "quantity": 2}', "application/json", 400),
    ("a bomb of brackets", b"[" * 30_000, "application/json", 400),
    ("too deep", b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "application/json", 422),
    ("a list", b"[]", "application/json", 422),
    ("null", b"null", "application/json", 422),
    ("a number", b"1", "application/json", 422),
    ("an unknown field", b'{"no such field": 1}', "application/json", 422),
    ("a NUL in a name", b'{"no\\u0000such": 1}', "application/json", 422),
    ("a prototype", b'{"__proto__": {}, "constructor": 1}', "application/json", 422),
    ("too long", b'{"a": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ("a form", b"quantity=2", "application/x-www-form-urlencoded", 415),
    ("plain text", b"{}", "text/plain", 415),
    ("no kind", b"{}", "", 415),
]
# For each field of a body: values of the wrong kind.
WRONG_VALUES: list[Any] = [
    None,
    "",
    "one",
    "\0",
    -1,
    0,
    1.5,
    True,
    10**30,
    -(10**30),
    1e300,
    {},
    [],
    [None],
    [[1]],
    ["1"],
    "x" * 40_000,
]


def filled(app: Flask, path: str) -> str:
    """The path with ids of things that are there, as far as they can be known without the route."""
    with app.app_context():
        hall = make_event(seats=1)
    known = {
        "event_id": hall.event_id,
        "seat_id": hall.seat_ids[0],
        "area_id": hall.area_id,
        "reference": "1-AAAAAA",
    }
    return re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1], 1)), path).removeprefix("/api")


@pytest.fixture
def everything(app: Flask) -> Caller:
    """Somebody with every scope."""
    with app.app_context():
        return Caller(app, account_with_token("root", scopes=("read", "book", "staff"), role="admin"))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_nobody_reaches_what_is_not_open(
    app: Flask, nobody: Caller, method: str, path: str, operation: dict[str, Any]
) -> None:
    answer = nobody.send(method, filled(app, path))

    if operation["operationId"] in OPEN:
        assert answer.status_code not in (401, 403) or operation["operationId"] == "login"
    else:
        assert (answer.status_code, answer.json["code"]) == (401, "credentials_needed")


@pytest.mark.parametrize("scope", ["read", "book", "staff"])
@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_a_scope_opens_its_own_routes_alone(
    app: Flask, method: str, path: str, operation: dict[str, Any], scope: str
) -> None:
    name = operation["operationId"]
    with app.app_context():
        caller = Caller(app, account_with_token("scoped", scopes=(scope,), role="admin"))

    answer = caller.send(method, filled(app, path))

    needed = next((need["token"][0] for need in operation["security"] if need.get("token")), None)
    if name in OPEN:
        assert needed is None
    else:
        assert needed == ("read" if name in READING else "staff" if path.startswith(OF_STAFF) else "book")
    is_refused = answer.status_code == 403 and answer.json["code"] == "scope_missing"
    assert is_refused is (needed not in (None, scope))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_a_customer_with_every_scope_is_no_staff(
    app: Flask, method: str, path: str, operation: dict[str, Any]
) -> None:
    if {"token": ["staff"]} not in operation["security"]:
        return
    with app.app_context():
        everything = ("read", "book", "staff")
        customer = Caller(app, account_with_token("customer", scopes=everything))
        porter = Caller(app, account_with_token("porter", scopes=everything, role="door"))

    assert customer.send(method, filled(app, path)).status_code == 403
    at_the_door = porter.send(method, filled(app, path)).status_code != 403
    assert at_the_door is (operation["operationId"] in AT_THE_DOOR)


@pytest.mark.parametrize(("what", "body", "kind", "status"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_a_hostile_body_changes_nothing(
    app: Flask, everything: Caller, what: str, body: bytes, kind: str, status: int
) -> None:
    addresses = [filled(app, path) for _, path, _ in POSTS]
    with app.app_context(), nothing_changes():
        for address in addresses:
            answer = everything.send("POST", address, data=body, content_type=kind)
            assert answer.status_code == status, (address, what, answer.text)


@pytest.mark.parametrize(("method", "path", "operation"), POSTS, ids=POST_IDS)
def test_a_wrong_value_is_named_by_its_pointer(
    app: Flask, everything: Caller, method: str, path: str, operation: dict[str, Any]
) -> None:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" not in schema:
        return
    described = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    example = operation["requestBody"]["content"]["application/json"].get("example", {})
    address = filled(app, path)
    for field in described["properties"]:
        for wrong in WRONG_VALUES:
            answer = everything.post(address, {**example, field: wrong})
            # Some are right for some fields; nothing is ever a failure of ours (`check` sees to that).
            if answer.status_code == 422 and answer.json["code"] == "invalid":
                pointers = [error["pointer"] for error in answer.json["errors"]]
                assert any(pointer.startswith("#/") for pointer in pointers), (field, wrong, pointers)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_what_an_address_does_not_take_is_refused(
    app: Flask, everything: Caller, method: str, path: str, operation: dict[str, Any]
) -> None:
    address = filled(app, path)

    unknown = everything.send(method, f"{address}?no_such_thing=1")
    nul = everything.send(method, f"{address}?limit=%00")

    assert unknown.status_code == 422
    assert "#/no_such_thing" in [error["pointer"] for error in unknown.json["errors"]]
    assert nul.status_code == 422


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_a_wrong_method_is_told_which_are_right(
    app: Flask, everything: Caller, method: str, path: str, operation: dict[str, Any]
) -> None:
    right = {name.upper() for name in description()["paths"][path]}
    for wrong in {"GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"} - right:
        answer = everything.send(wrong, filled(app, path))
        assert (answer.status_code, answer.json["code"]) == (405, "wrong_method")
        assert right <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"quantity": 1, "quantity": 2}', "quantity"),
        ('{"quantity": 1, "\\u0071uantity": 1}', "quantity"),
        ('{"choices": [{"seat_id": 1, "concession_id": 2, "seat_id": 3}]}', "seat_id"),
    ],
)
def test_a_name_that_is_there_twice_is_named(everything: Caller, body: str, name: str) -> None:
    answer = everything.send("POST", "/events/1/best-available/", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, "unreadable")
    assert answer.json["detail"].startswith(f"“{name}” is there twice in one object")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nowhere",
        "/nowhere/",
        "/events/x/",
        "/events/-1/",
        "/events/99999999999999999999/",
        "/events/1/seats/1/x",
    ],
)
def test_what_is_not_there_is_a_problem(nobody: Caller, path: str) -> None:
    answer = nobody.get(path)

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "not_found"


def test_an_address_without_its_slash_leads_to_the_right_one(nobody: Caller) -> None:
    """And brings no page along: whoever reads JSON here reads nothing else."""
    for method, path, right in (
        ("GET", "/events?limit=1", "/api/events/?limit=1"),
        ("POST", "/seats/login", "/api/seats/login/"),
    ):
        answer = nobody.send(method, path)
        assert (answer.status_code, answer.headers["Location"]) == (308, right)
        assert (answer.data, answer.headers["Content-Length"]) == (b"", "0")
        assert "Content-Type" not in answer.headers


def test_what_only_begins_with_the_same_letters_is_a_page(nobody: Caller) -> None:
    answer = nobody.client.get("/apiary")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_every_route_is_served_and_described(app: Flask) -> None:
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    described = {(method, path) for method, path, _ in OPERATIONS}

    assert served - described == {("GET", "/api/openapi.json"), ("GET", "/api/docs/")}
    assert described <= served
    assert len(OPERATIONS) == sum(len(chapter.all) for chapter in CHAPTERS)
