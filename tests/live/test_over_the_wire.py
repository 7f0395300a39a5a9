"""Streams of the server as it runs: gunicorn, greenlets, real sockets."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from sqlalchemy import func, select

from seatbook import create_app
from seatbook.extensions import db
from seatbook.models import SeatChange
from tests.conftest import LiveServer, make_config, run_gunicorn
from tests.factories import Hall, make_event, make_holder
from tests.live.acts import People, changes_made
from tests.live.ear import Ear
from tests.live.model_page import ModelPage, place

CUTS = 10
CHANGES_A_CUT = 30


class WireWindow:
    """A window without cookies, whose stream comes over a real connection."""

    def __init__(self, url: str, hall: Hall) -> None:
        self._url = url
        self._path = f"/events/{hall.event_id}"
        self.page = self.fresh_page()
        self.ear = self.connect()

    def fresh_page(self) -> ModelPage:
        connection = HTTPConnection(urlsplit(self._url).netloc, timeout=30)
        connection.request("GET", self._path)
        text = connection.getresponse().read().decode()
        connection.close()
        return ModelPage.of(text)

    def connect(self) -> Ear:
        self._connection = HTTPConnection(urlsplit(self._url).netloc, timeout=30)
        self.page.behind = None
        self._connection.request("GET", f"{self._path}/stream", headers={"Last-Event-ID": self.page.cursor})
        response = self._connection.getresponse()
        assert response.status == 200

        def chunks() -> Iterator[bytes]:
            try:
                while chunk := response.read1(65536):
                    yield chunk
            except (HTTPException, OSError):
                return

        self.ear = Ear(chunks())
        return self.ear

    def cut(self) -> None:
        sock: socket.socket = self._connection.sock
        sock.shutdown(socket.SHUT_RDWR)

    def hear(self) -> None:
        for message in self.ear.heard_so_far():
            self.page.hear(message)

    def hear_until_it_knows_of(self, xid: int) -> None:
        while place(self.page.cursor)[0] <= xid:
            message = self.ear.wait_for_any()
            self.page.hear(message)
            assert message.event in ("message", "beat"), "too little changes at once for anything else"


def test_a_page_over_the_wire_shows_what_is_true_after_every_cut(live_server: LiveServer) -> None:
    dice = random.Random(7)
    with live_server.app.app_context():
        hall = make_event(seats=40, max_seats=1_000)
        window = WireWindow(live_server.url, hall)
        people = People(hall, [make_holder() for _ in range(4)], dice=dice)
        for cut in range(1, CUTS + 1):
            while changes_made(hall) < cut * CHANGES_A_CUT:
                people.act()
                if dice.random() < 0.2:
                    window.hear()
            window.cut()
            window.connect()
            window.hear_until_it_knows_of(newest_xid(hall))
            fresh = window.fresh_page()
            assert window.page.shows_the_same_as(fresh), "\n".join(window.page.differences(fresh))


def test_a_stop_ends_every_stream_in_good_order(fresh_database: str, redis_url: str) -> None:
    app = create_app(make_config(fresh_database, redis_url))
    with app.app_context():
        hall = make_event(seats=1)
        db.engine.dispose()
    with run_gunicorn(fresh_database, redis_url) as address:
        windows = [WireWindow(address, hall) for _ in range(3)]
        for window in windows:
            window.ear.wait_for("beat")
    for window in windows:
        assert [message.event for message in window.ear.wait_for_the_end()] == ["again"]


def newest_xid(hall: Hall) -> int:
    """Of the transaction that changed the event last."""
    db.session.rollback()
    query = select(func.max(SeatChange.xid)).where(SeatChange.event_id == hall.event_id)
    return int(db.session.scalar(query) or 0)
