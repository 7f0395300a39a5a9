"""Rooms as pages: a week, the way to another one, a slot that is held, and how many come."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.extensions import db
from seatbook.models import Area, Reservation
from seatbook.queries.week import Week
from tests.factories import (
    BERLIN,
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    make_slots,
)
from tests.paying import make_online_event
from tests.visitor import TOKEN, Visitor

FACE = re.compile(r'<button id=seat-(\d+)[^>]*data-status=(\w+)[^>]*aria-label="([^"]*)">(.*?)</button>')


@pytest.fixture
def ann(app_context: None, app: Flask) -> Visitor:
    return Visitor(app)


def week(nth: int = 1) -> Week:
    return Week.of(database_clock().astimezone(BERLIN).date() + timedelta(weeks=nth))


def room(*, price_per: str = "slot", party: tuple[int, int] | None = (2, 6)) -> tuple[Hall, tuple[int, ...]]:
    """Mondays of the next three weeks at 18 and 20 o'clock, at 45.00."""
    hall = make_event()
    change_event(
        hall,
        ends_at=database_clock() + timedelta(days=60),
        on_sale_until=database_clock() + timedelta(days=60),
    )
    starts = [week(n).begins_at(BERLIN).replace(hour=hour) for n in (1, 2, 3) for hour in (18, 20)]
    return hall, make_slots(hall, starts=starts, party=party, price_per=price_per)


def address(hall: Hall, of: Week | None = None) -> str:
    return f"/events/{hall.event_id}" + (f"/week/{of}" if of else "")


def faces(text: str) -> dict[int, tuple[str, str]]:
    """id → (status, what is written on it)"""
    return {int(id_): (status, re.sub(r"<[^>]+>", "", face)) for id_, status, _, face in FACE.findall(text)}


def links(text: str) -> dict[str, str]:
    """Where the links to other weeks lead, by what they are."""
    found = re.findall(r'<a class="button week-\w+" href="([^"]+)" data-week-link="(\w+)"', text)
    return {key: href for href, key in found}


def post(visitor: Visitor, hall: Hall, act: str, *, htmx: Any = False, **fields: Any) -> TestResponse:
    return visitor.send(f"{address(hall)}/{act}", page=address(hall), htmx=htmx, **fields)


def test_the_page_has_one_week_with_its_days(ann: Visitor) -> None:
    hall, slots = room()
    text = ann.open(address(hall)).text
    assert list(faces(text)) == list(slots[:2])
    days = re.findall(r'<h4><time datetime="([-\d]+)">', text)
    assert days == [day.isoformat() for day in week(1).days]
    assert text.count("No times") == 6
    assert links(text) == {
        "before": address(hall, week(0)),
        "after": address(hall, week(2)),
        "now": address(hall, week(0)),
    }


def test_other_weeks_are_links_without_a_script(ann: Visitor) -> None:
    hall, slots = room()
    text = ann.open(address(hall, week(2))).text
    assert list(faces(text)) == list(slots[2:4])
    assert links(text) == {
        "before": address(hall, week(1)),
        "after": address(hall, week(3)),
        "now": address(hall, week(0)),
        # Seen while nothing of this week is free.
        "free": address(hall, week(3)),
    }
    assert "after" not in links(ann.open(address(hall, week(3))).text)


def test_a_week_without_a_slot_says_so_and_offers_the_next_free_one(ann: Visitor) -> None:
    hall, slots = room()
    confirmed = make_holder("ben")
    held = hold_seats(hall.event_id, seat_ids=slots[:4], holder=confirmed)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=confirmed)
    now = ann.open(address(hall, week(0))).text
    assert "There is nothing to book in this week." in now
    assert links(now)["free"] == address(hall, week(3))
    assert "Nothing is free in this week." in ann.open(address(hall, week(2))).text
    # After everything: back to it.
    assert links(ann.open(address(hall, week(9))).text)["free"] == address(hall, week(3))


@pytest.mark.parametrize("text", ["2026-W54", "soon", "9999-W01"])
def test_what_is_no_week_is_not_there(ann: Visitor, text: str) -> None:
    hall, _ = room()
    assert ann.open(f"{address(hall)}/week/{text}").status_code == 404


