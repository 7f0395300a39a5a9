"""What becomes of money: in time, late, twice, in any order, and while others look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import hold_quantity, hold_seats
from seatbook.domain.orders import (
    BegunCheckout,
    Till,
    accept_offer,
    ask_due_payments,
    ask_payment,
    begin_checkout,
    cancel_event_orders,
    cancel_order,
    decline_offer,
    end_due_offers,
    give_up_checkout,
    record_answer,
    send_due_refunds,
    take_notice,
)
from seatbook.errors import NotFound, NoticeRefused, OfferEnded, TooLateToCancel, WrongState
from seatbook.payments import Answer
from tests.factories import (
    Hall,
    change_event,
    claims,
    database_clock,
    let_hold_end,
    make_area,
    make_holder,
    make_slots,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.paying import (
    ask_again_now,
    go_to_checkout,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    make_till,
    messages,
    moody,
    pay,
    payment_row,
    refunds_of,
    sandbox_balance,
    session_ref,
    steps_of,
)
from tests.race import race, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")

PAID = Answer("paid", 4500, "EUR")


def hear(till: Till) -> int:
    """Bring what is in the post; how much it was."""
    brought = messages(till)
    for message in brought:
        take_notice("sandbox", body=message.body, headers=message.headers, till=till)
    return len(brought)


def is_settled_as(begun: BegunCheckout, status: str, settlement: str | None) -> bool:
    payment = payment_row(begun)
    return (payment.status, payment.settlement) == (status, settlement)


# In time


def test_a_notice_makes_the_places_the_buyers() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    pay(till, begun)
    assert hear(till) == 1
    assert statuses(hall)[:3] == ["reserved", "reserved", "available"]
    assert reservation_row(hall, begun.reservation_id).total_minor == 9000
    assert steps_of(begun) == [("begun", "sandbox"), ("paid", ""), ("confirmed", "in_time")]
    assert_books_are_right()


def test_a_buyer_who_comes_back_before_any_notice_asks_the_provider() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert begun.payment_id
    assert ask_payment(hall.event_id, payment_id=begun.payment_id, till=till).status == "open"
    # A look before the deadline ends nothing, and leaves the question at the deadline where it was.
    assert payment_row(begun).next_ask_at == begun.due_at
    pay(till, begun, copies=0)
    assert ask_payment(hall.event_id, payment_id=begun.payment_id, till=till).settlement == "confirmed"
    assert "end_session" not in moody(till).calls
    assert_books_are_right()


@pytest.mark.parametrize("order", list(permutations(["processing", "failed", "paid", "expired"])))
def test_answers_in_any_order_end_with_the_money_counted_once(order: tuple[str, ...]) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert begun.payment_id
    for status in order:
        record_answer(hall.event_id, begun.payment_id, answer=Answer(status, 4500, "EUR"))
    assert is_settled_as(begun, "paid", "confirmed")
    assert statuses(hall)[0] == "reserved"
    assert_books_are_right()


def test_fifty_copies_of_one_notice_at_once_have_one_effect(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun)
    (message,) = messages(till)

    def hear_it() -> Any:
        return take_notice("sandbox", body=message.body, headers=message.headers, till=till)

    states = won(race(app, *[hear_it] * 50))
    assert {state.settlement for state in states} == {"confirmed"}
    assert len(states) == 50
    assert [step for step, _ in steps_of(begun)] == ["begun", "paid", "confirmed"]
    assert claims(hall, hall.seat_ids[0]) == [(begun.reservation_id, None)]
    assert_books_are_right()


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "nonsense", "t=x,v1=y"])
def test_a_notice_without_the_right_signature_has_no_effect(header: str) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun)
    (message,) = messages(till)
    with refused(NoticeRefused):
        take_notice("sandbox", body=message.body, headers={"Sandbox-Signature": header}, till=till)
    with refused(NoticeRefused):
        take_notice("sandbox", body=message.body + b" ", headers=message.headers, till=till)


def test_another_amount_than_was_due_waits_for_a_person() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert begun.payment_id
    record_answer(hall.event_id, begun.payment_id, answer=Answer("paid", 4499, "EUR"))
    assert is_settled_as(begun, "paid", "review")
    # Its places are kept until the deadline, and no job is needed for them to come back.
    assert reservation_row(hall, begun.reservation_id).expires_at == begun.due_at
    assert_books_are_right()


# It fails, or the buyer goes back


def test_after_a_failure_the_places_stay_for_another_try_until_the_first_deadline() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun, becomes="failed")
    hear(till)
    assert payment_row(begun).status == "failed"
    # Nobody has to be asked any more, so the deadline itself is the end.
    assert seat_row(hall, hall.seat_ids[0]).held_until == begun.due_at

    again = begin_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    assert again.payment_id != begun.payment_id
    assert again.due_at == begun.due_at
    # And now there is somebody to ask again.
    assert again.due_at is not None
    assert seat_row(hall, hall.seat_ids[0]).held_until == again.due_at + timedelta(seconds=900)
    pay(till, again)
    hear(till)
    assert statuses(hall)[0] == "reserved"
    assert_books_are_right()


def test_a_failed_attempt_that_is_paid_all_the_same_buys_and_the_second_one_is_refunded() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    first = go_to_checkout(hall, holder=ann, till=till)
    assert first.payment_id
    record_answer(hall.event_id, first.payment_id, answer=Answer("failed"))
    second = begin_checkout(hall.event_id, reservation_id=first.reservation_id, holder=ann, till=till)
    record_answer(hall.event_id, first.payment_id, answer=PAID)
    pay(till, second)
    hear(till)
    assert is_settled_as(first, "paid", "confirmed")
    assert is_settled_as(second, "paid", "refunded")
    assert refunds_of(hall) == [(4500, "bought_already", "due")]
    assert_books_are_right()


def test_a_failure_without_another_try_frees_the_places_at_the_deadline_by_time_alone() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun, becomes="failed")
    hear(till)
    let_deadline_pass(begun)
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    assert reservation_row(hall, begun.reservation_id).status == "expired"
    assert_books_are_right()


def test_giving_up_frees_the_places_once_the_provider_takes_no_more_money() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    for _ in range(2):
        status = give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
        assert status == "released"
    assert claims(hall, hall.seat_ids[0]) == [(begun.reservation_id, "released")]
    assert moody(till).sandbox.look(session_ref(begun)).status == "expired"
    assert pay(till, begun).status == "expired"
    assert_books_are_right()


def test_giving_up_a_moment_after_paying_is_a_purchase() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun)
    status = give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    assert status == "confirmed"
    with refused(WrongState):
        give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    with refused(NotFound):
        give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=make_holder(), till=till)
    assert_books_are_right()


# Before a pending reservation lapses the provider is asked


def test_the_sweep_leaves_alone_what_the_provider_was_not_asked_about() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun, copies=0)
    let_deadline_pass(begun, grace_too=True)
    with nothing_changes(but=["sweep_run"]):
        assert sweep_expired_holds(batch=100, trigger="command").seats == 0
    assert ask_due_payments(till=till).paid == 1
    assert statuses(hall)[0] == "reserved"
    assert_books_are_right()


def test_unpaid_at_the_deadline_is_ended_at_the_provider_and_free_here() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert ask_due_payments(till=till).ended == 0
    let_deadline_pass(begun)
    assert ask_due_payments(till=till).ended == 1
    assert moody(till).calls == ["open_session", "look", "end_session"]
    assert reservation_row(hall, begun.reservation_id).status == "expired"
    assert claims(hall, hall.seat_ids[0]) == [(begun.reservation_id, "expired")]
    assert pay(till, begun).status == "expired"
    assert_books_are_right()


def test_a_payment_that_comes_while_the_provider_is_asked_to_end_it_buys() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun)

    def pay_now(call: str) -> None:
        if call == "end_session":
            pay(till, begun)

    moody(till).during = pay_now
    assert ask_due_payments(till=till).paid == 1
    assert steps_of(begun)[-1] == ("confirmed", "in_time")
    hear(till)
    assert_books_are_right()


def test_money_on_its_way_is_waited_for_during_the_grace_and_then_shown_to_staff() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun, after_seconds=3600)
    let_deadline_pass(begun)
    assert ask_due_payments(till=till).waiting == 1
    assert statuses(hall)[0] == "held"
    assert payment_row(begun).stuck_at is None

    let_deadline_pass(begun, grace_too=True)
    assert ask_due_payments(till=till).waiting == 1
    assert statuses(hall)[0] == "available"
    assert payment_row(begun).stuck_at is not None
    assert steps_of(begun)[-1] == ("stuck", "processing")
    assert hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)

    # And when it comes at last, it is not lost.
    let_processing_end(begun)
    ask_again_now()
    assert ask_due_payments(till=till).paid == 1
    assert refunds_of(hall) == [(4500, "late_places_gone", "due")]
    assert_books_are_right()


@pytest.mark.parametrize("fault", ["look", "look!", "end_session", "end_session!"])
def test_a_provider_that_does_not_answer_is_asked_again_within_the_grace(fault: str) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun)
    moody(till).faults = {fault}
    assert ask_due_payments(till=till).waiting == 1
    assert statuses(hall)[0] == "held"
    assert ask_due_payments(till=till).waiting == 0, "the next question waits a while"
    moody(till).faults = set()
    ask_again_now()
    assert ask_due_payments(till=till).ended == 1
    assert statuses(hall)[0] == "available"
    assert_books_are_right()


def test_a_provider_that_stays_away_keeps_no_place_longer_than_the_grace() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun, copies=0)
    moody(till).faults = {"look"}
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    assert statuses(hall)[0] == "available"
    assert payment_row(begun).stuck_at is not None
    # The money that it had is found when it is back.
    moody(till).faults = set()
    ask_again_now()
    assert ask_due_payments(till=till).paid == 1
    assert steps_of(begun)[-1] == ("confirmed", "late_same_places")
    assert_books_are_right()


@pytest.mark.parametrize("call", ["look", "end_session", "refund"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_half_done(call: str, moment: str) -> None:
    """Another one goes on: with the question, or with the refund, that the first had in hand."""
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    if call == "refund":
        pay(till, begun)
        hear(till)
        cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    else:
        let_deadline_pass(begun)

    def work() -> None:
        ask_due_payments(till=till)
        send_due_refunds(till=till)

    moody(till).kills = {call if moment == "before" else f"{call}!"}
    with pytest.raises(KeyboardInterrupt):
        work()
    assert_books_are_right()
    moody(till).kills = set()
    ask_again_now()
    work()
    assert statuses(hall)[0] == "available"
    assert payment_row(begun).status == ("paid" if call == "refund" else "expired")
    assert sandbox_balance() == 0
    assert_books_are_right()


@pytest.mark.parametrize("call", ["open_session", "look", "end_session"])
def test_a_provider_that_is_slow_holds_nobody_up(call: str) -> None:
    """While it takes its time others hold and pay, and the message of this very payment is heard."""
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    others = make_till()

    def meanwhile(now: str) -> None:
        if now == call:
            moody(till).during = lambda _: None
            other = go_to_checkout(hall, holder=ben, till=others, places=(1,))
            pay(others, other)
            if call != "open_session":
                pay(others, begun)
            hear(others)

    if call == "open_session":
        moody(till).during = meanwhile
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun)
    moody(till).during = meanwhile
    ask_due_payments(till=till)
    assert statuses(hall)[:2] == ["available" if call == "open_session" else "reserved", "reserved"]
    assert_books_are_right()


def test_questions_that_meet_are_one(app: Flask) -> None:
    hall, ann, till = make_online_event(seats=8, max_seats=8), make_holder(), make_till()
    begun = [go_to_checkout(hall, holder=ann, till=till, places=(place,)) for place in range(8)]
    for number, one in enumerate(begun):
        if number % 2:
            pay(till, one)
        let_deadline_pass(one)
    posts = messages(till)
    acts: list[Any] = [lambda: ask_due_payments(till=till)] * 4
    for message in posts:
        acts += [
            lambda message=message: take_notice(
                "sandbox", body=message.body, headers=message.headers, till=till
            )
        ] * 2
    outcomes = race(app, *acts)
    assert len(won(outcomes)) == len(outcomes), outcomes
    assert statuses(hall) == ["available", "reserved"] * 4
    assert_books_are_right()


# Late


def late(hall: Hall, ann: Any, till: Till, **checkout: Any) -> BegunCheckout:
    """A payment that the provider cannot end, whose places are free."""
    begun = go_to_checkout(hall, holder=ann, till=till, **checkout)
    pay(till, begun, after_seconds=3600)
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    assert reservation_row(hall, begun.reservation_id).status == "expired"
    let_processing_end(begun)
    return begun


def test_late_money_buys_the_same_places_when_they_are_free() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    begun = late(hall, ann, till, places=(0, 1))
    # Somebody looked at one meanwhile, and their time is over too.
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben).reservation_id
    let_hold_end(hall, held)
    ask_again_now()
    assert ask_due_payments(till=till).paid == 1
    payment = payment_row(begun)
    assert payment.settlement == "confirmed"
    assert payment.settled_reservation_id != begun.reservation_id
    bought = reservation_row(hall, payment.settled_reservation_id)
    assert (bought.status, bought.holder_id, bought.total_minor) == ("confirmed", ann.holder_id, 9000)
    assert statuses(hall)[:2] == ["reserved", "reserved"]
    assert steps_of(begun)[-1] == ("confirmed", "late_same_places")
    assert_books_are_right()


def test_late_money_for_places_that_are_gone_goes_back_once() -> None:
    hall, ann, ben, till = make_online_event(), make_holder(), make_holder(), make_till()
    begun = late(hall, ann, till)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    for _ in range(3):
        record_answer(hall.event_id, begun.payment_id or 0, answer=PAID)
    assert refunds_of(hall) == [(4500, "late_places_gone", "due")]
    assert send_due_refunds(till=till).done == 1
    assert send_due_refunds(till=till).done == 0
    assert refunds_of(hall) == [(4500, "late_places_gone", "done")]
    assert sandbox_balance() == 0
    assert steps_of(begun)[-2:] == [("refund_due", "late_places_gone"), ("refunded", "late_places_gone")]
    assert_books_are_right()


def test_late_money_never_buys_more_than_one_person_may_have() -> None:
    hall, ann, till = make_online_event(max_seats=2), make_holder(), make_till()
    begun = late(hall, ann, till, places=(0, 1))
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:3], holder=ann)
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    assert is_settled_as(begun, "paid", "refunded")
    assert_books_are_right()


@pytest.mark.parametrize("what", [{"status": "cancelled"}, {"starts_at": -2, "ends_at": -1}])
def test_late_money_for_an_event_that_is_over_or_cancelled_goes_back(what: dict[str, Any]) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = late(hall, ann, till)
    now = database_clock()
    change_event(
        hall, **{name: now + timedelta(hours=v) if isinstance(v, int) else v for name, v in what.items()}
    )
    record_answer(hall.event_id, begun.payment_id or 0, answer=PAID)
    assert is_settled_as(begun, "paid", "refunded")
    assert_books_are_right()


def test_money_that_comes_while_the_event_is_cancelled_goes_back_and_frees_the_places() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    change_event(hall, status="cancelled")
    # The deadline is not over: who does not pay keeps what they have until then.
    let_deadline_pass(begun)
    record_answer(hall.event_id, begun.payment_id or 0, answer=PAID)
    assert refunds_of(hall) == [(4500, "event_cancelled", "due")]
    assert statuses(hall)[0] == "available"
    assert_books_are_right()


# Equal places


def offer(hall: Hall, ann: Any, till: Till, **checkout: Any) -> BegunCheckout:
    """Late money, whose first place somebody else has by now."""
    begun = late(hall, ann, till, **checkout)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
    return begun


def test_equal_places_side_by_side_are_offered_and_taken() -> None:
    hall, ann, till = make_online_event(seats=6, late_offer_seconds=600), make_holder("ann"), make_till()
    begun = offer(hall, ann, till, places=(0, 1))
    payment = payment_row(begun)
    assert payment.settlement == "offered"
    offered = [s for s in hall.seat_ids if seat_row(hall, s).reservation_id == payment.settled_reservation_id]
    # Nearest to where they wanted to sit, the first being gone.
    assert offered == list(hall.seat_ids[1:3])
    with refused(NotFound):
        accept_offer(hall.event_id, payment_id=payment.id, holder=make_holder())
    for _ in range(2):
        assert accept_offer(hall.event_id, payment_id=payment.id, holder=ann).settlement == "confirmed"
    assert [seat_row(hall, s).status for s in offered] == ["reserved", "reserved"]
    assert refunds_of(hall) == []
    assert_books_are_right()


def test_an_offer_ends_with_the_event_at_the_latest() -> None:
    hall, ann, till = make_online_event(seats=6, late_offer_seconds=600), make_holder(), make_till()
    end = database_clock() + timedelta(minutes=3)
    begun = late(hall, ann, till)
    change_event(hall, starts_at=end - timedelta(hours=2), ends_at=end)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", begun.total_minor, "EUR"))
    payment = payment_row(begun)
    assert payment.settlement == "offered"
    assert reservation_row(hall, payment.settled_reservation_id).expires_at == end


@pytest.mark.parametrize("who", ["declined", "ended", "swept", "too late"])
def test_an_offer_that_is_not_taken_gives_the_money_back(who: str) -> None:
    hall, ann, till = make_online_event(seats=6, late_offer_seconds=600), make_holder(), make_till()
    begun = offer(hall, ann, till)
    payment = payment_row(begun)
    assert end_due_offers() == 0
    offered = BegunCheckout(hall.event_id, payment.settled_reservation_id, "", "pending", 4500)
    if who == "declined":
        for _ in range(2):
            decline_offer(hall.event_id, payment_id=payment.id, holder=ann)
    else:
        let_deadline_pass(offered, grace_too=True)
    if who == "swept":
        assert sweep_expired_holds(batch=10, trigger="command").seats == 1
    if who == "too late":
        with pytest.raises(OfferEnded):
            accept_offer(hall.event_id, payment_id=payment.id, holder=ann)
    if who in ("ended", "swept"):
        assert end_due_offers() == 1
    assert end_due_offers() == 0
    reason = "offer_declined" if who == "declined" else "offer_ended"
    assert refunds_of(hall) == [(4500, reason, "due")]
    assert statuses(hall)[1:] == ["available"] * 5
    assert_books_are_right()


def test_places_of_a_standing_area_are_alike_and_a_time_has_no_equal() -> None:
    hall, ann, till = make_online_event(late_offer_seconds=600), make_holder(), make_till()
    pit = make_area(hall, kind="standing", places=4)
    held = hold_quantity(hall.event_id, area_id=pit, quantity=2, holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    moody(till).faults = {"look"}
    ask_due_payments(till=till)
    hold_seats(hall.event_id, seat_ids=held.seat_ids[:1], holder=make_holder())
    record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
    assert payment_row(begun).settlement == "offered"

    slots = make_slots(hall, starts=[database_clock() + timedelta(days=day) for day in (1, 2)])
    held = hold_seats(hall.event_id, seat_ids=slots[:1], holder=ann)
    begun = begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())
    record_answer(hall.event_id, begun.payment_id or 0, answer=PAID)
    assert payment_row(begun).settlement == "refunded"
    assert_books_are_right()


# Confirm against lapse


def test_paying_against_the_lapse_has_one_outcome_each_time(app: Flask) -> None:
    times = 30
    hall, ann, till = make_online_event(seats=times, max_seats=1000), make_holder(), make_till()
    bought = 0
    for place in range(times):
        begun = go_to_checkout(hall, holder=ann, till=till, places=(place,))
        let_deadline_pass(begun)
        acts: list[Callable[[], Any]] = [
            partial(pay, till, begun, copies=0),
            partial(ask_due_payments, till=till),
        ]
        race(app, *acts)
        ask_again_now()
        ask_due_payments(till=till)
        is_paid = moody(till).sandbox.look(session_ref(begun)).status == "paid"
        assert statuses(hall)[place] == ("reserved" if is_paid else "available")
        bought += is_paid
    assert_books_are_right()
    assert refunds_of(hall) == []


# Cancelling


def bought(hall: Hall, ann: Any, till: Till, **checkout: Any) -> BegunCheckout:
    begun = go_to_checkout(hall, holder=ann, till=till, **checkout)
    pay(till, begun)
    hear(till)
    return begun


def test_cancelling_gives_back_what_was_paid_and_the_places_go_on_sale() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = bought(hall, ann, till, places=(0, 1))
    cancelled = cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert (cancelled.seat_ids, cancelled.refund_minor) == (hall.seat_ids[:2], 9000)
    assert statuses(hall) == ["available"] * 4
    again = cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert (again.seat_ids, again.refund_minor) == ((), 0)
    send_due_refunds(till=till)
    assert refunds_of(hall) == [(9000, "cancelled", "done")]
    assert sandbox_balance() == 0
    assert_books_are_right()


def test_single_seats_are_cancelled_each_for_its_price() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = bought(hall, ann, till, places=(0, 1, 2))
    for _ in range(2):
        cancel_order(
            hall.event_id, reservation_id=begun.reservation_id, holder=ann, seat_ids=hall.seat_ids[1:2]
        )
        assert statuses(hall)[:3] == ["reserved", "available", "reserved"]
        assert reservation_row(hall, begun.reservation_id).total_minor == 9000
    with refused(NotFound):
        cancel_order(
            hall.event_id, reservation_id=begun.reservation_id, holder=ann, seat_ids=hall.seat_ids[3:]
        )
    assert_books_are_right()
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert [amount for amount, _, _ in refunds_of(hall)] == [4500, 9000]
    assert_books_are_right()


def test_a_buyer_cancels_until_the_deadline_and_staff_after_it() -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = bought(hall, ann, till)
    change_event(hall, cancel_seconds_before_start=30 * 86_400)
    with refused(TooLateToCancel):
        cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=None).refund_minor == 4500
    assert_books_are_right()


def test_cancelling_twice_at_the_same_moment_gives_the_money_back_once(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = bought(hall, ann, till, places=(0, 1))
    outcomes = won(
        race(
            app,
            *[lambda: cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)] * 6,
        )
    )
    assert sorted(one.refund_minor for one in outcomes) == [0, 0, 0, 0, 0, 9000]
    assert_books_are_right()


def test_a_cancelled_event_gives_everybody_the_money_back() -> None:
    hall, till = make_online_event(), make_till()
    for place in range(3):
        bought(hall, make_holder(), till, places=(place,))
    paying = go_to_checkout(hall, holder=make_holder(), till=till, places=(3,))
    progress: list[tuple[int, int]] = []
    stops = iter([False, False, True])
    done = cancel_event_orders(
        hall.event_id,
        on_progress=lambda done, of: progress.append((done, of)),
        should_stop=lambda: next(stops),
    )
    assert (done, progress) == (2, [(1, 3), (2, 3)])
    assert cancel_event_orders(hall.event_id) == 1
    pay(till, paying)
    hear(till)
    assert [amount for amount, _, _ in refunds_of(hall)] == [4500] * 4
    send_due_refunds(till=till)
    assert sandbox_balance() == 0
    assert statuses(hall) == ["available"] * 4
    assert_books_are_right()


# Refunds and a provider that does not answer


@pytest.mark.parametrize("fault", ["refund", "refund!"])
def test_a_refund_without_an_answer_is_tried_again_and_goes_back_once(fault: str) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = bought(hall, ann, till)
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    moody(till).faults = {fault}
    assert send_due_refunds(till=till).waiting == 1
    assert refunds_of(hall) == [(4500, "cancelled", "due")]
    moody(till).faults = set()
    ask_again_now()
    assert send_due_refunds(till=till).done == 1
    assert sandbox_balance() == 0
    assert_books_are_right()


def test_a_refund_that_is_sent_by_two_workers_at_once_goes_back_once(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder(), make_till()
    begun = bought(hall, ann, till, places=(0, 1))
    for place in (0, 1):
        cancel_order(
            hall.event_id,
            reservation_id=begun.reservation_id,
            holder=ann,
            seat_ids=[hall.seat_ids[place]],
        )
    sent = won(race(app, *[lambda: send_due_refunds(till=till)] * 5))
    assert sum(one.done for one in sent) == 2
    assert sandbox_balance() == 0
    assert [status for _, _, status in refunds_of(hall)] == ["done", "done"]
