"""Streams of the server as it runs: gunicorn, greenlets, real sockets."""

from __future__ import annotations

import random

from sqlalchemy import func, select

from seatbook import create_app
from seatbook.extensions import db
from seatbook.models import SeatChange
from tests.conftest import LiveServer, make_config, run_gunicorn
from tests.factories import Hall, make_event, make_holder
from tests.live.acts import People, changes_made
from tests.live.wire_window import WireWindow

CUTS = 10
CHANGES_A_CUT = 30


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
