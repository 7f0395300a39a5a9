"""What buyers are told: one letter for each thing that became true, and none for what did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    cancel_reservation,
    confirm_reservation,
    expire_reservation,
    hold_seats,
    release_seats,
)
from seatbook.domain.mail import KEPT_DAYS, purge_sent_mail, put_in_outbox, try_again
from seatbook.domain.mail import Letter as Mailed
from seatbook.domain.orders import (
    BegunCheckout,
    Till,
    accept_offer,
    ask_due_payments,
    cancel_event_orders,
    cancel_order,
    decline_offer,
    end_due_offers,
    give_up_checkout,
    note_paid_out,
    record_answer,
    send_due_refunds,
    take_at_counter,
    take_notice,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import HoldExpired, NotFound
from seatbook.extensions import db
from seatbook.models import Mail, Refund, User
from seatbook.payments import Answer, ProviderRefused
from tests.factories import Hall, let_hold_end, make_event, make_holder
from tests.paying import (
    ask_again_now,
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    make_till,
    messages,
    moody,
    pay,
)
from tests.race import race, won

pytestmark = pytest.mark.usefixtures("app_context")

PAID = Answer("paid", 4500, "EUR")


def letters() -> list[Any]:
    """All letters of the outbox, oldest first."""
    db.session.rollback()
    return list(db.session.execute(select(*Mail.__table__.columns).order_by(Mail.id)))


def told(*fields: str) -> list[tuple[Any, ...]]:
    """Kind, recipient's name, and these facts of each letter."""
    return [
        (row.kind, row.recipient.partition("@")[0], *(row.data[field] for field in fields))
        for row in letters()
    ]


def labels(row: Any) -> list[str]:
    return [place["label"] for place in row.data["places"]]


def buy_free(hall: Hall, holder: HolderRef, *places: int) -> int:
    seat_ids = [hall.seat_ids[place] for place in places]
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    return held


def bought_online(hall: Hall, holder: HolderRef, till: Till, *places: int) -> BegunCheckout:
    begun = go_to_checkout(hall, holder=holder, till=till, places=places)
    pay(till, begun)
    for message in messages(till):
        take_notice("sandbox", body=message.body, headers=message.headers, till=till)
    return begun


def paid_late(hall: Hall, begun: BegunCheckout) -> None:
    assert begun.payment_id
    record_answer(hall.event_id, begun.payment_id, answer=PAID)


# Bought


def test_a_purchase_is_told_once_however_often_it_is_asked_for() -> None:
    hall, ann = make_event(seats=3), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    for _ in range(3):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)

    (letter,) = letters()
    assert (letter.kind, letter.recipient, letter.event_id, letter.reservation_id) == (
        "confirmed",
        "ann@example.org",
        hall.event_id,
        held,
    )
    assert labels(letter) == ["A1", "A2"]
    assert letter.data["total_minor"] == 9000
    assert letter.data["time_zone"] == "Europe/Berlin"
    assert datetime.fromisoformat(letter.data["starts_at"]).tzinfo == UTC


