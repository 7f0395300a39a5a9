from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from seatbook.domain.accounts import set_role
from tests.api.caller import Caller
from tests.visitor import TOKEN, Visitor

SECRET = re.compile(r">(sbk_[\w-]+)<")


@pytest.fixture
def anna(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register("anna")
    return visitor


def make(visitor: Visitor, **fields: Any) -> str:
    """Make a token as the page's form does; the answer's text."""
    form: dict[str, Any] = {"name": "Till", "scope": ["read", "book"], "days": "30", **fields}
    return visitor.send("/account/tokens", **form).text


def test_a_token_is_shown_once(app: Flask, anna: Visitor) -> None:
    made = SECRET.search(make(anna))
    assert made is not None

    assert Caller(app, made[1]).get("/account/").json["user"]["username"] == "anna"
    page = anna.open("/account/tokens")
    assert not SECRET.search(page.text)
    assert "Till" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_pressing_twice_makes_one_and_shows_it_once(anna: Visitor) -> None:
    page = anna.open("/account/tokens").text
    form = {
        "csrf_token": TOKEN.search(page)[1],  # type: ignore[index]
        "once": re.search(r'name="once" value="([^"]+)"', page)[1],  # type: ignore[index]
        "name": "Till",
        "scope": "read",
    }

    first = anna.client.post("/account/tokens", data=form).text
    again = anna.client.post("/account/tokens", data=form).text

    assert SECRET.search(first)
    assert not SECRET.search(again)
    assert "cannot be shown again" in again
    assert anna.open("/account/tokens").text.count("/revoke") == 1


def test_a_revoked_token_does_nothing(app: Flask, anna: Visitor) -> None:
    made = SECRET.search(make(anna))
    assert made is not None
    path = re.search(r'action="(/account/tokens/\d+/revoke)"', anna.open("/account/tokens").text)
    assert path is not None

    other = Visitor(app)
    other.register("ben")
    assert other.send(path[1], page="/account/tokens").status_code == 404
    assert Caller(app, made[1]).get("/account/").status_code == 200
    assert anna.send(path[1], page="/account/tokens").status_code == 303

    assert Caller(app, made[1]).get("/account/").status_code == 401
    assert "You have none." in anna.open("/account/tokens").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Please give the token a name"),
        ({"scope": []}, "Please choose what the token may do."),
        ({"scope": ["staff"]}, "Please choose what the token may do."),
        ({"scope": ["everything"]}, "Please choose what the token may do."),
        ({"days": "99999"}, "Please choose what the token may do."),
    ],
)
def test_what_is_not_fit_is_told_at_its_field(anna: Visitor, fields: dict[str, Any], sentence: str) -> None:
    assert sentence in make(anna, **fields)
    assert "You have none." in anna.open("/account/tokens").text


def test_staff_may_give_their_role_to_a_program(app: Flask, anna: Visitor) -> None:
    assert "Work at the box office" not in anna.open("/account/tokens").text
    with app.app_context():
        set_role("anna", role="box_office")

    assert SECRET.search(make(anna, scope=["staff"]))


def test_nobody_sees_tokens_without_signing_in(app: Flask) -> None:
    assert Visitor(app).open("/account/tokens").status_code == 303
