from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from seatbook.domain import orders
from seatbook.extensions import db
from seatbook.models import Payment, Reservation
from seatbook.payments import Answer
from tests.api.caller import Caller
from tests.factories import Hall, change_event, let_hold_end, make_event, statuses
from tests.paying import make_online_event


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        return make_event(seats=6)


def reserve(caller: Caller, hall: Hall, *places: int) -> str:
    seat_ids = [hall.seat_ids[place] for place in places]
    caller.post("/seats/hold-batch/", {"show_id": hall.event_id, "seat_ids": seat_ids})
    answer = caller.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": seat_ids})
    assert answer.status_code == 200, answer.text
    return str(answer.json["reservation_id"])


def test_a_reservation_tells_everything(hall: Hall, ada: Caller) -> None:
    reference = reserve(ada, hall, 0, 1)

    [listed] = ada.get("/reservations/").json["reservations"]
    one = ada.get(f"/reservations/{reference}/").json["reservation"]

    assert one.pop("payment") is None
    assert one == listed
    assert one["id"] == reference
    assert one["event_name"].startswith("The Quiet Hour")
    assert one["seats"] == ["A1", "A2"]
    assert (one["status"], one["total_price"], one["currency"]) == ("confirmed", "90.00", "EUR")
    assert one["expires_at"] is None
    assert [place["price"] for place in one["places"]] == ["45.00", "45.00"]


def test_what_is_held_is_listed_with_its_end(hall: Hall, ada: Caller) -> None:
    ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 2})

    [held] = ada.get("/reservations/").json["reservations"]

    assert held["status"] == "held"
    assert 290 < held["expires_in_seconds"] <= 300


def test_the_list_goes_on_page_by_page(app: Flask, ada: Caller) -> None:
    made = []
    for _ in range(5):
        with app.app_context():
            hall = make_event(seats=1)
        made.append(reserve(ada, hall, 0))
    first = ada.get("/reservations/?limit=3").json
    second = ada.get(f"/reservations/?limit=3&before={first['next']}").json

    assert [r["id"] for r in first["reservations"] + second["reservations"]] == made[::-1]
    assert second["next"] is None


def test_cancelling_puts_the_seats_on_sale_again(app: Flask, hall: Hall, ada: Caller) -> None:
    reference = reserve(ada, hall, 0, 1)

    answer = ada.post(f"/reservations/{reference}/cancel/")

    assert answer.status_code == 200
    assert answer.json["reservation"]["status"] == "cancelled"
    again = ada.post(f"/reservations/{reference}/cancel/")
    assert (again.status_code, again.json["message"]) == (
        200,
        f"{reference} was cancelled before. Nothing is changed.",
    )
    with app.app_context():
        assert statuses(hall) == ["available"] * 6


def test_single_seats_are_cancelled(app: Flask, hall: Hall, ada: Caller) -> None:
    reference = reserve(ada, hall, 0, 1)

    answer = ada.post(f"/reservations/{reference}/cancel/", {"seat_ids": [hall.seat_ids[0]]})

    assert answer.json["reservation"]["seats"] == ["A2"]
    assert answer.json["reservation"]["total_price"] == "45.00"


def test_after_the_deadline_nothing_is_cancelled(app: Flask, hall: Hall, ada: Caller) -> None:
    reference = reserve(ada, hall, 0)
    with app.app_context():
        change_event(hall, cancel_seconds_before_start=None)

    answer = ada.post(f"/reservations/{reference}/cancel/")

    assert (answer.status_code, answer.json["code"]) == (409, "too_late_to_cancel")


def test_a_hold_is_cancelled_by_its_reference(app: Flask, hall: Hall, ada: Caller) -> None:
    ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 2})
    [held] = ada.get("/reservations/").json["reservations"]

    answer = ada.post(f"/reservations/{held['id']}/cancel/")

    assert answer.json["reservation"]["status"] == "released"
    with app.app_context():
        assert statuses(hall) == ["available"] * 6


def test_what_expired_is_not_cancelled(app: Flask, hall: Hall, ada: Caller) -> None:
    ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 2})
    [held] = ada.get("/reservations/").json["reservations"]
    with app.app_context():
        let_hold_end(hall, db.session.scalars(select(Reservation.id)).one())

    answer = ada.post(f"/reservations/{held['id']}/cancel/")

    assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")
    assert answer.json["detail"] == "That is not possible, because it is expired."


