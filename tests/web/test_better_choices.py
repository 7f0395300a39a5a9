"""Refusals that offer something else: as buttons, which one press takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from seatbook.domain.inventory import hold_seats, release_hold
from tests.factories import Hall, make_event, make_holder, statuses
from tests.visitor import Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")

FORM = re.compile(r'<form [^>]*data-seats="([\d ]+)">(.*?)</form>', re.S)
FIELD = re.compile(r'name="(hold|release)" value="(\d+)"')
BUTTON = re.compile(r"<button[^>]*>([^<]*)</button>")
MARKED = re.compile(r"<button id=seat-(\d+)[^>]* data-better ")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def click(visitor: Visitor, hall: Hall, *places: int, htmx: bool = True) -> TestResponse:
    """Press the seats of these places in the hall, from 0."""
    page = f"/events/{hall.event_id}"
    return visitor.send(f"{page}/seats", page=page, htmx=htmx, hold=[str(hall.seat_ids[n]) for n in places])


def offers(answer: TestResponse) -> dict[str, dict[str, Any]]:
    """What each button is called, and what it sends."""
    found = {}
    for _, form in FORM.findall(answer.text):
        fields: dict[str, Any] = {}
        for name, value in FIELD.findall(form):
            fields.setdefault(name, []).append(value)
        words = BUTTON.search(form)
        assert words
        found[words[1]] = fields
    return found


def test_a_better_choice_is_a_button_that_takes_it(visitor: Visitor) -> None:
    hall = make_event(seats=6, leave_no_single=True)

    refused = click(visitor, hall, 1, 2)

    assert refused.status_code == 409
    assert "A1 would be left alone, and nobody likes to sit there." in refused.text
    assert next(iter(offers(refused))) == "Take A1 and A2 instead"
    page = f"/events/{hall.event_id}"
    assert (
        visitor.send(f"{page}/seats", page=page, **offers(refused)["Take A1 and A2 instead"]).status_code
        == 303
    )
    assert statuses(hall) == ["held", "held", *["available"] * 4]


def test_what_one_holds_already_is_exchanged_where_it_must_be(visitor: Visitor) -> None:
    hall = make_event(seats=20, leave_no_single=True)
    assert click(visitor, hall, 4).status_code == 200

    offered = offers(click(visitor, hall, 6))

    five_and_six = offered["Take A5 and A6 instead"]
    six_and_seven = offered["Take A6 and A7 instead"]
    assert five_and_six == {"hold": [str(hall.seat_ids[5])]}
    assert six_and_seven == {
        "hold": [str(hall.seat_ids[5]), str(hall.seat_ids[6])],
        "release": [str(hall.seat_ids[4])],
    }
    page = f"/events/{hall.event_id}"
    answer = visitor.send(f"{page}/seats", page=page, htmx=True, **six_and_seven)
    assert answer.status_code == 200
    assert [n for n, status in enumerate(statuses(hall)) if status == "held"] == [5, 6]
    assert all(f'hx-target="#seat-{hall.seat_ids[n]}"' in answer.text for n in (4, 5, 6))


def test_seats_elsewhere_that_were_asked_for_too_come_along(visitor: Visitor) -> None:
    hall = make_event(seats=40, leave_no_single=True)

    offered = offers(click(visitor, hall, 1, 20))

    assert sorted(offered["Take A1 instead"]["hold"]) == sorted(
        [str(hall.seat_ids[0]), str(hall.seat_ids[20])]
    )


def test_a_refusal_at_reserve_offers_the_same(visitor: Visitor) -> None:
    hall = make_event(seats=5, leave_no_single=True)
    neighbour = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=neighbour)
    visitor.register("gerda")
    click(visitor, hall, 1, 2)
    release_hold(hall.event_id, holder=neighbour)
    page = f"/events/{hall.event_id}"

    refused = visitor.send(f"{page}/reserve", page=page, htmx=True, **basket_of(visitor.open(page).text))

    assert refused.status_code == 409
    assert offers(refused)["Take A1 and A2 instead"] == {
        "hold": [str(hall.seat_ids[0])],
        "release": [str(hall.seat_ids[2])],
    }


def test_without_javascript_the_seats_of_the_best_choice_are_marked(visitor: Visitor) -> None:
    hall = make_event(seats=6, leave_no_single=True)

    refused = click(visitor, hall, 1, 2, htmx=False)

    assert [int(id) for id in MARKED.findall(refused.text)] == list(hall.seat_ids[:2])
    assert 'id="better"' in refused.text
    assert MARKED.findall(visitor.open(f"/events/{hall.event_id}").text) == []


def test_a_lost_seat_offers_each_of_its_free_neighbours(visitor: Visitor) -> None:
    hall = make_event(seats=20)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=make_holder())

    assert offers(click(visitor, hall, 4)) == {
        "Take A4 instead": {"hold": [str(hall.seat_ids[3])]},
        "Take A6 instead": {"hold": [str(hall.seat_ids[5])]},
    }


def test_of_several_seats_the_lost_ones_are_replaced(visitor: Visitor) -> None:
    hall = make_event(seats=20)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[4:5], holder=make_holder())

    # A4 was asked for as well.
    assert offers(click(visitor, hall, 3, 4)) == {
        "Take A6 instead": {"hold": [str(hall.seat_ids[3]), str(hall.seat_ids[5])]}
    }


def test_where_fewer_are_free_than_were_lost_nothing_is_offered(visitor: Visitor) -> None:
    hall = make_event(seats=3)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())

    assert offers(click(visitor, hall, 0, 1)) == {}


def test_an_answer_that_refuses_nothing_takes_the_offers_away(visitor: Visitor) -> None:
    hall = make_event(seats=6)

    assert (
        '<hx-partial hx-target="#choices" hx-swap="innerHTML"></hx-partial>' in click(visitor, hall, 1).text
    )
