"""`Idempotency-Key` on the routes: one effect, and the first answer again."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.extensions import db
from tests.api.caller import Caller, operations
from tests.factories import Hall, make_area, make_event, statuses
from tests.visitor import PASSWORD

KEY = {"Idempotency-Key": "6f1c1e0a-8d0b-4c9a-9f8e-000000000001"}


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        return make_event(seats=8)


def test_a_hold_by_number_sent_twice_is_one(app: Flask, hall: Hall, ada: Caller) -> None:
    with app.app_context():
        area_id = make_area(hall, kind="standing", places=5)
    path = f"/events/{hall.event_id}/areas/{area_id}/hold/"

    first = ada.post(path, {"quantity": 2}, headers=KEY)
    again = ada.post(path, {"quantity": 2}, headers=KEY)
    anew = ada.post(path, {"quantity": 1})

    assert again.data == first.data
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert anew.status_code == 200
    with app.app_context():
        assert statuses(hall).count("held") == 3


def test_another_content_under_a_key_is_refused(hall: Hall, ada: Caller) -> None:
    path = f"/events/{hall.event_id}/best-available/"
    ada.post(path, {"quantity": 2}, headers=KEY)

    answer = ada.post(path, {"quantity": 3}, headers=KEY)

    assert (answer.status_code, answer.json["code"]) == (422, "key_reused")


def test_a_key_is_everybodys_own(hall: Hall, ada: Caller, ben: Caller) -> None:
    path = f"/events/{hall.event_id}/best-available/"
    first = ada.post(path, {"quantity": 2}, headers=KEY).json["seats"]
    other = ben.post(path, {"quantity": 2}, headers=KEY).json["seats"]

    assert {seat["id"] for seat in first}.isdisjoint(seat["id"] for seat in other)


def test_what_was_not_right_may_be_sent_again_rightly(hall: Hall, ada: Caller) -> None:
    path = f"/events/{hall.event_id}/best-available/"

    assert ada.post(path, {"quantity": "two"}, headers=KEY).status_code == 422
    assert ada.post(path, {"quantity": 2}, headers=KEY).status_code == 200


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "é"])
def test_what_is_no_key_is_refused(hall: Hall, ada: Caller, key: str) -> None:
    answer = ada.post(
        f"/events/{hall.event_id}/best-available/", {"quantity": 2}, headers={"Idempotency-Key": key}
    )

    assert answer.status_code == 422
    assert answer.json["errors"][0]["in"] == "header"


def test_a_token_stands_nowhere_although_its_answer_is_given_again(app: Flask, nobody: Caller) -> None:
    ada = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}

    first = nobody.post("/seats/register/", ada, headers=KEY)
    again = nobody.post("/seats/register/", ada, headers=KEY)
    signed_in = nobody.post("/seats/login/", {"username": "ada", "password": PASSWORD}, headers=KEY)
    key = {"Idempotency-Key": "another"}
    login = [
        nobody.post("/seats/login/", {"username": "ada", "password": PASSWORD}, headers=key) for _ in "12"
    ]

    assert (again.status_code, again.json) == (201, first.json)
    assert (signed_in.status_code, signed_in.json["code"]) == (422, "key_reused")
    assert login[0].json["token"] == login[1].json["token"] != first.json["token"]
    with app.app_context():
        kept = str(db.session.execute(text("SELECT array_agg(a::text) FROM asked_act a")).scalar_one())
        kept += str(
            db.session.execute(
                text("SELECT array_agg(convert_from(body, 'UTF8') || a::text) FROM asked_answer a")
            ).scalar_one()
        )
    for secret in (first.json["token"], login[0].json["token"], PASSWORD, "argon2"):
        assert secret not in kept


def test_every_post_takes_a_key() -> None:
    for method, path, operation in operations():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("Idempotency-Key" in names) is (method == "POST"), path
