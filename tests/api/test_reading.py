"""Events and seats: what everybody may read."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api.caller import Caller
from tests.factories import Hall, change_event, let_hold_end, make_area, make_event, open_reservations


@pytest.fixture
def hall(app: Flask) -> Hall:
    with app.app_context():
        made = make_event(seats=4)
        make_area(made, kind="standing", places=3)
        return made


def test_events_are_listed_with_their_totals(hall: Hall, nobody: Caller, ada: Caller) -> None:
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[0]]})
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[1]}/lock/")

    [event] = nobody.get("/events/").json["events"]

    assert event["id"] == hall.event_id
    assert event["event_date"] == event["starts_at"]
    assert event["location"].startswith("Lyric Hall")
    assert (event["total_seats"], event["available_seats"], event["held_seats"], event["reserved_seats"]) == (
        7,
        5,
        1,
        1,
    )
    assert event["lowest_price"] == "45.00"


def test_totals_follow_each_change_at_once(app: Flask, hall: Hall, nobody: Caller, ada: Caller) -> None:
    def available() -> int:
        listed: int = nobody.get("/events/").json["events"][0]["available_seats"]
        assert nobody.get(f"/events/{hall.event_id}/").json["event"]["available_seats"] == listed
        return listed

    assert available() == 7
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    assert available() == 6
    with app.app_context():
        let_hold_end(hall, open_reservations(hall)[0], seconds_ago=0)
    assert available() == 7
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/unlock/")
    assert available() == 7


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_nothing_is_on_at_either_end_of_the_calendar(hall: Hall, nobody: Caller, day: str) -> None:
    answer = nobody.get(f"/events/?date={day}")

    assert (answer.status_code, answer.json["events"]) == (200, [])
    assert nobody.client.get(f"/?date={day}").status_code == 200


def test_a_list_goes_on_page_by_page(app: Flask, nobody: Caller) -> None:
    with app.app_context():
        made = {make_event(seats=1).event_id for _ in range(5)}
    seen: list[int] = []
    after = ""
    while True:
        page = nobody.get(f"/events/?limit=2{after}").json
        assert len(page["events"]) <= 2
        seen += [event["id"] for event in page["events"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert len(seen) == 5
    assert set(seen) == made


def test_drafts_and_what_is_over_are_not_there(app: Flask, hall: Hall, nobody: Caller) -> None:
    with app.app_context():
        change_event(hall, status="draft")

    assert nobody.get("/events/").json["events"] == []
    assert nobody.get(f"/events/{hall.event_id}/").status_code == 404
    assert nobody.get(f"/events/{hall.event_id}/seats/").status_code == 404


def test_an_event_has_areas_categories_and_a_sale_window(hall: Hall, nobody: Caller) -> None:
    event = nobody.get(f"/events/{hall.event_id}/").json["event"]

    assert [(area["kind"], area["total_seats"]) for area in event["areas"]] == [
        ("seated", 4),
        ("standing", 3),
    ]
    assert [(category["name"], category["price"]) for category in event["categories"]] == [
        ("Stalls", "45.00")
    ]
    assert event["sale"] == "on_sale"
    assert event["on_sale_from"] < event["on_sale_until"]
    assert (event["max_seats"], event["hold_ttl_seconds"]) == (8, 300)


def test_seats_tell_their_state_to_everybody(hall: Hall, nobody: Caller, ada: Caller, ben: Caller) -> None:
    path = f"/events/{hall.event_id}/seats/"
    ada.post(f"{path}{hall.seat_ids[0]}/lock/")

    seen = {caller: caller.get(path).json["seats"][0] for caller in (nobody, ada, ben)}

    assert len(nobody.get(path).json["seats"]) == 7
    assert all(seat["status"] == "locked" and seat["is_locked"] for seat in seen.values())
    assert [seen[caller]["is_mine"] for caller in (nobody, ada, ben)] == [False, True, False]
    assert seen[ben]["locked_until"] is None
    assert seen[ada]["locked_until"] is not None


def test_seats_can_be_asked_for_in_part(hall: Hall, nobody: Caller, ada: Caller) -> None:
    path = f"/events/{hall.event_id}/seats/"
    ada.post(f"{path}{hall.seat_ids[0]}/lock/")
    [locked] = nobody.get(f"{path}?status=locked&fields=id,status").json["seats"]
    free = nobody.get(f"{path}?status=available&area={hall.area_id}").json["seats"]

    assert locked == {"id": hall.seat_ids[0], "status": "locked"}
    assert [seat["id"] for seat in free] == list(hall.seat_ids[1:])
    assert nobody.get(f"{path}?area={hall.area_id + 999}").status_code == 404
    assert nobody.get(f"{path}?fields=id,password").status_code == 422
    assert nobody.get(f"{path}?status=HELD").status_code == 422


def test_seats_that_did_not_change_are_not_sent_again(hall: Hall, nobody: Caller, ada: Caller) -> None:
    path = f"/events/{hall.event_id}/seats/"
    tag = nobody.get(path).headers["ETag"]

    assert nobody.get(path, headers={"If-None-Match": tag}).status_code == 304
    ada.post(f"{path}{hall.seat_ids[0]}/lock/")
    changed = nobody.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    # Whose eyes see it is part of what is seen.
    assert ada.get(path, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


def test_changes_come_once_and_the_cursor_goes_on(
    app: Flask, hall: Hall, nobody: Caller, ada: Caller
) -> None:
    path = f"/events/{hall.event_id}/"
    cursor = nobody.get(path + "seats/").json["cursor"]
    ada.post(f"{path}seats/{hall.seat_ids[1]}/lock/")

    first = nobody.get(f"{path}changes/?since={cursor}").json
    second = nobody.get(f"{path}changes/?since={first['cursor']}").json

    assert [(seat["id"], seat["status"]) for seat in first["seats"]] == [(hall.seat_ids[1], "locked")]
    assert second["seats"] == []
    assert not first["more"]
    with app.app_context():
        let_hold_end(hall, open_reservations(hall)[0], seconds_ago=0)
    ended = nobody.get(f"{path}changes/?since={first['cursor']}").json["seats"]
    assert [(seat["id"], seat["status"]) for seat in ended] == [(hall.seat_ids[1], "available")]
    assert nobody.get(f"{path}changes/?since=yesterday").status_code == 422
    assert nobody.get(f"{path}changes/").status_code == 422


def test_one_seat(hall: Hall, nobody: Caller) -> None:
    path = f"/events/{hall.event_id}/seats/"

    assert nobody.get(f"{path}{hall.seat_ids[2]}/").json["seat"]["seat_number"] == "A3"
    assert nobody.get(f"{path}{hall.seat_ids[-1] + 99}/").json["code"] == "not_found"


def test_both_vocabularies_show_the_same_seats(hall: Hall, nobody: Caller, ada: Caller) -> None:
    ada.post("/seats/hold-batch/", {"show_id": hall.event_id, "seat_ids": list(hall.seat_ids[:2])})
    ada.post("/seats/book-batch/", {"show_id": hall.event_id, "seat_ids": list(hall.seat_ids[:2])})
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[2]}/lock/")

    old = nobody.get(f"/seats/?show_id={hall.event_id}").json["seats"]
    new = nobody.get(f"/events/{hall.event_id}/seats/").json["seats"]

    words = {"available": "AVAILABLE", "locked": "HELD", "reserved": "BOOKED", "blocked": "BLOCKED"}
    assert [(seat["id"], seat["seat_number"], words[seat["status"]], seat["price"]) for seat in new] == [
        (seat["id"], seat["seat_number"], seat["status"], seat["price"]) for seat in old
    ]
    assert [seat["status"] for seat in old][:4] == ["BOOKED", "BOOKED", "HELD", "AVAILABLE"]
    [show] = nobody.get("/seats/shows/").json["shows"]
    assert (show["id"], show["booked_seats"], show["held_seats"]) == (hall.event_id, 2, 1)
    released = ada.post(
        "/seats/release-hold-batch/", {"show_id": hall.event_id, "seat_ids": [hall.seat_ids[2]]}
    )
    assert released.json["message"] == "A3 released"
    assert nobody.get(f"/events/{hall.event_id}/seats/").json["seats"][2]["status"] == "available"


def test_prices_are_what_a_place_costs_with_its_fee(app: Flask, nobody: Caller) -> None:
    with app.app_context():
        hall = make_event(seats=1, fee_per_place_minor=150, fee_per_order_minor=200)

    [listed] = nobody.get("/events/").json["events"]
    event = nobody.get(f"/events/{hall.event_id}/").json["event"]
    [seat] = nobody.get(f"/events/{hall.event_id}/seats/").json["seats"]

    assert (listed["lowest_price"], event["lowest_price"], seat["price"]) == ("46.50", "46.50", "46.50")
    assert event["fee_per_order"] == "2.00"
