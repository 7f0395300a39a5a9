"""The migration to drawn halls: short, repeatable, and harmless to the release before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

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


def test_the_models_and_the_migrated_schema_agree(migrated: Flask) -> None:
    check()  # Leaves the process with an exit code where they do not.


def test_the_release_before_can_write_its_own_columns(migrated: Flask) -> None:
    hall = make_event()
    db.session.execute(
        text(
            "INSERT INTO seat (event_id, area_id, category_id, label) VALUES (:event, :area, :category, 'A1')"
        ),
        {"event": hall.event_id, "area": hall.area_id, "category": hall.category_id},
    )
    features = db.session.execute(text("SELECT features FROM seat")).scalar_one()
    drawing, leave_no_single = db.session.execute(text("SELECT drawing, leave_no_single FROM event")).one()
    assert (features, drawing, leave_no_single) == ([], None, False)


def test_a_feature_that_nobody_knows_is_refused(migrated: Flask) -> None:
    make_event(seats=1)
    db.session.execute(text("UPDATE seat SET features = '{wheelchair,companion,restricted_view}'"))
    with pytest.raises(IntegrityError, match="ck_seat_features"):
        db.session.execute(text("UPDATE seat SET features = '{golden}'"))


def test_seats_that_were_there_before_have_no_features(migrated: Flask) -> None:
    downgrade(revision="0002")
    with closing(psycopg2.connect(_dsn())) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO venue (name) VALUES ('Old Hall') RETURNING id")
        (venue,) = cursor.fetchone()
        cursor.execute("INSERT INTO show (kind, title) VALUES ('concert', 'Before') RETURNING id")
        (show,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO event (show_id, venue_id, starts_at, ends_at, on_sale_from, on_sale_until, currency)"
            " VALUES (%s, %s, '2031-01-01', '2031-01-02', '2030-01-01', '2031-01-01', 'EUR') RETURNING id",
            (show, venue),
        )
        (event,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO area (event_id, kind, name) VALUES (%s, 'standing', 'Floor') RETURNING id", (event,)
        )
        (area,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO category (event_id, name, price_minor) VALUES (%s, 'Floor', 100) RETURNING id",
            (event,),
        )
        (category,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO seat (event_id, area_id, category_id) VALUES (%s, %s, %s)", (event, area, category)
        )
    upgrade()
    assert db.session.execute(text("SELECT features FROM seat")).scalar_one() == []
    check()


def test_a_migration_that_gave_up_at_a_lock_is_finished_by_the_next_run(migrated: Flask) -> None:
    downgrade(revision="0002")
    buyer = create_engine(db.engine.url)
    with buyer.connect() as connection:
        connection.execute(text("SELECT FROM seat"))
        # The tables before the seats are altered by now, and the buyer has lost nothing.
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade()
        connection.execute(text("SELECT FROM seat"))
    buyer.dispose()
    upgrade()
    check()


def _dsn() -> str:
    return db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