def test_an_event_without_rooms_shows_its_page(ann: Visitor) -> None:
    hall = make_event(seats=1)
    answer = ann.open(address(hall, week(1)))
    assert (answer.status_code, answer.location) == (303, address(hall))


def test_a_script_gets_the_week_alone(ann: Visitor) -> None:
    hall, slots = room()
    ann.open(address(hall))
    headers = {"HX-Request": "true"}
    db.session.rollback()
    area_id = db.session.scalars(select(Area.id).where(Area.kind == "slots")).one()
    answer = ann.open(f"{address(hall, week(2))}?area={area_id}", headers=headers)
    assert answer.text.lstrip().startswith(f'<section id="area-{area_id}" class="slots"')
    assert list(faces(answer.text)) == list(slots[2:4])
    assert f'data-address="{address(hall, week(2))}"' in answer.text
    assert ann.open(f"{address(hall, week(2))}?area=0", headers=headers).status_code == 422
    assert ann.open(f"{address(hall, week(2))}?area=999999", headers=headers).status_code == 404


def test_a_plain_form_leads_back_to_the_week_that_was_chosen(ann: Visitor) -> None:
    hall, slots = room()
    ann.open(address(hall, week(2)))
    answer = ann.client.post(
        f"{address(hall)}/seats",
        data={"csrf_token": TOKEN.search(ann.open(address(hall, week(2))).text)[1], "hold": slots[2]},  # type: ignore[index]
    )
    assert answer.location == f"{address(hall, week(2))}#seat-{slots[2]}"
    text = ann.open(address(hall, week(2))).text
    assert faces(text)[slots[2]][0] == "mine"
    # The basket leads there, from anywhere.
    assert f'<a href="{address(hall, week(2))}#seat-{slots[2]}">' in ann.open(address(hall)).text
    # A refusal is told in that week, too.
    ben = make_holder("ben")
    hold_seats(hall.event_id, seat_ids=[slots[3]], holder=ben)
    ann.open(address(hall, week(2)))
    token = TOKEN.search(text)
    assert token
    refused = ann.client.post(f"{address(hall)}/seats", data={"csrf_token": token[1], "hold": slots[3]})
    assert refused.status_code == 409
    assert faces(refused.text)[slots[3]][0] == "held"


def test_the_day_that_is_shown_first_is_the_first_with_something_free(ann: Visitor) -> None:
    hall = make_event()
    begin = week(1).begins_at(BERLIN)
    slots = make_slots(hall, starts=[begin + timedelta(days=day, hours=18) for day in (1, 3, 5)])
    change_event(hall, on_sale_until=database_clock() + timedelta(days=60))
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())

    def chosen(text: str) -> list[int]:
        return [
            nth for nth, tag in enumerate(re.findall(r'<input type="radio"[^>]*>', text)) if " checked" in tag
        ]

    assert chosen(ann.open(address(hall)).text) == [3]
    ann.pick(hall.event_id, slots[2])
    assert chosen(ann.open(address(hall, week(1))).text) == [5]


def test_price_and_party_are_told_and_the_price_of_a_person_is_one(ann: Visitor) -> None:
    hall, slots = room(price_per="person")
    text = ann.open(address(hall)).text
    assert faces(text)[slots[0]][1].endswith("€45.00 each")
    assert "For 2 to 6 people · the price is for each person" in text
    db.session.execute(update(Area).values(price_per="slot"))
    db.session.commit()
    text = ann.open(address(hall)).text
    assert "the price is for all of you" in text
    assert faces(text)[slots[0]][1].endswith("€45.00")


