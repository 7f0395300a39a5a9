"""Column kinds that several tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import UserDefinedType


def timestamp(**options: Any) -> MappedColumn[Any]:
    """An instant. Aware; PostgreSQL gives it back in the connection's zone, which is UTC."""
    return mapped_column(DateTime(timezone=True), **options)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which never wraps around. A whole number in Python."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return lambda value: None if value is None else int(value)
