"""The form that finds the best seats for a group: what it offers to whom."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from seatbook.extensions import db
from seatbook.models import Seat
from tests.factories import Hall, make_area, make_event, make_holder, seat_row
from tests.query_count import statements
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

FORM = re.compile(r'<form id="best"[^>]*>.*?</form>', re.S)
OFFERED = re.compile(r"<option(?: selected)?>(\d+)</option>")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def form_of(visitor: Visitor, hall: Hall) -> str:
    """The form as it is to be seen; empty when it is not."""
    found = FORM.search(visitor.open(f"/events/{hall.event_id}").text)
    return "" if found is None or re.match(r"<form[^>]* hidden>", found[0]) else found[0]


def offered(form: str) -> list[int]:
    return [int(number) for number in OFFERED.findall(form)]


def buy(hall: Hall, *seat_ids: int) -> None:
    holder = make_holder()
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)


def make_wheelchair_places(hall: Hall, *seat_ids: int) -> None:
    db.session.execute(update(Seat).where(Seat.id.in_(seat_ids)).values(features=["wheelchair"]))
    db.session.commit()


def test_it_offers_as_many_as_one_person_may_have(visitor: Visitor) -> None:
    hall = make_event(seats=40, max_seats=5)

    assert offered(form_of(visitor, hall)) == [1, 2, 3, 4, 5]


def test_what_one_has_already_is_not_offered_again(visitor: Visitor) -> None:
    hall = make_event(seats=40, max_seats=5)
    visitor.pick(hall.event_id, hall.seat_ids[0])
    visitor.pick(hall.event_id, hall.seat_ids[1])

    assert offered(form_of(visitor, hall)) == [1, 2, 3]


def test_whoever_has_all_they_may_have_sees_no_form(visitor: Visitor) -> None:
    hall = make_event(seats=40, max_seats=1)
    visitor.pick(hall.event_id, hall.seat_ids[0])

    assert form_of(visitor, hall) == ""


def test_no_more_are_offered_than_are_left(visitor: Visitor) -> None:
    hall = make_event(seats=4)
    buy(hall, hall.seat_ids[0])

    form = form_of(visitor, hall)

    assert offered(form) == [1, 2, 3]
    assert "<option selected>2</option>" in form


def test_one_that_is_left_is_chosen(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    buy(hall, hall.seat_ids[0])

    assert "<option selected>1</option>" in form_of(visitor, hall)


def test_where_nothing_is_left_there_is_no_form(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    buy(hall, *hall.seat_ids)
    make_area(hall, kind="standing", places=3)

    assert form_of(visitor, hall) == ""


def test_where_no_seat_is_for_sale_there_is_no_form(visitor: Visitor) -> None:
    hall = make_event(seats=2)
    block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="a camera", actor_user_id=None)
    make_area(hall, kind="standing", places=3)

    assert "best" not in re.findall(r'<form id="(\w+)"', visitor.open(f"/events/{hall.event_id}").text)


def test_slots_and_standing_places_have_no_form(visitor: Visitor) -> None:
    hall = make_event()
    make_area(hall, kind="standing", places=30)

    assert form_of(visitor, hall) == ""


def test_wheelchair_places_are_offered_where_there_are_any(visitor: Visitor) -> None:
    plain = make_event(seats=4)
    with_places = make_event(seats=4)
    make_wheelchair_places(with_places, with_places.seat_ids[3])

    assert "wheelchair" not in form_of(visitor, plain)
    assert "Wheelchair places" in form_of(visitor, with_places)
    # And on the map they look it.
    page = visitor.open(f"/events/{with_places.event_id}").text
    assert re.findall(r"<button id=seat-(\d+)[^>]* data-wheelchair", page) == [str(with_places.seat_ids[3])]


def test_wheelchair_places_are_found_when_asked_for_and_only_then(visitor: Visitor) -> None:
    hall = make_event(seats=4)
    make_wheelchair_places(hall, hall.seat_ids[0])
    address, page = f"/events/{hall.event_id}/best", f"/events/{hall.event_id}"

    asked = visitor.send(address, page=page, htmx=True, quantity="1", wheelchair="1")
    unasked = visitor.send(address, page=page, htmx=True, quantity="3")
    no_more = visitor.send(address, page=page, htmx=True, quantity="1", wheelchair="1")

    assert (asked.status_code, unasked.status_code, no_more.status_code) == (200, 200, 409)
    assert seat_row(hall, hall.seat_ids[0]).status == "held"
    assert "A1 is yours for now." in asked.text
    assert "No free seat fits what you asked for." in no_more.text


def test_a_click_does_not_ask_for_wheelchair_places(visitor: Visitor) -> None:
    hall = make_event(seats=4)
    address, page = f"/events/{hall.event_id}/seats", f"/events/{hall.event_id}"

    with statements() as of_page:
        visitor.open(page)
    with statements() as of_page_and_click:
        visitor.send(address, page=page, htmx=True, hold=str(hall.seat_ids[0]))

    asking = [sent for sent in of_page if "wheelchair" in str(sent) or "@>" in sent]
    assert len(asking) == 1
    assert len([sent for sent in of_page_and_click if "@>" in sent]) == 1
