"""Stripe's library against a server that answers as Stripe does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from seatbook.domain.inventory import hold_seats
from seatbook.domain.orders import (
    Till,
    ask_due_payments,
    begin_checkout,
    cancel_order,
    send_due_refunds,
    take_notice,
)
from seatbook.payments import Answer, Charge, NoticeRefused, ProviderAway, ProviderRefused
from seatbook.payments.stripe import Stripe
from tests.factories import make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.paying import let_deadline_pass, make_online_event, payment_row, refunds_of
from tests.payments.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET, StripeStandIn, stripe_stand_in

COMPLETED = "checkout.session.completed"


@pytest.fixture
def there() -> Iterator[StripeStandIn]:
    with stripe_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def stripe(there: StripeStandIn) -> Stripe:
    return Stripe(
        secret_key=SECRET_KEY, webhook_secret=WEBHOOK_SECRET, home="https://seats.example", api=there.url
    )


def charge(**values: Any) -> Charge:
    return Charge(
        **{
            "event_id": 7,
            "payment_id": 12,
            "amount_minor": 4500,
            "currency": "EUR",
            "description": "7-K2M9QX",
            "seconds": 900.0,
            "return_url": "",
            **values,
        }
    )


def test_a_session_is_made_once_for_a_charge(stripe: Stripe, there: StripeStandIn) -> None:
    opened = stripe.open_session(charge())
    assert opened.pay_url == f"https://checkout.example/{opened.ref}"
    # Less time is left when it is asked for again: still the same.
    assert stripe.open_session(charge(seconds=30.0)) == opened
    assert len(there.sessions) == 1
    assert there.sessions[opened.ref]["amount_total"] == 4500


@pytest.mark.parametrize(
    ("intent", "answer"),
    [
        ("succeeded", Answer("paid", 4500, "EUR")),
        ("processing", Answer("processing")),
        ("requires_payment_method", Answer("failed")),
    ],
)
def test_how_a_session_stands(stripe: Stripe, there: StripeStandIn, intent: str, answer: Answer) -> None:
    ref = stripe.open_session(charge()).ref
    assert stripe.look(ref) == Answer("open")
    there.pay(ref, intent=intent)
    assert stripe.look(ref) == answer
    assert stripe.end_session(ref) == answer


def test_a_session_that_is_ended_takes_no_more_money(stripe: Stripe, there: StripeStandIn) -> None:
    ref = stripe.open_session(charge()).ref
    for _ in range(2):
        assert stripe.end_session(ref) == Answer("expired")
    assert there.sessions[ref]["status"] == "expired"


@pytest.mark.parametrize(("currency", "amount_minor", "there_as"), [("JPY", 900, 900), ("ISK", 900, 90_000)])
def test_amounts_are_in_the_units_that_stripe_counts_in(
    stripe: Stripe, there: StripeStandIn, currency: str, amount_minor: int, there_as: int
) -> None:
    ref = stripe.open_session(charge(currency=currency, amount_minor=amount_minor)).ref
    assert there.sessions[ref]["amount_total"] == there_as
    there.pay(ref)
    assert stripe.look(ref) == Answer("paid", amount_minor, currency)
    stripe.refund(ref, amount_minor=amount_minor, key="7-1")
    assert there.refunds[0]["amount"] == there_as


def test_money_goes_back_once_for_each_key(stripe: Stripe, there: StripeStandIn) -> None:
    ref = stripe.open_session(charge()).ref
    with pytest.raises(ProviderRefused):
        stripe.refund(ref, amount_minor=1000, key="7-1")
    there.pay(ref)
    first = stripe.refund(ref, amount_minor=1000, key="7-1")
    # Also when Stripe has forgotten the idempotency key.
    there._answers.clear()
    assert stripe.refund(ref, amount_minor=1000, key="7-1") == first
    assert stripe.refund(ref, amount_minor=1000, key="7-2") != first
    assert [refund["amount"] for refund in there.refunds] == [1000, 1000]
    with pytest.raises(ProviderRefused):
        stripe.refund(ref, amount_minor=2501, key="7-3")


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_no_answer_is_no_answer(stripe: Stripe, there: StripeStandIn, status: int) -> None:
    ref = stripe.open_session(charge()).ref
    there.answers_with = status
    for call in (
        lambda: stripe.open_session(charge(payment_id=13)),
        lambda: stripe.look(ref),
        lambda: stripe.end_session(ref),
        lambda: stripe.refund(ref, amount_minor=1, key="7-1"),
    ):
        with pytest.raises(ProviderAway):
            call()


def test_a_wrong_key_is_told_and_stands_in_no_message(there: StripeStandIn) -> None:
    stripe = Stripe(
        secret_key="sk_wrong", webhook_secret="whsec", home="https://seats.example", api=there.url
    )
    with pytest.raises(ProviderRefused):
        stripe.open_session(charge())


# Messages


@pytest.mark.parametrize(
    ("kind", "intent", "status"),
    [
        (COMPLETED, "succeeded", "paid"),
        (COMPLETED, "processing", "processing"),
        ("checkout.session.async_payment_succeeded", "succeeded", "paid"),
        ("checkout.session.async_payment_failed", "requires_payment_method", "failed"),
        ("checkout.session.expired", None, "expired"),
    ],
)
def test_what_messages_say(
    stripe: Stripe, there: StripeStandIn, kind: str, intent: str | None, status: str
) -> None:
    ref = stripe.open_session(charge()).ref
    if intent:
        there.pay(ref, intent=intent)
    else:
        stripe.end_session(ref)
    notice = stripe.read_notice(*there.message(ref, kind))
    assert notice is not None
    assert (notice.event_id, notice.payment_id, notice.session_ref) == (7, 12, ref)
    assert notice.answer.status == status


def test_a_message_must_be_signed_by_stripe_within_five_minutes(stripe: Stripe, there: StripeStandIn) -> None:
    ref = stripe.open_session(charge()).ref
    there.pay(ref)
    body, headers = there.message(ref, COMPLETED)
    assert stripe.read_notice(body, headers)
    wrongs: list[tuple[bytes, dict[str, str]]] = [
        (body + b" ", headers),
        (body, {}),
        there.message(ref, COMPLETED, secret="whsec_another"),
        there.message(ref, COMPLETED, at=time.time() - 310),
    ]
    for wrong in wrongs:
        with pytest.raises(NoticeRefused):
            stripe.read_notice(*wrong)


def test_messages_about_other_things_are_none_of_ours(stripe: Stripe, there: StripeStandIn) -> None:
    ref = stripe.open_session(charge()).ref
    assert stripe.read_notice(*there.message(ref, "customer.created")) is None
    there.sessions[ref]["client_reference_id"] = "an order of another shop"
    assert stripe.read_notice(*there.message(ref, COMPLETED)) is None


# The whole way


@pytest.mark.usefixtures("app_context")
def test_bought_lapsed_cancelled_and_refunded_by_stripe(stripe: Stripe, there: StripeStandIn) -> None:
    hall, ann, till = make_online_event(), make_holder(), Till(online=stripe, others={})
    first, second = [
        begin_checkout(
            hall.event_id,
            reservation_id=hold_seats(hall.event_id, seat_ids=[seat_id], holder=ann).reservation_id,
            holder=ann,
            till=till,
        )
        for seat_id in hall.seat_ids[:2]
    ]
    ref = payment_row(first).provider_ref
    there.pay(ref)
    body, headers = there.message(ref, COMPLETED)
    for _ in range(2):
        take_notice("stripe", body=body, headers=headers, till=till)
    let_deadline_pass(second)
    assert ask_due_payments(till=till).ended == 1
    assert statuses(hall)[:2] == ["reserved", "available"]
    assert there.sessions[payment_row(second).provider_ref]["status"] == "expired"

    cancel_order(hall.event_id, reservation_id=first.reservation_id, holder=ann)
    assert send_due_refunds(till=till).done == 1
    assert refunds_of(hall) == [(4500, "cancelled", "done")]
    assert [refund["amount"] for refund in there.refunds] == [4500]
    assert_books_are_right()
