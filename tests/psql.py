"""Somebody with psql: raw SQL as the role that the application has, without asking the application."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from psycopg2.errors import IntegrityError
from sqlalchemy.engine import make_url


class Psql:
    """A session in which every statement is a transaction of its own."""

    def __init__(self, database_url: str) -> None:
        url = make_url(database_url)
        self._connection = psycopg2.connect(user=url.username, dbname=url.database, **url.query)
        self._connection.autocommit = True

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, **values: Any) -> Any:
        """The one value of the one row that comes back."""
        ((value,),) = self.run(statement, **values)
        return value

    def is_refused(self, statement: str, *, by: str, **values: Any) -> None:
        """The statement must fail, and by the guard of this name."""
        with pytest.raises(IntegrityError) as refusal:
            self.run(statement, **values)
        assert refusal.value.diag.constraint_name == by, refusal.value

    def would_pass(self, statement: str, **values: Any) -> None:
        """The statement must change something; it is taken back."""
        self.run("BEGIN")
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                assert cursor.rowcount >= 1
        finally:
            self.run("ROLLBACK")

    def close(self) -> None:
        self._connection.close()
