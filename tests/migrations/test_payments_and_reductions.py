"""The migrations to payments and reductions: repeatable where they gave up, harmless to the release before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from seatbook import create_app
from seatbook.config import Config
from seatbook.extensions import db
from tests.factories import make_event


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


@pytest.mark.parametrize(("before", "table"), [("0004", "reservation"), ("0005", "reservation_seat")])
def test_a_migration_that_gave_up_at_a_lock_is_finished_by_the_next_run(
    migrated: Flask, before: str, table: str
) -> None:
    downgrade(revision=before)
    buyer = create_engine(db.engine.url)
    with buyer.connect() as connection:
        connection.execute(text(f"SELECT FROM {table}"))
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade()
        connection.execute(text(f"SELECT FROM {table}"))
    buyer.dispose()
    upgrade()
    check()


def test_the_release_before_can_write_its_own_columns(migrated: Flask) -> None:
    hall = make_event(seats=1)
    ids = {"event": hall.event_id, "seat": hall.seat_ids[0]}
    for statement in (
        "INSERT INTO holder (browser_key) VALUES ('a key')",
        "INSERT INTO reservation (event_id, holder_id, code, status, expires_at)"
        " SELECT :event, id, 'AAAAAA', 'held', now() + interval '5 min' FROM holder",
        "UPDATE seat SET status = 'held', reservation_id = reservation.id, held_until = expires_at"
        " FROM reservation WHERE seat.id = :seat",
        "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor)"
        " SELECT :event, id, :seat, 4500 FROM reservation",
        "UPDATE reservation SET status = 'confirmed', confirmed_at = now(), total_minor = 4500",
        "UPDATE seat SET status = 'reserved', held_until = NULL",
        "UPDATE reservation_seat SET ended_at = now(), outcome = 'cancelled'",
        "UPDATE reservation SET status = 'cancelled', ended_at = now()",
        "UPDATE seat SET status = 'available', reservation_id = NULL",
    ):
        db.session.execute(text(statement), ids)
        db.session.commit()
    grace, offer = db.session.execute(
        text("SELECT payment_grace_seconds, late_offer_seconds FROM event")
    ).one()
    assert (grace, offer) == (900, None)
