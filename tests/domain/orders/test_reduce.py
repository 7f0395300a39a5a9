"""Concessions and codes: what a basket costs with them, and a code for 10 that is used 10 times and never 11."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    HoldResult,
    adopt_holds,
    confirm_reservation,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.domain.orders import (
    apply_code,
    ask_due_payments,
    begin_checkout,
    cancel_order,
    choose_concessions,
    create_code,
    create_concession,
    record_answer,
    remove_code,
)
from seatbook.errors import CodeRefused, HoldExpired, InvalidInput, NotFound
from seatbook.payments import Answer
from tests.factories import (
    Hall,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    make_holders,
    reservation_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.paying import let_deadline_pass, make_online_event, make_till, moody, pay, payment_row, refunds_of
from tests.race import crowd, lost, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def held(hall: Hall, holder: HolderRef, places: slice = slice(1)) -> HoldResult:
    return hold_seats(hall.event_id, seat_ids=hall.seat_ids[places], holder=holder)


# Concessions


def test_each_place_is_for_somebody() -> None:
    hall, ann = make_event(seats=3), make_holder()
    child = create_concession(hall.event_id, name=" Child ", percent_off=50)
    held(hall, ann, slice(3))
    repriced = choose_concessions(
        hall.event_id, choices={hall.seat_ids[0]: child, hall.seat_ids[1]: None}, holder=ann
    )
    assert list(repriced.prices.values()) == [2250, 4500, 4500]
    assert (repriced.total_minor, repriced.full_minor) == (11_250, 13_500)
    again = choose_concessions(hall.event_id, choices={hall.seat_ids[0]: None}, holder=ann)
    assert again.total_minor == again.full_minor == 13_500


def test_a_concession_is_of_the_event_and_a_place_of_the_basket() -> None:
    hall, other, ann = make_event(seats=2), make_event(), make_holder()
    with refused(NotFound):
        choose_concessions(hall.event_id, choices={hall.seat_ids[0]: None}, holder=ann)
    basket = held(hall, ann)
    elsewhere = create_concession(other.event_id, name="Child", percent_off=50)
    with refused(NotFound):
        choose_concessions(hall.event_id, choices={hall.seat_ids[0]: elsewhere}, holder=ann)
    with refused(NotFound):
        choose_concessions(hall.event_id, choices={hall.seat_ids[1]: None}, holder=ann)
    let_hold_end(hall, basket.reservation_id)
    with refused(HoldExpired):
        choose_concessions(hall.event_id, choices={hall.seat_ids[0]: None}, holder=ann)


# Codes


def test_a_code_makes_the_basket_cheaper_and_is_taken_off_again() -> None:
    hall, ann = make_event(seats=3), make_holder()
    create_code(hall.event_id, code="spring", percent_off=10)
    held(hall, ann, slice(2))
    for _ in range(2):
        assert apply_code(hall.event_id, code=" Spring ", holder=ann).total_minor == 8100
    assert remove_code(hall.event_id, holder=ann).total_minor == 9000
    assert_books_are_right()


def test_an_amount_is_of_the_whole_and_the_second_code_replaces_the_first() -> None:
    hall, ann = make_event(seats=3), make_holder()
    create_code(hall.event_id, code="TEN", amount_off_minor=1000)
    create_code(hall.event_id, code="HALF", percent_off=50)
    held(hall, ann, slice(3))
    assert apply_code(hall.event_id, code="HALF", holder=ann).total_minor == 6750
    repriced = apply_code(hall.event_id, code="TEN", holder=ann)
    assert repriced.total_minor == 12_500
    assert sorted(repriced.prices.values()) == [4166, 4167, 4167]


def test_what_is_bought_with_a_code_is_what_is_there_then() -> None:
    """Seats that come later are cheaper too, and an amount is all of it however many seats are left."""
    hall, ann = make_event(seats=4), make_holder()
    create_code(hall.event_id, code="TEN", amount_off_minor=1000)
    held(hall, ann, slice(2))
    apply_code(hall.event_id, code="TEN", holder=ann)
    release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    basket = held(hall, ann, slice(2, 4))
    bought = confirm_reservation(hall.event_id, reservation_id=basket.reservation_id, holder=ann)
    assert bought.total_minor == 3 * 4500 - 1000
    assert_books_are_right()


def test_codes_that_are_not_good_change_nothing() -> None:
    hall, ann = make_event(seats=2), make_holder()
    now = database_clock()
    create_code(hall.event_id, code="EARLY", percent_off=10, valid_from=now + timedelta(days=1))
    create_code(hall.event_id, code="LATE", percent_off=10, valid_until=now - timedelta(days=1))
    held(hall, ann)
    for code, why in (("NONE", "unknown"), ("", "unknown"), ("EARLY", "not_yet"), ("LATE", "over")):
        with refused(CodeRefused) as refusal:
            apply_code(hall.event_id, code=code, holder=ann)
        assert refusal.value.data["why"] == why


def test_codes_and_concessions_are_checked_when_they_are_made() -> None:
    hall = make_event()
    for wrong in (
        {"code": " ", "percent_off": 10},
        {"code": "A"},
        {"code": "A", "percent_off": 10, "amount_off_minor": 10},
        {"code": "A", "percent_off": 101},
        {"code": "A", "amount_off_minor": 0},
        {"code": "A", "percent_off": 1, "max_uses": 0},
    ):
        with refused(InvalidInput):
            create_code(hall.event_id, **wrong)
    create_code(hall.event_id, code="a", percent_off=1)
    with refused(InvalidInput):
        create_code(hall.event_id, code="A", percent_off=2)
    with refused(InvalidInput):
        create_concession(hall.event_id, name="", percent_off=2)
    with refused(NotFound):
        create_concession(10**9, name="Child", percent_off=2)


# A code for 10


def test_a_code_for_ten_is_used_ten_times_by_a_crowd(app: Flask) -> None:
    hall, till = make_online_event(seats=40), make_till()
    create_code(hall.event_id, code="TEN", percent_off=50, max_uses=10)
    people = make_holders(40)

    def buy(number: int) -> int:
        holder = people[number]
        basket = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[number]], holder=holder)
        apply_code(hall.event_id, code="TEN", holder=holder)
        begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=holder, till=till)
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
        return begun.total_minor

    outcomes = crowd(app, threads=16, acts=[partial(buy, number) for number in range(40)])
    assert won(outcomes) == [2250] * 10
    assert {refusal.data["why"] for refusal in lost(outcomes, CodeRefused)} == {"used_up"}
    assert statuses(hall).count("reserved") == 10
    assert_books_are_right()


def test_a_use_that_came_to_nothing_is_free_for_somebody_else() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    create_code(hall.event_id, code="ONE", percent_off=50, max_uses=1)

    def is_free() -> bool:
        try:
            apply_code(hall.event_id, code="ONE", holder=ben)
        except CodeRefused:
            return False
        remove_code(hall.event_id, holder=ben)
        return True

    held(hall, ben, slice(3, 4))
    basket = held(hall, ann)
    apply_code(hall.event_id, code="ONE", holder=ann)
    assert not is_free()
    release_hold(hall.event_id, holder=ann)
    assert is_free()
    basket = held(hall, ann)
    apply_code(hall.event_id, code="ONE", holder=ann)
    let_hold_end(hall, basket.reservation_id)
    assert is_free(), "time alone gives it back"

    basket = held(hall, ann)
    apply_code(hall.event_id, code="ONE", holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=ann, till=till)
    assert not is_free()
    let_deadline_pass(begun)
    ask_due_payments(till=till)
    assert is_free()

    basket = held(hall, ann)
    apply_code(hall.event_id, code="ONE", holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 2250, "EUR"))
    assert not is_free()
    cancel_order(hall.event_id, reservation_id=basket.reservation_id, holder=ann)
    assert is_free()
    assert refunds_of(hall) == [(2250, "cancelled", "due")]
    assert_books_are_right()


@pytest.mark.parametrize("is_left", [True, False])
def test_late_money_buys_with_its_code_only_while_that_is_left(is_left: bool) -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    create_code(hall.event_id, code="ONE", percent_off=50, max_uses=1)
    basket = held(hall, ann)
    apply_code(hall.event_id, code="ONE", holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=ann, till=till)
    moody(till).faults = {"look"}
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    if not is_left:
        held(hall, ben, slice(1, 2))
        apply_code(hall.event_id, code="ONE", holder=ben)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 2250, "EUR"))
    assert payment_row(begun).settlement == ("confirmed" if is_left else "refunded")
    assert_books_are_right()


def test_what_a_code_makes_free_is_bought_without_a_payment() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    create_code(hall.event_id, code="GUEST", percent_off=100)
    basket = held(hall, ann)
    apply_code(hall.event_id, code="GUEST", holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=ann, till=till)
    assert (begun.status, begun.total_minor) == ("confirmed", 0)
    assert moody(till).calls == []
    assert_books_are_right()


def test_single_places_go_back_for_what_each_of_them_cost() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    create_code(hall.event_id, code="TEN", amount_off_minor=1000)
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    basket = held(hall, ann, slice(3))
    choose_concessions(hall.event_id, choices={hall.seat_ids[0]: child}, holder=ann)
    prices = apply_code(hall.event_id, code="TEN", holder=ann).prices
    begun = begin_checkout(hall.event_id, reservation_id=basket.reservation_id, holder=ann, till=till)
    assert begun.total_minor == 2250 + 9000 - 1000
    pay(till, begun)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
    for seat_id in hall.seat_ids[:2]:
        cancelled = cancel_order(
            hall.event_id, reservation_id=basket.reservation_id, holder=ann, seat_ids=[seat_id]
        )
        assert cancelled.refund_minor == prices[seat_id]
    assert reservation_row(hall, basket.reservation_id).total_minor == prices[hall.seat_ids[2]]
    assert_books_are_right()


def test_a_basket_that_joins_another_at_sign_in_has_the_reductions_of_that_one() -> None:
    hall, anonymous, ann = make_event(seats=4), make_holder(), make_holder("ann")
    create_code(hall.event_id, code="HALF", percent_off=50)
    create_code(hall.event_id, code="TENTH", percent_off=10)
    held(hall, anonymous, slice(2))
    apply_code(hall.event_id, code="HALF", holder=anonymous)
    basket = held(hall, ann, slice(2, 3))
    apply_code(hall.event_id, code="TENTH", holder=ann)
    adopt_holds(from_holder_id=anonymous.holder_id, to=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=basket.reservation_id, holder=ann)
    assert bought.total_minor == 3 * 4050
    assert_books_are_right()
