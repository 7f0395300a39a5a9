"""What the worker does, and what it says when it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from seatbook import create_app
from seatbook.domain.orders import cancel_order, till_of
from seatbook.domain.timetable import Rule, Timetable
from seatbook.domain.timetables import Room, set_room
from seatbook.extensions import db
from seatbook.jobs.schedule import schedule
from seatbook.jobs.tasks import (
    bring_webhooks,
    cancel_events,
    deliver_mail,
    forget_what_was_asked_long_ago,
    generate_slots,
    purge_mail,
    purge_webhooks,
    settle_payments,
    sweep,
)
from seatbook.models import Area, Seat
from seatbook.payments.sandbox import Sandbox
from tests.factories import database_clock, make_event, make_holder, make_slots, statuses
from tests.invariants import assert_books_are_right
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    make_online_event,
    refunds_of,
    sandbox_balance,
    session_ref,
)


@pytest.mark.parametrize(
    "task",
    [sweep, deliver_mail, settle_payments, cancel_events, forget_what_was_asked_long_ago, generate_slots],
    ids=lambda task: task.__name__,
)
def test_a_database_that_is_away_is_one_line_in_the_log(
    app: Flask, task: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = "postgresql+psycopg2://clerk:opensesame@127.0.0.1:1/seatbook"
    away = create_app(replace(app.extensions["seatbook"], database_url=nowhere))
    with away.app_context(), caplog.at_level(logging.INFO):
        task()
    (line,) = caplog.messages
    assert line.startswith(f"{task.__name__} waits for its next turn: the database does not answer (")
    assert "\n" not in line
    assert "opensesame" not in line


@pytest.mark.usefixtures("app_context")
def test_payments_are_settled_with_nobody_at_the_pages(app: Flask) -> None:
    hall, till = make_online_event(), till_of(app.extensions["seatbook"])
    sandbox = till.online
    assert isinstance(sandbox, Sandbox)
    people = [make_holder() for _ in range(3)]
    told, lost, unpaid = [
        go_to_checkout(hall, holder=holder, till=till, places=(place,)) for place, holder in enumerate(people)
    ]
    sandbox.decide(session_ref(told), becomes="paid", copies=2)
    sandbox.decide(session_ref(lost), becomes="paid", copies=0)
    settle_payments()
    assert statuses(hall) == ["reserved", "held", "held", "available"]
    for begun in (lost, unpaid):
        let_deadline_pass(begun)
    settle_payments()
    assert statuses(hall) == ["reserved", "reserved", "available", "available"]
    cancel_order(hall.event_id, reservation_id=told.reservation_id, holder=people[0])
    settle_payments()
    assert refunds_of(hall) == [(4500, "cancelled", "done")]
    assert sandbox_balance() == 4500
    assert_books_are_right()


def test_all_that_waits_for_its_turn_has_one(app: Flask) -> None:
    assert {
        sweep,
        deliver_mail,
        settle_payments,
        cancel_events,
        forget_what_was_asked_long_ago,
        purge_mail,
        generate_slots,
        bring_webhooks,
        purge_webhooks,
    } == {scheduled.task for scheduled in schedule(app.extensions["seatbook"])}


@pytest.mark.usefixtures("app_context")
def test_rooms_get_a_day_more_each_day(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    assert generate_slots in [one.task for one in schedule(app.extensions["seatbook"])]
    # What has seats as well keeps its own end, and has slots up to it.
    end = database_clock() + timedelta(days=100)
    hall = make_event(seats=1, ends_at=end, on_sale_until=end)
    make_slots(hall, starts=[database_clock() + timedelta(hours=1)])
    area_id = db.session.scalars(select(Area.id).where(Area.kind == "slots")).one()
    rule = Rule((time(10), time(18)), timedelta(hours=1))
    set_room(hall.event_id, area_id=area_id, room=Room(Timetable((rule,))))
    with caplog.at_level(logging.INFO):
        generate_slots()
        generate_slots()
    (line,) = caplog.messages
    assert line.endswith(" new slots in 1 rooms")
    db.session.rollback()
    furthest = db.session.scalar(select(func.max(Seat.starts_at)))
    assert furthest and furthest > database_clock() + timedelta(days=59)