def test_fifty_copies_of_a_notice_at_once_are_one_letter(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    pay(till, begun)
    (message,) = messages(till)
    hear = partial(take_notice, "sandbox", body=message.body, headers=message.headers, till=till)

    assert len(won(race(app, *[hear] * 50))) == 50
    assert told("total_minor", "late") == [("confirmed", "ann", 4500, "")]


def test_a_purchase_that_is_refused_or_fails_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    hall, ann = make_event(seats=2), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id

    class Broken(Exception):
        pass

    def break_off() -> None:
        raise Broken

    with monkeypatch.context() as patched, pytest.raises(Broken):
        # The line is cut between the last statement and the commit.
        patched.setattr(db.session(), "commit", break_off)
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    assert letters() == []

    let_hold_end(hall, held)
    with pytest.raises(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    assert letters() == []


def test_somebody_without_an_account_gets_no_letter() -> None:
    hall = make_event(seats=1)
    buy_free(hall, make_holder(), 0)
    assert letters() == []


def test_a_letter_is_in_the_language_that_its_recipient_reads_at_that_time() -> None:
    hall, ann = make_event(seats=2), make_holder("ann")
    for language in (None, "de_CH"):
        db.session.execute(update(User).where(User.id == ann.user_id).values(language=language))
        db.session.commit()
        buy_free(hall, ann, 0 if language else 1)
    assert [letter.language for letter in letters()] == [None, "de_CH"]


def test_a_letter_tells_what_was_true_when_it_was_written() -> None:
    hall, ann = make_event(seats=2), make_holder("ann")
    bought = buy_free(hall, ann, 0, 1)
    title = letters()[0].data["title"]
    db.session.execute(text("UPDATE show SET title = 'Another'"))
    db.session.commit()
    cancel_order(hall.event_id, reservation_id=bought, holder=ann, seat_ids=hall.seat_ids[:1])

    first, second = letters()
    assert (first.data["title"], first.data["total_minor"], labels(first)) == (title, 9000, ["A1", "A2"])
    assert (second.data["title"], second.data["total_minor"], labels(second)) == ("Another", 4500, ["A1"])


# Cancelled, and money back


def test_cancelling_is_told_place_by_place_with_what_comes_back() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = bought_online(hall, ann, till, 0, 1, 2)

    def cancel(*places: int) -> None:
        cancel_order(
            hall.event_id,
            reservation_id=begun.reservation_id,
            holder=ann,
            seat_ids=[hall.seat_ids[place] for place in places],
        )

    for _ in range(3):
        cancel(1)
    for _ in range(2):
        cancel(0, 2)

    fields = ("refund_minor", "is_over", "is_by_buyer", "provider")
    assert [(labels(row), *(row.data[field] for field in fields)) for row in letters()[1:]] == [
        (["A2"], 4500, False, True, "sandbox"),
        (["A1", "A3"], 9000, True, True, "sandbox"),
    ]


def test_cancelling_what_was_never_paid_promises_nothing() -> None:
    hall, ann = make_event(seats=1, payment="counter"), make_holder("ann")
    bought = buy_free(hall, ann, 0)
    for _ in range(2):
        cancel_reservation(hall.event_id, reservation_id=bought, holder=None)
    fields = ("refund_minor", "is_by_buyer", "provider")
    assert [tuple(row.data[field] for field in fields) for row in letters()[1:]] == [(0, False, None)]


def test_a_cancelled_event_is_told_to_everybody_once() -> None:
    hall, till = make_online_event(), make_till()
    for place, name in enumerate(("ann", "ben")):
        bought_online(hall, make_holder(name), till, place)
    for _ in range(2):
        cancel_event_orders(hall.event_id)
    assert [
        (row.recipient, row.data["reason"], row.data["refund_minor"])
        for row in letters()
        if row.kind == "cancelled"
    ] == [("ann@example.org", "event_cancelled", 4500), ("ben@example.org", "event_cancelled", 4500)]


def test_a_refund_is_told_when_the_money_is_on_its_way_and_not_before() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = bought_online(hall, ann, till, 0)
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    moody(till).faults = {"refund!"}
    send_due_refunds(till=till)
    assert [letter.kind for letter in letters()] == ["confirmed", "cancelled"]

    moody(till).faults = set()
    for _ in range(3):
        ask_again_now()
        send_due_refunds(till=till)
    (letter,) = letters()[2:]
    assert (letter.kind, letter.data["refund_minor"], letter.data["is_done"]) == ("refunded", 4500, True)


def test_a_refund_that_the_service_refuses_is_told_and_again_when_the_box_office_paid_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = bought_online(hall, ann, till, 0)
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)

    def refuse(*_: Any, **__: Any) -> Any:
        raise ProviderRefused("too old")

    monkeypatch.setattr(moody(till).sandbox, "refund", refuse)
    send_due_refunds(till=till)
    refund_id = db.session.scalar(select(Refund.id))
    assert refund_id
    for _ in range(2):
        note_paid_out(hall.event_id, refund_id=refund_id, actor_user_id=None)
    assert [(row.kind, row.data["is_done"], row.data["provider"]) for row in letters()[2:]] == [
        ("refunded", False, "sandbox"),
        ("refunded", True, "counter"),
    ]


def test_what_was_paid_at_the_window_is_said_to_come_back_there_by_one_letter() -> None:
    hall, ann, till = make_event(seats=1, payment="counter"), make_holder("ann"), make_till()
    bought = buy_free(hall, ann, 0)
    take_at_counter(hall.event_id, reservation_id=bought, actor_user_id=None)
    cancel_order(hall.event_id, reservation_id=bought, holder=ann)
    send_due_refunds(till=till)
    (letter,) = letters()[1:]
    assert (letter.kind, letter.data["refund_minor"], letter.data["provider"]) == (
        "cancelled",
        4500,
        "counter",
    )


# Time is over


def test_places_that_nobody_paid_for_are_told_once_whoever_writes_it_down(app: Flask) -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    let_deadline_pass(begun, grace_too=True)

    def ask() -> Any:
        return ask_due_payments(till=till)

    def sweep() -> Any:
        return sweep_expired_holds(batch=1, trigger="test")

    def expire() -> Any:
        return expire_reservation(hall.event_id, reservation_id=begun.reservation_id)

    assert won(race(app, *[ask, sweep, expire] * 3))
    (letter,) = letters()
    assert (letter.kind, labels(letter), letter.data["total_minor"]) == ("lapsed", ["A1", "A2"], 9000)


@pytest.mark.parametrize("is_called_off", [True, False])
def test_a_checkout_that_lapses_knows_whether_the_event_was_called_off(is_called_off: bool) -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    if is_called_off:
        cancel_event_orders(hall.event_id)
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    sweep_expired_holds(batch=100, trigger="test")
    (letter,) = letters()
    assert (letter.kind, letter.data["is_called_off"]) == ("lapsed", is_called_off)


def test_places_that_others_took_first_are_told_with_the_rest() -> None:
    hall, till = make_online_event(), make_till()
    ann, ben, cleo = (make_holder(name) for name in ("ann", "ben", "cleo"))
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    let_deadline_pass(begun, grace_too=True)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    assert letters() == []
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=cleo)
    sweep_expired_holds(batch=100, trigger="test")
    (letter,) = letters()
    # Nobody had heard from the payment service by then.
    assert (letter.kind, labels(letter), letter.data["is_unclear"]) == ("lapsed", ["A1", "A2"], True)


