"""Everything that the inventory's tables say, in order to show that a refused request changed nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import text

from seatbook.extensions import db

E = TypeVar("E", bound=Exception)

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
    "discount_code",
)


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that an act could write to, read on a connection of its own."""
    return {table: rows_of(table) for table in TABLES}


def rows_of(table: str, *, order_by: str = "id") -> list[dict[str, Any]]:
    with db.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY {order_by}"))
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
