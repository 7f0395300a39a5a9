from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func
from werkzeug.test import TestResponse

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_quantity, hold_seats
from seatbook.extensions import db
from seatbook.models import Area, Section
from seatbook.queries.changes import Cursor
from seatbook.queries.moment import read_moment
from tests.factories import (
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_slots,
    open_reservations,
    seat_row,
    statuses,
)
from tests.query_count import statements
from tests.snapshot import nothing_changes
from tests.visitor import TOKEN, Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")

SEAT = re.compile(r'<button id=seat-(\d+)([^>]*) data-status=(\w+)([^>]*) aria-label="([^"]*)">')
CURSOR = re.compile(r'id="cursor" name="since" value="([^"]+)"')


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def other(app: Flask) -> Visitor:
    return Visitor(app)


def page(visitor: Visitor, hall: Hall) -> str:
    answer = visitor.open(f"/events/{hall.event_id}")
    assert answer.status_code == 200
    return answer.text


def states(text: str) -> dict[int, str]:
    return {int(seat_id): status for seat_id, _, status, _, _ in SEAT.findall(text)}


def names(text: str) -> dict[int, str]:
    return {int(seat_id): name for seat_id, _, _, _, name in SEAT.findall(text)}


def post(visitor: Visitor, hall: Hall, act: str, *, htmx: bool = False, **fields: Any) -> TestResponse:
    return visitor.send(
        f"/events/{hall.event_id}/{act}", page=f"/events/{hall.event_id}", htmx=htmx, **fields
    )


def poll(visitor: Visitor, hall: Hall, cursor: str) -> TestResponse:
    return visitor.open(f"/events/{hall.event_id}/changes?since={cursor}", headers={"HX-Request": "true"})


def cursor_of(text: str) -> str:
    found = CURSOR.search(text)
    assert found
    return found[1]


def targets(text: str) -> list[str]:
    return re.findall(r'<hx-partial hx-target="#([\w-]+)"', text)


# --- the page ---


def test_the_page_shows_every_seat_with_its_state_and_a_name_for_whoever_hears_it(visitor: Visitor) -> None:
    hall = make_event(seats=4, price_minor=4500)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())
    alice = make_holder("alice")
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[2]], holder=alice)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=alice)
    block_seats(hall.event_id, seat_ids=[hall.seat_ids[3]], reason="camera", actor_user_id=None)

    text = page(visitor, hall)
    assert list(states(text).values()) == ["available", "held", "reserved", "blocked"]
    assert names(text)[hall.seat_ids[0]] == "Row A, seat 1 · Stalls · €45.00 · available"
    assert names(text)[hall.seat_ids[2]] == "Row A, seat 3 · Stalls · €45.00 · reserved"
    assert "alice" not in text
    assert "camera" not in text


def test_only_what_can_be_pressed_carries_an_act(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())
    acts = {int(seat_id): attributes for seat_id, attributes, *_ in SEAT.findall(page(visitor, hall))}
    assert f"name=release value={hall.seat_ids[0]}" in acts[hall.seat_ids[0]]
    assert "type=button aria-disabled=true" in acts[hall.seat_ids[1]]
    assert f"name=hold value={hall.seat_ids[2]}" in acts[hall.seat_ids[2]]


