from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.ctx import AppContext
from werkzeug.test import TestResponse

from seatbook import create_app
from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.live import Live
from tests.conftest import make_config
from tests.factories import Hall, make_event, make_holder
from tests.live.ear import Ear
from tests.live.model_page import ModelPage
from tests.visitor import Visitor

TAG = re.compile(r'name="visitor" value="([^"]+)"')


@pytest.fixture
def hall(app_context: AppContext) -> Hall:
    return make_event(seats=4)


@pytest.fixture
def visitor(live_app: Flask) -> Visitor:
    return Visitor(live_app)


def listen(visitor: Visitor, hall: Hall, *, since: str | None = None, tag: str | None = None) -> TestResponse:
    """Open a stream, by default from where a page that is loaded now would. `tag` is whom the page is for."""
    if since is None:
        since = ModelPage.of(visitor.open(f"/events/{hall.event_id}").text).cursor
    query = {"since": since} | ({"visitor": tag} if tag else {})
    return visitor.open(f"/events/{hall.event_id}/stream", query_string=query, buffered=False)


def tag_of(page: str) -> str:
    tag = TAG.search(page)
    assert tag
    return tag[1]


def ear_of(response: TestResponse) -> Ear:
    assert response.status_code == 200
    return Ear(response.response)  # type: ignore[arg-type]


def test_a_change_comes_by_itself(visitor: Visitor, hall: Hall) -> None:
    response = listen(visitor, hall)
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in response.headers
    ear = ear_of(response)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    assert "data-status=held" in ear.wait_for("message", with_text=f"#seat-{hall.seat_ids[0]}").data


def test_a_stream_goes_on_from_the_last_message_that_was_heard(visitor: Visitor, hall: Hall) -> None:
    first = listen(visitor, hall)
    ear = ear_of(first)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    heard = ear.wait_for("message", with_text=f"#seat-{hall.seat_ids[0]}")
    assert heard.id is not None
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=make_holder())
    # The browser repeats the address it first had, and says in a header what it heard last.
    again = visitor.open(
        f"/events/{hall.event_id}/stream?since=3.0.0", headers={"Last-Event-ID": heard.id}, buffered=False
    )
    message = ear_of(again).wait_for("message")
    assert f"#seat-{hall.seat_ids[1]}" in message.data
    assert f"#seat-{hall.seat_ids[0]}" not in message.data


def test_a_stream_holds_no_database_connection(live_app: Flask, visitor: Visitor, hall: Hall) -> None:
    visitor.register("alice")
    ears = [ear_of(listen(visitor, hall)) for _ in range(5)]
    for ear in ears:
        ear.wait_for("beat")
    with live_app.app_context():
        pool = db.engine.pool
        # The follower may be looking at this very moment.
        assert pool.checkedout() <= 1  # type: ignore[attr-defined]


def test_without_redis_a_change_comes_all_the_same(database_url: str, short_dir: Path, hall: Hall) -> None:
    app = create_app(make_config(database_url, f"unix://{short_dir}/no-redis.sock"))
    ear = ear_of(listen(Visitor(app), hall))
    ear.wait_for("beat")
    with app.app_context():
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    ear.wait_for("message", with_text=f"#seat-{hall.seat_ids[0]}")
    stop(app)


def test_an_event_that_is_not_there_has_no_stream(visitor: Visitor, app_context: AppContext) -> None:
    draft = make_event(seats=1, status="draft")
    for event_id in (draft.event_id, 2**62):
        assert visitor.open(f"/events/{event_id}/stream?since=3.0.0").status_code == 404


@pytest.mark.parametrize("since", ["", "nonsense", "1.2", "1.2.3.4", "-1.0.0"])
def test_a_place_in_the_log_that_nobody_gave_out_is_refused(visitor: Visitor, hall: Hall, since: str) -> None:
    assert listen(visitor, hall, since=since).status_code == 422


def test_no_more_streams_than_there_is_room_for(database_url: str, redis_url: str, hall: Hall) -> None:
    app = create_app(make_config(database_url, redis_url, max_streams=2))
    visitor = Visitor(app)
    ears = [ear_of(listen(visitor, hall)) for _ in range(2)]
    for ear in ears:
        ear.wait_for("beat")
    refused = listen(visitor, hall)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    live: Live = app.extensions["seatbook_live"]
    assert (live.figures().streams, live.figures().refused) == (2, 1)
    stop(app)
    for ear in ears:
        ear.wait_for_the_end()


