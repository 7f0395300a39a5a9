"""What happens becomes messages: each once, for those who asked, and none is missed, whoever commits late."""

from __future__ import annotations

import json
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import (
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_seats,
    release_seats,
    unblock_seats,
)
from seatbook.domain.orders import cancel_order, give_up_checkout, record_answer
from seatbook.domain.webhooks import ALL_TYPES, follow_logs, resume_endpoint
from seatbook.domain.webhooks.follow import ONLY_ONE
from seatbook.extensions import db
from seatbook.payments import Answer
from tests.domain.webhooks.conftest import Subscribe, deliveries, endpoint_row
from tests.factories import let_hold_end, make_event, make_holder
from tests.paying import go_to_checkout, make_online_event, make_till
from tests.race import race

pytestmark = pytest.mark.usefixtures("app_context")

EVERYTHING = ("seat.*", "reservation.*", "payment.*")
LOG_A_CHANGE = text(
    "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason)"
    " VALUES (:event, :seat, 'available', 'blocked', 'block')"
)


def follow(*, limit: int = 500) -> list[str]:
    """The names of the messages that came with this turn."""
    before = len(deliveries())
    follow_logs(limit=limit)
    return [row.type for row in deliveries()[before:]]


def test_what_happens_to_places_and_reservations_is_told(subscribe: Subscribe) -> None:
    subscribe(*EVERYTHING)
    hall, ann = make_event(seats=3), make_holder()

    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    assert follow() == ["seat.held", "seat.held", "reservation.held"]
    release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    assert follow() == ["seat.released", "reservation.released"]
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    assert follow() == ["seat.reserved", "reservation.confirmed"]
    cancel_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    assert follow() == ["seat.cancelled", "reservation.cancelled"]
    block_seats(hall.event_id, seat_ids=hall.seat_ids[2:], reason="Camera", actor_user_id=None)
    unblock_seats(hall.event_id, seat_ids=hall.seat_ids[2:], actor_user_id=None)
    assert follow() == ["seat.blocked", "seat.unblocked"]
    lapsed = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
    let_hold_end(hall, lapsed.reservation_id)
    sweep_expired_holds(batch=10, trigger="command")
    assert follow() == ["seat.held", "seat.expired", "reservation.held", "reservation.expired"]
    assert follow() == []


