"""PostgreSQL hangs: everybody has an answer in time, and afterwards all goes on by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Semaphore
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from flask import Flask
from psycopg2 import extensions
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from seatbook import create_app, patience
from seatbook.domain import once
from seatbook.domain.accounts import create_account
from seatbook.domain.inventory import HoldResult, hold_seats
from seatbook.domain.tokens import make_token
from seatbook.domain.transaction import QUERY_CANCELED
from seatbook.embedded.postgres_server import PostgresServer
from seatbook.extensions import db
from tests.conftest import make_config, run_gunicorn
from tests.factories import Hall, make_area, make_event, make_holder, statuses
from tests.faults.freezing import frozen
from tests.invariants import assert_books_are_right
from tests.live.wire_window import WireWindow
from tests.visitor import PASSWORD

# Without an end of waiting nobody has an answer at all, however long this is.
ANSWERED_WITHIN_SECONDS = 60
# More than would be answered within that, if one came to wait after the other.
VISITORS = 120
BUYERS = 6
ORDERS = 60


class Answer(NamedTuple):
    status: int
    retry_after: str | None
    replayed: str | None
    body: bytes


class Site(NamedTuple):
    """A box office of one web process, and somebody who buys by its API."""

    address: str
    hall: Hall
    floor: int
    token: str

    def ask(self, method: str, path: str, *, body: object = None, **headers: str) -> Answer:
        """The answer; a TimeoutError when there is none."""
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=ANSWERED_WITHIN_SECONDS)
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            given = response.headers
            return Answer(
                response.status, given["Retry-After"], given["Idempotency-Replayed"], response.read()
            )
        finally:
            connection.close()

    def visit(self, path: str = "") -> Answer:
        return self.ask("GET", f"/events/{self.hall.event_id}{path}")

    def read(self) -> Answer:
        return self.ask("GET", f"/api/events/{self.hall.event_id}/", Authorization=f"Bearer {self.token}")

    def order(self, key: str) -> Answer:
        return self.ask(
            "POST",
            f"/api/events/{self.hall.event_id}/areas/{self.floor}/hold/",
            body={"quantity": 1},
            **{
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )

    def order_until_done(self, key: str) -> Answer:
        give_up_at = time.monotonic() + 2 * ANSWERED_WITHIN_SECONDS
        while (answer := self.order(key)).status != 200:
            # A first one that nobody knows the outcome of may be "being worked on" for a while.
            assert answer.status in (409, 503), answer
            assert time.monotonic() < give_up_at
            time.sleep(0.2)
        return answer


@pytest.fixture
def books(fresh_database: str, redis_url: str) -> Iterator[Flask]:
    """The test's own look into the database."""
    app = create_app(make_config(fresh_database, redis_url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def hall(books: Flask) -> Hall:
    return make_event(seats=3, max_seats=1_000)


@pytest.fixture
def site(
    request: pytest.FixtureRequest, books: Flask, hall: Hall, fresh_database: str, redis_url: str
) -> Iterator[Site]:
    floor = make_area(hall, kind="standing", places=2 * ORDERS)
    buyer = create_account("ann", email="ann@example.org", password=PASSWORD)
    token = make_token(buyer.id, name="Tests", scopes=["read", "book"]).secret
    assert token
    db.session.remove()
    with run_gunicorn(
        fresh_database,
        redis_url,
        WEB_CONCURRENCY="1",
        POOL_SIZE="4",
        GUNICORN_CMD_ARGS=f"--worker-class {getattr(request, 'param', 'gevent')} --threads 4",
    ) as address:
        yield Site(address, hall, floor, token)


def web_processes() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True) if "gunicorn" in child.cmdline()}


def assert_told_to_come_back(answers: list[Answer]) -> None:
    assert {(answer.status, answer.retry_after) for answer in answers} == {(503, "5")}


