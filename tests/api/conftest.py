from __future__ import annotations

import pytest
from flask import Flask

from tests.api.caller import Caller, account_with_token


@pytest.fixture
def nobody(app: Flask) -> Caller:
    return Caller(app)


@pytest.fixture
def ada(app: Flask) -> Caller:
    with app.app_context():
        return Caller(app, account_with_token("ada"))


@pytest.fixture
def ben(app: Flask) -> Caller:
    with app.app_context():
        return Caller(app, account_with_token("ben"))


@pytest.fixture
def clerk(app: Flask) -> Caller:
    with app.app_context():
        return Caller(app, account_with_token("clerk", scopes=("read", "book", "staff"), role="box_office"))