def test_a_basket_that_lapses_and_a_checkout_that_is_given_up_are_not_told() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    let_hold_end(hall, hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id)
    sweep_expired_holds(batch=100, trigger="test")
    begun = go_to_checkout(hall, holder=ann, till=till, places=(1,))
    give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    assert letters() == []


# Late money


def lapsed_checkout(hall: Hall, holder: HolderRef, till: Till) -> BegunCheckout:
    """Given up by nobody, paid by nobody, and written down as over: told by a letter."""
    begun = go_to_checkout(hall, holder=holder, till=till)
    let_deadline_pass(begun, grace_too=True)
    ask_due_payments(till=till)
    sweep_expired_holds(batch=100, trigger="test")
    assert [letter.kind for letter in letters()] == ["lapsed"]
    return begun


def test_late_money_for_places_that_are_free_is_told_as_a_purchase() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = lapsed_checkout(hall, ann, till)
    for _ in range(3):
        paid_late(hall, begun)
    assert [(row.kind, row.data.get("late"), labels(row)) for row in letters()[1:]] == [
        ("confirmed", "same_places", ["A1"])
    ]


def test_late_money_with_nobody_having_written_the_lapse_down_is_one_letter() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    paid_late(hall, begun)
    assert told("late") == [("confirmed", "ann", "same_places")]


def test_late_money_for_places_of_which_somebody_held_one_meanwhile_is_one_letter() -> None:
    hall, ann, ben, till = make_online_event(), make_holder("ann"), make_holder("ben"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till, places=(0, 1))
    let_deadline_pass(begun, grace_too=True)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    assert begun.payment_id
    record_answer(hall.event_id, begun.payment_id, answer=Answer("paid", 9000, "EUR"))
    assert [(row.kind, row.data["late"], labels(row)) for row in letters()] == [
        ("confirmed", "same_places", ["A1", "A2"])
    ]


