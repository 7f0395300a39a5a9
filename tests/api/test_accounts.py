from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from seatbook.domain import accounts
from seatbook.domain.tokens import MAX_LIVE_TOKENS, make_token, revoke_token
from seatbook.errors import InvalidInput
from seatbook.extensions import db
from seatbook.models import ApiToken, User
from tests.api.caller import Caller, account_with_token
from tests.factories import make_event
from tests.visitor import PASSWORD, TOKEN, Visitor

ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


def test_somebody_registers_and_acts(app: Flask, nobody: Caller) -> None:
    with app.app_context():
        hall = make_event(seats=1)

    answer = nobody.post("/seats/register/", ADA)

    assert answer.status_code == 201
    assert answer.json["user"] == {
        "id": answer.json["user"]["id"],
        "username": "ada",
        "email": "ada@example.org",
        "role": "customer",
    }
    nobody.token = answer.json["token"]
    assert nobody.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/").status_code == 200


def test_signing_in_gives_a_token(nobody: Caller) -> None:
    nobody.post("/seats/register/", ADA)

    answer = nobody.post("/seats/login/", {"username": "ADA", "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json["scopes"] == ["read", "book"]
    assert answer.json["expires_in_seconds"] == pytest.approx(30 * 24 * 3600, abs=2)
    assert (
        nobody.post("/seats/login/", {"username": "ada@example.org", "password": PASSWORD}).status_code == 200
    )
    assert (
        Caller(nobody.client.application, answer.json["token"]).get("/account/").json["user"]["username"]
        == "ada"
    )


@pytest.mark.parametrize("name", ["ada", "nobody at all"])
def test_a_wrong_password_and_a_wrong_name_are_the_same(nobody: Caller, name: str) -> None:
    nobody.post("/seats/register/", ADA)

    answer = nobody.post("/seats/login/", {"username": name, "password": "something else"})

    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"password": "short"}, 422, "invalid", "#/password"),
        ({"email": "nowhere"}, 422, "invalid", "#/email"),
        ({"username": "x"}, 422, "invalid", "#/username"),
        ({"username": "x\0yz"}, 422, "invalid", "#/username"),
        ({"email": "other@example.org"}, 409, "name_taken", None),
        ({"username": "other"}, 409, "name_taken", None),
    ],
)
def test_what_is_not_fit_is_refused(
    nobody: Caller, change: dict[str, str], status: int, code: str, pointer: str | None
) -> None:
    if code == "name_taken":
        nobody.post("/seats/register/", ADA)

    answer = nobody.post("/seats/register/", ADA | change)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert [error["pointer"] for error in answer.json.get("errors", [])] == ([pointer] if pointer else [])


def test_a_token_is_kept_as_a_hash_only(app: Flask, nobody: Caller) -> None:
    secret = nobody.post("/seats/register/", ADA).json["token"]

    with app.app_context():
        row = str(db.session.execute(text("SELECT api_token::text FROM api_token")).scalar_one())
    assert secret not in row
    assert secret.removeprefix("sbk_") not in row
    assert len(secret) > 43


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "bearer sbk_wrong",
        "Basic YTpi",
        "sbk_wrong",
        "Bearer \xe9",
        "Bearer a b",
    ],
)
def test_a_token_that_is_none_is_refused_everywhere(nobody: Caller, header: str) -> None:
    for path in ("/events/", "/reservations/"):
        answer = nobody.get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.json["code"]) == (401, "credentials_refused")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_when_it_is_revoked(app: Flask, ada: Caller, ben: Caller) -> None:
    [own] = ada.get("/account/tokens/").json["tokens"]
    assert (own["expires_at"] is None) is (own["expires_in_seconds"] is None)
    assert ben.post(f"/account/tokens/{own['id']}/revoke/").status_code == 404
    assert ada.get("/account/").status_code == 200

    assert ada.post(f"/account/tokens/{own['id']}/revoke/").status_code == 200

    assert ada.get("/account/").status_code == 401


def test_a_new_password_ends_every_token(app: Flask, ada: Caller) -> None:
    with app.app_context():
        accounts.set_password("ada", new_password="another tram piano")

    assert ada.get("/account/").json["code"] == "credentials_refused"


def test_a_token_ends_at_its_time(app: Flask, ada: Caller) -> None:
    with app.app_context():
        db.session.execute(update(ApiToken).values(expires_at=func.clock_timestamp()))
        db.session.commit()

    assert ada.get("/account/").status_code == 401


