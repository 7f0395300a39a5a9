from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func

from tests.factories import Hall, change_event, make_event, statuses
from tests.snapshot import nothing_changes
from tests.visitor import Visitor
from tests.web.basket import basket_of

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def alice(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register("alice")
    return visitor


def buy(visitor: Visitor, hall: Hall, *seat_ids: int) -> str:
    """Buy seats by the pages; the reservation's address."""
    for seat_id in seat_ids:
        visitor.pick(hall.event_id, seat_id)
    text = visitor.open(f"/events/{hall.event_id}").text
    answer = visitor.send(
        f"/events/{hall.event_id}/reserve", page=f"/events/{hall.event_id}", **basket_of(text)
    )
    assert answer.status_code == 303
    assert answer.location is not None
    return answer.location


@pytest.mark.parametrize("path", ["/reservations/", "/reservations/7-K2M9QX"])
def test_reservations_are_for_whoever_signs_in(app: Flask, path: str) -> None:
    answer = Visitor(app).open(path)
    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next={path}"


def test_an_empty_list_says_what_to_do(alice: Visitor) -> None:
    text = alice.open("/reservations/").text
    assert "You have not reserved anything yet" in text
    assert 'href="/"' in text


def test_a_reservation_is_listed_and_has_a_page(alice: Visitor) -> None:
    hall = make_event(seats=3, price_minor=4500)
    address = buy(alice, hall, *hall.seat_ids[:2])
    reference = address.rsplit("/", 1)[1]

    text = alice.open("/reservations/").text
    assert reference in text
    assert "2 places · €90.00" in text

    text = alice.open(address).text
    assert f'id="reference">{reference}<' in text
    assert "Row A, seat 1" in text
    assert "€90.00" in text
    assert "Reserved" in text


def test_a_reference_may_be_typed_in_small_letters(alice: Visitor) -> None:
    hall = make_event(seats=1)
    address = buy(alice, hall, hall.seat_ids[0])
    answer = alice.open(address.lower())
    assert (answer.status_code, answer.location) == (303, address)


@pytest.mark.parametrize(
    "reference", ["7-K2M9QX", "abc", "0-K2M9QX", "99999999999999999999-K2M9QX", "7-K2M9Q0"]
)
def test_a_reference_that_is_nobodys_is_not_there(alice: Visitor, reference: str) -> None:
    assert alice.open(f"/reservations/{reference}").status_code == 404


def test_somebody_elses_reservation_looks_as_if_it_were_not_there(app: Flask, alice: Visitor) -> None:
    hall = make_event(seats=1)
    address = buy(alice, hall, hall.seat_ids[0])
    bob = Visitor(app)
    bob.register("bob")
    assert bob.open(address).status_code == 404
    with nothing_changes():
        assert bob.send(f"{address}/cancel", page="/account").status_code == 404


@pytest.mark.parametrize(
    ("payment", "words"),
    [
        ("none", "Please show the ticket at the door, on your phone or printed."),
        ("counter", "Please pay at the box office."),
    ],
)
def test_it_says_what_to_do_next(alice: Visitor, payment: str, words: str) -> None:
    hall = make_event(seats=1, payment=payment)
    assert words in alice.open(buy(alice, hall, hall.seat_ids[0])).text


def test_cancelling_gives_the_seats_back_and_says_so(alice: Visitor) -> None:
    hall = make_event(seats=2)
    address = buy(alice, hall, *hall.seat_ids)
    answer = alice.send(f"{address}/cancel", page=address)
    assert (answer.status_code, answer.location) == (303, address)
    assert statuses(hall) == ["available", "available"]
    text = alice.open(address).text
    assert "is cancelled. Its places are on sale again." in text
    assert "Cancelled on" in text
    assert "/cancel" not in text
    # Sending it again does no harm.
    assert alice.send(f"{address}/cancel", page="/account").status_code == 303


def test_what_goes_back_for_a_place_is_said_with_its_share_of_the_fee_for_the_order(alice: Visitor) -> None:
    hall = make_event(seats=2, fee_per_order_minor=25)
    address = buy(alice, hall, *hall.seat_ids)
    text = alice.open(address).text
    assert "€45.00" in text
    assert "Fee for the order" in text
    cancelling = alice.open(f"{address}/cancel").text
    assert "€45.13<small>incl. €0.13 of the fee for the order</small>" in cancelling
    assert "€45.12<small>incl. €0.12 of the fee for the order</small>" in cancelling


def test_one_place_has_all_of_the_fee_for_the_order(alice: Visitor) -> None:
    hall = make_event(seats=1, fee_per_order_minor=25)
    address = buy(alice, hall, *hall.seat_ids)
    cancelling = alice.open(f"{address}/cancel").text
    assert "€45.25<small>incl. €0.25 of the fee for the order</small>" in cancelling


def test_after_the_deadline_nothing_is_offered_and_nothing_happens(alice: Visitor) -> None:
    hall = make_event(seats=1, cancel_seconds_before_start=3600)
    address = buy(alice, hall, hall.seat_ids[0])
    change_event(
        hall,
        starts_at=func.clock_timestamp() + timedelta(minutes=30),
        ends_at=func.clock_timestamp() + timedelta(hours=2),
    )
    text = alice.open(address).text
    assert "Cancelling was possible until" in text
    assert "Yes, cancel" not in text
    with nothing_changes():
        answer = alice.send(f"{address}/cancel", page="/account")
    assert answer.status_code == 409
    assert "It is too late to cancel this reservation." in answer.text


@pytest.mark.parametrize("act", ["pay", "give-up", "offer"])
def test_the_address_of_a_form_leads_back(alice: Visitor, act: str) -> None:
    hall = make_event(seats=1)
    address = buy(alice, hall, hall.seat_ids[0])
    answer = alice.open(f"{address}/{act}")
    assert (answer.status_code, answer.location) == (303, address)


def test_a_cancelled_event_is_said(alice: Visitor) -> None:
    hall = make_event(seats=1)
    address = buy(alice, hall, hall.seat_ids[0])
    change_event(hall, status="cancelled")
    assert "This event does not take place." in alice.open(address).text


def test_what_is_over_stands_below_what_is_to_come(alice: Visitor) -> None:
    over, coming = make_event(seats=1), make_event(seats=1)
    old = buy(alice, over, over.seat_ids[0])
    new = buy(alice, coming, coming.seat_ids[0])
    change_event(
        over,
        starts_at=func.clock_timestamp() - timedelta(hours=3),
        ends_at=func.clock_timestamp() - timedelta(hours=1),
    )
    text = alice.open("/reservations/").text
    assert text.index(new) < text.index("Earlier and cancelled") < text.index(old)
    assert "Over" in text
