"""An event followed live by a program that knows nothing but the description."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext

from seatbook import create_app
from seatbook.api import following
from seatbook.domain.inventory import hold_quantity, hold_seats, release_hold
from seatbook.live import Live
from seatbook.live.drawing import Drawing, Sitting
from tests.api.caller import Caller, account_with_token, description
from tests.api.test_every_route import OPEN
from tests.conftest import make_config
from tests.factories import Hall, make_area, make_event, make_holder
from tests.live.conftest import live_app as live_app
from tests.live.ear import Ear
from tests.live.model_page import Message


@pytest.fixture
def hall(app_context: AppContext) -> Hall:
    return make_event(seats=4)


@pytest.fixture
def nobody(live_app: Flask) -> Caller:
    return Caller(live_app)


@pytest.fixture
def ada(live_app: Flask, app_context: AppContext) -> Caller:
    return Caller(live_app, account_with_token("ada"))


def listen(caller: Caller, hall: Hall, *, since: str = "", **headers: str) -> Ear:
    """Follow the event from `since` or from now on. The first beat has been heard: from here on all is told."""
    address = f"/events/{hall.event_id}/stream/" + (f"?since={since}" if since else "")
    answer = caller.get(address, headers=headers, buffered=False)
    assert answer.status_code == 200
    return Ear(answer.response)


def seats_of(message: Message) -> dict[int, dict[str, Any]]:
    return {seat["id"]: seat for seat in json.loads(message.data)["seats"]}


def test_a_change_comes_by_itself_as_changes_would_tell_it(nobody: Caller, hall: Hall) -> None:
    cursor = nobody.get(f"/events/{hall.event_id}/seats/").json["cursor"]
    ear = listen(nobody, hall, since=cursor)
    ear.wait_for("beat")

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())
    heard = ear.wait_for("message")

    told = json.loads(heard.data)
    asked = nobody.get(f"/events/{hall.event_id}/changes/?since={cursor}").json
    assert told["seats"] == asked["seats"]
    assert [seat["status"] for seat in told["seats"]] == ["locked", "locked"]
    assert set(told) == set(asked)
    assert told["cursor"] == heard.id
    # One goes on from what the other said.
    assert nobody.get(f"/events/{hall.event_id}/changes/?since={heard.id}").json["seats"] == []


def test_places_that_are_alike_are_told_one_by_one(nobody: Caller, hall: Hall) -> None:
    area_id = make_area(hall, kind="standing", places=3)
    ear = listen(nobody, hall)
    ear.wait_for("beat")

    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=make_holder())

    seats = seats_of(ear.wait_for("message"))
    assert [(seat["area_id"], seat["status"]) for seat in seats.values()] == [(area_id, "locked")] * 2


def test_whoever_comes_back_misses_nothing(nobody: Caller, hall: Hall) -> None:
    ear = listen(nobody, hall)
    ear.wait_for("beat")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    heard = ear.wait_for("message")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=make_holder())

    again = listen(nobody, hall, since="3.0.0", **{"Last-Event-ID": str(heard.id)})

    assert set(seats_of(again.wait_for("message"))) == {hall.seat_ids[1]}


def test_what_is_mine_is_told_as_mine_to_me_alone(ada: Caller, nobody: Caller, hall: Hall) -> None:
    """Also to an account that had never held anything when it began to listen."""
    own, others = listen(ada, hall), listen(nobody, hall)
    own.wait_for("beat")
    others.wait_for("beat")

    held = ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/").json

    mine = seats_of(own.wait_for("message"))[hall.seat_ids[0]]
    theirs = seats_of(others.wait_for("message"))[hall.seat_ids[0]]
    assert (mine["is_mine"], mine["locked_until"]) == (True, held["expires_at"])
    assert (theirs["is_mine"], theirs["locked_until"]) == (False, None)
    own.wait_for("own")


def test_pages_and_programs_share_one_look_and_pages_pay_nothing(
    live_app: Flask, nobody: Caller, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def noted(sitting: Sitting) -> Drawing:
        drawn.append(sitting.language)
        return following.draw(sitting)

    live: Live = live_app.extensions["seatbook_live"]
    live.speak(following.JSON, draw=noted)
    cursor = nobody.get(f"/events/{hall.event_id}/seats/").json["cursor"]
    page = nobody.client.get(f"/events/{hall.event_id}/stream?since={cursor}", buffered=False)
    page_ear = Ear(page.response)  # type: ignore[arg-type]
    page_ear.wait_for("beat")

    holder = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=holder)
    page_ear.wait_for("message", with_text=f"#seat-{hall.seat_ids[0]}")
    assert drawn == []

    ear = listen(nobody, hall)
    ear.wait_for("beat")
    before = live.figures().sent.changes
    release_hold(hall.event_id, holder=holder)
    ear.wait_for("message")
    page_ear.wait_for("message", with_text=f"#seat-{hall.seat_ids[0]}")
    assert drawn == ["json"]
    assert live.figures().sent.changes == before + 1


def test_what_nobody_gave_out_is_refused(nobody: Caller, hall: Hall) -> None:
    draft = make_event(seats=1, status="draft")

    for missing in (draft.event_id, 2**62):
        assert nobody.get(f"/events/{missing}/stream/").status_code == 404
    assert nobody.get(f"/events/{hall.event_id}/stream/?since=1.2").status_code == 422
    header = nobody.get(f"/events/{hall.event_id}/stream/", headers={"Last-Event-ID": "none"})
    assert (header.status_code, header.json["errors"][0]["pointer"]) == (422, "#/Last-Event-ID")
    assert header.json["errors"][0]["in"] == "header"
    assert header.json["detail"] == "This is no cursor of ours. Read all seats again: their answer has one."
    assert (
        nobody.get(f"/events/{hall.event_id}/stream/", headers={"Authorization": "Bearer x"}).status_code
        == 401
    )


def test_no_more_streams_than_there_is_room_for(database_url: str, redis_url: str, hall: Hall) -> None:
    full = Caller(create_app(make_config(database_url, redis_url, max_streams=0)))

    answer = full.get(f"/events/{hall.event_id}/stream/")

    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0


def test_its_messages_are_described() -> None:
    described = description()["paths"]["/api/events/{event_id}/stream/"]["get"]["responses"]["200"]["content"]
    assert described["text/event-stream"]["x-data"]["schema"] == {"$ref": "#/components/schemas/Changes"}
    assert "follow_event" in OPEN
