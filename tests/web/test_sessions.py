from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import event, select

from seatbook.domain.holders import HolderRef
from seatbook.extensions import db
from seatbook.models import Holder, Reservation
from seatbook.web import sessions
from seatbook.web.holder import current_holder, ensure_holder
from seatbook.web.sessions import safe_next
from tests.factories import make_event, seat_row
from tests.visitor import TOKEN, Visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def pick(visitor: Visitor, event_id: int, seat_id: int) -> int:
    """Hold a seat in this browser; its holder's id."""
    assert visitor.pick(event_id, seat_id).status_code == 303
    with visitor.client.session_transaction() as session:
        return int(session.get("user_holder") or session["holder"])


def test_what_was_picked_by_a_click_whose_answer_was_lost_is_still_the_visitors(
    app_context: AppContext, visitor: Visitor
) -> None:
    hall = make_event(seats=2)
    visitor.open(f"/events/{hall.event_id}")
    before = visitor.cookie
    visitor.pick(hall.event_id, hall.seat_ids[0])
    visitor.cookie = before

    assert f"id=seat-{hall.seat_ids[0]} name=release" in visitor.open(f"/events/{hall.event_id}").text

    visitor.cookie = before
    visitor.register("alice")
    assert f"id=seat-{hall.seat_ids[0]} name=release" in visitor.open(f"/events/{hall.event_id}").text


def test_signing_in_leaves_nothing_of_the_old_session_but_the_seats(
    app: Flask, app_context: AppContext, visitor: Visitor
) -> None:
    hall = make_event(seats=2)
    Visitor(app).register("alice")
    holder_id = pick(visitor, hall.event_id, hall.seat_ids[0])
    with visitor.client.session_transaction() as session:
        session["planted"] = "by somebody else"
        old_secret = session.get("csrf_token")
    visitor.sign_in("alice")

    with visitor.client.session_transaction() as session:
        kept = dict(session)
    assert "planted" not in kept
    assert old_secret
    assert kept.get("csrf_token") != old_secret
    assert set(kept) <= {"_permanent", "_user_id", "_fresh", "_id", "_flashes", "user_holder", "signed_in_at"}
    assert kept["user_holder"] != holder_id
    row = seat_row(hall, hall.seat_ids[0])
    owner = db.session.scalar(select(Reservation.holder_id).where(Reservation.id == row.reservation_id))
    assert row.status == "held"
    assert owner == kept["user_holder"]


def test_a_cookie_that_somebody_planted_gives_them_nothing(app: Flask, visitor: Visitor) -> None:
    """Session fixation: the thief knows the cookie that the victim had before signing in."""
    Visitor(app).register("alice")
    thief = Visitor(app)
    thief.open("/sign-in")
    visitor.cookie = planted = thief.cookie
    assert planted

    visitor.sign_in("alice")

    assert visitor.is_signed_in
    assert not thief.is_signed_in
    assert visitor.cookie != planted


def test_a_token_from_before_signing_in_is_worth_nothing_after_it(app: Flask, visitor: Visitor) -> None:
    Visitor(app).register("alice")
    old = TOKEN.search(visitor.open("/sign-in").text)
    assert old is not None
    visitor.sign_in("alice")

    answer = visitor.client.post("/sign-out", data={"csrf_token": old[1]})

    assert answer.status_code == 400
    assert visitor.is_signed_in


def test_seats_join_the_basket_that_the_user_has_elsewhere(
    app: Flask, app_context: AppContext, visitor: Visitor
) -> None:
    hall = make_event(seats=3)
    phone = Visitor(app)
    phone.register("alice")
    user_holder = pick(phone, hall.event_id, hall.seat_ids[0])
    pick(visitor, hall.event_id, hall.seat_ids[1])

    visitor.sign_in("alice")

    reservations = {seat_row(hall, seat_id).reservation_id for seat_id in hall.seat_ids[:2]}
    assert len(reservations) == 1
    assert (
        db.session.scalars(select(Reservation.holder_id).where(Reservation.id.in_(reservations))).one()
        == user_holder
    )


def test_seats_beyond_what_one_person_may_have_go_back_and_that_is_told(
    app: Flask, app_context: AppContext, visitor: Visitor
) -> None:
    hall = make_event(seats=3, max_seats=1)
    phone = Visitor(app)
    phone.register("alice")
    pick(phone, hall.event_id, hall.seat_ids[0])
    pick(visitor, hall.event_id, hall.seat_ids[1])

    visitor.sign_in("alice")

    assert seat_row(hall, hall.seat_ids[1]).status == "available"
    assert "one too many" in visitor.open("/account").text


def test_a_session_lasts_for_a_bounded_time(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.register("alice")
    with visitor.client.session_transaction() as session:
        session["signed_in_at"] -= sessions.MAX_SIGNED_IN_SECONDS - 60
    assert visitor.is_signed_in
    with visitor.client.session_transaction() as session:
        session["signed_in_at"] -= 120
    assert not visitor.is_signed_in


def test_a_cookie_ends_two_weeks_after_it_was_written(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.register("alice")
    # Shows the welcome, and so writes the cookie for the last time.
    visitor.open("/account")
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 14 * 86_400 - 60)
    assert visitor.is_signed_in
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 14 * 86_400 + 60)
    assert not visitor.is_signed_in


@pytest.mark.parametrize("user", ["1", "x.1", "1.x", "99999999999999999999.1", "-1.1", "1.2.3", "١.١"])
def test_a_session_that_names_nobody_is_nobodys(visitor: Visitor, user: str) -> None:
    with visitor.client.session_transaction() as session:
        session.update({"_user_id": user, "signed_in_at": int(time.time()), "user_holder": 1})

    assert not visitor.is_signed_in


def test_a_cookie_that_was_changed_is_no_cookie(visitor: Visitor) -> None:
    visitor.register("alice")
    visitor.cookie = visitor.cookie[:-3] + ("abc" if not visitor.cookie.endswith("abc") else "abd")

    assert not visitor.is_signed_in


def test_one_query_finds_out_who_is_signed_in_and_holds(visitor: Visitor, app: Flask) -> None:
    visitor.register("alice")
    statements: list[str] = []

    with app.test_request_context(headers={"Cookie": f"seatbook={visitor.cookie}"}):
        event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        holder = current_holder()
        db.session.commit()
        again = current_holder()

    assert holder == again
    assert isinstance(holder, HolderRef)
    assert holder.user_id is not None
    assert len(statements) == 1


def test_an_anonymous_browser_costs_no_query_and_becomes_a_holder_once(
    app: Flask, app_context: AppContext, visitor: Visitor
) -> None:
    with app.test_request_context():
        assert current_holder() is None
        first = ensure_holder()
        assert ensure_holder() == current_holder() == first
        assert first.user_id is None

    assert db.session.scalars(select(Holder.id)).all() == [first.holder_id]


@pytest.mark.parametrize(
    "target",
    [
        "/account",
        "/events/3?seat=4&x=y",
        "/reservations/7-K2M9QX",
        "/shows/%20",
    ],
)
def test_a_path_of_this_site_is_gone_on_to(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "account",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " /account",
        "/\x7f/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
    ],
)
def test_no_other_place_is_gone_on_to(app: Flask, visitor: Visitor, target: str | None) -> None:
    with app.test_request_context():
        assert safe_next(target) == "/"
    answer = visitor.register("alice", **({"next": target} if target is not None else {}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
