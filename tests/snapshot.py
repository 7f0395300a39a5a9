"""Everything that the inventory's tables say, in order to show that a refused request changed nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, text

from seatbook.extensions import db

E = TypeVar("E", bound=Exception)

# What has no number of its own.
ORDER_BY = {"party_concession": "event_id, reservation_seat_id, concession_id"}
TABLES = (
    "event",
    "category",
    "area",
    "seat",
    "reservation",
    "reservation_seat",
    "seat_change",
    "sweep_run",
    "payment",
    "payment_notice",
    "payment_step",
    "refund",
    "concession",
    "party_concession",
    "discount_code",
    "staff_act",
)


def all_rows(event_id: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that an act could write to, of one event or of all, read on a connection of its
    own."""
    with db.engine.connect() as connection:
        return {
            table: _rows(connection, table, event_id=event_id, order_by=ORDER_BY.get(table, "id"))
            for table in TABLES
        }


def rows_of(table: str, *, order_by: str = "id", event_id: int | None = None) -> list[dict[str, Any]]:
    """Rows that belong to no event, those of sweeps, belong to all."""
    with db.engine.connect() as connection:
        return _rows(connection, table, event_id=event_id, order_by=order_by)


def _rows(
    connection: Connection, table: str, *, event_id: int | None, order_by: str = "id"
) -> list[dict[str, Any]]:
    of_event = {"event": "id = :event", "sweep_run": "true"}.get(table, "event_id = :event")
    where = "true" if event_id is None else of_event
    query = text(f"SELECT * FROM {table} WHERE {where} ORDER BY {order_by}")
    rows = connection.execute(query, {} if event_id is None else {"event": event_id})
    return [dict(row) for row in rows.mappings()]


@contextmanager
def nothing_changes(*, but: Collection[str] = ()) -> Iterator[None]:
    """The block leaves every row as it is; `but` names tables that it may write to."""
    before = all_rows()
    yield
    after = all_rows()
    for table in set(TABLES) - set(but):
        assert after[table] == before[table]


@contextmanager
def refused(error: type[E]) -> Iterator[pytest.ExceptionInfo[E]]:
    """The block is refused with this error, and has changed nothing."""
    with nothing_changes(), pytest.raises(error) as refusal:
        yield refusal
