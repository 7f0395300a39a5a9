"""The version of an event's places: another one whenever one of them is another, and only then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.queries.places import version_of
from tests.factories import database_clock, make_event, make_holder

pytestmark = pytest.mark.usefixtures("app_context")


def test_the_version_changes_with_each_act_and_not_without_one() -> None:
    hall, now = make_event(seats=3), database_clock()
    first = version_of(hall.event_id, at=now)
    assert version_of(hall.event_id, at=now + timedelta(hours=1)) == first
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    assert version_of(hall.event_id, at=now) != first


def test_a_hold_that_ends_by_time_is_another_version_without_any_write() -> None:
    hall, now = make_event(seats=3), database_clock()
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    before = version_of(hall.event_id, at=now)
    assert version_of(hall.event_id, at=held.expires_at - timedelta(seconds=1)) == before
    assert version_of(hall.event_id, at=held.expires_at) != before


def test_what_no_log_tells_of_is_another_version_too() -> None:
    hall, now = make_event(seats=3), database_clock()
    versions = {version_of(hall.event_id, at=now)}
    for change in ("UPDATE seat SET x = 99 WHERE id = :id", "DELETE FROM seat WHERE id = :id"):
        db.session.execute(text(change), {"id": hall.seat_ids[2]})
        db.session.commit()
        versions.add(version_of(hall.event_id, at=now))
    assert len(versions) == 3


def test_a_transaction_that_commits_late_is_not_missed() -> None:
    hall, now = make_event(seats=3), database_clock()
    with db.engine.connect() as early:
        early.execute(text("UPDATE seat SET x = 50 WHERE id = :id"), {"id": hall.seat_ids[0]})
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())
        before = version_of(hall.event_id, at=now)
        early.commit()
    assert version_of(hall.event_id, at=now) != before