@pytest.mark.parametrize("reference", ["1-AAAAAA", "nonsense", "0", "%00", "9" * 30 + "-AAAAAA", "1-%C3%9F"])
def test_what_is_no_reservation_is_not_there(ada: Caller, reference: str) -> None:
    assert ada.get(f"/reservations/{reference}/").status_code == 404
    assert ada.post(f"/reservations/{reference}/cancel/").status_code == 404
    assert ada.post(f"/reservations/{reference}/checkout/").status_code == 404


def test_somebody_elses_reservation_is_not_there(app: Flask, hall: Hall, ada: Caller, ben: Caller) -> None:
    reference = reserve(ada, hall, 0)

    for answer in (
        ben.get(f"/reservations/{reference}/"),
        ben.post(f"/reservations/{reference}/cancel/"),
        ben.post(f"/reservations/{reference}/checkout/"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert ben.get("/reservations/").json["reservations"] == []
    with app.app_context():
        assert statuses(hall)[0] == "reserved"


def test_each_seat_has_its_ticket_and_a_new_code_when_the_old_one_leaked(
    app: Flask, hall: Hall, ada: Caller, ben: Caller
) -> None:
    reference = reserve(ada, hall, 0, 1)
    path = f"/reservations/{reference}/tickets/"

    first, second = ada.get(path).json["tickets"]
    assert [first["seat_number"], second["seat_number"]] == ["A1", "A2"]
    assert ben.get(path).status_code == 404
    assert ben.post(f"{path}{first['ticket']}/reissue/", {"version": 1}).status_code == 404

    renewed = ada.post(f"{path}{first['ticket']}/reissue/", {"version": first["version"]}).json["tickets"]

    assert renewed[0]["version"] == first["version"] + 1
    assert renewed[0]["code"] != first["code"]
    assert renewed[1] == second
    ada.post(f"/reservations/{reference}/cancel/")
    assert ada.get(path).json["tickets"] == []


# --- paying ---


@pytest.fixture
def priced(app: Flask) -> Hall:
    with app.app_context():
        return make_online_event(seats=4)


def test_what_is_paid_online_is_pending_until_it_is_paid(app: Flask, priced: Hall, ada: Caller) -> None:
    reference = reserve(ada, priced, 0, 1)
    order = ada.post(f"/events/{priced.event_id}/reserve/", {"seat_ids": list(priced.seat_ids[:2])}).json
    waiting = ada.get(f"/reservations/{reference}/").json["reservation"]

    assert (order["status"], order["reservation_id"]) == ("pending", reference)
    assert "/sandbox/" in order["pay_url"]
    # The time to pay, and not the time that its places are kept while its payment is asked about.
    assert 1790 < order["expires_in_seconds"] <= 1800
    assert waiting["expires_at"] == waiting["payment"]["due_at"] == order["expires_at"]
    assert 1790 < waiting["expires_in_seconds"] <= 1800
    assert waiting["payment"]["pay_url"] == order["pay_url"]
    assert (waiting["status"], waiting["payment"]["status"]) == ("pending", "open")
    assert ada.post(f"/reservations/{reference}/checkout/").json["pay_url"] == order["pay_url"]

    with app.app_context():
        pay(priced)
    paid = ada.get(f"/reservations/{reference}/").json["reservation"]

    assert (paid["status"], paid["payment"]["status"], paid["payment"]["pay_url"]) == (
        "confirmed",
        "paid",
        None,
    )
    cancelled = ada.post(f"/reservations/{reference}/cancel/").json["reservation"]
    assert cancelled["payment"]["refunded"] == cancelled["payment"]["amount"] == "90.00"


def test_who_goes_back_gives_the_places_back(app: Flask, priced: Hall, ada: Caller) -> None:
    reference = reserve(ada, priced, 0)

    answer = ada.post(f"/reservations/{reference}/cancel/")

    assert answer.status_code == 200
    assert answer.json["reservation"]["status"] == "released"
    with app.app_context():
        assert statuses(priced)[0] == "available"
    gone = ada.post(f"/reservations/{reference}/checkout/")
    assert (gone.status_code, gone.json["code"]) == (410, "hold_expired")
    assert gone.json["data"]["expired_at"].endswith("Z")
    # It was to be kept for minutes, and ended now.
    age = datetime.now(UTC) - datetime.fromisoformat(gone.json["data"]["expired_at"])
    assert timedelta(seconds=-1) < age < timedelta(seconds=60)


def pay(hall: Hall) -> None:
    payment = db.session.execute(
        select(Payment.id, Payment.amount_minor, Payment.currency).where(Payment.event_id == hall.event_id)
    ).one()
    answer = Answer("paid", payment.amount_minor, payment.currency)
    orders.record_answer(hall.event_id, payment.id, answer=answer)