def test_the_last_use_is_noted(app: Flask, ada: Caller) -> None:
    ada.get("/events/")

    [own] = ada.get("/account/tokens/").json["tokens"]
    assert own["last_used_at"] is not None


def test_a_token_does_no_more_than_its_scopes(app: Flask) -> None:
    with app.app_context():
        hall = make_event(seats=1)
        reader = Caller(app, account_with_token("reader", scopes=("read",)))
        buyer = Caller(app, account_with_token("buyer", scopes=("book",)))
    path = f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/"

    assert reader.get("/reservations/").status_code == 200
    refused = reader.post(path)
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    assert buyer.post(path).status_code == 200
    assert buyer.get("/reservations/").status_code == 403


def test_many_sign_ins_push_out_the_oldest_and_never_a_token_that_somebody_made(app: Flask) -> None:
    with app.app_context():
        user_id = accounts.create_account("ada", email="ada@example.org", password=PASSWORD).id
        kept = make_token(user_id, name="Till", scopes=["book"])
        first = make_token(
            user_id, name="Signed in", scopes=["read"], origin="login", lifetime=timedelta(days=1)
        )
        for _ in range(MAX_LIVE_TOKENS - 1):
            make_token(user_id, name="Signed in", scopes=["read"], origin="login", lifetime=timedelta(days=1))
        gone = set(db.session.scalars(select(ApiToken.id).where(ApiToken.revoked_at.is_not(None))))
        assert gone == {first.id}

        db.session.execute(update(ApiToken).values(origin="page"))
        db.session.commit()
        with pytest.raises(InvalidInput, match="You have 50 tokens"):
            make_token(user_id, name="One more", scopes=["read"])
        revoke_token(user_id, token_id=kept.id)
        make_token(user_id, name="One more", scopes=["read"])
        assert db.session.scalar(select(func.count()).select_from(User)) == 1


# --- a browser's session ---


def csrf_of(visitor: Visitor, path: str) -> str:

    found = TOKEN.search(visitor.open(path).text)
    assert found is not None
    return found[1]


def test_a_browser_uses_its_session_with_its_csrf_token(app: Flask) -> None:
    with app.app_context():
        hall = make_event(seats=2)
    visitor = Visitor(app)
    visitor.register("alice")
    token = csrf_of(visitor, f"/events/{hall.event_id}")
    path = f"/api/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/"

    without = visitor.client.post(path)
    wrong = visitor.client.post(path, headers={"X-CSRFToken": "made up"})
    right = visitor.client.post(path, headers={"X-CSRFToken": token})

    assert [answer.status_code for answer in (without, wrong, right)] == [403, 403, 200]
    assert without.json["code"] == "csrf_token_missing"  # type: ignore[index]
    assert visitor.client.get("/api/reservations/").json["reservations"][0]["seats"] == ["A1"]  # type: ignore[index]


def test_a_browser_without_an_account_may_hold_and_not_buy(app: Flask) -> None:
    with app.app_context():
        hall = make_event(seats=1)
    visitor = Visitor(app)
    token = csrf_of(visitor, f"/events/{hall.event_id}")
    path, headers = f"/api/events/{hall.event_id}", {"X-CSRFToken": token}

    held = visitor.client.post(f"{path}/seats/{hall.seat_ids[0]}/lock/", headers=headers)
    bought = visitor.client.post(f"{path}/reserve/", json={"seat_ids": list(hall.seat_ids)}, headers=headers)

    assert held.status_code == 200
    assert (bought.status_code, bought.json["code"]) == (401, "credentials_needed")  # type: ignore[index]


def test_the_scope_staff_is_for_staff(app: Flask) -> None:
    with app.app_context():
        account_with_token("cora")
        account_with_token("porter", role="door")
    wanted = {"password": PASSWORD, "scopes": ["read", "staff"]}

    refused = Caller(app).post("/seats/login/", wanted | {"username": "cora"})
    wrong = Caller(app).post("/seats/login/", wanted | {"username": "cora", "password": "not hers at all"})
    given = Caller(app).post("/seats/login/", wanted | {"username": "porter"})

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "#/scopes")
    assert "staff" in refused.json["detail"]
    # Whoever does not know the password hears nothing of the account.
    assert wrong.status_code == 401
    assert given.json["scopes"] == ["read", "staff"]
