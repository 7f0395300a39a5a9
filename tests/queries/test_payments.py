"""What lands on a person's desk, and leaves it."""

from __future__ import annotations

import pytest

from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import (
    ask_due_payments,
    cancel_order,
    note_paid_out,
    record_answer,
    send_due_refunds,
    take_at_counter,
    try_refund_again,
)
from seatbook.errors import NotFound, WrongState
from seatbook.payments import Answer
from seatbook.queries.payments import open_matters
from tests.factories import make_event, make_holder, reservation_row
from tests.invariants import assert_books_are_right
from tests.paying import (
    ask_again_now,
    go_to_checkout,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    make_till,
    pay,
    refunds_of,
)
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_a_payment_without_a_result_is_a_matter_until_it_has_one() -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder(), till=till)
    pay(till, begun, after_seconds=3600)
    let_deadline_pass(begun)
    ask_due_payments(till=till)
    assert open_matters() == [], "there is still time to wait"
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    (matter,) = open_matters(hall.event_id)
    assert (matter.kind, matter.payment_id, matter.amount_minor) == ("stuck", begun.payment_id, 4500)
    assert matter.reference == f"{hall.event_id}-{begun.code}"
    assert open_matters(hall.event_id + 1) == []
    let_processing_end(begun)
    ask_again_now()
    ask_due_payments(till=till)
    assert open_matters() == []


def test_money_that_was_not_asked_for_is_a_matter() -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder(), till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 45, "USD"))
    (matter,) = open_matters()
    assert (matter.kind, matter.note) == ("review", "45 USD came, 4500 EUR was due")


def test_what_was_paid_at_the_window_goes_back_there() -> None:
    hall, ann, till = make_event(seats=3, payment="counter"), make_holder("ann"), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    with refused(WrongState):
        take_at_counter(hall.event_id, reservation_id=held, actor_user_id=ann.user_id)
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    for _ in range(2):
        taken = take_at_counter(hall.event_id, reservation_id=held, actor_user_id=ann.user_id)
        assert taken.settlement == "confirmed"
    assert_books_are_right()

    cancel_order(hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids[:1])
    assert send_due_refunds(till=till).failed == 1
    (matter,) = open_matters()
    assert (matter.kind, matter.amount_minor, matter.note) == ("refund", 4500, "pay it out at the window")
    assert matter.refund_id is not None
    for _ in range(2):
        note_paid_out(hall.event_id, refund_id=matter.refund_id, actor_user_id=ann.user_id)
    assert open_matters() == []
    assert refunds_of(hall) == [(4500, "cancelled", "done")]
    assert reservation_row(hall, held).total_minor == 4500
    with refused(WrongState):
        try_refund_again(hall.event_id, refund_id=matter.refund_id)
    with refused(NotFound):
        note_paid_out(hall.event_id, refund_id=10**6, actor_user_id=None)
    assert_books_are_right()


def test_a_refund_that_was_refused_may_be_tried_again() -> None:
    hall, ann, till = make_event(seats=3, payment="counter"), make_holder(), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    take_at_counter(hall.event_id, reservation_id=held, actor_user_id=None)
    cancel_order(hall.event_id, reservation_id=held, holder=ann)
    send_due_refunds(till=till)
    (matter,) = open_matters()
    try_refund_again(hall.event_id, refund_id=matter.refund_id or 0)
    assert open_matters() == []
    assert send_due_refunds(till=till).failed == 1
