"""The schema that the migrations build, how they run, and the settings of every connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import OperationalError

from seatbook.connection import SETTINGS, engine_options, refuse_other_isolation
from seatbook.extensions import db
from tests.factories import database_clock, make_event

# What PostgreSQL itself says about the schema, in its own words, by name.
CATALOGUE = {
    "columns": """
        SELECT table_name || '.' || column_name, data_type, is_nullable, column_default, is_identity
          FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype <> 't'
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger
         WHERE NOT tgisinternal
    """,
    "functions": "SELECT oid::regprocedure::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def catalogue() -> dict[str, dict[str, tuple[Any, ...]]]:
    with db.engine.connect() as connection:
        return {
            kind: {
                row[0]: tuple(row[1:])
                for row in connection.execute(text(query))
                if "alembic_version" not in row[0]
            }
            for kind, query in CATALOGUE.items()
        }


@pytest.mark.usefixtures("fresh_app")
def test_alembic_finds_no_difference_between_the_models_and_the_migrated_schema() -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("fresh_app")
def test_postgresql_describes_the_migrated_schema_and_the_models_alike() -> None:
    """Alembic compares neither CHECKs nor exclusion constraints nor the conditions of partial indexes."""
    migrated = catalogue()
    downgrade(revision="base")
    with db.engine.begin() as connection:
        db.metadata.create_all(connection)
    modelled = catalogue()
    for kind in ("columns", "constraints", "indexes"):
        assert modelled[kind] == migrated[kind]


@pytest.mark.usefixtures("fresh_app")
def test_downgrade_leaves_nothing_and_upgrade_builds_the_same_again() -> None:
    migrated = catalogue()
    assert all(migrated.values())
    downgrade(revision="base")
    assert not any(catalogue().values())
    upgrade()
    assert catalogue() == migrated


@pytest.mark.usefixtures("fresh_app")
def test_each_migration_runs_under_a_lock_and_a_statement_timeout() -> None:
    seen: list[tuple[str, str]] = []

    @event.listens_for(db.engine, "after_cursor_execute")
    def look(
        connection: Connection, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        if statement.lstrip().startswith(("CREATE", "DROP", "ALTER")):
            cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
            seen.append(cursor.fetchone())

    downgrade(revision="base")
    upgrade()
    assert len(seen) > 40
    assert set(seen) == {("4s", "1min")}


@pytest.mark.usefixtures("fresh_app")
def test_a_migration_gives_up_on_a_table_that_is_in_use_and_leaves_everything_as_it_was() -> None:
    before = catalogue()
    with db.engine.connect() as customers:
        for table in db.metadata.tables:
            customers.execute(text(f"SELECT count(*) FROM {table}"))
        with pytest.raises(OperationalError) as refusal:
            downgrade(revision="base")
    assert refusal.value.orig.pgcode == "55P03"  # type: ignore[union-attr]
    assert catalogue() == before


@pytest.mark.usefixtures("fresh_app")
def test_a_migration_leaves_its_own_timeouts_to_nobody() -> None:
    upgrade()
    for _ in range(5):
        with db.engine.connect() as connection:
            assert _settings(connection) == SETTINGS


# Connections


def _settings(connection: Connection) -> dict[str, str]:
    names = ", ".join(f"current_setting('{name}')" for name in SETTINGS)
    return dict(zip(SETTINGS, connection.execute(text(f"SELECT {names}")).one(), strict=True))


def test_every_setting_is_in_force_on_a_pooled_connection_every_time(app_context: object) -> None:
    assert SETTINGS == {
        "default_transaction_isolation": "read committed",
        "lock_timeout": "2s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "client_connection_check_interval": "1s",
        "timezone": "UTC",
    }
    for _ in range(3):
        with db.engine.connect() as connection:
            assert _settings(connection) == SETTINGS
            assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"


@pytest.fixture
def contrary_defaults(fresh_app: Flask) -> str:
    """Address of a database whose owner made other settings the default."""
    with db.engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        for setting in (
            "default_transaction_isolation = 'serializable'",
            "lock_timeout = 0",
            "statement_timeout = 0",
            "idle_in_transaction_session_timeout = 0",
            "timezone = 'Asia/Tokyo'",
        ):
            connection.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
    db.engine.dispose()
    return str(fresh_app.extensions["seatbook"].database_url)


@pytest.mark.usefixtures("contrary_defaults")
def test_a_server_with_other_defaults_changes_nothing() -> None:
    with db.engine.connect() as connection:
        assert _settings(connection) == SETTINGS
    assert make_event(seats=1)
    assert database_clock().utcoffset() == timedelta(0)


def test_a_connection_that_is_not_read_committed_is_refused(contrary_defaults: str) -> None:
    options = engine_options(1)
    # As a connection pooler in front of the server does that drops what a client asks for at its start.
    del options["connect_args"]["options"]
    engine = create_engine(contrary_defaults, **options)
    with engine.connect():
        pass  # Without our assertion nobody would notice.
    engine.dispose()
    refuse_other_isolation(engine)
    with pytest.raises(RuntimeError, match="READ COMMITTED, and this connection is SERIALIZABLE"):
        engine.connect()
    engine.dispose()
