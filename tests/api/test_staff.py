from __future__ import annotations

import pytest
from flask import Flask

from tests.api.caller import Caller, account_with_token
from tests.factories import Hall, make_event, statuses
from tests.paying import make_online_event


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        return make_event(seats=4)


def bought(caller: Caller, hall: Hall, *places: int) -> str:
    seat_ids = [hall.seat_ids[place] for place in places]
    caller.post("/seats/hold-batch/", {"show_id": hall.event_id, "seat_ids": seat_ids})
    return str(
        caller.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": seat_ids}).json["reservation_id"]
    )


def test_staff_see_who_has_each_place(hall: Hall, ada: Caller, clerk: Caller) -> None:
    reference = bought(ada, hall, 0)
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[1]}/lock/")

    seats = clerk.get(f"/staff/events/{hall.event_id}/seats/").json["seats"]

    assert [seat["status"] for seat in seats] == ["reserved", "locked", "available", "available"]
    assert (seats[0]["reservation_id"], seats[0]["who"]) == (reference, "ada")
    assert seats[1]["held_until"] is not None
    [locked] = clerk.get(f"/staff/events/{hall.event_id}/seats/?status=locked").json["seats"]
    assert locked["seat_number"] == "A2"


def test_seats_are_taken_off_sale_and_put_back(app: Flask, hall: Hall, ada: Caller, clerk: Caller) -> None:
    path = f"/staff/events/{hall.event_id}/seats/"
    wanted = {"seat_ids": list(hall.seat_ids[:2])}

    assert clerk.post(f"{path}block/", wanted | {"reason": "Camera"}).json["seat_ids"] == wanted["seat_ids"]
    refused = ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    with app.app_context():
        assert statuses(hall) == ["blocked", "blocked", "available", "available"]
    assert clerk.post(f"{path}unblock/", wanted).status_code == 200

    assert refused.status_code == 409
    with app.app_context():
        assert statuses(hall) == ["available"] * 4
    bought(ada, hall, 0)
    assert clerk.post(f"{path}block/", wanted | {"reason": "Camera"}).json["seats"] == ["A1"]


def test_orders_of_anybody_are_found_and_cancelled(
    app: Flask, hall: Hall, ada: Caller, clerk: Caller
) -> None:
    reference = bought(ada, hall, 0, 1)

    [found] = clerk.get("/staff/reservations/?q=ada").json["reservations"]
    order = clerk.get(f"/staff/reservations/{reference}/").json["reservation"]
    assert (found["id"], found["buyer"], found["total_price"]) == (reference, "ada", "90.00")
    assert [place["seat_number"] for place in order["places"]] == ["A1", "A2"]
    assert {one["reason"] for one in order["history"]} >= {"hold", "reserve"}

    one = clerk.post(f"/staff/reservations/{reference}/cancel/", {"seat_ids": [hall.seat_ids[0]]})
    rest = clerk.post(f"/staff/reservations/{reference}/cancel/")

    assert one.json["message"] == "1 place is on sale again."
    assert rest.json["reservation"]["status"] == "cancelled"
    with app.app_context():
        assert statuses(hall) == ["available"] * 4


def test_money_is_taken_at_the_window(app: Flask, ada: Caller, clerk: Caller) -> None:
    with app.app_context():
        online = make_online_event(seats=2)
    reference = bought(ada, online, 0)

    wrong = clerk.post(f"/staff/reservations/{reference}/take/", {"how": "cash", "seen_minor": 1})
    right = clerk.post(f"/staff/reservations/{reference}/take/", {"how": "cash", "seen_minor": 4500})

    assert wrong.status_code == 409
    assert right.json["reservation"]["status"] == "confirmed"
    assert ada.get(f"/reservations/{reference}/").json["reservation"]["status"] == "confirmed"