def test_the_price_of_a_person_is_the_same_everywhere_with_its_fee(ann: Visitor) -> None:
    hall = make_online_event(seats=0, price_minor=1500, fee_per_place_minor=150)
    ann.register("ann")
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=2)], party=(2, 6), price_per="person"
    )
    text = ann.open(f"/events/{hall.event_id}").text
    assert re.findall(r"<b>(€[^<]*)</b></li>", text) == ["€16.50 each"]
    assert faces(text)[slot][1].endswith("€16.50 each")
    assert "Prices include a fee of €1.50 for each person." in text
    assert "€15.00" not in text
    assert "€33.00" in post(ann, hall, "seats", htmx=True, hold=slot).text
    assert "€49.50" in post(ann, hall, "parties", htmx=True, **{f"party-{slot}": 3}).text
    assert "€49.50" in ann.open(f"/events/{hall.event_id}/checkout").text
    event = json.loads(ann.open(f"/api/events/{hall.event_id}/").text)["event"]
    assert (event["categories"][0]["price"], event["lowest_price"]) == ("16.50", "16.50")
    seat = json.loads(ann.open(f"/api/events/{hall.event_id}/seats/{slot}/").text)["seat"]
    assert seat["price"] == "16.50"


def test_how_many_come_is_said_in_the_basket(ann: Visitor) -> None:
    hall, slots = room(price_per="person")
    answer = post(ann, hall, "seats", htmx=True, hold=slots[0])
    assert "€90.00" in answer.text
    options = re.findall(r'<option value="(\d)"( selected)?>(\d \w+)</option>', answer.text)
    assert options == [("2", " selected", "2 people"), *((str(n), "", f"{n} people") for n in range(3, 7))]
    answer = post(ann, hall, "parties", htmx=True, **{f"party-{slots[0]}": 4})
    assert answer.status_code == 200
    assert '<option value="4" selected>' in answer.text
    assert "€180.00" in answer.text
    # Without a script the page comes again.
    plain = post(ann, hall, "parties", **{f"party-{slots[0]}": 3})
    assert plain.status_code == 303
    assert "€135.00" in ann.open(address(hall)).text


def test_where_nobody_asks_nobody_says_how_many_come(ann: Visitor) -> None:
    hall, slots = room(party=None)
    assert "How many come?" not in post(ann, hall, "seats", htmx=True, hold=slots[0]).text


@pytest.mark.parametrize(
    ("size", "status"), [("7", 422), ("0", 422), ("many", 422), ("", 422), ("9" * 30, 422)]
)
def test_a_party_that_does_not_fit_is_refused_in_words(ann: Visitor, size: str, status: int) -> None:
    hall, slots = room()
    post(ann, hall, "seats", hold=slots[0])
    answer = post(ann, hall, "parties", htmx=True, **{f"party-{slots[0]}": size})
    assert answer.status_code == status
    if size == "7":
        assert "Escape room is for 2 to 6 people." in answer.text


def test_a_slot_that_was_given_back_has_no_party(ann: Visitor) -> None:
    hall, slots = room()
    post(ann, hall, "seats", hold=slots[0])
    post(ann, hall, "release")
    answer = post(ann, hall, "parties", htmx=True, **{f"party-{slots[0]}": 3})
    assert (answer.status_code, "Your basket changed in another window." in answer.text) == (409, True)


def test_a_hold_that_ended_tells_so(ann: Visitor) -> None:
    hall, slots = room()
    post(ann, hall, "seats", hold=slots[0])
    db.session.rollback()
    let_hold_end(hall, db.session.scalars(select(Reservation.id)).one())
    answer = post(ann, hall, "parties", htmx=True, **{f"party-{slots[0]}": 3})
    assert "Your hold ended at" in answer.text


def test_the_reservation_says_how_many_come(ann: Visitor) -> None:
    hall, slots = room()
    ann.register("ann")
    post(ann, hall, "seats", hold=slots[0])
    text = post(ann, hall, "parties", htmx=True, **{f"party-{slots[0]}": 5}).text
    fields = dict(re.findall(r'name="(reservation_id|seat_ids)" value="([\d,]+)"', text))
    bought = post(ann, hall, "reserve", **fields)
    assert "Escape room · Stalls · 5 people" in ann.open(bought.location).text


def test_the_last_free_slot_of_the_first_week_is_picked_and_the_page_stays_there(ann: Visitor) -> None:
    hall, slots = room()
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())
    assert list(faces(ann.open(address(hall)).text)) == list(slots[:2])
    answer = post(ann, hall, "seats", hold=str(slots[1]))
    assert answer.location is not None
    assert answer.location.endswith(f"#seat-{slots[1]}")
    text = ann.open(answer.location.partition("#")[0]).text
    assert faces(text)[slots[1]][0] == "mine"
