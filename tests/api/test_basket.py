"""What a visitor chooses on the pages about what is held, by API: for whom a place is, a code, how many come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.domain.orders import create_code, create_concession, stop_concession
from tests.api.caller import Answer, Caller, account_with_token
from tests.conftest import make_config
from tests.factories import (
    Hall,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_slots,
    open_reservations,
)
from tests.paying import make_online_event
from tests.snapshot import nothing_changes


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        return make_event(seats=3, fee_per_place_minor=100)


def hold(caller: Caller, hall: Hall, *seat_ids: int) -> None:
    for seat_id in seat_ids:
        assert caller.post(f"/events/{hall.event_id}/seats/{seat_id}/lock/").status_code == 200


def basket(caller: Caller, hall: Hall) -> Answer:
    return caller.get(f"/events/{hall.event_id}/basket/").json["basket"]


def choose(caller: Caller, hall: Hall, what: str, *choices: dict[str, Any]) -> Answer:
    return caller.post(f"/events/{hall.event_id}/basket/{what}/", {"choices": list(choices)})


def test_a_basket_shows_what_is_held_and_what_it_costs(ada: Caller, ben: Caller, hall: Hall) -> None:
    empty = basket(ada, hall)
    assert (empty["state"], empty["id"], empty["places"], empty["total_price"]) == ("empty", None, [], "0.00")

    hold(ada, hall, *hall.seat_ids[:2])

    mine = basket(ada, hall)
    assert (mine["state"], mine["total_price"], mine["fees"]) == ("open", "92.00", "2.00")
    assert [(one["seat_number"], one["price"], one["full_price"]) for one in mine["places"]] == [
        ("A1", "46.00", "46.00"),
        ("A2", "46.00", "46.00"),
    ]
    assert basket(ben, hall) == empty


def test_a_child_pays_less_from_the_basket_to_the_reservation(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
    first, second = hall.seat_ids[:2]
    hold(ada, hall, first, second)
    assert ada.get(f"/events/{hall.event_id}/").json["event"]["concessions"] == [
        {"id": child, "name": "Child", "percent_off": 50}
    ]

    chosen = choose(ada, hall, "concessions", {"seat_id": first, "concession_id": child})

    places = {place["seat_id"]: place for place in chosen.json["basket"]["places"]}
    assert (places[first]["price"], places[first]["full_price"]) == ("23.50", "46.00")
    assert (places[first]["concession"], places[second]["concession"]) == ("Child", None)
    assert (chosen.json["basket"]["total_price"], chosen.json["basket"]["full_price"]) == ("69.50", "92.00")

    reserved = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [first, second]}).json
    assert reserved["total_price"] == "69.50"
    bought = ada.get(f"/reservations/{reserved['reservation_id']}/").json["reservation"]["places"]
    assert {place["seat_id"]: place["concession"] for place in bought} == {first: "Child", second: None}


def test_full_price_again(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
    hold(ada, hall, hall.seat_ids[0])
    choose(ada, hall, "concessions", {"seat_id": hall.seat_ids[0], "concession_id": child})

    again = choose(ada, hall, "concessions", {"seat_id": hall.seat_ids[0], "concession_id": None})

    assert again.json["basket"]["total_price"] == "46.00"


def test_what_cannot_be_chosen_changes_nothing(app: Flask, ada: Caller, ben: Caller, hall: Hall) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
        create_concession(make_event(seats=1).event_id, name="Child", percent_off=50)
        shirts = make_area(hall, kind="stock", places=1)
    hold(ada, hall, hall.seat_ids[0])
    shirt = ada.post(f"/events/{hall.event_id}/areas/{shirts}/hold/", {"quantity": 1}).json["seats"][0]["id"]
    hold(ben, hall, hall.seat_ids[1])

    with app.app_context(), nothing_changes():
        wrong: list[tuple[dict[str, int | None], int]] = [
            ({"seat_id": hall.seat_ids[0], "concession_id": child + 1}, 404),
            ({"seat_id": hall.seat_ids[1], "concession_id": child}, 404),
            ({"seat_id": hall.seat_ids[2], "concession_id": child}, 404),
            ({"seat_id": shirt, "concession_id": child}, 422),
        ]
        for choice, status in wrong:
            assert choose(ada, hall, "concessions", choice).status_code == status, choice
        assert choose(ada, hall, "parties", {"seat_id": hall.seat_ids[0], "people": 2}).status_code == 422


def test_a_code_makes_it_cheaper_until_it_is_taken_off(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        create_code(hall.event_id, code="EARLY10", percent_off=10)
    hold(ada, hall, hall.seat_ids[0])
    path = f"/events/{hall.event_id}/basket/code/"

    given = ada.post(path, {"code": " early10 "}).json["basket"]
    assert (given["code"], given["total_price"]) == ("EARLY10", "41.50")
    assert ada.post(path, {"code": "EARLY10"}).json["basket"] | {"expires_in_seconds": 0} == given | {
        "expires_in_seconds": 0
    }
    taken_off = ada.post(f"{path}remove/").json["basket"]
    assert (taken_off["code"], taken_off["total_price"]) == (None, "46.00")


def test_a_code_that_is_not_good_says_why(app: Flask, ada: Caller, ben: Caller, hall: Hall) -> None:
    with app.app_context():
        create_code(hall.event_id, code="ONCE", percent_off=10, max_uses=1)
    hold(ada, hall, hall.seat_ids[0])
    hold(ben, hall, hall.seat_ids[1])
    path = f"/events/{hall.event_id}/basket/code/"
    ada.post(path, {"code": "ONCE"})

    for code, why in (("NOPE", "unknown"), ("ONCE", "used_up")):
        refused = ben.post(path, {"code": code})
        assert (refused.status_code, refused.json["code"]) == (422, "code_refused")
        assert refused.json["data"]["why"] == why


def test_codes_cannot_be_guessed_for_long(database_url: str, redis_url: str, hall: Hall) -> None:
    limited = create_app(make_config(database_url, redis_url, rate_limits=True))
    with limited.app_context():
        eve = Caller(limited, account_with_token("eve"))
    hold(eve, hall, hall.seat_ids[0])

    answers = [
        eve.post(f"/events/{hall.event_id}/basket/code/", {"code": f"GUESS{n}"}).status_code
        for n in range(21)
    ]

    assert answers == [422] * 20 + [429]


def test_how_many_come_is_said_and_priced(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        starts = [database_clock() + timedelta(days=1)]
        (slot,) = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    room = ada.get(f"/events/{hall.event_id}/").json["event"]["areas"][1]
    assert (room["min_party"], room["max_party"], room["price_per"]) == (2, 6, "person")
    hold(ada, hall, slot)
    [place] = basket(ada, hall)["places"]
    assert (place["party_size"], place["min_party"], place["max_party"]) == (2, 2, 6)

    four = choose(ada, hall, "parties", {"seat_id": slot, "people": 4}).json["basket"]
    assert (four["places"][0]["party_size"], four["total_price"]) == (4, "184.00")

    seven = choose(ada, hall, "parties", {"seat_id": slot, "people": 7})
    assert (seven.status_code, seven.json["code"]) == (422, "party_does_not_fit")
    assert (seven.json["data"]["least"], seven.json["data"]["most"]) == (2, 6)

    bought = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [slot]}).json["reservation_id"]
    assert ada.get(f"/reservations/{bought}/").json["reservation"]["places"][0]["party_size"] == 4


def test_who_of_a_party_pays_less_is_said_with_it_and_read_wherever_the_place_is(
    app: Flask, ada: Caller, clerk: Caller, hall: Hall
) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
        starts = [database_clock() + timedelta(days=1)]
        (slot,) = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    hold(ada, hall, slot)
    two = [{"concession_id": child, "people": 2}]
    named = [{"concession_id": child, "name": "Child", "people": 2}]

    said = choose(ada, hall, "parties", {"seat_id": slot, "people": 4, "party_concessions": two})

    [place] = said.json["basket"]["places"]
    # 45.00 each and half of that, with a fee of 1.00 for each.
    assert (place["price"], place["full_price"], place["party_concessions"]) == ("139.00", "184.00", named)
    assert (place["concession_id"], place["concession"]) == (None, None)
    # Left out, they stay; named, those that are not counted pay the full price.
    for party, total, fewer in (
        ({"people": 3}, "93.00", named),
        ({"people": 3, "party_concessions": None}, "93.00", named),
        ({"people": 3, "party_concessions": []}, "138.00", []),
        ({"people": 3, "party_concessions": two}, "93.00", named),
    ):
        now = choose(ada, hall, "parties", {"seat_id": slot, **party}).json["basket"]
        assert (now["total_price"], now["places"][0]["party_concessions"]) == (total, fewer)

    reserved = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [slot]}).json["reservation_id"]
    [booked] = ada.get(f"/reservations/{reserved}/").json["reservation"]["places"]
    assert (booked["party_size"], booked["party_concessions"], booked["concession"]) == (3, named, None)
    [ordered] = clerk.get(f"/staff/reservations/{reserved}/").json["reservation"]["places"]
    assert (ordered["party_size"], ordered["party_concessions"]) == (3, named)
    [ticket] = ada.get(f"/reservations/{reserved}/tickets/").json["tickets"]
    verdict = clerk.post("/staff/tickets/check/", {"code": ticket["code"]}).json
    assert (verdict["party_size"], verdict["party_concessions"], verdict["concession"]) == (3, named, None)


def test_a_concession_for_a_slot_is_for_everybody_of_its_party(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
        starts = [database_clock() + timedelta(days=1)]
        (slot,) = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    hold(ada, hall, slot)
    choose(ada, hall, "parties", {"seat_id": slot, "people": 3})
    for concession_id, people in ((child, [3]), (None, [])):
        choice = {"seat_id": slot, "concession_id": concession_id}
        [place] = choose(ada, hall, "concessions", choice).json["basket"]["places"]
        assert [one["people"] for one in place["party_concessions"]] == people


def test_more_who_pay_less_than_come_change_nothing(app: Flask, ada: Caller, hall: Hall) -> None:
    with app.app_context():
        child = create_concession(hall.event_id, name="Child", percent_off=50)
        starts = [database_clock() + timedelta(days=days) for days in (1, 2)]
        slot, other = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    hold(ada, hall, slot, other)
    choose(
        ada,
        hall,
        "parties",
        {"seat_id": slot, "people": 4, "party_concessions": [{"concession_id": child, "people": 3}]},
    )

    def party(people: int, *said: tuple[int, int]) -> dict[str, Any]:
        fewer = [{"concession_id": id_, "people": count} for id_, count in said]
        return {"seat_id": slot, "people": people, "party_concessions": fewer}

    with app.app_context(), nothing_changes():
        for choice, status in (
            ({"seat_id": slot, "people": 2}, 422),
            (party(4, (child, 5)), 422),
            (party(4, (child, 1), (child, 1)), 422),
            (party(4, (child + 1, 1)), 404),
            (party(4, (child + 1, 0)), 404),
            ({"seat_id": other, "people": 3}, 422),
        ):
            refusal = choose(ada, hall, "parties", {"seat_id": other, "people": 5}, choice)
            assert refusal.status_code == status, choice
    # The fault is in what is said of that slot.
    fine = {"seat_id": other, "people": 5, "party_concessions": [{"concession_id": child, "people": 1}]}
    told = choose(ada, hall, "parties", fine, {"seat_id": slot, "people": 2}).json
    assert told["detail"].startswith("More people pay less (3) than come (2).")
    assert told["errors"][0]["pointer"] == "#/choices/1/people"
    with app.app_context():
        student = create_concession(hall.event_id, name="Student", percent_off=25)
        stop_concession(hall.event_id, concession_id=student)
    told = choose(ada, hall, "parties", fine, party(4, (child, 1), (student, 1))).json
    assert told["detail"] == "“Student” is not offered any more."
    assert told["errors"][0]["pointer"] == "#/choices/1/party_concessions/0/concession_id"


def test_as_much_as_the_description_allows_is_read(ada: Caller, hall: Hall) -> None:
    most = 2**63 - 1
    fewer = [{"concession_id": most - nth, "people": 1_000} for nth in range(20)]
    all_of_it = [{"seat_id": most - nth, "people": 1_000, "party_concessions": fewer} for nth in range(50)]
    assert choose(ada, hall, "parties", *all_of_it).status_code == 404
    assert choose(ada, hall, "parties", *all_of_it, all_of_it[0]).status_code == 422


def test_a_seat_is_named_once(app: Flask, ada: Caller, hall: Hall) -> None:
    hold(ada, hall, hall.seat_ids[0])
    full = {"seat_id": hall.seat_ids[0], "concession_id": None}
    with app.app_context(), nothing_changes():
        refusal = choose(ada, hall, "concessions", full, full)
    assert (refusal.status_code, refusal.json["detail"]) == (422, "Please name each seat once.")
    assert refusal.json["errors"][0]["pointer"] == "#/choices"


def test_more_time_is_given_as_far_as_it_goes(app: Flask, ada: Caller, hall: Hall) -> None:
    hold(ada, hall, hall.seat_ids[0])
    before = basket(ada, hall)["expires_at"]

    longer = ada.post(f"/events/{hall.event_id}/basket/extend/").json["basket"]

    assert longer["expires_at"] > before


def test_what_has_ended_is_told_as_ended(app: Flask, ada: Caller, hall: Hall) -> None:
    hold(ada, hall, hall.seat_ids[0])
    with app.app_context():
        let_hold_end(hall, open_reservations(hall)[0])

    assert basket(ada, hall)["state"] == "ended"
    for path, content in (("code/", {"code": "X"}), ("code/remove/", None), ("extend/", None)):
        over = ada.post(f"/events/{hall.event_id}/basket/{path}", content)
        assert (over.status_code, over.json["code"]) in ((410, "hold_expired"), (404, "not_found")), path


def test_nothing_can_be_chosen_any_more_while_it_is_being_paid(app: Flask, ada: Caller) -> None:
    with app.app_context():
        online = make_online_event(seats=1)
        create_code(online.event_id, code="LATE", percent_off=10)
    hold(ada, online, online.seat_ids[0])
    pending = ada.post(f"/events/{online.event_id}/reserve/", {"seat_ids": [online.seat_ids[0]]}).json
    assert pending["status"] == "pending"

    assert ada.post(f"/events/{online.event_id}/basket/code/", {"code": "LATE"}).status_code == 404
    assert basket(ada, online)["state"] == "empty"