def test_a_stream_that_was_closed_makes_room(live_app: Flask, visitor: Visitor, hall: Hall) -> None:
    response = listen(visitor, hall)
    chunks: Iterator[bytes] = iter(response.response)  # type: ignore[arg-type]
    next(chunks), next(chunks)
    live: Live = live_app.extensions["seatbook_live"]
    assert live.figures().streams == 1
    response.close()
    assert live.figures().streams == 0


def test_a_page_of_somebody_who_signed_in_since_is_told_to_load_again(visitor: Visitor, hall: Hall) -> None:
    anonymous = tag_of(visitor.open(f"/events/{hall.event_id}").text)
    visitor.register("alice")
    ear = ear_of(listen(visitor, hall, tag=anonymous))
    assert [message.event for message in ear.wait_for_the_end()] == ["reload"]


def test_a_page_of_somebody_who_signed_out_since_is_told_to_load_again(visitor: Visitor, hall: Hall) -> None:
    visitor.register("alice")
    alice = tag_of(visitor.open(f"/events/{hall.event_id}").text)
    visitor.send("/sign-out", page="/account")
    ear = ear_of(listen(visitor, hall, tag=alice))
    assert [message.event for message in ear.wait_for_the_end()] == ["reload"]


def test_the_first_click_of_an_anonymous_browser_makes_nobody_else_of_it(
    visitor: Visitor, hall: Hall
) -> None:
    tags = set()
    for _ in range(2):
        tags.add(tag_of(visitor.open(f"/events/{hall.event_id}").text))
        visitor.pick(hall.event_id, hall.seat_ids[0])
    assert len(tags) == 1
    ear_of(listen(visitor, hall, tag=tags.pop())).wait_for("beat")


def test_a_browser_without_cookies_is_not_sent_round_in_circles(live_app: Flask, hall: Hall) -> None:
    page = Visitor(live_app).open(f"/events/{hall.event_id}").text
    forgetful = Visitor(live_app)
    ear_of(listen(forgetful, hall, since=ModelPage.of(page).cursor, tag=tag_of(page))).wait_for("beat")


def test_the_tag_does_not_tell_who_it_is(visitor: Visitor, hall: Hall) -> None:
    visitor.open(f"/events/{hall.event_id}")
    with visitor.client.session_transaction() as session:
        key = session["browser"]
    assert key not in visitor.open(f"/events/{hall.event_id}").text


def test_the_poll_too_tells_a_page_of_somebody_else_to_load_again(visitor: Visitor, hall: Hall) -> None:
    page = visitor.open(f"/events/{hall.event_id}").text
    path = f"/events/{hall.event_id}/changes?since={ModelPage.of(page).cursor}&visitor={tag_of(page)}"
    assert visitor.open(path).status_code == 204
    visitor.register("alice")
    assert visitor.open(path).headers["HX-Refresh"] == "true"


def test_a_basket_that_is_asked_for_comes_although_nothing_changed(visitor: Visitor, hall: Hall) -> None:
    page = ModelPage.of(visitor.open(f"/events/{hall.event_id}").text)
    path = f"/events/{hall.event_id}/changes?since={page.cursor}"
    assert visitor.open(path).status_code == 204
    answer = visitor.open(f"{path}&basket=1")
    assert 'id="basket"' in answer.text


def test_each_page_is_told_in_its_own_language(live_app: Flask, hall: Hall) -> None:
    ears = {}
    for language in ("en", "de"):
        visitor = Visitor(live_app)
        visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        ears[language] = ear_of(listen(visitor, hall)), visitor
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    for ear, visitor in ears.values():
        message = ear.wait_for("message", with_text="#figures")
        fresh = ModelPage.of(visitor.open(f"/events/{hall.event_id}").text)
        assert fresh.seats[hall.seat_ids[0]] in message.data


def test_the_end_of_the_process_is_the_end_of_every_stream_and_of_its_threads(
    database_url: str, redis_url: str, hall: Hall
) -> None:
    app = create_app(make_config(database_url, redis_url))
    ear = ear_of(listen(Visitor(app), hall))
    ear.wait_for("beat")
    stop(app)
    assert [message.event for message in ear.wait_for_the_end()] == ["again"]
    assert listen(Visitor(app), hall).status_code == 503
    for thread in threading.enumerate():
        if thread.name == "seatbook-follower":
            thread.join(30)
            assert not thread.is_alive()


def stop(app: Flask) -> None:
    live: Live = app.extensions["seatbook_live"]
    live.stop()
    with app.app_context():
        db.engine.dispose()
