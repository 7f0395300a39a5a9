"""From the basket to the payment page: all or none, once, and with the places kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from seatbook.domain.inventory import (
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.domain.orders import BegunCheckout, begin_checkout, take_notice
from seatbook.errors import (
    AlreadyYours,
    BasketChanged,
    HoldExpired,
    NotFound,
    PaymentNeeded,
    PaymentUnavailable,
    SaleClosed,
    SeatsTaken,
    WrongState,
)
from tests.factories import (
    change_event,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_slots,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    messages,
    moody,
    pay,
    payment_row,
    payments_of,
    steps_of,
)
from tests.race import race, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_checkout_keeps_the_places_for_the_time_to_pay_and_then_for_the_grace() -> None:
    hall, ann, till = (
        make_online_event(payment_ttl_seconds=600, payment_grace_seconds=60),
        make_holder("ann"),
        make_till(),
    )
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))

    assert (begun.status, begun.total_minor) == ("pending", 9000)
    assert begun.pay_url == f"/sandbox/{payment_row(begun).provider_ref}"
    assert begun.seconds_left == pytest.approx(600, abs=5)
    assert begun.due_at is not None
    reservation = reservation_row(hall, begun.reservation_id)
    assert reservation.status == "pending"
    assert reservation.expires_at == begun.due_at + timedelta(seconds=60)
    assert seat_row(hall, hall.seat_ids[0]).held_until == reservation.expires_at
    payment = payment_row(begun)
    assert (payment.status, payment.amount_minor, payment.currency) == ("open", 9000, "EUR")
    assert payment.next_ask_at == begun.due_at
    assert steps_of(begun) == [("begun", "sandbox")]
    assert_books_are_right()


def test_asking_again_is_the_same_payment_with_the_same_deadline() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    with nothing_changes():
        again = begin_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    assert (again.payment_id, again.pay_url, again.due_at) == (begun.payment_id, begun.pay_url, begun.due_at)
    assert moody(till).calls == ["open_session"]


def test_clicks_at_the_same_moment_are_one_payment(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    begun = won(
        race(
            app,
            *[lambda: begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)] * 8,
        )
    )
    assert len(begun) == 8
    assert len({(one.payment_id, one.pay_url, one.due_at) for one in begun}) == 1
    assert len(payments_of(hall)) == 1
    assert_books_are_right()


def test_a_basket_mixes_seats_standing_a_slot_and_stock_under_one_deadline() -> None:
    hall, ann, till = make_online_event(max_seats=10), make_holder(), make_till()
    pit, shirts = make_area(hall, kind="standing", places=3), make_area(hall, kind="stock", places=3)
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(days=1)])
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0], slot], holder=ann)
    hold_quantity(hall.event_id, area_id=pit, quantity=2, holder=ann)
    held = hold_quantity(hall.event_id, area_id=shirts, quantity=1, holder=ann).reservation_id

    begun = begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    assert begun.total_minor == 5 * 4500
    pay(till, begun)
    for message in messages(till):
        take_notice("sandbox", body=message.body, headers=message.headers, till=till)
    assert statuses(hall).count("reserved") == 5
    assert_books_are_right()


def test_what_costs_nothing_and_what_is_paid_at_the_window_is_bought_at_once() -> None:
    ann, till = make_holder(), make_till()
    for hall in (
        make_event(seats=1),
        make_event(seats=1, payment="counter"),
        make_online_event(price_minor=0),
    ):
        begun = go_to_checkout(hall, holder=ann, till=till)
        assert (begun.status, begun.payment_id, begun.pay_url) == ("confirmed", None, None)
        assert statuses(hall)[0] == "reserved"
    assert moody(till).calls == []
    assert_books_are_right()


def test_what_has_to_be_paid_online_is_not_to_be_had_without() -> None:
    hall, ann = make_online_event(), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    with refused(PaymentNeeded):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=make_till())
    with refused(WrongState):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)


def test_refusals_change_nothing() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    with refused(NotFound):
        begin_checkout(hall.event_id, reservation_id=held, holder=ben, till=till)
    with refused(BasketChanged):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till, seat_ids=hall.seat_ids[:1])
    change_event(hall, status="cancelled")
    with refused(SaleClosed):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    change_event(hall, status="published")
    let_hold_end(hall, held)
    with refused(HoldExpired):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    assert moody(till).calls == []


def test_places_that_are_being_paid_are_nobody_elses_and_cannot_be_given_back_as_a_basket() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    go_to_checkout(hall, holder=ann, till=till)
    with refused(SeatsTaken):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    with refused(AlreadyYours):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    with refused(WrongState):
        release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    with nothing_changes():
        release_hold(hall.event_id, holder=ann)


def test_the_next_basket_is_another_reservation() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    other = go_to_checkout(hall, holder=ann, till=till, places=(1,))
    assert other.reservation_id != begun.reservation_id
    assert_books_are_right()


# The provider does not answer


@pytest.mark.parametrize("fault", ["open_session", "open_session!"])
def test_without_an_answer_the_places_are_kept_and_trying_again_goes_on(fault: str) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    moody(till).faults = {fault}
    with pytest.raises(PaymentUnavailable):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    assert reservation_row(hall, held).status == "pending"
    moody(till).faults = set()
    begun = begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    assert len(payments_of(hall)) == 1
    pay(till, begun)
    assert_books_are_right()


def test_a_session_that_comes_after_the_deadline_is_never_shown() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    moody(till).faults = {"open_session"}
    with pytest.raises(PaymentUnavailable):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    moody(till).faults = set()

    def time_passes(call: str) -> None:
        if call == "open_session":
            (payment,) = payments_of(hall)
            let_deadline_pass(BegunCheckout(hall.event_id, held, "", "pending", 4500, payment_id=payment.id))

    moody(till).during = time_passes
    with pytest.raises(HoldExpired):
        begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    (payment,) = payments_of(hall)
    assert moody(till).sandbox.look(payment.provider_ref).status == "expired"
