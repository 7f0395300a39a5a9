"""Cancelling an event: closed at once, undone order by order by whoever comes, and everybody gets the money once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Signal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.inventory.confirm import judge_basket, sell_locked
from seatbook.domain.inventory.rows import clock, lock_reservations, lock_seats
from seatbook.domain.orders import (
    ask_due_payments,
    cancel_event_orders,
    cancel_order,
    continue_event_cancellations,
    record_answer,
    request_event_cancellation,
    run_event_cancellation,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound, SaleClosed
from seatbook.extensions import db
from seatbook.models import Seat
from seatbook.payments import Answer
from seatbook.queries.cancellations import CancellationProgress, cancellation_progress
from tests.factories import Hall, make_event, make_holder, make_holders, reservation_row, statuses
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    moody,
    pay,
    payment_row,
    refunds_of,
)
from tests.race import PATIENCE_SECONDS, begun, race, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")


def sold_hall(seats: int = 4) -> Hall:
    """An event that is sold out, one place a buyer, all paid."""
    hall, till = make_online_event(seats=seats), make_till()
    for place, holder in enumerate(make_holders(seats)):
        order = go_to_checkout(hall, holder=holder, till=till, places=(place,))
        record_answer(hall.event_id, order.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    return hall


def progress_of(hall: Hall) -> CancellationProgress:
    db.session.rollback()
    found = cancellation_progress(hall.event_id)
    assert found is not None
    return found


def test_it_is_closed_at_once_and_undone_after_that() -> None:
    hall, staff = sold_hall(), make_holder("gale")
    assert cancellation_progress(hall.event_id) is None
    assert request_event_cancellation(hall.event_id, actor_user_id=staff.user_id)
    assert not request_event_cancellation(hall.event_id), "asking twice is asking once"
    wanted = progress_of(hall)
    assert (wanted.done, wanted.orders, wanted.started_at, wanted.requested_by) == (0, 4, None, "gale")
    with refused(NotFound):
        request_event_cancellation(999_999)
    nobody_asked = make_event()
    with refused(NotFound):
        run_event_cancellation(nobody_asked.event_id)

    assert continue_event_cancellations() == 4
    done = progress_of(hall)
    assert (done.done, done.orders, done.refunds, done.refund_minor) == (4, 4, 4, 18_000)
    assert done.is_finished
    assert statuses(hall) == ["available"] * 4
    with refused(SaleClosed):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    assert continue_event_cancellations() == 0
    assert_books_are_right()


def test_whoever_comes_next_goes_on_where_it_stopped() -> None:
    hall = sold_hall()
    stops = iter([False, True])
    seen: list[tuple[int, int]] = []
    request_event_cancellation(hall.event_id)
    run_event_cancellation(
        hall.event_id, should_stop=lambda: next(stops), on_progress=lambda done, of: seen.append((done, of))
    )
    stopped = progress_of(hall)
    assert (stopped.done, stopped.orders, stopped.finished_at) == (1, 4, None)
    assert stopped.started_at is not None
    run_event_cancellation(hall.event_id, on_progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert progress_of(hall).is_finished
    assert progress_of(hall).started_at == stopped.started_at


def test_a_buyer_who_cancels_meanwhile_is_not_waited_for() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    order = go_to_checkout(hall, holder=ann, till=till)
    record_answer(hall.event_id, order.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    request_event_cancellation(hall.event_id)
    cancel_order(hall.event_id, reservation_id=order.reservation_id, holder=ann)
    assert run_event_cancellation(hall.event_id) == 0
    assert (progress_of(hall).orders, progress_of(hall).is_finished) == (0, True)
    assert refunds_of(hall) == [(4500, "cancelled", "due")]


def test_many_at_once_undo_each_order_once(app: Flask) -> None:
    hall = sold_hall(8)
    undone = won(race(app, *[lambda: cancel_event_orders(hall.event_id)] * 4))
    assert sum(undone) == 8
    assert (progress_of(hall).done, progress_of(hall).orders) == (8, 8)
    assert refunds_of(hall) == [(4500, "event_cancelled", "due")] * 8
    assert_books_are_right()


@pytest.mark.usefixtures("hardly_waits")
def test_one_that_fails_never_stops_the_rest_and_is_done_by_the_next_run() -> None:
    hall = sold_hall()
    with held_up(hall.seat_ids[1]):
        assert cancel_event_orders(hall.event_id) == 3
        stuck = progress_of(hall)
        assert (stuck.done, stuck.orders, stuck.is_finished) == (3, 4, False)
        assert stuck.last_error
    assert continue_event_cancellations() == 1
    assert (progress_of(hall).is_finished, progress_of(hall).last_error) == (True, None)
    assert_books_are_right()


@pytest.fixture
def hardly_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is at work when an event is called off is given little time: here it is somebody who never ends."""
    monkeypatch.setattr("seatbook.domain.orders.cancel_event.MAX_WAIT_SECONDS", 0.1)


