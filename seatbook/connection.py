"""How every process talks to PostgreSQL: the settings of each connection.

They are sent with the connection's start, so they cost no statement:

- READ COMMITTED, which the lock rules are written for ("lock first, judge in a
  second statement"). Asserted at connect, because a server's default may differ.
- Timeouts, so that one stuck client never stops a sale: a lock is waited for
  2 s, a statement runs 5 s, a forgotten transaction is ended after 10 s, and a
  statement whose client went away is noticed within 1 s.
- The client's own end of waiting, for a server that hangs and so keeps none of
  these (`patience.py`): 10 s without a word, 3 s while connecting.
- UTC, so that every instant read back is aware and in UTC.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event

SETTINGS = {
    "default_transaction_isolation": "read committed",
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "1s",
    "timezone": "UTC",
}
CONNECT_TIMEOUT_SECONDS = 3
# Twice what a statement may take, so that a server which works says first what was wrong. COMMIT is under no
# timeout of the server's: one that waits for a disk or a replica for longer than this has an unknown outcome.
ANSWER_TIMEOUT_SECONDS = 10


def engine_options(pool_size: int) -> dict[str, Any]:
    """Options for SQLAlchemy's engine. A request waits at most 5 s for a pooled connection."""
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 5,
        # A restarted database costs one reconnect and no failed request.
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "seatbook",
            "options": " ".join(
                f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in SETTINGS.items()
            ),
        },
    }


def refuse_other_isolation(engine: Engine) -> None:
    """Fail the connect when something between here and the server undid READ COMMITTED."""

    @event.listens_for(engine, "connect")
    def _assert_read_committed(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            isolation = cursor.fetchone()[0]
        connection.rollback()
        if isolation != "read committed":
            raise RuntimeError(f"seatbook needs READ COMMITTED, and this connection is {isolation.upper()}.")
