"""Runs migrations under a short lock timeout, so that a migration never queues a whole sale behind it.

ALTER TABLE waits for every running transaction, and everybody else then waits
for the ALTER TABLE: better to give up after a few seconds and try again than to
stop the box office. A migration that must read whole tables may raise its own
statement timeout.
"""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"

database = current_app.extensions["migrate"].db


def run_migrations(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: name a database in DATABASE_URL.")

with database.engine.connect() as connection:
    try:
        run_migrations(connection)
    finally:
        # The connection goes back to the pool: the next user must not inherit these timeouts.
        connection.invalidate()
