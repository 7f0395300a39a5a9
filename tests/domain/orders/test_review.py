"""Money that was not what was asked for: what a person may decide, and that it is decided once."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.domain.orders import (
    BegunCheckout,
    cancel_event_orders,
    cancel_order,
    decide_review,
    record_answer,
    send_due_refunds,
)
from seatbook.errors import InvalidInput, NotFound, SaleClosed, SeatsTaken, TooManySeats, WrongState
from seatbook.extensions import db
from seatbook.payments import Answer
from seatbook.queries.audit import audit_books
from seatbook.queries.payments import OpenMatter, open_matters
from tests.factories import Hall, change_event, make_holder, reservation_row, statuses
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    payment_row,
    refunds_of,
    steps_of,
)
from tests.race import lost, race, won
from tests.snapshot import refused, rows_of

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def hall() -> Hall:
    return make_online_event(seats=4, fee_per_place_minor=150, max_seats=3)


def paid(
    hall: Hall, holder: HolderRef, *, came: int, currency: str = "EUR", places: tuple[int, ...] = (0, 1)
) -> BegunCheckout:
    """Two places for 93.00, and another amount came for them."""
    begun = go_to_checkout(hall, holder=holder, till=make_till(), places=places)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", came, currency))
    assert payment_row(begun).settlement == "review"
    return begun


def decide(begun: BegunCheckout, decision: str, **how: object) -> int:
    """The reservation that the payment is for by then."""
    state = decide_review(
        begun.event_id,
        payment_id=begun.payment_id or 0,
        decision=decision,
        actor_user_id=None,
        **how,  # type: ignore[arg-type]
    )
    return state.reservation_id


def matter_of(hall: Hall) -> OpenMatter:
    db.session.rollback()
    (matter,) = open_matters(hall.event_id)
    return matter


def test_less_came_and_the_places_are_sold_for_it(hall: Hall) -> None:
    begun, gale = paid(hall, make_holder("ann"), came=9000), make_holder("gale")
    matter = matter_of(hall)
    assert (matter.amount_minor, matter.received_minor) == (9300, 9000)
    assert matter.decisions == ("accept", "refund_all")
    state = decide_review(
        hall.event_id,
        payment_id=begun.payment_id or 0,
        decision="accept",
        actor_user_id=gale.user_id,
        note="Bank fees",
    )
    assert state.settlement == "confirmed"
    assert reservation_row(hall, state.reservation_id).total_minor == 9000
    assert statuses(hall) == ["reserved", "reserved", "available", "available"]
    assert steps_of(begun)[-1] == ("confirmed", "review_accept")
    assert open_matters(hall.event_id) == []
    assert_books_are_right()
    # What goes back is what came.
    cancel_order(hall.event_id, reservation_id=state.reservation_id, holder=None, seat_ids=hall.seat_ids[:1])
    cancel_order(hall.event_id, reservation_id=state.reservation_id, holder=None)
    assert [amount for amount, _, _ in refunds_of(hall)] == [4500, 4500]
    assert_books_are_right()
    assert audit_books(hall.event_id).findings == ()


def test_more_came_and_what_is_too_much_goes_back(hall: Hall) -> None:
    begun = paid(hall, make_holder(), came=10_000)
    assert matter_of(hall).decisions == ("refund_difference", "refund_all")
    bought = decide(begun, "refund_difference")
    assert bought == begun.reservation_id
    assert reservation_row(hall, bought).total_minor == 9300
    assert refunds_of(hall) == [(700, "review_refund_difference", "due")]
    assert_books_are_right()


@pytest.mark.parametrize(("came", "currency"), [(9000, "EUR"), (10_000, "EUR"), (9300, "USD"), (5, "USD")])
def test_all_of_it_goes_back_and_the_places_are_free(hall: Hall, came: int, currency: str) -> None:
    begun = paid(hall, make_holder(), came=came, currency=currency)
    decide(begun, "refund_all", note="They asked for it")
    assert payment_row(begun).settlement == "refunded"
    assert refunds_of(hall) == [(came, "review_refund_all", "due")]
    assert statuses(hall) == ["available"] * 4
    assert_books_are_right()


def test_letters_about_other_money_name_it_and_not_the_events(hall: Hall) -> None:
    begun = paid(hall, make_holder("ann"), came=9500, currency="USD")
    assert (matter_of(hall).received_minor, matter_of(hall).came_currency) == (9500, "USD")
    decide(begun, "refund_all")
    send_due_refunds(till=make_till())
    told = {row["kind"]: row["data"] for row in rows_of("mail")}
    assert (told["review"]["money_currency"], told["review"]["came_currency"]) == ("EUR", "USD")
    assert [told[kind]["money_currency"] for kind in ("returned", "refunded")] == ["USD", "USD"]


@pytest.mark.parametrize(
    ("came", "currency", "decision"),
    [
        (9000, "EUR", "refund_difference"),
        (10_000, "EUR", "accept"),
        (9300, "USD", "accept"),
        (9300, "USD", "refund_difference"),
        (9000, "EUR", "keep it"),
    ],
)
def test_what_makes_no_sense_is_refused(hall: Hall, came: int, currency: str, decision: str) -> None:
    begun = paid(hall, make_holder(), came=came, currency=currency)
    with refused(InvalidInput):
        decide(begun, decision)


@pytest.mark.parametrize(("came", "decision"), [(9000, "accept"), (10_000, "refund_difference")])
def test_after_the_deadline_the_places_are_sold_where_they_are_free(
    hall: Hall, came: int, decision: str
) -> None:
    begun = paid(hall, make_holder(), came=came)
    let_deadline_pass(begun, grace_too=True)
    decide(begun, decision)
    assert payment_row(begun).settlement == "confirmed"
    assert statuses(hall)[:2] == ["reserved", "reserved"]
    assert_books_are_right()


def test_places_that_somebody_else_has_by_now_are_not_sold_again(hall: Hall) -> None:
    begun, ben = paid(hall, make_holder(), came=9000), make_holder()
    let_deadline_pass(begun, grace_too=True)
    go_to_checkout(hall, holder=ben, till=make_till(), places=(1,))
    with refused(SeatsTaken) as refusal:
        decide(begun, "accept")
    assert refusal.value.data["labels"] == ["A2"]
    decide(begun, "refund_all")
    assert statuses(hall)[:2] == ["available", "held"]
    assert_books_are_right()


def test_nobody_gets_more_places_than_the_event_allows(hall: Hall) -> None:
    ann = make_holder()
    begun = paid(hall, ann, came=9000)
    let_deadline_pass(begun, grace_too=True)
    decide(begun, "refund_all")
    again = paid(hall, ann, came=9000)
    let_deadline_pass(again, grace_too=True)
    change_event(hall, max_seats=1)
    with refused(TooManySeats):
        decide(again, "accept")


def test_nothing_of_a_cancelled_event_is_sold(hall: Hall) -> None:
    begun = paid(hall, make_holder(), came=9000)
    cancel_event_orders(hall.event_id)
    with refused(SaleClosed):
        decide(begun, "accept")
    decide(begun, "refund_all")
    assert_books_are_right()


def test_only_what_is_under_review_is_decided(hall: Hall) -> None:
    begun = go_to_checkout(hall, holder=make_holder(), till=make_till())
    with refused(WrongState):
        decide(begun, "accept")
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4650, "EUR"))
    with refused(WrongState):
        decide(begun, "refund_all")
    with refused(NotFound):
        decide_review(hall.event_id, payment_id=999_999, decision="accept", actor_user_id=None)


def test_two_people_decide_at_once_and_one_of_them_has_decided(app: Flask, hall: Hall) -> None:
    begun = paid(hall, make_holder(), came=9000)
    answers = race(app, *[lambda: decide(begun, "accept"), lambda: decide(begun, "refund_all")] * 3)
    assert lost(answers) == []
    assert len(won(answers)) == 6
    settled = payment_row(begun).settlement
    assert settled in ("confirmed", "refunded")
    assert len(refunds_of(hall)) == (settled == "refunded")
    till = make_till()
    send_due_refunds(till=till)
    assert_books_are_right()
