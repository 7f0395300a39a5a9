"""Codes with a limit for each buyer, and codes for some categories: in two windows, at sign-in, in a crowd."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import adopt_holds, confirm_reservation, hold_seats, release_hold
from seatbook.domain.orders import (
    apply_code,
    begin_checkout,
    cancel_order,
    create_code,
    record_answer,
    remove_code,
)
from seatbook.errors import CodeRefused, NotFound
from seatbook.extensions import db
from seatbook.models import Category, Seat
from seatbook.payments import Answer
from tests.factories import Hall, make_event, make_holder, make_holders, reservation_row
from tests.invariants import assert_books_are_right
from tests.paying import make_online_event, make_till
from tests.race import crowd, lost, race, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def hold(hall: Hall, holder: HolderRef, *places: int) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    return hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id


def uses_by_holder(hall: Hall) -> dict[int, int]:
    """How many live reservations of each holder have a code."""
    db.session.rollback()
    rows = db.session.execute(
        text(
            "SELECT holder_id, count(*) FROM discount_use"
            " JOIN reservation ON reservation.event_id = discount_use.event_id"
            " AND reservation.id = discount_use.reservation_id"
            " WHERE discount_use.event_id = :event AND status IN ('held', 'pending', 'confirmed')"
            " GROUP BY holder_id"
        ),
        {"event": hall.event_id},
    )
    return {holder: count for holder, count in rows}


def test_one_buyer_uses_it_as_often_as_each_may_and_another_buyer_too() -> None:
    hall, ann, ben, till = make_online_event(seats=4), make_holder(), make_holder(), make_till()
    create_code(hall.event_id, code="ONCE", percent_off=50, max_uses_per_holder=1)
    basket = hold(hall, ann, 0)
    apply_code(hall.event_id, code="ONCE", holder=ann)
    assert apply_code(hall.event_id, code="ONCE", holder=ann).total_minor == 2250, "again is the same use"
    begin_checkout(hall.event_id, reservation_id=basket, holder=ann, till=till)
    # Another window, while the first one pays.
    hold(hall, ann, 1)
    with refused(CodeRefused) as refusal:
        apply_code(hall.event_id, code="ONCE", holder=ann)
    assert refusal.value.data["why"] == "used_by_you"
    hold(hall, ben, 2)
    assert apply_code(hall.event_id, code="ONCE", holder=ben).total_minor == 2250
    assert_books_are_right()


def test_what_was_cancelled_may_be_used_again() -> None:
    hall, ann = make_event(seats=2), make_holder()
    create_code(hall.event_id, code="ONCE", percent_off=50, max_uses_per_holder=1)
    basket = hold(hall, ann, 0)
    apply_code(hall.event_id, code="ONCE", holder=ann)
    confirm_reservation(hall.event_id, reservation_id=basket, holder=ann)
    hold(hall, ann, 1)
    with refused(CodeRefused):
        apply_code(hall.event_id, code="ONCE", holder=ann)
    cancel_order(hall.event_id, reservation_id=basket, holder=ann)
    assert apply_code(hall.event_id, code="ONCE", holder=ann).total_minor == 2250


def test_who_signs_in_after_using_it_gets_no_second_use_that_way() -> None:
    hall, browser, ann = make_event(seats=3), make_holder(), make_holder("ann")
    create_code(hall.event_id, code="ONCE", percent_off=50, max_uses_per_holder=1)
    bought = hold(hall, ann, 0)
    apply_code(hall.event_id, code="ONCE", holder=ann)
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    basket = hold(hall, browser, 1)
    assert apply_code(hall.event_id, code="ONCE", holder=browser).total_minor == 2250
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    again = confirm_reservation(hall.event_id, reservation_id=basket, holder=ann)
    assert again.total_minor == 4500
    assert uses_by_holder(hall) == {ann.holder_id: 1}
    assert_books_are_right()


def test_a_code_comes_along_at_sign_in() -> None:
    hall, browser, ann = make_event(seats=3), make_holder(), make_holder("ann")
    create_code(hall.event_id, code="ONCE", percent_off=50, max_uses_per_holder=1, max_uses=1)
    hold(hall, browser, 0)
    apply_code(hall.event_id, code="ONCE", holder=browser)
    own = hold(hall, ann, 1)
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    assert remove_code(hall.event_id, holder=ann).total_minor == 9000
    assert apply_code(hall.event_id, code="ONCE", holder=ann).total_minor == 4500
    assert confirm_reservation(hall.event_id, reservation_id=own, holder=ann).total_minor == 4500
    assert_books_are_right()


def test_two_windows_one_of_them_signing_in_are_one_use(app: Flask) -> None:
    for _ in range(8):
        hall, browser, ann = make_event(seats=3), make_holder(), make_holder(f"ann{_}")
        create_code(hall.event_id, code="ONCE", percent_off=50, max_uses_per_holder=1)
        bought = hold(hall, ann, 0)
        hold(hall, browser, 1)
        apply_code(hall.event_id, code="ONCE", holder=browser)

        def pays_with_it(hall: Hall = hall, ann: HolderRef = ann, bought: int = bought) -> None:
            apply_code(hall.event_id, code="ONCE", holder=ann)
            confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)

        def signs_in(browser: HolderRef = browser, ann: HolderRef = ann) -> None:
            adopt_holds(from_holder_id=browser.holder_id, to=ann)

        # Whatever was first: one window may be told that its basket changed.
        race(app, pays_with_it, signs_in)
        assert uses_by_holder(hall).get(ann.holder_id, 0) <= 1
        assert_books_are_right()


def test_a_crowd_of_people_with_two_windows_each_uses_it_ten_times(app: Flask) -> None:
    hall, till, people = make_online_event(seats=80), make_till(), make_holders(40)
    create_code(hall.event_id, code="TEN", percent_off=50, max_uses=10, max_uses_per_holder=1)

    def buy(number: int) -> int:
        holder = people[number % 40]
        basket = hold(hall, holder, number)
        apply_code(hall.event_id, code="TEN", holder=holder)
        begun = begin_checkout(hall.event_id, reservation_id=basket, holder=holder, till=till)
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
        return begun.total_minor

    outcomes = crowd(app, threads=16, acts=[partial(buy, number) for number in range(80)])
    # A second window joins the first one's basket where it is quick enough, so a use may have two places.
    lost(outcomes, Exception)
    assert won(outcomes)
    uses = uses_by_holder(hall)
    assert sum(uses.values()) == 10
    assert set(uses.values()) == {1}
    assert_books_are_right()


def test_a_code_for_some_categories_leaves_the_others_as_they_are() -> None:
    hall, ann = make_event(seats=3), make_holder()
    boxes = db.session.execute(
        insert(Category)
        .values(event_id=hall.event_id, name="Boxes", price_minor=10_000)
        .returning(Category.id)
    ).scalar_one()
    db.session.execute(update(Seat).where(Seat.id == hall.seat_ids[2]).values(category_id=boxes))
    db.session.commit()
    create_code(hall.event_id, code="STALLS", amount_off_minor=6000, category_ids=[hall.category_id])
    create_code(hall.event_id, code="BOXES", percent_off=50, category_ids=[boxes])
    hold(hall, ann, 0, 2)
    # An amount takes no more off than what it is for costs.
    assert apply_code(hall.event_id, code="STALLS", holder=ann).total_minor == 10_000
    assert apply_code(hall.event_id, code="BOXES", holder=ann).total_minor == 4500 + 5000
    other = make_event(seats=1)
    with refused(NotFound):
        create_code(hall.event_id, code="ELSEWHERE", percent_off=5, category_ids=[other.category_id])


def test_places_that_come_and_go_are_priced_at_once() -> None:
    """What the page shows is what is paid: no surprise at the checkout."""
    hall, ann = make_event(seats=3), make_holder()
    create_code(hall.event_id, code="TEN", amount_off_minor=1000)
    basket = hold(hall, ann, 0)
    apply_code(hall.event_id, code="TEN", holder=ann)
    hold(hall, ann, 1, 2)
    db.session.rollback()
    lines = select(text("sum(price_minor)")).select_from(text("reservation_seat"))
    shown = db.session.scalar(lines.where(text("ended_at IS NULL")))
    assert shown == 12_500
    bought = confirm_reservation(hall.event_id, reservation_id=basket, holder=ann)
    assert bought.total_minor == shown == reservation_row(hall, basket).total_minor
    release_hold(hall.event_id, holder=ann)