@contextmanager
def held_up(seat_id: int) -> Iterator[None]:
    """Somebody has locked this seat and does not let go."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SELECT FROM seat WHERE id = :id FOR UPDATE"), {"id": seat_id})
        yield


def test_a_purchase_that_had_begun_before_is_undone_too(app: Flask) -> None:
    """It looked at the event before it was closed, and commits after everybody else was counted."""
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    has_looked, may_commit, was_closed = Signal(), Signal(), Signal()

    def buy_slowly(session: Session) -> None:
        seats = lock_seats(session, hall.event_id, Seat.id.in_(hall.seat_ids))
        reservation = lock_reservations(session, hall.event_id, [held])[held]
        now = clock(session)
        basket = judge_basket(session, hall.event_id, seats=seats, reservation=reservation, seen=None, at=now)
        has_looked.set()
        assert may_commit.wait(PATIENCE_SECONDS)
        sell_locked(
            session,
            hall.event_id,
            reservation_id=held,
            seat_ids=basket.prices,
            total_minor=sum(basket.prices.values()),
            at=now,
            actor=None,
        )

    def cancel() -> int:
        request_event_cancellation(hall.event_id)
        was_closed.set()
        return run_event_cancellation(hall.event_id)

    with begun(app, lambda: run_transaction(buy_slowly)) as purchase:
        assert has_looked.wait(PATIENCE_SECONDS)
        with begun(app, cancel) as cancelling:
            assert was_closed.wait(PATIENCE_SECONDS)
            may_commit.set()
            purchase.result(PATIENCE_SECONDS)
            assert cancelling.result(PATIENCE_SECONDS) == 1
    assert statuses(hall) == ["available"]
    assert progress_of(hall).is_finished


def test_nobody_can_take_an_offer_of_a_cancelled_event_and_its_money_goes_back() -> None:
    hall, ann, ben, till = (
        make_online_event(seats=3, late_offer_seconds=600),
        make_holder(),
        make_holder(),
        make_till(),
    )
    order = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(order, grace_too=True)
    _bought_by(ben, hall)
    record_answer(hall.event_id, order.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    assert payment_row(order).settlement == "offered"
    cancel_event_orders(hall.event_id)
    assert payment_row(order).settlement == "refunded"
    assert (4500, "event_cancelled", "due") in refunds_of(hall)
    assert statuses(hall) == ["available"] * 3
    assert_books_are_right()


def _bought_by(holder: HolderRef, hall: Hall) -> None:
    till = make_till()
    order = go_to_checkout(hall, holder=holder, till=till)
    record_answer(hall.event_id, order.payment_id or 0, answer=Answer("paid", 4500, "EUR"))


def test_who_was_paying_is_told_soon_and_not_when_the_time_to_pay_would_be_over() -> None:
    hall, till = make_online_event(), make_till()
    failed, open_one = (
        go_to_checkout(hall, holder=make_holder(name), till=till, places=(place,))
        for place, name in enumerate(("ann", "ben"))
    )
    pay(till, failed, becomes="failed")
    record_answer(hall.event_id, failed.payment_id or 0, answer=Answer("failed"))

    assert cancel_event_orders(hall.event_id) == 0

    assert [(letter.kind, letter.recipient, letter.is_called_off) for letter in letters_of(hall)] == [
        ("lapsed", "ann@example.org", True)
    ]
    assert reservation_row(hall, open_one.reservation_id).status == "pending", "its provider is asked first"
    assert progress_of(hall).is_finished
    assert ask_due_payments(till=till).ended == 1
    assert [letter.recipient for letter in letters_of(hall)] == ["ann@example.org", "ben@example.org"]
    assert pay(till, open_one).status == "expired", "nobody can pay there any more"
    assert statuses(hall) == ["available"] * 4
    assert_books_are_right()


@pytest.mark.parametrize("is_heard_of", ["when asked", "by a notice after the end"])
def test_money_that_comes_while_an_event_is_called_off_goes_back(is_heard_of: str) -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    if is_heard_of == "when asked":
        pay(till, begun)
        cancel_event_orders(hall.event_id)
        assert ask_due_payments(till=till).paid == 1
    else:
        cancel_event_orders(hall.event_id)
        assert ask_due_payments(till=till).ended == 1
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
    assert payment_row(begun).settlement == "refunded"
    assert refunds_of(hall) == [(4500, "event_cancelled", "due")]
    assert statuses(hall) == ["available"] * 4
    assert_books_are_right()


def test_a_silent_provider_is_waited_for_and_asked_again() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    moody(till).faults = {"look"}
    cancel_event_orders(hall.event_id)
    assert ask_due_payments(till=till).waiting == 1
    assert reservation_row(hall, begun.reservation_id).status == "pending"
    assert letters_of(hall) == []
    assert payment_row(begun).next_ask_at is not None


@pytest.mark.usefixtures("hardly_waits")
def test_a_checkout_that_cannot_be_ended_now_is_ended_by_the_next_run() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("failed"))
    with held_up(hall.seat_ids[0]):
        cancel_event_orders(hall.event_id)
        assert not progress_of(hall).is_finished
        assert progress_of(hall).last_error
    continue_event_cancellations()
    assert progress_of(hall).is_finished
    assert reservation_row(hall, begun.reservation_id).status == "expired"
    assert len(letters_of(hall)) == 1


def letters_of(hall: Hall) -> list[Any]:
    return list(
        db.session.execute(
            text(
                "SELECT kind, recipient, (data->>'is_called_off')::boolean AS is_called_off"
                " FROM mail WHERE event_id = :event ORDER BY id"
            ),
            {"event": hall.event_id},
        )
    )


def test_what_nobody_paid_for_is_undone_without_money() -> None:
    hall, ann = make_event(seats=2, payment="counter"), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    assert cancel_event_orders(hall.event_id) == 1
    assert refunds_of(hall) == []
    assert progress_of(hall).refunds == 0
