from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask, abort
from sqlalchemy import text

from seatbook import create_app, errors
from seatbook.extensions import db
from seatbook.web.errors import STATUS_OF_CODE
from tests.visitor import Browser, Visitor

HTMX = {"HX-Request": "true"}


@pytest.fixture
def failing_app(app: Flask) -> Iterator[Flask]:
    """seatbook as it runs for customers, with pages that fail in every way."""
    failing = create_app(replace(app.extensions["seatbook"], pool_size=1))

    @failing.get("/fail/<kind>")
    def fail(kind: str) -> str:
        match kind:
            case "taken":
                raise errors.SeatsTaken(seat_ids=[5], labels=["A5"])
            case "busy":
                raise errors.Busy()
            case "bug":
                raise KeyError("a secret of ours")
            case "unknown-refusal":
                raise type("NewRefusal", (errors.SeatbookError,), {"code": "brand_new"})()
            case "too-large":
                db.session.execute(text("SELECT 99999999999999999999::bigint"))
            case "other-constraint":
                db.session.execute(text("INSERT INTO holder DEFAULT VALUES"))
            case "pool":
                pool = db.engine.pool
                pool._timeout = 0.05  # type: ignore[attr-defined]
                with ExitStack() as everybody_else:
                    for _ in range(pool.size()):  # type: ignore[attr-defined]
                        everybody_else.enter_context(db.engine.connect())
                    db.session.execute(text("SELECT 1"))
            case _:
                abort(int(kind))
        return ""

    yield failing
    with failing.app_context():
        db.engine.dispose()


@pytest.fixture
def client(failing_app: Flask) -> Browser:
    return Browser(failing_app, failing_app.response_class)


def test_every_refusal_has_a_status() -> None:
    codes = {
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.SeatbookError)
    }

    # The configuration is refused before there is a page, and the base class is never raised.
    assert codes - {"configuration", "error"} == set(STATUS_OF_CODE)


def test_a_refusal_is_a_page_with_its_sentence_and_status(client: Browser) -> None:
    answer = client.get("/fail/taken", headers={"Referer": "http://localhost/events/3"})

    assert answer.status_code == 409
    assert "A5 was just taken by somebody else. Please pick another one." in answer.text
    assert 'href="/events/3"' in answer.text
    assert answer.text.count("A5 was just taken") == 1


def test_the_way_back_leads_to_our_own_pages_only(client: Browser) -> None:
    answer = client.get("/fail/taken", headers={"Referer": "http://evil.example/events/3"})

    assert "evil" not in answer.text
    assert "Back to the page before" not in answer.text


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/"])
def test_the_way_back_is_no_address_that_only_begins_like_ours(client: Browser, path: str) -> None:
    answer = client.get("/fail/taken", headers={"Referer": f"http://localhost{path}"})

    assert answer.status_code == 409
    assert "evil" not in answer.text


def test_htmx_gets_the_sentence_into_the_message_and_nothing_else(client: Browser) -> None:
    answer = client.get("/fail/taken", headers=HTMX)

    assert answer.status_code == 409
    assert set(re.findall(r'hx-target="#(\w+)"', answer.text)) == {"said", "refused", "choices"}
    assert re.search(r'hx-target="#refused"[^>]*><p>A5 was just taken', answer.text)
    assert "<main" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "There is nothing here"),
        ("/fail/403", 403, "You are not allowed"),
        ("/fail/418", 418, "The request was not complete."),
        ("/fail/502", 502, "Something broke on our side"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_http_refuses_is_told_in_words(
    client: Browser, path: str, status: int, words: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)

    assert answer.status_code == status
    assert headers or words in answer.text
    assert len(answer.text) < 10_000


def test_a_wrong_method_says_which_are_right(client: Browser) -> None:
    answer = client.get("/sign-out")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "That does not work here" in answer.text


def test_busy_says_when_to_try_again(client: Browser) -> None:
    answer = client.get("/fail/busy")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Please try again in a moment." in answer.text


@pytest.mark.parametrize("kind", ["bug", "unknown-refusal", "other-constraint"])
def test_our_own_mistake_shows_no_traceback_and_can_be_found_in_the_log(
    client: Browser, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    answer = client.get(f"/fail/{kind}")

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    for word in ("Traceback", "secret of ours", "KeyError", "holder", "brand_new"):
        assert word not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_a_value_that_got_as_far_as_the_database_is_the_visitors_to_check(client: Browser) -> None:
    answer = client.get("/fail/too-large")

    assert answer.status_code == 422
    assert client.get("/sign-in").status_code == 200


def test_no_free_connection_is_a_sentence_and_not_a_failure(client: Browser) -> None:
    answer = client.get("/fail/pool")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_with_the_database_away_every_page_says_so(app: Flask, headers: dict[str, str]) -> None:
    visitor = Visitor(app)
    visitor.register("alice")
    cut_off = create_app(
        replace(app.extensions["seatbook"], database_url="postgresql+psycopg2://nobody@127.0.0.1:1/none")
    )
    same_browser = Visitor(cut_off)
    same_browser.cookie = visitor.cookie

    for path in ("/account", "/", "/events/1"):
        answer = same_browser.open(path, headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), path
        assert "We cannot reach our books at the moment." in answer.text
        assert "127.0.0.1" not in answer.text

    # Nobody was signed out by it.
    assert visitor.is_signed_in
    back = Visitor(app)
    back.cookie = same_browser.cookie
    assert back.is_signed_in


def test_a_browser_of_a_database_that_was_set_up_anew_begins_again(app: Flask) -> None:
    from tests.factories import make_event

    visitor = Visitor(app)
    with app.app_context():
        hall = make_event(seats=1)
    visitor.open(f"/events/{hall.event_id}")
    with visitor.client.session_transaction() as session:
        session["holder"] = 987_654_321

    first = visitor.pick(hall.event_id, hall.seat_ids[0])
    second = visitor.pick(hall.event_id, hall.seat_ids[0])

    assert first.status_code == 409
    assert "set up anew" in first.text
    assert second.status_code == 303
