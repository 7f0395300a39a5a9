"""Fees: on top of each place, once for the order, and back with the place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    Wish,
    adopt_holds,
    confirm_reservation,
    exchange_seats,
    hold_best,
    hold_quantity,
    hold_seats,
    release_seats,
)
from seatbook.domain.orders import (
    apply_code,
    begin_checkout,
    cancel_order,
    choose_concessions,
    choose_parties,
    create_code,
    create_concession,
    record_answer,
    remove_code,
)
from seatbook.errors import NoneTogether
from seatbook.extensions import db
from seatbook.models import Mail
from seatbook.queries.basket import Basket, load_basket
from seatbook.queries.event import load_event
from seatbook.queries.viewer import load_viewer
from tests.factories import (
    Hall,
    change_price,
    database_clock,
    make_area,
    make_event,
    make_holder,
    make_slots,
    reservation_row,
)
from tests.invariants import assert_books_are_right
from tests.paying import make_online_event, make_till, pay, payment_row, refunds_of
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def hold(hall: Hall, holder: HolderRef, *places: int) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    return hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id


def basket_of(hall: Hall, holder: HolderRef) -> Basket:
    event = load_event(hall.event_id)
    viewer = load_viewer(hall.event_id, holder_id=holder.holder_id, at=event.moment.now)
    return load_basket(hall.event_id, viewer=viewer, moment=event.moment)


def test_each_place_has_its_fee_from_the_moment_it_is_held() -> None:
    hall, ann = make_event(seats=2, fee_per_place_minor=150), make_holder()
    hold(hall, ann, 0, 1)
    basket = basket_of(hall, ann)
    assert [line.price_minor for line in basket.lines] == [4650, 4650]
    assert (basket.total_minor, basket.fees_minor, basket.order_fee_minor) == (9300, 300, 0)


def test_the_fee_for_the_order_is_shared_by_the_places_that_are_there() -> None:
    hall, ann = make_event(seats=4, fee_per_place_minor=150, fee_per_order_minor=200), make_holder()
    hold(hall, ann, 0)
    assert basket_of(hall, ann).total_minor == 4500 + 150 + 200
    hold(hall, ann, 1, 2)
    basket = basket_of(hall, ann)
    assert sorted(line.price_minor for line in basket.lines) == [4716, 4717, 4717]
    assert (basket.total_minor, basket.fees_minor, basket.order_fee_minor) == (3 * 4650 + 200, 650, 200)
    release_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    assert basket_of(hall, ann).total_minor == 4500 + 150 + 200
    exchange_seats(hall.event_id, give_back=[hall.seat_ids[2]], take=[hall.seat_ids[3]], holder=ann)
    assert basket_of(hall, ann).total_minor == 4500 + 150 + 200


def test_what_costs_nothing_has_no_fee() -> None:
    hall = make_event(seats=2, price_minor=0, fee_per_place_minor=150, fee_per_order_minor=200)
    ann, ben = make_holder(), make_holder()
    free = hold(hall, ann, 0)
    assert basket_of(hall, ann).total_minor == 0
    assert confirm_reservation(hall.event_id, reservation_id=free, holder=ann).total_minor == 0
    change_price(hall, 1000)
    create_code(hall.event_id, code="GIFT", percent_off=100)
    gift = hold(hall, ben, 1)
    assert apply_code(hall.event_id, code="GIFT", holder=ben).total_minor == 0
    assert remove_code(hall.event_id, holder=ben).total_minor == 1350
    apply_code(hall.event_id, code="GIFT", holder=ben)
    assert confirm_reservation(hall.event_id, reservation_id=gift, holder=ben).total_minor == 0
    assert_books_are_right()


def test_reductions_are_of_the_price_and_not_of_the_fee() -> None:
    hall, ann = make_event(seats=2, fee_per_place_minor=150, fee_per_order_minor=200), make_holder()
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    create_code(hall.event_id, code="TEN", amount_off_minor=1000)
    hold(hall, ann, 0, 1)
    apply_code(hall.event_id, code="TEN", holder=ann)
    repriced = choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child}, holder=ann)
    assert repriced.total_minor == 4500 + 2250 - 1000 + 2 * 150 + 200
    assert (repriced.full_minor, repriced.fees_minor) == (9000, 500)


def test_a_fee_goes_back_with_its_place() -> None:
    hall = make_online_event(seats=2, fee_per_place_minor=150, fee_per_order_minor=200)
    ann, till = make_holder(), make_till()
    begun = begin_checkout(hall.event_id, reservation_id=hold(hall, ann, 0, 1), holder=ann, till=till)
    assert begun.total_minor == 2 * 4650 + 200
    record_answer(hall.event_id, begun.payment_id or 0, answer=pay(till, begun))
    assert payment_row(begun).settlement == "confirmed"
    one = cancel_order(
        hall.event_id, reservation_id=begun.reservation_id, holder=ann, seat_ids=hall.seat_ids[:1]
    )
    rest = cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert (one.refund_minor, rest.refund_minor) == (4750, 4750)
    assert len(refunds_of(hall)) == 2
    assert_books_are_right()


def test_where_each_person_pays_the_fee_is_one_for_each_of_them() -> None:
    hall, ann = make_online_event(fee_per_place_minor=150, fee_per_order_minor=200), make_holder("ann")
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6), price_per="person"
    )
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    held = hold_seats(hall.event_id, seat_ids=[slot], holder=ann)
    assert (basket_of(hall, ann).total_minor, basket_of(hall, ann).order_fee_minor) == (2 * 4650 + 200, 200)
    assert choose_parties(hall.event_id, choices={slot: 3}, holder=ann).total_minor == 3 * 4650 + 200
    assert (basket_of(hall, ann).fees_minor, basket_of(hall, ann).order_fee_minor) == (650, 200)
    reduced = choose_concessions(hall.event_id, choices={slot: child}, holder=ann)
    assert reduced.total_minor == 3 * (2250 + 150) + 200
    till = make_till()
    begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=pay(till, begun))
    told = db.session.query(Mail).where(Mail.kind == "confirmed").one().data
    assert told is not None
    assert [place["order_fee_minor"] for place in told["places"]] == [200]
    assert_books_are_right()


def test_places_of_an_area_and_the_best_ones_have_fees_too() -> None:
    hall, ann = make_event(seats=4, fee_per_place_minor=150, fee_per_order_minor=200), make_holder()
    floor = make_area(hall, kind="standing", places=3)
    hold_quantity(hall.event_id, area_id=floor, quantity=2, holder=ann)
    with refused(NoneTogether):
        hold_best(hall.event_id, wish=Wish(1, max_price_minor=4649), holder=ann)
    hold_best(hall.event_id, wish=Wish(1, max_price_minor=4650), holder=ann)
    assert basket_of(hall, ann).total_minor == 3 * 4650 + 200


def test_two_baskets_that_become_one_pay_the_fee_for_the_order_once() -> None:
    hall = make_event(seats=3, fee_per_place_minor=150, fee_per_order_minor=200)
    browser, ann = make_holder(), make_holder("ann")
    hold(hall, browser, 0, 1)
    hold(hall, ann, 2)
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    assert basket_of(hall, ann).total_minor == 3 * 4650 + 200


def test_people_are_told_prices_with_the_fee_from_the_first_one_on() -> None:
    hall = make_event(seats=1, fee_per_place_minor=150, fee_per_order_minor=200)
    event = load_event(hall.event_id)
    assert [category.price_minor for category in event.categories] == [4650]
    assert (event.fee_per_place_minor, event.fee_per_order_minor) == (150, 200)
    change_price(hall, 0)
    assert [category.price_minor for category in load_event(hall.event_id).categories] == [0]


def test_a_basket_without_fees_is_bought_at_the_price_that_was_shown() -> None:
    hall, ann = make_event(seats=2), make_holder()
    basket = hold(hall, ann, 0, 1)
    assert basket_of(hall, ann).fees_minor == 0
    confirm_reservation(hall.event_id, reservation_id=basket, holder=ann)
    assert reservation_row(hall, basket).total_minor == 9000