def test_what_happens_to_money_is_told(subscribe: Subscribe) -> None:
    subscribe(*EVERYTHING)
    hall, till, ann = make_online_event(), make_till(), make_holder("ann")
    begun = go_to_checkout(hall, holder=ann, till=till)
    assert follow()[2:] == ["payment.begun", "reservation.pending"]

    assert begun.payment_id is not None
    record_answer(hall.event_id, begun.payment_id, answer=Answer("paid", 4500, "EUR"))
    assert follow() == ["seat.reserved", "reservation.confirmed", "payment.paid", "payment.confirmed"]
    cancel_order(hall.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert follow() == ["seat.cancelled", "reservation.cancelled", "payment.refund_due"]

    owed = json.loads(deliveries()[-1].body)
    assert owed["data"]["payment"]["amount"] == owed["data"]["payment"]["refunded"] == "45.00"
    assert owed["data"]["reason"] == "cancelled"


def test_a_message_says_what_the_api_says(subscribe: Subscribe) -> None:
    subscribe("seat.held", "reservation.held")
    hall = make_event(seats=2)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    code = db.session.scalar(text("SELECT code FROM reservation"))
    reference = f"{hall.event_id}-{code}"
    follow()

    seat, _, reservation = [json.loads(row.body) for row in deliveries()]
    assert seat["id"] == deliveries()[0].message_id
    assert seat["timestamp"].endswith("Z")
    assert seat["data"] | {"change_id": 0} == {
        "event_id": hall.event_id,
        "change_id": 0,
        "seat": {
            "id": hall.seat_ids[0],
            "seat_number": "A1",
            "status": "locked",
            "area_id": hall.area_id,
            "section_id": seat["data"]["seat"]["section_id"],
            "category_id": hall.category_id,
            "starts_at": None,
            "ends_at": None,
        },
        "was": "available",
        "reservation_id": reference,
    }
    data = reservation["data"]
    assert (data["seat_count"], [place["seat_number"] for place in data["seats"]]) == (2, ["A1", "A2"])
    assert data["reservation"]["id"] == reference
    assert (data["reservation"]["status"], data["reservation"]["total_price"]) == ("held", "90.00")


def test_a_checkout_is_told_with_its_buyers_deadline_and_keeps_its_price_when_it_ends(
    subscribe: Subscribe,
) -> None:
    subscribe("reservation.pending", "reservation.released")
    hall, till, ann = make_online_event(), make_till(), make_holder("ann")
    begun = go_to_checkout(hall, holder=ann, till=till)
    follow()
    give_up_checkout(hall.event_id, reservation_id=begun.reservation_id, holder=ann, till=till)
    follow()

    pending, released = [json.loads(row.body)["data"]["reservation"] for row in deliveries()]
    assert begun.due_at is not None
    assert pending["expires_at"] == f"{begun.due_at.isoformat(timespec='milliseconds')[:-6]}Z"
    assert 1795 < pending["expires_in_seconds"] <= 1800
    assert (pending["status"], pending["total_price"]) == ("pending", "45.00")
    assert (released["status"], released["total_price"]) == ("released", "45.00")
    assert (released["expires_at"], released["expires_in_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("types", "heard"),
    [
        (("seat.held",), ["seat.held"]),
        (("reservation.*",), ["reservation.held", "reservation.released"]),
        (("payment.*",), []),
        (("seat.*", "seat.held"), ["seat.held", "seat.released"]),
    ],
)
def test_each_hears_what_it_asked_for(subscribe: Subscribe, types: tuple[str, ...], heard: list[str]) -> None:
    subscribe(*types)
    hall, ann = make_event(seats=1), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    assert follow() == heard


def test_every_name_is_known_to_the_log_and_to_subscriptions() -> None:
    assert len(set(ALL_TYPES)) == len(ALL_TYPES)


def test_nobody_hears_of_what_was_before(subscribe: Subscribe) -> None:
    hall, ann = make_event(seats=2), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    follow_logs()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    first = subscribe("seat.*")
    release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    assert follow() == ["seat.released"]

    # A second one, made between two turns, hears what comes after it, and the first one both.
    release_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    second = subscribe("seat.*")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    follow_logs()
    heard = [(row.endpoint_id, row.type) for row in deliveries()[1:]]
    assert sorted(heard) == [
        (first.id, "seat.held"),
        (first.id, "seat.released"),
        (second.id, "seat.held"),
    ]


def test_a_change_that_was_written_early_and_committed_late_is_not_missed(subscribe: Subscribe) -> None:
    subscribe("seat.*")
    hall = make_event(seats=2)
    with db.engine.connect() as slow:
        slow.execute(LOG_A_CHANGE, {"event": hall.event_id, "seat": hall.seat_ids[0]})
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=make_holder())
        assert follow() == []
        slow.commit()
    assert follow() == ["seat.blocked", "seat.held"]
    assert follow() == []


def test_a_step_of_a_payment_that_was_committed_late_is_not_missed(subscribe: Subscribe) -> None:
    hall, till = make_online_event(), make_till()
    begun = go_to_checkout(hall, holder=make_holder("ann"), till=till)
    subscribe("payment.*")
    with db.engine.connect() as slow:
        slow.execute(
            text("INSERT INTO payment_step (event_id, payment_id, step) VALUES (:event, :payment, 'silent')"),
            {"event": hall.event_id, "payment": begun.payment_id},
        )
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 4500, "EUR"))
        assert follow() == []
        slow.commit()
    assert follow() == ["payment.silent", "payment.paid", "payment.confirmed"]
    assert follow() == []


def test_a_subscription_hears_of_what_was_on_its_way_when_it_began(subscribe: Subscribe) -> None:
    hall = make_event(seats=1)
    with db.engine.connect() as slow:
        slow.execute(LOG_A_CHANGE, {"event": hall.event_id, "seat": hall.seat_ids[0]})
        subscribe("seat.*")
        assert follow() == []
        slow.commit()
    assert follow() == ["seat.blocked"]


