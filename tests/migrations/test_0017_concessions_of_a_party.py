"""The migration that counts in people who of a party pays less: every line that says it is moved, those of history
too, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from psycopg2.errors import CheckViolation
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from seatbook import create_app
from seatbook.config import Config
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.domain.orders import cancel_order, choose_concessions, choose_parties, create_concession
from seatbook.extensions import db
from seatbook.queries.audit import audit_books
from tests.factories import database_clock, make_event, make_holder, make_slots
from tests.invariants import assert_books_are_right

LINES = """
    SELECT line.seat_id, line.party_size, line.price_minor, line.full_price_minor, line.outcome, line.concession_id,
           {people} AS people
      FROM reservation_seat line ORDER BY line.id
"""
BY_PEOPLE = LINES.format(
    people="(SELECT jsonb_object_agg(concession_id, people) FROM party_concession"
    " WHERE event_id = line.event_id AND reservation_seat_id = line.id)"
)
BEFORE = LINES.format(people="NULL")


@pytest.fixture
def migrated(fresh_database: str, redis_url: str) -> Iterator[Flask]:
    """An application on a database of its own, with the newest schema."""
    app = create_app(
        Config(database_url=fresh_database, redis_url=redis_url, secret_key="a key for migrations")
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def lines(query: str) -> list[Any]:
    db.session.rollback()
    found = db.session.execute(text(query)).all()
    db.session.rollback()
    return [tuple(line) for line in found]


def make_parties() -> tuple[int, list[int]]:
    """A tour for four that all pay half: one is held, one bought, one bought and cancelled; and a seat for a child.
    The concession, and the three slots."""
    hall = make_event(seats=1, price_minor=1000)
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    starts = [database_clock() + timedelta(days=days) for days in (1, 2, 3)]
    slots = make_slots(hall, starts=starts, party=(2, 6), price_per="person")
    for slot, name in zip(slots, ("ann", "ben", "cleo"), strict=True):
        holder, seat_ids = make_holder(name), [slot, *(hall.seat_ids if name == "ann" else ())]
        held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
        choose_parties(hall.event_id, choices={slot: 4}, holder=holder)
        choose_concessions(hall.event_id, choices=dict.fromkeys(seat_ids, child), holder=holder)
        if name != "ann":
            confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
        if name == "cleo":
            cancel_order(hall.event_id, reservation_id=held, holder=holder)
    return child, [*slots]


@pytest.mark.usefixtures("migrated")
def test_what_the_lines_say_moves_with_their_prices_and_the_books_stay_right() -> None:
    child, slots = make_parties()
    everybody = [line for line in lines(BY_PEOPLE) if line[-1]]
    assert [line[0] for line in everybody] == slots
    downgrade(revision="0016")
    of_release_before = lines(BEFORE)
    assert [line[0] for line in of_release_before if line[5] == child and line[1]] == slots
    upgrade()
    after = lines(BY_PEOPLE)
    # The seat keeps its own; a party says it by people, and what was agreed is what it was.
    assert [line[:5] for line in after] == [line[:5] for line in of_release_before]
    assert [line for line in after if line[-1]] == everybody
    assert {line[-1][str(child)] for line in everybody} == {4}
    assert [line[5] for line in after if line[1] is None] == [child]
    assert audit_books().findings == ()
    assert_books_are_right()
    # Its guards are awake again.
    for statement, guard in (
        ("UPDATE reservation_seat SET price_minor = 1 WHERE outcome = 'cancelled'", "guard_reservation_seat"),
        ("DELETE FROM party_concession", "guard_party_concession"),
    ):
        with pytest.raises(IntegrityError) as refusal:
            db.session.execute(text(statement))
        assert isinstance(refusal.value.orig, CheckViolation)
        assert refusal.value.orig.diag.constraint_name == guard
        db.session.rollback()
    check()


@pytest.mark.usefixtures("migrated")
def test_what_is_said_of_some_of_a_party_is_lost_on_the_way_back_and_no_price_is() -> None:
    hall = make_event(price_minor=1000)
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6), price_per="person"
    )
    ann = make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=[slot], holder=ann).reservation_id
    choose_parties(hall.event_id, choices={slot: 3}, people={slot: {child: 1}}, holder=ann)
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    db.session.remove()
    downgrade(revision="0016")
    assert lines(BEFORE)[-1][:3] == (slot, 3, 2500)
    assert lines(BEFORE)[-1][5] is None
    upgrade()
    assert audit_books().findings == ()


@pytest.mark.usefixtures("migrated")
def test_a_migration_that_gave_up_at_a_lock_has_moved_nothing_and_is_finished_by_the_next_run() -> None:
    child, slots = make_parties()
    downgrade(revision="0016")
    before = lines(BEFORE)
    buyer = create_engine(db.engine.url)
    with buyer.connect() as connection:
        # The table may be made beside a reader; the lines are moved when nobody reads them.
        connection.execute(text("SELECT FROM reservation_seat"))
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade()
        assert [tuple(line) for line in connection.execute(text(BEFORE)).all()] == before
    buyer.dispose()
    upgrade()
    upgrade()
    assert [line[0] for line in lines(BY_PEOPLE) if line[-1] == {str(child): 4}] == slots
    check()
