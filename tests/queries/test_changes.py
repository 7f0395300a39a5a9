from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import hold_quantity, hold_seats, release_seats
from seatbook.errors import InvalidInput, NotFound
from seatbook.extensions import db
from seatbook.queries.changes import Changes, Cursor, changes_since
from seatbook.queries.moment import read_moment
from tests.factories import Hall, let_hold_end, make_area, make_event, make_holder, places_of_area

pytestmark = pytest.mark.usefixtures("app_context")

LOG_A_CHANGE = text(
    "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason)"
    " VALUES (:event, :seat, 'available', 'blocked', 'block')"
)


def begin() -> Cursor:
    db.session.rollback()
    return Cursor.at_moment(read_moment())


def look(hall: Hall, cursor: Cursor, **options: int) -> Changes:
    db.session.rollback()
    return changes_since(hall.event_id, cursor=cursor, **options)


def test_nothing_changed_is_nothing() -> None:
    hall = make_event(seats=2)
    assert look(hall, begin()).seat_ids == ()


def test_a_change_comes_once_and_never_again() -> None:
    hall = make_event(seats=3)
    cursor = begin()
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())

    first = look(hall, cursor)
    assert first.seat_ids == (hall.seat_ids[1],)
    assert look(hall, first.cursor).seat_ids == ()


def test_a_page_does_not_hear_of_what_it_already_shows() -> None:
    hall = make_event(seats=2)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    assert look(hall, begin()).seat_ids == ()


def test_changes_of_another_event_are_no_news() -> None:
    hall, other = make_event(seats=1), make_event(seats=1)
    cursor = begin()
    hold_seats(other.event_id, seat_ids=other.seat_ids, holder=make_holder())
    assert look(hall, cursor).seat_ids == ()


def test_a_seat_that_changed_often_comes_once() -> None:
    hall = make_event(seats=2)
    cursor = begin()
    holder = make_holder()
    for _ in range(3):
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=holder)
        release_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=holder)
    assert look(hall, cursor).seat_ids == (hall.seat_ids[0],)


def test_a_transaction_that_began_early_and_commits_late_is_not_missed(app: Flask) -> None:
    """The late one has the smaller transaction id. A cursor that had passed it would never go back."""
    hall = make_event(seats=3)
    cursor = begin()
    with db.engine.connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())

        meanwhile = look(hall, cursor)
        assert meanwhile.seat_ids == ()

        slow.execute(LOG_A_CHANGE, {"event": hall.event_id, "seat": hall.seat_ids[2]})
        slow.commit()

    after = look(hall, meanwhile.cursor)
    assert set(after.seat_ids) == {hall.seat_ids[0], hall.seat_ids[2]}
    assert look(hall, after.cursor).seat_ids == ()


def test_every_change_comes_exactly_once_however_often_one_looks() -> None:
    hall = make_event(seats=10)
    cursor = begin()
    seen: list[int] = []
    for seat_id in hall.seat_ids:
        hold_seats(hall.event_id, seat_ids=[seat_id], holder=make_holder())
        changes = look(hall, cursor)
        cursor = changes.cursor
        seen.extend(changes.seat_ids)
    assert seen == list(hall.seat_ids)


def test_a_page_that_slept_catches_up_in_several_looks() -> None:
    hall = make_event()
    area_id = make_area(hall, kind="standing", places=25)
    cursor = begin()
    for _ in range(5):
        hold_quantity(hall.event_id, area_id=area_id, quantity=5, holder=make_holder())

    seen: list[int] = []
    while (changes := look(hall, cursor, limit=7)).seat_ids:
        assert len(changes.seat_ids) <= 7
        seen.extend(changes.seat_ids)
        cursor = changes.cursor
    assert sorted(seen) == list(places_of_area(hall, area_id))


def test_a_hold_that_ends_is_told_without_any_sweep() -> None:
    hall = make_event(seats=2)
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=make_holder())
    cursor = begin()
    let_hold_end(hall, held.reservation_id, seconds_ago=0)

    lapsed = look(hall, cursor)
    assert lapsed.seat_ids == (hall.seat_ids[0],)
    assert look(hall, lapsed.cursor).seat_ids == ()


def test_a_hold_that_had_ended_before_the_page_was_read_is_no_news() -> None:
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    let_hold_end(hall, held.reservation_id, seconds_ago=5)
    assert look(hall, begin()).seat_ids == ()


def test_the_sweep_is_told_as_well() -> None:
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    let_hold_end(hall, held.reservation_id)
    cursor = begin()
    sweep_expired_holds(batch=10, trigger="command")
    assert look(hall, cursor).seat_ids == hall.seat_ids


def test_a_cursor_of_another_database_is_found_out() -> None:
    hall = make_event(seats=1)
    ahead = Cursor(read_moment().xmin + 1_000_000, 0, datetime.now(UTC))
    assert look(hall, ahead).is_lost


def test_there_is_nothing_to_follow_at_an_event_that_is_not_there() -> None:
    draft = make_event(seats=1, status="draft")
    with pytest.raises(NotFound):
        changes_since(draft.event_id + 1_000_000, cursor=begin())
    with pytest.raises(NotFound):
        changes_since(draft.event_id, cursor=begin())


def test_a_cursor_reads_back_what_it_wrote(app_context: AppContext) -> None:
    cursor = Cursor(2**64 - 1, 2**63 - 1, datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC))
    assert Cursor.parse(str(cursor)) == cursor
    assert cursor.at + timedelta(0) == Cursor.parse(str(cursor)).at


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "0",
        "1.2",
        "1.2.3.4",
        "-1.2.3",
        "1.-2.3",
        "1.2.-3",
        " 1.2.3",
        "1.2.3\n",
        "١.٢.٣",
        "a.b.c",
        "1e3.2.3",
        "99999999999999999999.0.0",
        "1.9999999999999999999.0",
        "1.2.999999999999999999",
        "1.2.3'; DROP TABLE seat --",
    ],
)
def test_a_cursor_that_we_did_not_write_is_refused(garbage: str) -> None:
    with pytest.raises(InvalidInput):
        Cursor.parse(garbage)