def test_reading_a_few_lines_at_a_time_tells_the_same(subscribe: Subscribe) -> None:
    subscribe("seat.*", "reservation.*")
    hall, holders = make_event(seats=12), [make_holder() for _ in range(4)]
    for first, holder in zip(range(0, 12, 3), holders, strict=True):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[first : first + 3], holder=holder)

    # Whole transactions, where they fit: each reservation is told of once, with its three places.
    told = follow(limit=5)
    assert (told.count("seat.held"), told.count("reservation.held")) == (12, 4)
    counts = [
        json.loads(row.body)["data"]["seat_count"] for row in deliveries() if row.type == "reservation.held"
    ]
    assert counts == [3, 3, 3, 3]


def test_a_transaction_that_is_larger_than_one_look_is_told_in_parts(subscribe: Subscribe) -> None:
    subscribe("seat.*", "reservation.*")
    hall = make_event(seats=8)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    told = follow(limit=3)
    assert told.count("seat.held") == 8
    parts = [json.loads(row.body)["data"] for row in deliveries() if row.type == "reservation.held"]
    assert [part["seat_count"] for part in parts] == [3, 3, 2]


def test_several_followers_at_once_tell_everything_once(app: Flask, subscribe: Subscribe) -> None:
    subscribe("seat.*")
    hall, ann = make_event(seats=40, max_seats=40), make_holder()
    for seat_id in hall.seat_ids:
        hold_seats(hall.event_id, seat_ids=[seat_id], holder=ann)
    db.session.rollback()

    outcomes = race(app, *[partial(follow_logs, limit=3)] * 4)

    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    follow_logs()
    told = [json.loads(row.body)["data"]["seat"]["id"] for row in deliveries()]
    assert sorted(told) == list(hall.seat_ids)


def test_a_second_follower_leaves_the_work_to_the_first(subscribe: Subscribe) -> None:
    subscribe("seat.*")
    hall = make_event(seats=1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    with db.engine.connect() as first:
        assert first.execute(ONLY_ONE).scalar_one()
        assert follow() == []
        first.rollback()
    assert follow() == ["seat.held"]


def test_a_follower_that_dies_has_done_nothing(subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe("seat.*")
    hall = make_event(seats=1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    from seatbook.domain.webhooks import follow as module

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        # After the deliveries, before the place in the log.
        patch.setattr(module, "_note", die)
        with pytest.raises(SystemExit):
            follow_logs()
    assert deliveries() == []
    assert follow() == ["seat.held"]


def test_without_subscribers_nothing_is_written_and_the_place_moves_on(subscribe: Subscribe) -> None:
    hall = make_event(seats=1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    assert follow() == []
    assert db.session.scalar(text("SELECT count(*) FROM webhook_cursor")) == 1


def test_a_place_of_another_database_is_forgotten(subscribe: Subscribe) -> None:
    """As after a restore, whose transactions have lower numbers."""
    made = subscribe("seat.*")
    hall = make_event(seats=1)
    db.session.execute(
        text("INSERT INTO webhook_cursor VALUES (1, '9999999999', 7, '9999999999', 7)"),
    )
    db.session.execute(text("UPDATE webhook_endpoint SET from_xid = '9999999999'"))
    db.session.commit()
    follow_logs()
    assert endpoint_row(made.id).from_xid < 9_999_999_999
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    assert follow() == ["seat.held"]


def test_one_for_whom_too_much_waits_is_switched_off_and_its_owner_told(
    subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subscribe("seat.*")
    hall, ann = make_event(seats=3), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    follow_logs()
    from seatbook.domain.webhooks import follow as module

    monkeypatch.setattr(module, "MOST_WAITING", 1)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ann)
    assert follow() == []
    assert endpoint_row(made.id).disabled_reason == "too_many"
    letter = db.session.execute(text("SELECT kind, recipient, data FROM mail")).one()
    assert (letter.kind, letter.recipient) == ("webhook_off", "otto@example.org")
    assert letter.data["reason"] == "too_many"

    # What happens while it is off is not for it; what comes after is.
    monkeypatch.undo()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
    resume_endpoint(made.id)
    release_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
    assert follow() == ["seat.released"]
