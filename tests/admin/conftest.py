"""Somebody of the box office at the pages."""

from __future__ import annotations

import pytest
from flask import Flask

from seatbook.domain import accounts
from tests.visitor import PASSWORD, Visitor


@pytest.fixture
def staff(app: Flask) -> Visitor:
    """otto, of the box office, signed in."""
    accounts.create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")
    visitor = Visitor(app)
    visitor.sign_in("otto")
    return visitor