def offered(till: Till) -> tuple[Hall, HolderRef, BegunCheckout]:
    hall = make_online_event(late_offer_seconds=600)
    ann = make_holder("ann")
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    bought_online(hall, make_holder("ben"), till, 0)
    db.session.execute(text("DELETE FROM mail"))
    db.session.commit()
    for _ in range(3):
        paid_late(hall, begun)
    (letter,) = letters()
    assert (letter.kind, labels(letter), letter.data["paid_minor"]) == ("offered", ["A2"], 4500)
    assert datetime.fromisoformat(letter.data["until"]) > datetime.now(UTC)
    return hall, ann, begun


def test_an_offer_that_is_taken_is_told_as_a_purchase() -> None:
    hall, ann, begun = offered(make_till())
    assert begun.payment_id
    for _ in range(2):
        accept_offer(hall.event_id, payment_id=begun.payment_id, holder=ann)
    assert [(row.kind, row.data["late"]) for row in letters()[1:]] == [("confirmed", "accepted")]


def test_an_offer_that_is_declined_is_told_as_money_that_comes_back() -> None:
    hall, ann, begun = offered(make_till())
    assert begun.payment_id
    for _ in range(2):
        decline_offer(hall.event_id, payment_id=begun.payment_id, holder=ann)
    assert [(row.kind, row.data["reason"], row.data["refund_minor"]) for row in letters()[1:]] == [
        ("returned", "offer_declined", 4500)
    ]


def test_an_offer_that_time_ends_is_told_by_one_letter_also_when_the_sweep_is_first() -> None:
    _, _, begun = offered(make_till())
    let_deadline_pass(replace(begun, reservation_id=letters()[0].reservation_id), grace_too=True)
    sweep_expired_holds(batch=100, trigger="test")
    end_due_offers()
    assert [(row.kind, row.data["reason"]) for row in letters()[1:]] == [("returned", "offer_ended")]


def test_late_money_for_places_that_are_gone_is_told_as_money_that_comes_back() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    bought_online(hall, make_holder("ben"), till, 0)
    for _ in range(2):
        paid_late(hall, begun)
    # Ben's purchase ended Ann's claim; only her money is told after that.
    assert [(row.kind, row.recipient[:3], row.data.get("reason")) for row in letters()] == [
        ("lapsed", "ann", None),
        ("confirmed", "ben", None),
        ("returned", "ann", "late_places_gone"),
    ]


def test_another_amount_than_was_due_is_told_and_nothing_after_it() -> None:
    hall, ann, till = make_online_event(), make_holder("ann"), make_till()
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert begun.payment_id
    for _ in range(2):
        record_answer(hall.event_id, begun.payment_id, answer=Answer("paid", 100, "EUR"))
    let_deadline_pass(begun, grace_too=True)
    sweep_expired_holds(batch=100, trigger="test")
    assert told("came_minor", "due_minor") == [("review", "ann", 100, 4500)]


# The outbox


def test_letters_are_forgotten_long_after_they_were_sent_and_others_never() -> None:
    days = {"old": KEPT_DAYS + 1, "young": KEPT_DAYS - 1, "unsent": None}
    for name, age in days.items():
        letter = Mailed(f"{name}@example.org", "Hello", "Hello")
        run_transaction(lambda session, letter=letter: put_in_outbox(session, letter))  # type: ignore[misc]
        if age is not None:
            db.session.execute(
                text("UPDATE mail SET sent_at = now() - make_interval(days => :age) WHERE recipient = :to"),
                {"age": age, "to": letter.recipient},
            )
            db.session.commit()
    assert (purge_sent_mail(), purge_sent_mail()) == (1, 0)
    assert [row.recipient for row in letters()] == ["young@example.org", "unsent@example.org"]


def test_a_letter_that_was_given_up_can_be_tried_again_and_one_that_was_sent_cannot() -> None:
    sent, given_up = (
        db.session.execute(
            insert(Mail).values(recipient=name, subject="", body_text="", attempts=12).returning(Mail.id)
        ).scalar_one()
        for name in ("a@example.org", "b@example.org")
    )
    db.session.execute(update(Mail).where(Mail.id == sent).values(sent_at=datetime.now(UTC)))
    db.session.commit()
    for mail_id in (sent, given_up):
        try_again(mail_id)
    assert [row.attempts for row in letters()] == [12, 0]
    with pytest.raises(NotFound):
        try_again(given_up + 1)