def test_a_hold_that_has_ended_shows_as_available(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    let_hold_end(hall, held.reservation_id)
    assert list(states(page(visitor, hall)).values()) == ["available"]


def test_the_page_obeys_its_own_content_security_policy(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    text = page(visitor, hall)
    assert not re.search(r"<[^>]+\sstyle=", text)
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert not re.search(r"<[^>]+\shx-on", text)
    assert all("nonce=" in script for script in re.findall(r"<script[^>]*>", text))
    htmx = re.findall(r"<[^>]+\shx-(?:post|get)=[^>]*>", text)
    assert htmx
    assert all("hx-nonce=" in element for element in htmx)
    assert all(
        'name="csrf_token"' in form for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.S)
    )


def test_the_times_are_those_of_the_venue(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    change_event(
        hall,
        starts_at=datetime(2027, 7, 1, 17, 30, tzinfo=UTC),
        ends_at=datetime(2027, 7, 1, 19, 0, tzinfo=UTC),
    )
    text = page(visitor, hall)
    assert "Thursday, July 1, 2027, 7:30\u202fPM" in text
    assert "Berlin time" in text


@pytest.mark.parametrize("seats", [40, 1_500])
def test_the_page_costs_the_same_number_of_queries_at_any_size(visitor: Visitor, seats: int) -> None:
    hall = make_event(seats=seats)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    with statements() as sent:
        page(visitor, hall)
    assert len(sent) == 7


def test_a_large_hall_is_small_on_the_wire(visitor: Visitor) -> None:
    hall = make_event(seats=1_563)
    for encoding, most in (("gzip", 60_000), ("br", 40_000)):
        answer = visitor.open(f"/events/{hall.event_id}", headers={"Accept-Encoding": encoding})
        assert answer.headers["Content-Encoding"] == encoding
        assert len(answer.data) < most


# --- a click ---


def test_a_click_holds_and_a_second_one_gives_back(visitor: Visitor) -> None:
    hall = make_event(seats=3, price_minor=4500)
    seat_id = hall.seat_ids[1]
    answer = post(visitor, hall, "seats", hold=seat_id)
    assert answer.status_code == 303
    assert answer.location == f"/events/{hall.event_id}#seat-{seat_id}"
    text = page(visitor, hall)
    assert states(text)[seat_id] == "mine"
    assert "1 place is yours until" in text
    assert "€45.00" in text

    assert post(visitor, hall, "seats", release=seat_id).status_code == 303
    assert states(page(visitor, hall))[seat_id] == "available"
    assert statuses(hall) == ["available"] * 3


def test_the_same_click_twice_is_one(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    for _ in range(2):
        assert post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[0]).status_code == 200
    assert statuses(hall) == ["held"]


def test_htmx_gets_the_seat_the_basket_and_the_figures_alone(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    answer = post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[1])
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert targets(answer.text) == [
        f"seat-{hall.seat_ids[1]}",
        "basket",
        "figures",
        "said",
        "refused",
        "choices",
    ]
    assert states(answer.text) == {hall.seat_ids[1]: "mine"}
    assert '<dd data-figure="held">1</dd>' in answer.text


def test_a_partial_brings_no_white_space_that_would_stand_between_seats(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    answer = post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[0])
    for inside in re.findall(r"<hx-partial[^>]*>(.*?)</hx-partial>", answer.text, re.S):
        assert inside == inside.strip()


def test_the_page_and_the_answer_draw_a_seat_alike(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    answer = post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[0])
    (drawn,) = re.findall(r"<button id=seat-.*?</button>", answer.text)
    assert drawn in page(visitor, hall)


@pytest.mark.parametrize("htmx", [False, True])
def test_who_loses_a_race_sees_the_seat_as_it_is_and_what_is_free_beside_it(
    visitor: Visitor, other: Visitor, htmx: bool
) -> None:
    hall = make_event(seats=40)
    seat_id = hall.seat_ids[4]
    page(visitor, hall)
    other.pick(hall.event_id, seat_id)
    with nothing_changes(but=["reservation"]):
        answer = post(visitor, hall, "seats", htmx=htmx, hold=seat_id)

    assert answer.status_code == 409
    assert "A5 was just taken. A4 and A6 beside it are free." in answer.text
    assert re.search(r'="?#?refused"[^>]*><p>A5 was just taken', answer.text)
    assert states(answer.text)[seat_id] == "held"
    assert re.search(rf"id=seat-{seat_id}[^>]* data-lost", answer.text)
    assert len(states(answer.text)) == (1 if htmx else 40)
    assert open_reservations(hall) == [seat_row(hall, seat_id).reservation_id]


def test_a_seat_that_nobody_beside_is_free_is_simply_gone(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    page(visitor, hall)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    answer = post(visitor, hall, "seats", hold=hall.seat_ids[0])
    assert answer.status_code == 409
    assert "A1 was just taken. Please pick another one." in answer.text


def test_nobody_gives_back_what_is_somebody_elses(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    with nothing_changes():
        assert post(visitor, hall, "seats", htmx=True, release=hall.seat_ids[0]).status_code == 409


def test_more_than_the_event_allows_is_refused_in_a_sentence(visitor: Visitor) -> None:
    hall = make_event(seats=3, max_seats=2)
    for seat_id in hall.seat_ids[:2]:
        post(visitor, hall, "seats", hold=seat_id)
    answer = post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[2])
    assert answer.status_code == 409
    assert "at most 2 places" in answer.text


def test_alike_places_are_taken_by_number(visitor: Visitor) -> None:
    hall = make_event()
    area_id = make_area(hall, kind="standing", places=5, name="Floor")
    answer = post(visitor, hall, f"areas/{area_id}", quantity=2)
    assert (answer.status_code, answer.location) == (303, f"/events/{hall.event_id}#area-{area_id}")
    text = page(visitor, hall)
    assert "3 of 5 left" in text
    assert re.search(r"Floor <b>× 2</b>", text)

    answer = post(visitor, hall, f"areas/{area_id}", htmx=True, quantity=1)
    assert targets(answer.text) == ["basket", "figures", f"area-{area_id}", "said", "refused", "choices"]
    refused = post(visitor, hall, f"areas/{area_id}", htmx=True, quantity=4)
    assert refused.status_code == 409
    assert "Floor: you asked for 4, and 2 are left." in refused.text


def make_event_without_seats() -> Hall:
    hall = make_event(seats=0)
    db.session.execute(delete(Section).where(Section.area_id == hall.area_id))
    db.session.execute(delete(Area).where(Area.id == hall.area_id))
    db.session.commit()
    return hall


@pytest.mark.parametrize(
    ("kind", "at_first", "at_last"),
    [("standing", "10 of 10 left", "Last 4 places"), ("stock", "10 left", "Last 4 items")],
)
def test_what_is_left_is_called_what_it_is_and_last_when_most_is_gone(
    visitor: Visitor, kind: str, at_first: str, at_last: str
) -> None:
    hall = make_event_without_seats()
    area_id = make_area(hall, kind=kind, places=10)
    assert at_first in page(visitor, hall)
    assert at_first in visitor.open("/").text
    post(visitor, hall, f"areas/{area_id}", quantity=6)
    assert at_last in page(visitor, hall)
    assert at_last in visitor.open("/").text


def test_the_last_times_of_a_room_are_times(visitor: Visitor) -> None:
    hall = make_event_without_seats()
    slots = make_slots(hall, starts=[database_clock() + timedelta(days=day) for day in (1, 2, 3)])
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())
    assert "2 of 3 left" in visitor.open("/").text
    hold_seats(hall.event_id, seat_ids=slots[1:2], holder=make_holder())
    assert "Last 1 free time" in visitor.open("/").text


def test_one_of_several_alike_places_goes_back(visitor: Visitor) -> None:
    hall = make_event()
    area_id = make_area(hall, kind="stock", places=5, name="Size M")
    post(visitor, hall, f"areas/{area_id}", quantity=3)
    last = re.search(r'class="line-back" name="release" value="(\d+)"', page(visitor, hall))
    assert last
    post(visitor, hall, "seats", release=last[1])
    assert sorted(statuses(hall)) == ["available"] * 3 + ["held"] * 2


def test_no_more_alike_places_are_offered_than_one_person_can_have(visitor: Visitor) -> None:
    visitor.register("alice")
    hall = make_event(max_seats=4)
    area_id = make_area(hall, kind="standing", places=50)
    post(visitor, hall, f"areas/{area_id}", quantity=3)
    assert post(visitor, hall, "reserve", **basket_of(page(visitor, hall))).status_code == 303
    text = page(visitor, hall)
    assert f'id="area-{area_id}-quantity" name="quantity"><option>1</option></select>' in text
    post(visitor, hall, f"areas/{area_id}", quantity=1)
    text = page(visitor, hall)
    assert f'id="area-{area_id}-quantity"' not in text
    assert "You have as many places of this event as one person can have." in text


def test_a_slot_is_held_like_a_seat(visitor: Visitor) -> None:
    hall = make_event()
    start = datetime.now(UTC) + timedelta(days=2)
    past = datetime.now(UTC) - timedelta(days=2)
    old, slot = make_slots(hall, starts=[past, start])
    text = page(visitor, hall)
    assert list(states(text)) == [slot]
    assert old not in states(text)
    assert states(post(visitor, hall, "seats", htmx=True, hold=slot).text) == {slot: "mine"}


def test_everything_goes_back_at_once(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    for seat_id in hall.seat_ids[:2]:
        post(visitor, hall, "seats", hold=seat_id)
    answer = post(visitor, hall, "release", htmx=True)
    assert states(answer.text) == dict.fromkeys(hall.seat_ids[:2], "available")
    assert "Your places are back on sale. Nothing was charged." in answer.text
    assert statuses(hall) == ["available"] * 3
    # Nothing held: nothing happens.
    assert post(visitor, hall, "release").status_code == 303


# --- what nobody's page sends ---


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"hold": ""},
        {"hold": "abc"},
        {"hold": "-1"},
        {"hold": "0"},
        {"hold": "1.5"},
        {"hold": "٣"},
        {"hold": "9" * 19},
        {"hold": "9" * 400},
        {"hold": "1", "release": "1"},
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_garbage_is_refused_and_changes_nothing(visitor: Visitor, fields: dict[str, Any], htmx: bool) -> None:
    hall = make_event(seats=1)
    page(visitor, hall)
    with nothing_changes():
        assert post(visitor, hall, "seats", htmx=htmx, **fields).status_code == 422


def test_a_seat_of_another_event_is_not_there(visitor: Visitor) -> None:
    hall, elsewhere = make_event(seats=1), make_event(seats=1)
    page(visitor, hall)
    with nothing_changes():
        assert post(visitor, hall, "seats", htmx=True, hold=elsewhere.seat_ids[0]).status_code == 404


@pytest.mark.parametrize("quantity", ["", "0", "-2", "many", "1e3", "2.5", "999999", "9" * 50])
def test_a_quantity_is_a_small_whole_number(visitor: Visitor, quantity: str) -> None:
    hall = make_event()
    area_id = make_area(hall, kind="standing", places=5)
    page(visitor, hall)
    with nothing_changes():
        assert post(visitor, hall, f"areas/{area_id}", quantity=quantity).status_code == 422


def test_an_area_that_is_not_there_or_is_picked_seat_by_seat(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    page(visitor, hall)
    assert post(visitor, hall, "areas/999999", quantity=1).status_code == 404
    assert post(visitor, hall, f"areas/{hall.area_id}", quantity=1).status_code == 422


@pytest.mark.parametrize(
    "path", ["/events/0", "/events/999999", "/events/abc", "/events/9999999999999999999999", "/events/-1"]
)
def test_an_event_that_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.open(path).status_code == 404


def test_a_draft_is_not_there_yet_for_page_click_or_poll(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    shown = page(visitor, hall)
    token = TOKEN.search(shown)
    assert token
    change_event(hall, status="draft")
    assert visitor.open(f"/events/{hall.event_id}").status_code == 404
    assert poll(visitor, hall, cursor_of(shown)).status_code == 404
    answer = visitor.client.post(
        f"/events/{hall.event_id}/seats", data={"csrf_token": token[1], "hold": str(hall.seat_ids[0])}
    )
    assert answer.status_code == 404


def test_a_form_without_its_token_does_nothing(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    page(visitor, hall)
    with nothing_changes():
        for act in ("seats", "release", "reserve", f"areas/{hall.area_id}"):
            answer = visitor.client.post(f"/events/{hall.event_id}/{act}", data={"hold": hall.seat_ids[0]})
            assert answer.status_code == 400


def test_the_address_of_a_form_leads_back_to_the_page(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    for act in ("seats", "release", "reserve", f"areas/{hall.area_id}"):
        answer = visitor.open(f"/events/{hall.event_id}/{act}")
        assert (answer.status_code, answer.location) == (303, f"/events/{hall.event_id}")


# --- the sale ---


@pytest.mark.parametrize(
    ("fields", "sale", "sentence"),
    [
        ({"on_sale_from": func.clock_timestamp() + timedelta(hours=1)}, "not_yet", "The sale opens on"),
        ({"on_sale_until": func.clock_timestamp() - timedelta(seconds=1)}, "ended", "The sale has ended."),
        ({"status": "cancelled"}, "cancelled", "This event is cancelled."),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_closed_sale_says_so_and_takes_nothing(
    visitor: Visitor, fields: dict[str, Any], sale: str, sentence: str, htmx: bool
) -> None:
    hall = make_event(seats=1)
    change_event(hall, **fields)
    text = page(visitor, hall)
    assert f'data-sale="{sale}"' in text
    assert sentence in text
    assert "name=hold" not in text
    with nothing_changes():
        answer = post(visitor, hall, "seats", htmx=htmx, hold=hall.seat_ids[0])
    assert answer.status_code == 409
    assert sentence in answer.text


def test_sold_out_is_said_and_that_holds_may_come_back(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    assert "may come back" in page(visitor, hall)
    let_hold_end(hall, held.reservation_id)
    assert "data-sale=" not in page(visitor, hall)


# --- reserve ---


def test_whoever_is_not_signed_in_signs_in_first_and_keeps_the_basket(
    visitor: Visitor, other: Visitor
) -> None:
    other.register("alice")
    hall = make_event(seats=2)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    answer = post(visitor, hall, "reserve", **basket_of(page(visitor, hall)))
    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=/events/{hall.event_id}"
    assert states(page(visitor, hall))[hall.seat_ids[0]] == "mine"

    answer = visitor.sign_in("alice", next=f"/events/{hall.event_id}")
    assert answer.location == f"/events/{hall.event_id}"
    text = page(visitor, hall)
    assert states(text)[hall.seat_ids[0]] == "mine"

    answer = post(visitor, hall, "reserve", **basket_of(text))
    assert answer.status_code == 303
    assert re.fullmatch(rf"/reservations/{hall.event_id}-\w+", answer.location)
    assert statuses(hall) == ["reserved", "available"]
    assert answer.location.rsplit("/", 1)[1] in visitor.open(answer.location).text
    bought = page(visitor, hall)
    assert re.search(rf"id=seat-{hall.seat_ids[0]}[^>]*data-own", bought)
    assert "reserved by you" in names(bought)[hall.seat_ids[0]]


def test_reserving_twice_is_one_reservation(visitor: Visitor) -> None:
    visitor.register("alice")
    hall = make_event(seats=2)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    basket = basket_of(page(visitor, hall))
    first = post(visitor, hall, "reserve", **basket)
    again = post(visitor, hall, "reserve", **basket)
    assert first.location == again.location


def test_a_basket_that_changed_in_another_window_is_shown_and_not_sold(visitor: Visitor) -> None:
    visitor.register("alice")
    hall = make_event(seats=3)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    seen = basket_of(page(visitor, hall))
    visitor.pick(hall.event_id, hall.seat_ids[1])
    with nothing_changes():
        answer = post(visitor, hall, "reserve", **seen)
    assert answer.status_code == 409
    assert "Your basket changed in another window" in answer.text
    assert basket_of(answer.text)["seat_ids"] == f"{hall.seat_ids[0]},{hall.seat_ids[1]}"


def test_a_hold_that_ended_is_said_and_offered_again(visitor: Visitor) -> None:
    visitor.register("alice")
    hall = make_event(seats=2)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    seen = basket_of(page(visitor, hall))
    let_hold_end(hall, int(seen["reservation_id"]))
    answer = post(visitor, hall, "reserve", **seen)
    assert answer.status_code == 410
    assert re.search(r"Your hold ended at [^.]+\. Nothing was charged\.", answer.text)
    assert "Row A, seat 1 is free again: take it back?" in answer.text

    assert post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[0]).status_code == 200
    assert states(page(visitor, hall))[hall.seat_ids[0]] == "mine"


def test_what_somebody_else_took_meanwhile_is_not_offered(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    let_hold_end(hall, open_reservations(hall)[0])
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    text = page(visitor, hall)
    assert "Somebody else has taken them since." in text
    assert "take it back" not in text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reservation_id": "abc", "seat_ids": "1"},
        {"reservation_id": "1", "seat_ids": "1,b"},
        {"reservation_id": "9" * 19, "seat_ids": "1"},
    ],
)
def test_a_reserve_form_that_is_not_ours_is_refused(visitor: Visitor, fields: dict[str, Any]) -> None:
    visitor.register("alice")
    hall = make_event(seats=1)
    with nothing_changes():
        assert post(visitor, hall, "reserve", **fields).status_code == 422


def test_nobody_buys_somebody_elses_basket(visitor: Visitor, other: Visitor) -> None:
    visitor.register("alice")
    hall = make_event(seats=1)
    other.pick(hall.event_id, hall.seat_ids[0])
    with nothing_changes():
        answer = post(visitor, hall, "reserve", **basket_of(page(other, hall)))
    assert answer.status_code == 404


# --- what changed since ---


def test_a_poll_without_news_is_empty(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    answer = poll(visitor, hall, cursor_of(page(visitor, hall)))
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_poll_without_news_costs_one_query(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    cursor = cursor_of(page(visitor, hall))
    with statements() as sent:
        poll(visitor, hall, cursor)
    assert len(sent) == 1


def test_others_and_the_viewer_see_a_change_each_in_their_way(visitor: Visitor, other: Visitor) -> None:
    hall = make_event(seats=40)
    mine, theirs = cursor_of(page(visitor, hall)), cursor_of(page(other, hall))
    visitor.pick(hall.event_id, hall.seat_ids[7])

    seen = poll(visitor, hall, mine)
    assert states(seen.text) == {hall.seat_ids[7]: "mine"}
    assert "1 place is yours" in seen.text
    heard = poll(other, hall, theirs)
    assert states(heard.text) == {hall.seat_ids[7]: "held"}
    assert targets(heard.text) == [f"seat-{hall.seat_ids[7]}", "basket", "figures", "activity", "cursor"]
    assert "A8 held" in heard.text
    assert poll(other, hall, cursor_of(heard.text)).status_code == 204


def test_two_windows_of_one_person_agree(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    first = page(visitor, hall)
    second = page(visitor, hall)
    post(visitor, hall, "seats", htmx=True, hold=hall.seat_ids[0])
    for window in (first, second):
        seen = poll(visitor, hall, cursor_of(window))
        assert states(seen.text) == {hall.seat_ids[0]: "mine"}
        assert basket_of(seen.text)["seat_ids"] == str(hall.seat_ids[0])


def test_a_hold_that_ends_is_seen_by_all_without_any_sweep(visitor: Visitor, other: Visitor) -> None:
    hall = make_event(seats=2)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    mine, theirs = cursor_of(page(visitor, hall)), cursor_of(page(other, hall))
    let_hold_end(hall, open_reservations(hall)[0], seconds_ago=0)
    for window, cursor in ((visitor, mine), (other, theirs)):
        assert states(poll(window, hall, cursor).text) == {hall.seat_ids[0]: "available"}
    assert "Your hold ended at" in poll(visitor, hall, mine).text


def test_a_thousand_changes_draw_each_seat_once_as_it_is(visitor: Visitor) -> None:
    hall = make_event(seats=300)
    cursor = cursor_of(page(visitor, hall))
    for first in range(0, 300, 4):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[first : first + 4], holder=make_holder())
    answer = poll(visitor, hall, cursor)
    assert states(answer.text) == dict.fromkeys(hall.seat_ids, "held")
    assert len(SEAT.findall(answer.text)) == 300


def test_counted_places_change_in_a_poll_as_well(visitor: Visitor) -> None:
    hall = make_event()
    area_id = make_area(hall, kind="standing", places=20, name="Floor")
    cursor = cursor_of(page(visitor, hall))
    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=make_holder())
    answer = poll(visitor, hall, cursor)
    assert f"area-{area_id}" in targets(answer.text)
    assert "18 of 20 left" in answer.text


@pytest.mark.parametrize(
    "cursor", ["", "abc", "1.2", "-1.0.0", "1.0.0%00", "9" * 40, "1.0.0.0", "%F0%9F%92%BA"]
)
def test_a_cursor_that_is_not_ours_is_refused(visitor: Visitor, cursor: str) -> None:
    hall = make_event(seats=1)
    assert poll(visitor, hall, cursor).status_code == 422


def test_a_cursor_of_another_database_loads_the_page_again(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    moment = read_moment()
    answer = poll(visitor, hall, str(Cursor(moment.xmin + 1_000_000, 0, moment.now)))
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")


def test_there_is_nothing_to_follow_where_no_event_is(visitor: Visitor) -> None:
    moment = read_moment()
    assert visitor.open(f"/events/999999/changes?since={Cursor.at_moment(moment)}").status_code == 404


# --- the cells of a hall ---


def test_the_cells_of_a_hall_are_kept_by_the_browser(visitor: Visitor) -> None:
    hall = make_event(seats=1)
    address = re.search(r'href="(/places\.css[^"]*)"', page(visitor, hall))
    assert address
    answer = visitor.open(address[1])
    assert answer.mimetype == "text/css"
    assert ".x12{grid-column:12}" in answer.text
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in visitor.open("/places.css?v=old").headers["Cache-Control"]


def test_the_best_seats_are_found_held_and_named(visitor: Visitor) -> None:
    hall = make_event(seats=40)

    answer = post(visitor, hall, "best", htmx=True, quantity="3", price="")

    held = [seat_id for seat_id, status in states(answer.text).items() if status == "mine"]
    assert answer.status_code == 200
    assert len(held) == 3
    assert "are yours for now." in answer.text
    assert statuses(hall).count("held") == 3


def test_the_best_seats_work_as_a_plain_form(visitor: Visitor) -> None:
    hall = make_event(seats=40)

    answer = post(visitor, hall, "best", quantity="2")

    assert answer.status_code == 303
    assert "are yours for now." in page(visitor, hall)


def test_a_group_for_which_there_is_no_room_is_told_how_many_seats_fit(visitor: Visitor) -> None:
    hall = make_event(seats=2)

    answer = post(visitor, hall, "best", htmx=True, quantity="3")

    assert answer.status_code == 409
    assert "You asked for 3 seats, and 2 that fit are free." in answer.text
    assert statuses(hall) == ["available", "available"]


@pytest.mark.parametrize("fields", [{"quantity": "many"}, {"quantity": "2", "price": "cheap"}, {}])
def test_a_wish_that_our_form_never_sends_is_refused(visitor: Visitor, fields: dict[str, str]) -> None:
    hall = make_event(seats=4)

    with nothing_changes():
        assert post(visitor, hall, "best", htmx=True, **fields).status_code == 422


def test_a_choice_that_strands_a_seat_is_answered_with_better_ones(visitor: Visitor) -> None:
    hall = make_event(seats=6, leave_no_single=True)

    answer = post(visitor, hall, "seats", htmx=True, hold=str(hall.seat_ids[1]))

    assert answer.status_code == 409
    assert "A1 would be left alone" in answer.text
    assert statuses(hall) == ["available"] * 6


def test_fees_are_told_with_the_first_price_and_are_in_every_total(visitor: Visitor) -> None:
    hall = make_event(seats=2, fee_per_place_minor=150, fee_per_order_minor=200)
    text = page(visitor, hall)
    assert "Prices include a fee of €1.50 for each place. Each order costs €2.00 more." in text
    assert "€46.50" in text and "€45.00" not in text
    visitor.pick(hall.event_id, hall.seat_ids[0])
    text = page(visitor, hall)
    assert "€48.50" in text
    assert "Fees of €3.50 are included." in text


def test_what_costs_nothing_has_no_word_of_fees(visitor: Visitor) -> None:
    hall = make_event(seats=2, price_minor=0, fee_per_place_minor=150, fee_per_order_minor=200)
    assert "fee" not in page(visitor, hall).lower()
