"""Following the log: no change is missed, and none comes twice, whoever commits late."""

from __future__ import annotations

from functools import partial
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_seats, release_seats
from seatbook.extensions import db
from seatbook.queries.changes import Cursor, changes_since
from seatbook.queries.moment import read_moment
from tests.factories import Hall, make_event, make_holder, make_holders, seat_row
from tests.invariants import assert_books_are_right
from tests.race import begun, race, until_waiting

pytestmark = pytest.mark.usefixtures("app_context")


def here() -> Cursor:
    """The cursor of a page that is drawn now."""
    db.session.rollback()
    return Cursor.at_moment(read_moment())


def look(hall: Hall, cursor: Cursor, *, limit: int = 1_000) -> tuple[tuple[int, ...], Cursor]:
    db.session.rollback()
    seen = changes_since(hall.event_id, cursor=cursor, limit=limit)
    db.session.rollback()
    return seen.seat_ids, seen.cursor


def by_id_alone(hall: Hall, last_id: int) -> tuple[list[int], int]:
    """How one would follow the log without thinking of transactions: everything after the last id."""
    db.session.rollback()
    rows = db.session.execute(
        text("SELECT id, seat_id FROM seat_change WHERE event_id = :event AND id > :id ORDER BY id"),
        {"event": hall.event_id, "id": last_id},
    ).all()
    db.session.rollback()
    return [row.seat_id for row in rows], max([last_id, *(row.id for row in rows)])


def test_a_change_that_was_written_early_and_committed_late_is_not_missed() -> None:
    hall, ann = make_event(seats=2), make_holder()
    cursor, last_id = here(), 0
    naive: list[int] = []

    with db.engine.connect() as slow:
        slow.execute(
            text(
                "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason)"
                " VALUES (:event, :seat, 'available', 'blocked', 'block')"
            ),
            {"event": hall.event_id, "seat": hall.seat_ids[0]},
        )
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)

        # The hold is committed, and its place in the order is not final while an older transaction runs.
        seen, cursor = look(hall, cursor)
        assert seen == ()
        naive, last_id = by_id_alone(hall, last_id)
        slow.commit()

    seen, cursor = look(hall, cursor)
    assert seen == hall.seat_ids
    naive += by_id_alone(hall, last_id)[0]
    assert naive == [hall.seat_ids[1]]  # The late one has a lower id, and was never seen: hence the rule.
    assert look(hall, cursor)[0] == ()


def test_a_transaction_that_fails_holds_the_log_up_only_while_it_runs() -> None:
    hall, ann = make_event(seats=1), make_holder()
    cursor = here()
    with db.engine.connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
        assert look(hall, cursor)[0] == ()
        slow.rollback()
    assert look(hall, cursor)[0] == hall.seat_ids


def test_a_reader_beside_many_writers_sees_every_change_exactly_once(app: Flask) -> None:
    hall = make_event(seats=240, max_seats=1_000)
    begin = here()
    writers = make_holders(8)
    are_done = Event()
    still_writing = list(range(8))

    def write(number: int) -> None:
        for first in range(number * 30, number * 30 + 30, 3):
            seat_ids = hall.seat_ids[first : first + 3]
            hold_seats(hall.event_id, seat_ids=seat_ids, holder=writers[number])
        still_writing.remove(number)
        if not still_writing:
            are_done.set()

    def read() -> list[int]:
        seen: list[int] = []
        cursor, is_last = begin, False
        while True:
            # Few at a time, so that the reader often stops in the middle of a transaction.
            seat_ids, cursor = look(hall, cursor, limit=4)
            seen += seat_ids
            if is_last and not seat_ids:
                return seen
            is_last = are_done.is_set()

    seen, *_ = race(app, read, *[partial(write, number) for number in range(8)])

    assert not isinstance(seen, Exception)
    assert sorted(seen or ()) == list(hall.seat_ids)
    assert_books_are_right()


def test_the_order_of_one_seats_changes_is_by_id_and_not_by_transaction(app: Flask) -> None:
    """A transaction may take its number, wait, and then take a seat that a later one gave back meanwhile.

    So a follower finds *which* seats changed in the cursor's order, and reads
    what they are now from the seats; replaying needs the order of ids.
    """
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    cursor = here()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[1]})
        with begun(app, partial(_hold_all, hall, ben)) as bens:
            # Ben has the first seat, and with it his transaction's number, and waits for the second.
            until_waiting()
            release_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann)
            other.rollback()
    assert bens.result() == hall.seat_ids

    steps = "SELECT to_status FROM seat_change WHERE seat_id = :id ORDER BY {}"
    by_id, by_cursor = (
        db.session.scalars(text(steps.format(order)), {"id": hall.seat_ids[2]}).all()
        for order in ("id", "xid, id")
    )
    assert by_id == ["held", "available", "held"]
    assert by_cursor == ["held", "held", "available"]
    assert set(look(hall, cursor)[0]) == set(hall.seat_ids)
    assert seat_row(hall, hall.seat_ids[2]).status == "held"
    assert_books_are_right()


def _hold_all(hall: Hall, holder: HolderRef) -> tuple[int, ...]:
    return hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=holder).seat_ids
