from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.extensions import db
from seatbook.live import Live
from seatbook.live.hub import Hub
from seatbook.live.teller import Teller
from seatbook.web.live_drawing import draw
from tests.conftest import make_config
from tests.live.window import Window

Look = Callable[..., Window]


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def teller(app: Flask, hub: Hub) -> Teller:
    """Looks when the test says so, and in no thread of its own."""
    return Teller(app, hub, draw=draw)


@pytest.fixture
def live_app(database_url: str, redis_url: str) -> Iterator[Flask]:
    """An application whose streams run by themselves."""
    app = create_app(make_config(database_url, redis_url))
    yield app
    live: Live = app.extensions["seatbook_live"]
    live.stop()
    with app.app_context():
        db.engine.dispose()
