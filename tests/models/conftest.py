"""Somebody with psql at the database of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.psql import Psql


@pytest.fixture
def psql(database_url: str) -> Iterator[Psql]:
    session = Psql(database_url)
    yield session
    session.close()
