from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.extensions import db
from seatbook.models import Seat
from tests.api.caller import Caller
from tests.factories import (
    Hall,
    let_hold_end,
    make_area,
    make_event,
    make_section,
    open_reservations,
    seat_row,
    statuses,
)


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        return make_event(seats=6)


def status_of(app: Flask, hall: Hall, place: int) -> str:
    with app.app_context():
        return str(seat_row(hall, hall.seat_ids[place]).status)


def seat_path(hall: Hall, place: int = 0) -> str:
    return f"/events/{hall.event_id}/seats/{hall.seat_ids[place]}/"


def test_a_seat_is_locked_for_as_long_as_the_event_allows(app: Flask, hall: Hall, ada: Caller) -> None:
    answer = ada.post(seat_path(hall) + "lock/")

    assert answer.status_code == 200
    assert answer.json["message"] == "Seat A1 locked for 5 minutes"
    assert answer.json["seat"]["seat_number"] == "A1"
    assert answer.json["seat"]["status"] == "locked"
    assert answer.json["seat"]["locked_until"] == answer.json["expires_at"]
    assert 295 < answer.json["expires_in_seconds"] <= 300
    assert datetime.fromisoformat(answer.json["expires_at"]).utcoffset() is not None
    assert status_of(app, hall, 0) == "held"


def test_a_locked_seat_is_nobody_elses(app: Flask, hall: Hall, ada: Caller, ben: Caller) -> None:
    ada.post(seat_path(hall) + "lock/")

    answer = ben.post(seat_path(hall) + "lock/")

    assert answer.status_code == 409
    assert answer.json["code"] == "seats_taken"
    assert answer.json["seats"] == ["A1"]
    assert ben.post(seat_path(hall) + "unlock/").status_code == 409
    assert status_of(app, hall, 0) == "held"


def test_an_unlocked_seat_is_free(app: Flask, hall: Hall, ada: Caller, ben: Caller) -> None:
    ada.post(seat_path(hall) + "lock/")

    answer = ada.post(seat_path(hall) + "unlock/")

    assert answer.json["message"] == "Seat A1 unlocked"
    assert answer.json["seat"]["status"] == "available"
    assert ben.post(seat_path(hall) + "lock/").status_code == 200


def test_locking_twice_is_locking_once(app: Flask, hall: Hall, ada: Caller) -> None:
    first = ada.post(seat_path(hall) + "lock/").json
    again = ada.post(seat_path(hall) + "lock/").json

    assert again["expires_at"] == first["expires_at"]
    with app.app_context():
        assert len(open_reservations(hall)) == 1


def test_held_seats_are_reserved(app: Flask, hall: Hall, ada: Caller) -> None:
    for place in (0, 1):
        ada.post(seat_path(hall, place) + "lock/")

    answer = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": list(hall.seat_ids[:2])})

    assert answer.status_code == 200
    assert answer.json["seats"] == ["A1", "A2"]
    assert answer.json["total_price"] == "90.00"
    assert answer.json["status"] == "confirmed"
    reference = answer.json["reservation_id"]
    assert answer.json["message"] == f"Row A, seat 1, Stalls; and Row A, seat 2, Stalls reserved: {reference}"
    assert answer.json["seats"] == ["A1", "A2"]
    with app.app_context():
        assert statuses(hall)[:3] == ["reserved", "reserved", "available"]


def test_reserving_again_answers_the_same(hall: Hall, ada: Caller) -> None:
    ada.post(seat_path(hall) + "lock/")
    wanted = {"seat_ids": [hall.seat_ids[0]]}
    first = ada.post(f"/events/{hall.event_id}/reserve/", wanted)
    again = ada.post(f"/events/{hall.event_id}/reserve/", wanted)

    assert again.json == first.json


def test_what_is_not_held_is_not_reserved(app: Flask, hall: Hall, ada: Caller, ben: Caller) -> None:
    free = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[0]]})
    ben.post(seat_path(hall, 1) + "lock/")
    taken = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[1]]})
    ada.post(seat_path(hall, 2) + "lock/")
    ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[2]]})
    beside = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": list(hall.seat_ids[2:4])})

    assert (free.status_code, free.json["code"]) == (409, "nothing_held")
    assert (taken.status_code, taken.json["code"], taken.json["seats"]) == (409, "seats_taken", ["A2"])
    assert (beside.status_code, beside.json["code"]) == (409, "basket_changed")
    with app.app_context():
        assert statuses(hall)[:4] == ["available", "held", "reserved", "available"]


def test_a_hold_that_is_over_is_gone(app: Flask, hall: Hall, ada: Caller) -> None:
    ada.post(seat_path(hall) + "lock/")
    with app.app_context():
        let_hold_end(hall, open_reservations(hall)[0])

    answer = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[0]]})

    assert (answer.status_code, answer.json["code"]) == (410, "hold_expired")
    assert answer.json["data"]["expired_at"].endswith("Z")


def test_a_number_of_places_is_held_all_or_none(app: Flask, hall: Hall, ada: Caller) -> None:
    with app.app_context():
        area_id = make_area(hall, kind="standing", places=3)
    path = f"/events/{hall.event_id}/areas/{area_id}/hold/"

    assert ada.post(path, {"quantity": 4}).json["code"] == "not_enough_left"
    answer = ada.post(path, {"quantity": 2})

    assert answer.status_code == 200
    assert answer.json["message"] == "2 × Standing held for 5 minutes"
    assert [seat["seat_number"] for seat in answer.json["seats"]] == ["Standing", "Standing"]
    assert all(seat["is_mine"] and seat["status"] == "locked" for seat in answer.json["seats"])


def test_seats_of_one_label_are_told_apart_by_their_section(app: Flask, hall: Hall, ada: Caller) -> None:
    with app.app_context():
        make_section(hall, "Circle", hall.seat_ids[1])
        db.session.execute(
            update(Seat).where(Seat.id == hall.seat_ids[1]).values(row_label="A", number="1", label="A1")
        )
        db.session.commit()

    ada.post(seat_path(hall, 0) + "lock/")
    ada.post(seat_path(hall, 1) + "lock/")
    reserved = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": list(hall.seat_ids[:2])}).json

    assert reserved["seats"] == ["A1", "A1"]
    assert reserved["message"].startswith("Row A, seat 1, Stalls; and Row A, seat 1, Circle reserved: ")


def test_the_best_seats_are_found_together(hall: Hall, ada: Caller) -> None:
    answer = ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 3})

    assert answer.status_code == 200
    assert len(answer.json["seats"]) == 3
    assert answer.json["expires_in_seconds"] > 290
    too_many = ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 9})
    assert too_many.json["code"] in ("too_many_seats", "none_together")


@pytest.mark.parametrize("path", ["lock/", "unlock/"])
def test_without_credentials_nothing_is_held(app: Flask, hall: Hall, nobody: Caller, path: str) -> None:
    answer = nobody.post(seat_path(hall) + path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert status_of(app, hall, 0) == "available"
