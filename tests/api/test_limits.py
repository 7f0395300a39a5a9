"""How often one may ask: by token and by address, told in every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.api import CHAPTERS
from seatbook.api.limits import REQUESTS_OF_ADDRESS, REQUESTS_OF_TOKEN
from seatbook.extensions import db
from tests.api.caller import Caller, account_with_token
from tests.visitor import PASSWORD

TOKEN_MAY, ADDRESS_MAY = (int(limit.partition("/")[0]) for limit in (REQUESTS_OF_TOKEN, REQUESTS_OF_ADDRESS))


@pytest.fixture
def limited_app(app: Flask) -> Iterator[Flask]:
    limited = create_app(replace(app.extensions["seatbook"], rate_limits=True, pool_size=5))
    yield limited
    with limited.app_context():
        db.engine.dispose()


def test_every_answer_tells_what_is_left(limited_app: Flask) -> None:
    nobody = Caller(limited_app)

    first, second = (nobody.get("/nowhere-else/events/") for _ in "12")
    assert "RateLimit-Limit" not in first.headers and first.status_code == second.status_code == 404
    one, two = (nobody.get("/events/") for _ in "12")

    assert one.headers["RateLimit-Limit"] == str(ADDRESS_MAY)
    assert int(one.headers["RateLimit-Remaining"]) - int(two.headers["RateLimit-Remaining"]) == 1
    assert 0 < int(one.headers["RateLimit-Reset"]) <= 60


def test_a_token_has_its_own_limit(limited_app: Flask) -> None:
    with limited_app.app_context():
        ada, ben = (Caller(limited_app, account_with_token(name)) for name in ("ada", "ben"))
    ada.get("/account/")

    answer = ada.get("/account/")

    assert answer.headers["RateLimit-Limit"] == str(TOKEN_MAY)
    assert answer.headers["RateLimit-Remaining"] == str(TOKEN_MAY - 2)
    assert ben.get("/account/").headers["RateLimit-Remaining"] == str(TOKEN_MAY - 1)


def test_all_routes_count_together(limited_app: Flask) -> None:
    with limited_app.app_context():
        ada = Caller(limited_app, account_with_token("ada"))
    nobody = Caller(limited_app)
    left = [ada.get(path).headers["RateLimit-Remaining"] for path in ("/account/", "/reservations/")]
    assert left == [str(TOKEN_MAY - 1), str(TOKEN_MAY - 2)]
    left = [nobody.get(path).headers["RateLimit-Remaining"] for path in ("/events/", "/seats/shows/")]
    assert left == [str(ADDRESS_MAY - 3), str(ADDRESS_MAY - 4)]


def test_a_limit_of_a_route_leaves_those_of_all_routes_where_they_are(limited_app: Flask) -> None:
    """Whoever guesses tokens, too, is nobody's holder and still has an address."""
    paths = [route.path for chapter in CHAPTERS for route in chapter.all if route.limits]
    assert len(paths) > 5
    for token in (None, "sbk_guess"):
        asking = Caller(limited_app, token)
        for path in paths:
            before = int(asking.get("/events/?limit=1").headers["RateLimit-Remaining"])
            address = re.sub(r"<int:\w+>", "1", path)
            assert asking.post(address, {}).status_code in (401, 422)
            after = int(asking.get("/events/?limit=1").headers["RateLimit-Remaining"])
            assert before - after == 2, path


def test_guessing_passwords_ends_soon(limited_app: Flask) -> None:
    nobody = Caller(limited_app)
    nobody.post("/seats/register/", {"username": "ada", "email": "ada@example.org", "password": PASSWORD})
    guesses = [
        nobody.post("/seats/login/", {"username": "Ada ", "password": f"guess {n}"}) for n in range(11)
    ]

    assert [guess.status_code for guess in guesses] == [401] * 10 + [429]
    assert guesses[-1].json["code"] == "too_often"
    assert int(guesses[-1].headers["Retry-After"]) >= 1
    # Neither does the right one help now, nor the page's own door.
    assert nobody.post("/seats/login/", {"username": "ada", "password": PASSWORD}).status_code == 429
