"""A client that asks again until it has an answer, over a line that drops requests and answers: one effect each."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import pytest

from seatbook.domain.accounts import create_account
from seatbook.domain.tokens import make_token
from tests.conftest import LiveServer
from tests.factories import Hall, make_area, make_event, statuses
from tests.faults.dropping_proxy import dropping_proxy
from tests.visitor import PASSWORD

# SEATBOOK_… is taken out of the environment by the tests; this one is for whoever wants more of it.
REQUESTS = int(os.environ.get("DROPPED_REQUESTS", "300"))
BUYERS = 20
AT_ONCE = 8
# A client of ours gives up after so many deliveries, which is a fault.
MOST_DELIVERIES = 40


@pytest.fixture
def hall(live_server: LiveServer) -> Hall:
    with live_server.app.app_context():
        return make_event(max_seats=1000)


def test_every_request_has_one_effect_and_one_answer(live_server: LiveServer, hall: Hall) -> None:
    with live_server.app.app_context():
        floor = make_area(hall, kind="standing", places=REQUESTS + 50)
        tokens = []
        for number in range(BUYERS):
            buyer = create_account(f"buyer {number}", email=f"buyer{number}@example.org", password=PASSWORD)
            tokens.append(make_token(buyer.id, name="Tests", scopes=["read", "book"]).secret)
    address = urlsplit(live_server.url)
    assert address.hostname
    assert address.port

    with dropping_proxy((address.hostname, address.port), drop=0.5) as proxy:

        def deliver(number: int) -> bytes | None:
            """One delivery; the answer, if one comes."""
            connection = HTTPConnection("127.0.0.1", proxy.port, timeout=30)
            try:
                connection.request(
                    "POST",
                    f"/api/events/{hall.event_id}/areas/{floor}/hold/",
                    body=json.dumps({"quantity": 1}),
                    headers={
                        "Authorization": f"Bearer {tokens[number % BUYERS]}",
                        "Content-Type": "application/json",
                        "Idempotency-Key": f"order-{number}",
                        "Connection": "close",
                    },
                )
                response = connection.getresponse()
                body = response.read()
            except (OSError, HTTPException):
                return None
            finally:
                connection.close()
            if response.status in (409, 503):
                # The first one is still being worked on, or the server has much to do.
                assert response.getheader("Retry-After")
                time.sleep(0.1)
                return None
            assert response.status == 200, body
            return body

        def ask(number: int) -> bytes:
            """Ask until an answer came; every third one until it came once more."""
            answers: list[bytes] = []
            for _ in range(MOST_DELIVERIES):
                answer = deliver(number)
                answers += [] if answer is None else [answer]
                if len(answers) == 2 or (answers and number % 3):
                    assert len(set(answers)) == 1
                    return answers[0]
            raise AssertionError(f"no answer after {MOST_DELIVERIES} deliveries")

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(ask, range(REQUESTS)))

    assert min(proxy.happened[fate] for fate in ("request lost", "answer lost", "half an answer")) > 10
    places = [json.loads(answer)["seats"][0]["id"] for answer in answers]
    assert len(set(places)) == REQUESTS
    with live_server.app.app_context():
        assert statuses(hall).count("held") == REQUESTS
