"""The back office makes events and sells them by API: by the same acts as commands and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from seatbook.extensions import db
from seatbook.models import Event, Seat, StaffAct
from tests.api.caller import Answer, Caller
from tests.factories import change_event, make_event
from tests.paying import make_online_event
from tests.snapshot import nothing_changes

TABLE = "zone,row,start,end\nStalls,A,1,4\n"
LONGER = "zone,row,start,end\nStalls,A,1,6\n"


def at(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def new_event(**fields: Any) -> dict[str, Any]:
    return {
        "show": {"title": "The Quiet Hour", "kind": "theatre"},
        "venue": {"name": "Lyric Hall", "time_zone": "Europe/Berlin"},
        "areas": [{"kind": "standing", "name": "Floor", "capacity": 5}],
        "starts_at": at(20),
        "ends_at": at(21),
        "price": "45.00",
        **fields,
    }


def made(clerk: Caller, **fields: Any) -> Answer:
    answer = clerk.post("/staff/events/", new_event(**fields))
    assert answer.status_code == 201, answer.text
    return answer.json["event"]


@pytest.fixture
def plan_id(clerk: Caller) -> int:
    kept = clerk.post("/staff/plans/", {"file": TABLE, "name": "Hall", "venue": "Lyric Hall"}).json
    assert (kept["outcome"], kept["places"], kept["categories"]) == ("created", 4, ["Stalls"])
    return int(kept["plan_id"])


def test_an_event_is_made_of_a_plan_and_areas(clerk: Caller, plan_id: int) -> None:
    event = made(
        clerk,
        plan_id=plan_id,
        venue=None,
        prices=[{"category": "Floor", "price": "20.00"}],
        fee_per_order="2.00",
        cancel_seconds_before_start=None,
        max_seats=3,
    )

    assert (event["status"], event["payment"], event["total_seats"]) == ("draft", "online", 9)
    assert [(part["area"], part["category"], part["price"]) for part in event["parts"]] == [
        ("Hall", "Stalls", "45.00"),
        ("Floor", "Floor", "20.00"),
    ]
    assert (event["fee_per_order"], event["cancel_seconds_before_start"], event["max_seats"]) == (
        "2.00",
        None,
        3,
    )
    assert (event["orders"], event["value"], event["takings"]["came_in"]) == (0, "0.00", [])
    assert [line["id"] for line in clerk.get("/staff/events/?q=quiet").json["events"]] == [event["id"]]
    [plan] = clerk.get("/staff/plans/").json["plans"]
    assert (plan["id"], plan["venue"], plan["events"]) == (plan_id, "Lyric Hall", 1)


def test_a_draft_is_nobodys_until_it_is_published(clerk: Caller, ada: Caller) -> None:
    event_id = made(clerk)["id"]
    assert ada.get(f"/events/{event_id}/").status_code == 404

    published = clerk.post(f"/staff/events/{event_id}/publish/").json
    assert published["event"]["status"] == "published"
    assert clerk.post(f"/staff/events/{event_id}/publish/").json["message"].endswith("published already.")
    area_id = ada.get(f"/events/{event_id}/").json["event"]["areas"][0]["id"]
    assert ada.post(f"/events/{event_id}/areas/{area_id}/hold/", {"quantity": 2}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"price": None}, "prices"),
        ({"price": "45.001"}, "price"),
        ({"currency": "XXX"}, "currency"),
        ({"venue": None}, "venue"),
        ({"venue_id": 1}, "venue"),
        ({"show": None}, "show"),
        ({"ends_at": at(19)}, "ends_at"),
        ({"starts_at": at(-3), "ends_at": at(-2)}, "starts_at"),
        ({"price": "0", "payment": "online"}, "payment"),
        ({"areas": []}, "areas"),
        ({"areas": [{"kind": "stock", "name": "Shirt"}]}, "areas"),
        ({"areas": [{"kind": "slots", "name": "Vault", "capacity": 2}]}, "areas"),
        ({"prices": [{"category": "Moon", "price": "1"}]}, "prices"),
        (
            {"prices": [{"category": "Floor", "price": "1"}, {"category": "Floor", "price": "2"}]},
            "prices/1/category",
        ),
        ({"venue": {"name": "Hall", "time_zone": "Mars/Olympus"}}, "venue/time_zone"),
        ({"show": {"title": "\u202e", "kind": "theatre"}}, "show/title"),
        ({"prices": [{"category": "Floor", "price": "1.001"}]}, "prices/0/price"),
        ({"fee_per_order": "1.001"}, "fee_per_order"),
        ({"on_sale_from": at(25)}, "on_sale_from"),
        ({"on_sale_from": at(9), "on_sale_until": at(8)}, "on_sale_until"),
        ({"starts_at": "2030-01-01T10:00:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:58Z", "ends_at": "9999-12-31T23:59:59Z"}, "starts_at"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "ends_at"),
        ({"on_sale_from": "9999-12-31T23:59:59Z"}, "on_sale_from"),
        ({"on_sale_until": "0001-01-01T00:00:00Z"}, "on_sale_until"),
    ],
)
def test_what_cannot_be_an_event_is_refused_whole(
    app: Flask, clerk: Caller, fields: dict[str, Any], field: str
) -> None:
    with app.app_context(), nothing_changes():
        answer = clerk.post("/staff/events/", new_event(**fields))

    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == f"#/{field}"


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("edit/", "on_sale_from", {}),
        ("edit/", "on_sale_until", {}),
        ("sale/open/", "until", {}),
        ("codes/", "valid_from", {"code": "EARLY10", "percent_off": 10}),
        ("codes/", "valid_until", {"code": "EARLY10", "percent_off": 10}),
    ],
)
def test_an_instant_in_a_year_that_nobody_means_is_refused_by_its_field(
    app: Flask, clerk: Caller, path: str, field: str, more: dict[str, Any], instant: str
) -> None:
    """Python counts to the year 9999, and every venue east of Greenwich is in the next one then."""
    event_id = made(clerk)["id"]

    with app.app_context(), nothing_changes():
        answer = clerk.post(f"/staff/events/{event_id}/{path}", {field: instant, **more})

    assert answer.status_code == 422, answer.text
    assert answer.json["errors"] == [
        {"pointer": f"#/{field}", "in": "body", "detail": "It has to be in the years 2000 to 2200."}
    ]


def test_what_is_not_there_is_not_found(clerk: Caller) -> None:
    for fields in ({"plan_id": 1}, {"show": None, "show_id": 1}, {"venue": None, "venue_id": 1}):
        assert clerk.post("/staff/events/", new_event(**fields)).status_code == 404
    for path in ("publish/", "sale/open/", "sale/close/", "edit/", "slots/generate/", "sell/"):
        content = {"how": "cash"} if path == "sell/" else {}
        assert clerk.post(f"/staff/events/9/{path}", content).status_code == 404, path


def test_how_it_is_sold_is_changed_and_who_holds_keeps_the_price(clerk: Caller, ada: Caller) -> None:
    event_id = made(clerk, publish=True, payment="counter")["id"]
    area_id = ada.get(f"/events/{event_id}/").json["event"]["areas"][0]["id"]
    hold = f"/events/{event_id}/areas/{area_id}/hold/"
    ada.post(hold, {"quantity": 1})

    changed = clerk.post(
        f"/staff/events/{event_id}/edit/",
        {"name": "Last night", "max_seats": 2, "prices": [{"category": "Floor", "price": "60.00"}]},
    ).json["event"]

    assert (changed["name"], changed["max_seats"], changed["parts"][0]["price"]) == (
        "The Quiet Hour · Last night",
        2,
        "60.00",
    )
    assert ada.get(f"/events/{event_id}/basket/").json["basket"]["total_price"] == "45.00"
    assert ada.post(hold, {"quantity": 2}).json["code"] == "too_many_seats"
    ada.post(hold, {"quantity": 1})
    assert ada.get(f"/events/{event_id}/basket/").json["basket"]["total_price"] == "105.00"


def test_what_staff_make_of_an_event_is_on_its_record(app: Flask, clerk: Caller) -> None:
    areas = [{"kind": "slots", "name": "Lab"}]
    path = f"/staff/events/{made(clerk, areas=areas)['id']}"
    clerk.post(f"{path}/publish/", {})
    clerk.post(f"{path}/publish/", {})
    clerk.post(f"{path}/edit/", {"max_seats": 5})
    clerk.post(f"{path}/sale/close/", {})
    clerk.post(f"{path}/sale/open/", {"until": at(19)})
    [room] = clerk.get(f"{path}/rooms/").json["rooms"]
    timetable = {"rules": [{"weekdays": ["sat"], "starts": ["10:00"], "duration": "1:00"}]}
    answer = clerk.post(f"{path}/rooms/{room['area_id']}/", {"timetable": timetable})
    assert answer.status_code == 200, answer.text
    clerk.post(f"{path}/slots/generate/", {"days": 14})
    clerk.post(f"{path}/slots/generate/", {"days": 14})

    with app.app_context():
        acts = db.session.execute(select(StaffAct.act, StaffAct.subject).order_by(StaffAct.id)).all()
    assert [tuple(act) for act in acts] == [
        ("created_event", ""),
        ("published_event", ""),
        ("changed_event", ""),
        ("closed_sale", ""),
        ("opened_sale", ""),
        ("changed_room", "Lab"),
        ("made_slots", "Lab"),
    ]


def test_what_cannot_be_changed_changes_nothing(app: Flask, clerk: Caller) -> None:
    event_id = made(clerk)["id"]
    path = f"/staff/events/{event_id}/edit/"

    with app.app_context(), nothing_changes():
        for content, field in (
            ({"on_sale_until": at(-50)}, "on_sale_until"),
            ({"on_sale_from": at(50)}, "on_sale_from"),
            ({"prices": [{"category": "Floor", "price": "1.001"}]}, "prices/0/price"),
            ({"name": "x", "prices": [{"category": "Moon", "price": "1.00"}]}, "prices"),
            ({"name": "a\u202eb"}, "name"),
        ):
            refused = clerk.post(path, content)
            assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, f"#/{field}")


def test_a_sale_is_closed_and_opened_again(clerk: Caller, ada: Caller) -> None:
    event_id = made(clerk, publish=True, payment="counter", on_sale_from=at(2))["id"]
    area_id = ada.get(f"/events/{event_id}/").json["event"]["areas"][0]["id"]

    def hold() -> Answer:
        return ada.post(f"/events/{event_id}/areas/{area_id}/hold/", {"quantity": 1})

    assert hold().json["data"]["state"] == "not_yet"
    clerk.post(f"/staff/events/{event_id}/sale/open/")
    held = hold().json["seats"]
    first = clerk.post(f"/staff/events/{event_id}/sale/close/").json["event"]["on_sale_until"]
    assert hold().json["data"]["state"] == "ended"
    # Again it stays closed since then, and who held something before buys it.
    assert clerk.post(f"/staff/events/{event_id}/sale/close/").json["event"]["on_sale_until"] == first
    bought = ada.post(f"/events/{event_id}/reserve/", {"seat_ids": [seat["id"] for seat in held]})
    assert bought.json["status"] == "confirmed"

    for wrong in (at(-1), at(-60)):
        over = clerk.post(f"/staff/events/{event_id}/sale/open/", {"until": wrong})
        assert (over.status_code, over.json["errors"][0]["pointer"]) == (422, "#/until")
    assert hold().json["data"]["state"] == "ended"
    clerk.post(f"/staff/events/{event_id}/sale/open/", {"until": at(10)})
    assert hold().status_code == 200


@pytest.mark.parametrize(("kind", "end"), [("standing", "starts_at"), ("stock", "ends_at")])
def test_a_sale_that_was_closed_goes_on_for_as_long_as_such_a_sale_does(
    clerk: Caller, kind: str, end: str
) -> None:
    areas = [{"kind": kind, "name": "Floor", "capacity": 5}]
    path = f"/staff/events/{made(clerk, areas=areas, publish=True, on_sale_until=at(5))['id']}/sale/"

    kept = clerk.post(f"{path}open/").json["event"]
    assert kept["on_sale_until"] < kept["starts_at"]
    clerk.post(f"{path}close/")
    opened = clerk.post(f"{path}open/").json

    assert opened["event"]["on_sale_until"] == opened["event"][end]
    assert opened["message"].endswith("is on sale.")


def test_a_sale_is_over_for_good_when_its_event_has_begun(app: Flask, clerk: Caller) -> None:
    with app.app_context():
        hall = make_event(seats=1)
        change_event(
            hall,
            on_sale_from=datetime.now(UTC) - timedelta(days=3),
            on_sale_until=datetime.now(UTC) - timedelta(days=2),
            starts_at=datetime.now(UTC) - timedelta(days=1),
        )

    over = clerk.post(f"/staff/events/{hall.event_id}/sale/open/")

    assert (over.status_code, over.json["errors"][0]["pointer"]) == (422, "#/until")


def test_a_draft_whose_sale_is_opened_is_still_a_draft(clerk: Caller) -> None:
    path = f"/staff/events/{made(clerk)['id']}/"

    opened = clerk.post(f"{path}sale/open/").json

    assert opened["message"].endswith("will be on sale when it is published.")
    assert opened["event"]["status"] == "draft"


def test_a_sale_that_never_began_is_closed_too(clerk: Caller, ada: Caller) -> None:
    event_id = made(clerk, publish=True, on_sale_from=at(2))["id"]

    clerk.post(f"/staff/events/{event_id}/sale/close/")

    assert ada.get(f"/events/{event_id}/").json["event"]["sale"] == "ended"


def test_what_is_called_off_stays_off(clerk: Caller) -> None:
    event_id = made(clerk, publish=True)["id"]
    clerk.post(f"/staff/events/{event_id}/cancel/")

    for path in ("sale/open/", "sale/close/", "edit/", "publish/", "slots/generate/"):
        refused = clerk.post(f"/staff/events/{event_id}/{path}", {})
        assert (refused.status_code, refused.json["code"]) == (409, "wrong_state"), path


def test_codes_and_concessions_are_made_stopped_and_started_again(
    app: Flask, clerk: Caller, ada: Caller
) -> None:
    with app.app_context():
        hall = make_event(seats=2)
    path = f"/staff/events/{hall.event_id}/"
    code = {"code": "early", "amount_off": "5.00", "max_uses": 3, "category_ids": [hall.category_id]}

    [made_code] = clerk.post(f"{path}codes/", code).json["codes"]
    assert (made_code["code"], made_code["amount_off"], made_code["max_uses"]) == ("EARLY", "5.00", 3)
    assert made_code["categories"] == ["Stalls"]
    assert clerk.post(f"{path}codes/", code).status_code == 422
    assert (
        clerk.post(f"{path}codes/", {"code": "BOTH", "percent_off": 5, "amount_off": "1"}).status_code == 422
    )
    [child] = clerk.post(f"{path}concessions/", {"name": "Child", "percent_off": 50}).json["concessions"]
    offered = {name: child[name] for name in ("id", "name", "percent_off")}
    assert ada.get(f"/events/{hall.event_id}/").json["event"]["concessions"] == [offered]

    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    ada.post(f"/events/{hall.event_id}/basket/code/", {"code": "EARLY"})
    assert clerk.get(f"{path}codes/").json["codes"][0]["uses"] == 1
    assert clerk.post(f"{path}codes/stop/", {"code": "Early"}).json["codes"][0]["is_active"] is False
    assert clerk.post(f"{path}codes/start/", {"code": "Early"}).json["codes"][0]["is_active"] is True
    for act in ("stop", "start"):
        assert clerk.post(f"{path}codes/{act}/", {"code": "LATE"}).status_code == 404
    [stopped] = clerk.post(f"{path}concessions/stop/", {"concession_id": child["id"]}).json["concessions"]
    assert stopped == child | {"is_active": False}
    assert ada.get(f"/events/{hall.event_id}/").json["event"]["concessions"] == []
    [started] = clerk.post(f"{path}concessions/start/", {"concession_id": child["id"]}).json["concessions"]
    assert started == child
    assert ada.get(f"/events/{hall.event_id}/").json["event"]["concessions"] == [offered]
    for act in ("stop", "start"):
        assert clerk.post(f"{path}concessions/{act}/", {"concession_id": 999_999}).status_code == 404


def test_a_reduction_that_reduces_nothing_is_refused(app: Flask, clerk: Caller) -> None:
    with app.app_context():
        path = f"/staff/events/{make_event(seats=1).event_id}/"
    code = {"code": "EARLY", "percent_off": 5, "valid_from": at(3), "valid_until": at(2)}

    nothing = clerk.post(f"{path}concessions/", {"name": "Child", "percent_off": 0})
    backwards = clerk.post(f"{path}codes/", code)

    assert (nothing.status_code, nothing.json["errors"][0]["pointer"]) == (422, "#/percent_off")
    assert (backwards.status_code, backwards.json["errors"]) == (
        422,
        [{"pointer": "#/valid_until", "detail": "A code ends after it begins."}],
    )


def test_a_venue_in_another_time_zone_is_not_the_one_that_was_meant(app: Flask, clerk: Caller) -> None:
    made(clerk)
    other = {"name": "lyric hall", "time_zone": "Asia/Tokyo"}
    plan = {"file": TABLE, "name": "Hall", "venue": "Lyric Hall"}

    with app.app_context(), nothing_changes():
        for path, content in (
            ("/staff/events/", new_event(venue=other)),
            ("/staff/plans/", plan | {"time_zone": "Asia/Tokyo"}),
        ):
            refused = clerk.post(path, content)
            assert refused.status_code == 422
            assert refused.json["errors"][0]["pointer"].endswith("/time_zone")
            assert "Europe/Berlin" in refused.json["detail"]
    assert made(clerk, venue={"name": "Lyric Hall"})["time_zone"] == "Europe/Berlin"
    assert clerk.post("/staff/plans/", plan | {"time_zone": "Europe/Berlin"}).status_code == 200
    assert made(clerk, venue={"name": "Barn"})["time_zone"] == "UTC"


def test_a_room_gets_its_timetable_and_is_sold_by_the_person(clerk: Caller, ada: Caller) -> None:
    event = made(
        clerk,
        areas=[{"kind": "slots", "name": "The Vault", "category": "Peak"}],
        starts_at=at(1),
        ends_at=at(2),
        publish=True,
        payment="counter",
    )
    path = f"/staff/events/{event['id']}/rooms/"
    [room] = clerk.get(path).json["rooms"]
    assert (room["name"], room["timetable"], room["coming"]) == ("The Vault", None, 0)
    rule = {
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "starts": ["14:00"],
        "duration": "1:00",
    }

    wrong = clerk.post(f"{path}{room['area_id']}/", {"timetable": {"rules": [{"starts": ["25:00"]}]}})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/timetable")
    content = {"timetable": {"rules": [rule]}, "party": [2, 6], "price_per": "person"}
    [changed] = clerk.post(f"{path}{room['area_id']}/", content).json["rooms"]
    assert (changed["min_party"], changed["max_party"], changed["price_per"]) == (2, 6, "person")
    [slots] = clerk.post(f"/staff/events/{event['id']}/slots/generate/", {"days": 10}).json["rooms"]
    assert slots["added"] in (10, 11)
    assert (
        clerk.post(f"/staff/events/{event['id']}/slots/generate/", {"days": 10}).json["rooms"][0]["added"]
        == 0
    )

    slot = ada.get(f"/events/{event['id']}/seats/").json["seats"][0]["id"]
    ada.post(f"/events/{event['id']}/seats/{slot}/lock/")
    four = ada.post(
        f"/events/{event['id']}/basket/parties/", {"choices": [{"seat_id": slot, "people": 4}]}
    ).json
    assert four["basket"]["total_price"] == "180.00"


def test_a_plan_is_tried_and_then_brought_to_an_event(app: Flask, clerk: Caller, plan_id: int) -> None:
    event_id = made(clerk, plan_id=plan_id, venue=None, areas=[])["id"]
    path = f"/staff/events/{event_id}/plan/"

    with app.app_context(), nothing_changes():
        tried = clerk.post(f"{path}try/", {"file": LONGER}).json
    assert (tried["faults"], tried["comes"], tried["goes"]) == ([], 2, 0)
    assert clerk.post(path, {"file": LONGER}).json["added"] == 2
    assert clerk.post(path, {"file": LONGER}).json["added"] == 0
    assert clerk.get(f"/staff/events/{event_id}/").json["event"]["total_seats"] == 6
    # Back to what the plan of the venue says.
    assert clerk.post(path, {"plan_id": plan_id}).json["deleted"] == 2
    for content in ({}, {"file": LONGER, "plan_id": plan_id}, {"file": "zone\n"}):
        assert clerk.post(path, content).status_code == 422
    assert clerk.post(path, {"plan_id": plan_id + 1}).status_code == 404


def test_what_an_event_has_beside_its_plan_stays_when_the_plan_comes_again(
    clerk: Caller, plan_id: int
) -> None:
    areas = [
        {"kind": "standing", "name": "Floor", "capacity": 40},
        {"kind": "stock", "name": "Shirts", "capacity": 100},
        {"kind": "slots", "name": "Vault"},
    ]
    before = made(clerk, plan_id=plan_id, venue=None, areas=areas)
    path = f"/staff/events/{before['id']}/"

    tried = clerk.post(f"{path}plan/try/", {"plan_id": plan_id}).json
    done = clerk.post(f"{path}plan/", {"plan_id": plan_id}).json
    after = clerk.get(path).json["event"]

    assert (tried["resizes"], tried["beside"]) == ([], ["Floor", "Shirts", "Vault"])
    assert (done["deleted"], done["added"]) == (0, 0)
    assert after["parts"] == before["parts"]
    assert [room["name"] for room in clerk.get(f"{path}rooms/").json["rooms"]] == ["Vault"]


def test_a_plan_that_would_take_somebodys_seat_is_refused(clerk: Caller, ada: Caller, plan_id: int) -> None:
    event_id = made(clerk, plan_id=plan_id, venue=None, areas=[], publish=True)["id"]
    last = ada.get(f"/events/{event_id}/seats/").json["seats"][-1]["id"]
    ada.post(f"/events/{event_id}/seats/{last}/lock/")
    shorter = {"file": "zone,row,start,end\nStalls,A,1,3\n"}

    tried = clerk.post(f"/staff/events/{event_id}/plan/try/", shorter).json
    refused = clerk.post(f"/staff/events/{event_id}/plan/", shorter)

    assert len(tried["faults"]) == 1
    assert refused.status_code == 422
    assert "A4" in refused.json["detail"]


def test_a_plan_of_that_name_is_replaced_only_when_asked(clerk: Caller, plan_id: int) -> None:
    new = {"file": LONGER, "name": "Hall", "venue": "Lyric Hall"}

    assert clerk.post("/staff/plans/", new).status_code == 422
    assert clerk.post("/staff/plans/", new | {"replace": True}).json["outcome"] == "replaced"
    assert clerk.post("/staff/plans/", new).json["outcome"] == "unchanged"


def test_what_one_holds_is_sold_at_the_window(app: Flask, clerk: Caller) -> None:
    with app.app_context():
        hall = make_online_event(seats=3)
    path = f"/staff/events/{hall.event_id}/sell/"
    assert clerk.post(path, {"how": "cash"}).json["code"] == "nothing_held"
    clerk.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")

    assert clerk.post(path, {"how": "cash", "seen_minor": 1}).json["code"] == "amount_changed"
    other = clerk.post(path, {"how": "cash", "seat_ids": [hall.seat_ids[1]]})
    assert (other.status_code, other.json["code"]) == (409, "basket_changed")
    sold = clerk.post(path, {"how": "cash", "seen_minor": 4500}).json["reservation"]

    assert (sold["status"], sold["payments"][0]["provider"], sold["payments"][0]["amount"]) == (
        "confirmed",
        "counter",
        "45.00",
    )
    takings = clerk.get(f"/staff/events/{hall.event_id}/").json["event"]["takings"]
    assert takings["came_in"] == [{"provider": "counter", "amount": "45.00"}]
    assert clerk.get("/reservations/").json["reservations"] == []


def test_money_that_went_over_the_window_comes_back_over_it(app: Flask, ada: Caller, clerk: Caller) -> None:
    with app.app_context():
        hall = make_event(seats=2, payment="counter")
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    order = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[0]]}).json[
        "reservation_id"
    ]
    path = f"/staff/reservations/{order}/"
    clerk.post(f"{path}take/", {"how": "cash"})

    cancelled = clerk.post(f"{path}cancel/").json["reservation"]
    [refund] = cancelled["payments"][0]["refunds"]
    assert (refund["amount"], refund["done_at"]) == ("45.00", None)
    done = clerk.post(f"{path}refunds/{refund['id']}/paid-out/").json["reservation"]
    assert done["payments"][0]["refunds"][0]["status"] == "done"
    assert clerk.post(f"{path}refunds/{refund['id']}/paid-out/").status_code == 200
    assert clerk.post(f"{path}refunds/{refund['id'] + 1}/paid-out/").status_code == 404


def test_a_checkout_is_asked_about_and_ended_for_its_buyer(app: Flask, ada: Caller, clerk: Caller) -> None:
    with app.app_context():
        hall = make_online_event(seats=2)
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    order = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": [hall.seat_ids[0]]}).json[
        "reservation_id"
    ]
    path = f"/staff/reservations/{order}/"
    [payment] = clerk.get(path).json["reservation"]["payments"]

    asked = clerk.post(f"{path}payments/{payment['id']}/ask/")
    assert asked.json["message"] == "The payment is open."
    decided = clerk.post(f"{path}payments/{payment['id']}/decide/", {"decision": "refund_all"})
    assert decided.json["code"] == "wrong_state"
    assert clerk.post(f"{path}payments/{payment['id'] + 1}/ask/").status_code == 404
    assert clerk.post(f"{path}give-up/").json["reservation"]["status"] == "released"


def test_an_event_sent_twice_is_one(app: Flask, clerk: Caller) -> None:
    key = {"Idempotency-Key": "the-same"}
    content = new_event()

    first = clerk.post("/staff/events/", content, headers=key)
    second = clerk.post("/staff/events/", content, headers=key)

    assert second.data == first.data
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Event)) == 1
        assert db.session.scalar(select(func.count()).select_from(Seat)) == 5


def test_a_large_area_is_made_in_one_request(clerk: Caller) -> None:
    event = made(clerk, areas=[{"kind": "standing", "name": "Field", "capacity": 20_000}])

    assert event["total_seats"] == 20_000