@pytest.mark.parametrize("site", ["gthread"], indirect=True)
def test_everybody_is_told_to_come_back_and_is_served_as_soon_as_it_goes_on(
    site: Site, postgres_server: PostgresServer
) -> None:
    processes = web_processes()
    assert (site.visit().status, site.read().status) == (200, 200)

    with frozen(postgres_server), ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(site.visit), pool.submit(site.read), pool.submit(site.order, "a-key")]
        page, problem, refusal = [answer.result() for answer in answers]
    assert_told_to_come_back([page, problem, refusal])
    assert b"We cannot reach our books at the moment." in page.body
    assert json.loads(problem.body)["code"] == json.loads(refusal.body)["code"] == "database_away"

    first = site.order_until_done("a-key")
    again = site.order("a-key")
    assert (again.replayed, again.body) == ("true", first.body)
    assert (site.visit().status, site.read().status) == (200, 200)
    assert statuses(site.hall).count("held") == 1
    assert web_processes() == processes
    assert_books_are_right()


def test_a_crowd_does_not_wait_in_turns_and_open_pages_go_on(
    site: Site, postgres_server: PostgresServer
) -> None:
    processes = web_processes()
    window = WireWindow(site.address, site.hall)
    window.ear.wait_for("beat")

    with frozen(postgres_server), ThreadPoolExecutor(VISITORS) as pool:
        asked = [pool.submit(site.visit if number % 2 else site.read) for number in range(VISITORS)]
        answers = [answer.result() for answer in asked]
        assert_told_to_come_back(answers)
        assert b"We cannot reach our books at the moment." in answers[1].body
        # Its files are no affair of the database's.
        assert site.ask("GET", "/static/css/base.css").status == 200

    site.order_until_done("a-key")
    seat = hold_seats(site.hall.event_id, seat_ids=site.hall.seat_ids[:1], holder=make_holder()).seat_ids[0]
    window.ear.wait_for("message", with_text=f"seat-{seat}")
    window.cut()
    assert web_processes() == processes


def test_orders_that_were_on_their_way_have_one_effect_each(
    site: Site, postgres_server: PostgresServer
) -> None:
    """It hangs in the middle of what several buyers do, who ask again with their keys."""
    done, refused = Semaphore(0), Semaphore(0)

    def buy(number: int) -> bytes:
        key = f"order-{number}"
        first = site.order(key)
        if first.status != 200:
            refused.release()
            first = site.order_until_done(key)
        done.release()
        return first.body

    with ThreadPoolExecutor(BUYERS) as pool:
        orders = [pool.submit(buy, number) for number in range(ORDERS)]
        for _ in range(ORDERS // 4):
            assert done.acquire(timeout=ANSWERED_WITHIN_SECONDS)
        with frozen(postgres_server):
            for _ in range(BUYERS):
                assert refused.acquire(timeout=ANSWERED_WITHIN_SECONDS)
        answers = [order.result() for order in orders]

    places = {json.loads(answer)["seats"][0]["id"] for answer in answers}
    assert len(places) == statuses(site.hall).count("held") == ORDERS
    assert_books_are_right()


@pytest.fixture
def web_manners() -> Iterator[None]:
    """This process ends its waits as web processes do."""
    patience.end_waits()
    yield
    extensions.set_wait_callback(None)


@pytest.mark.usefixtures("books", "web_manners")
def test_a_commit_without_an_answer_is_done_once_when_it_is_asked_for_again(
    hall: Hall, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing here takes a server long, so that it need not be waited for for long either.
    monkeypatch.setattr(patience, "ANSWER_TIMEOUT_SECONDS", 2)
    ann = make_holder()

    def hold() -> HoldResult:
        with once.asked(asker="ann", key="a-key", fingerprint="3"):
            return hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)

    with ExitStack() as meanwhile:
        event.listen(
            db.session,
            "before_commit",
            lambda _session: meanwhile.enter_context(frozen(postgres_server)),
            once=True,
        )
        with pytest.raises(OperationalError, match="no word from the server"):
            hold()

    assert hold().seat_ids == hall.seat_ids[:2]
    assert statuses(hall) == ["held", "held", "available"]
    assert db.session.scalar(text("SELECT count(*) FROM asked_act")) == 1
    assert db.session.scalar(text("SELECT count(*) FROM seat_change")) == 2
    assert_books_are_right()


@pytest.mark.usefixtures("books", "web_manners")
def test_a_server_that_works_ends_a_statement_that_takes_too_long_by_itself() -> None:
    with pytest.raises(OperationalError) as refusal:
        db.session.execute(text("SELECT pg_sleep(60)"))
    assert refusal.value.orig.pgcode == QUERY_CANCELED  # type: ignore[union-attr]