def test_an_event_is_called_off(hall: Hall, ada: Caller, clerk: Caller) -> None:
    path = f"/staff/events/{hall.event_id}/cancel/"

    assert clerk.post(path).json["was_open"] is True
    assert clerk.post(path).json["was_open"] is False
    assert ada.post(f"/events/{hall.event_id}/best-available/", {"quantity": 1}).json["code"] == "sale_closed"


def test_the_door_checks_tickets(app: Flask, hall: Hall, ada: Caller) -> None:
    with app.app_context():
        porter = Caller(app, account_with_token("porter", scopes=("staff",), role="door"))
    reference = bought(ada, hall, 0)
    [ticket] = ada.get(f"/reservations/{reference}/tickets/").json["tickets"]

    valid = porter.post("/staff/tickets/check/", {"code": ticket["code"]}).json
    ada.post(f"/reservations/{reference}/cancel/")
    void = porter.post("/staff/tickets/check/", {"code": ticket["code"]}).json
    unknown = porter.post("/staff/tickets/check/", {"code": "a shopping list"}).json

    assert (valid["verdict"], valid["reservation_id"]) == ("valid", reference)
    assert (valid["place"], valid["area"], valid["section"]) == ("Row A, seat 1, Stalls", "Seats", "Stalls")
    assert (ticket["seat_number"], ticket["area"], ticket["section"]) == ("A1", "Seats", "Stalls")
    assert (unknown["place"], unknown["area"], unknown["section"]) == ("", "", None)
    assert (void["verdict"], void["reason"]) == ("void", "cancelled")
    assert unknown["verdict"] == "unknown"


def test_tickets_of_anybodys_purchase_are_handed_over(hall: Hall, ada: Caller, clerk: Caller) -> None:
    reference = bought(ada, hall, 0, 1)

    theirs = ada.get(f"/reservations/{reference}/tickets/").json["tickets"]
    at_the_window = clerk.get(f"/staff/reservations/{reference}/tickets/").json["tickets"]

    assert at_the_window == theirs
    assert len(theirs) == 2
    assert ada.get(f"/staff/reservations/{reference}/tickets/").status_code == 403
    clerk.post(f"/staff/reservations/{reference}/cancel/")
    assert clerk.get(f"/staff/reservations/{reference}/tickets/").json["tickets"] == []


def test_a_purchase_is_moved_to_other_places(app: Flask, hall: Hall, ada: Caller, clerk: Caller) -> None:
    reference = bought(ada, hall, 0, 1)
    a1, a2, a3, a4 = hall.seat_ids
    path = f"/staff/reservations/{reference}/move/"
    [old, _] = ada.get(f"/reservations/{reference}/tickets/").json["tickets"]

    for moves in (
        [{"seat_id": a1, "to_seat_id": a1}],
        [{"seat_id": a1, "to_seat_id": a3}, {"seat_id": a2, "to_seat_id": a3}],
        [{"seat_id": a1, "to_seat_id": a3}, {"seat_id": a1, "to_seat_id": a4}],
        [],
    ):
        wrong = clerk.post(path, {"moves": moves})
        assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/moves")
    moved = clerk.post(path, {"moves": [{"seat_id": a1, "to_seat_id": a3}]}).json

    assert moved["message"] == "1 place is moved. A letter with the new ticket goes out."
    with app.app_context():
        assert statuses(hall) == ["available", "reserved", "reserved", "available"]
    assert clerk.post("/staff/tickets/check/", {"code": old["code"]}).json["reason"] == "moved"
    assert ada.get(f"/reservations/{reference}/").json["reservation"]["seats"] == ["A2", "A3"]
    assert clerk.post(path, {"moves": [{"seat_id": a1, "to_seat_id": a4}]}).status_code == 404
    clerk.post(f"/staff/events/{hall.event_id}/seats/block/", {"seat_ids": [a4], "reason": "Camera"})
    taken = clerk.post(path, {"moves": [{"seat_id": a2, "to_seat_id": a4}]})
    assert (taken.status_code, taken.json["code"]) == (409, "seats_taken")
