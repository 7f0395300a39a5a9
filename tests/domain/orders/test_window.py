"""Money over the window, while others are at work on the same order."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.inventory import cancel_reservation, confirm_reservation, hold_seats
from seatbook.domain.orders import (
    ask_payment,
    cancel_order,
    give_up_checkout,
    record_answer,
    sell_at_window,
    take_at_counter,
)
from seatbook.errors import (
    AmountChanged,
    BasketChanged,
    PaymentUnavailable,
    WrongState,
)
from seatbook.payments import Answer
from tests.factories import make_event, make_holder, reservation_row, statuses
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    moody,
    pay,
    payments_of,
    refunds_of,
)
from tests.race import race
from tests.snapshot import nothing_changes, rows_of

pytestmark = pytest.mark.usefixtures("app_context")


def test_a_provider_that_is_away_keeps_the_window_from_taking_money_twice() -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    moody(till).faults.add("look")

    with nothing_changes(), pytest.raises(PaymentUnavailable):
        take_at_counter(hall.event_id, reservation_id=begun.reservation_id, actor_user_id=None, till=till)


def test_without_a_till_a_payment_that_is_under_way_is_left_alone() -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)

    with nothing_changes(), pytest.raises(WrongState):
        take_at_counter(hall.event_id, reservation_id=begun.reservation_id, actor_user_id=None)


def test_places_that_are_lost_are_not_sold_at_the_window() -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    let_deadline_pass(begun, grace_too=True)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder("ben"))

    with pytest.raises(WrongState):
        take_at_counter(hall.event_id, reservation_id=begun.reservation_id, actor_user_id=None, till=till)

    assert all(payment.provider != "counter" for payment in payments_of(hall))


def test_money_for_another_amount_than_was_seen_is_not_taken() -> None:
    hall, dan = make_event(seats=2, payment="counter"), make_holder("dan")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=dan)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=dan)
    cancel_order(hall.event_id, reservation_id=held.reservation_id, holder=None, seat_ids=hall.seat_ids[:1])

    with nothing_changes(), pytest.raises(AmountChanged):
        take_at_counter(
            hall.event_id, reservation_id=held.reservation_id, actor_user_id=None, seen_minor=9000
        )


def test_the_window_and_the_buyers_money_at_the_same_moment_sell_once_and_keep_the_books(app: Flask) -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    pay(till, begun)

    def at_the_window() -> None:
        take_at_counter(hall.event_id, reservation_id=begun.reservation_id, actor_user_id=None, till=till)

    def from_the_provider() -> None:
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))

    race(app, at_the_window, from_the_provider)

    kept = [payment for payment in payments_of(hall) if payment.settlement == "confirmed"]
    assert len(kept) == 1
    assert statuses(hall)[0] == "reserved"


def test_two_presses_at_two_windows_sell_a_basket_once(app: Flask) -> None:
    hall, otto = make_online_event(), make_holder("otto")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=otto)

    def sell() -> None:
        sell_at_window(hall.event_id, reservation_id=held.reservation_id, seller=otto, how="cash")

    outcomes = race(app, sell, sell)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "NotFound"]
    (payment,) = payments_of(hall)
    assert (payment.amount_minor, payment.settlement) == (9000, "confirmed")
    assert refunds_of(hall) == []


def test_a_sale_is_of_what_was_seen() -> None:
    hall, otto = make_online_event(), make_holder("otto")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=otto)

    def sell(**seen: object) -> None:
        sell_at_window(hall.event_id, reservation_id=held.reservation_id, seller=otto, how="cash", **seen)  # type: ignore[arg-type]

    with nothing_changes():
        with pytest.raises(BasketChanged):
            sell(seat_ids=hall.seat_ids[:1])
        with pytest.raises(AmountChanged):
            sell(seen_minor=4500)
    sell(seat_ids=hall.seat_ids[:2], seen_minor=9000)
    assert reservation_row(hall, held.reservation_id).holder_id != otto.holder_id


def test_what_was_sold_at_the_window_goes_back_like_everything() -> None:
    hall, otto = make_event(seats=1, payment="none"), make_holder("otto")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=otto)
    sold = sell_at_window(hall.event_id, reservation_id=held.reservation_id, seller=otto, how="cash")

    assert not sold.is_paid
    cancel_reservation(hall.event_id, reservation_id=held.reservation_id, holder=None)
    assert statuses(hall) == ["available"]


def test_who_of_the_staff_asked_and_gave_up_is_on_record() -> None:
    hall, till, otto = make_online_event(), make_till(), make_holder("otto")
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)

    ask_payment(hall.event_id, payment_id=begun.payment_id or 0, till=till, actor_user_id=otto.user_id)
    # The buyer's own questions are no act of the staff.
    ask_payment(hall.event_id, payment_id=begun.payment_id or 0, till=till)
    give_up_checkout(
        hall.event_id,
        reservation_id=begun.reservation_id,
        holder=None,
        till=till,
        actor_user_id=otto.user_id,
    )

    acts = [(act["act"], act["actor_user_id"], act["reservation_id"]) for act in rows_of("staff_act")]
    assert acts == [
        ("asked_provider", otto.user_id, begun.reservation_id),
        ("gave_up", otto.user_id, begun.reservation_id),
    ]
