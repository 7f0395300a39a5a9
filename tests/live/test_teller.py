from __future__ import annotations

import json
import random
import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.event import listen

from seatbook.domain.demonstration.arena import arena
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import (
    block_seats,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.live.hub import Hub
from seatbook.live.stream import MAX_WAITING_BYTES, Stream
from seatbook.live.teller import MAX_PLACES, Teller
from seatbook.queries.changes import Cursor
from seatbook.queries.event_page import load_event_page
from tests.factories import (
    change_event,
    database_clock,
    make_area,
    make_event,
    make_holder,
    make_slots,
    noons,
)
from tests.live.acts import let_time_end_hold
from tests.live.window import Window
from tests.planned import planned_event
from tests.planned import seat_id as seat_of

pytestmark = pytest.mark.usefixtures("app_context")

LOG_A_CHANGE = text(
    "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason)"
    " VALUES (:event, :seat, 'available', 'blocked', 'block')"
)


def test_a_new_stream_hears_at_once_that_it_is_heard(app: Flask, hub: Hub, teller: Teller) -> None:
    window = Window(app, hub, make_event(seats=2))
    began = window.page.cursor
    teller.look()
    [message] = window.read()
    assert message.event == "beat"
    assert window.page.cursor != began


def test_a_change_is_swapped_in_and_no_other_seat_is_sent(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=3)
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=make_holder())
    teller.look()
    [message] = window.read()
    assert f"#seat-{hall.seat_ids[1]}" in message.data
    assert f"#seat-{hall.seat_ids[0]}" not in message.data
    assert window.page.shows_the_same_as(window.fresh_page())
    assert window.page.acts == window.fresh_page().acts


def test_a_change_takes_less_than_a_kilobyte(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=20)
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=make_holder())
    teller.look()
    assert 0 < len(window.stream.take_waiting()) <= 1024


def test_a_change_in_a_big_house_tells_what_its_section_has_left(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    event = planned_event(arena(0.4))
    page = load_event_page(event.event_id, holder_id=None)
    assert page.is_big
    stream = Stream(event.event_id, since=page.cursor, language="en", viewer=None)
    hub.join(stream)
    teller.look()
    stream.take_waiting()
    seat = seat_of(event, "1-1", section="109")
    hold_seats(event.event_id, seat_ids=[seat], holder=make_holder())
    teller.look()
    heard = stream.take_waiting()
    assert f"#seat-{seat}".encode() in heard
    told = re.findall(rb'hx-target="#part-(\d+)-left"', heard)
    assert told == [str(next(s.id for s in page.sections if s.name == "109")).encode()]
    assert len(heard) <= 1024


def test_nothing_new_is_not_sent(app: Flask, hub: Hub, teller: Teller) -> None:
    window = Window(app, hub, make_event(seats=1))
    teller.look()
    window.read()
    teller.look()
    assert window.read() == []


def test_a_change_at_one_event_is_not_told_at_another(app: Flask, hub: Hub, teller: Teller) -> None:
    here, there = make_event(seats=1), make_event(seats=1)
    window, other = Window(app, hub, here), Window(app, hub, there)
    teller.look()
    other.read()
    hold_seats(here.event_id, seat_ids=here.seat_ids, holder=make_holder())
    teller.look()
    assert other.read() == []
    window.read()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_the_owner_sees_a_seat_as_theirs_and_others_do_not(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=2)
    owner, other = Window(app, hub, hall), Window(app, hub, hall)
    teller.look()
    owner.visitor.pick(hall.event_id, hall.seat_ids[0])
    teller.look()
    owner.read()
    other.read()
    assert "data-status=mine" in owner.page.seats[hall.seat_ids[0]]
    assert "data-status=held" in other.page.seats[hall.seat_ids[0]]
    assert owner.page.shows_the_same_as(owner.fresh_page())
    assert other.page.shows_the_same_as(other.fresh_page())
    assert (owner.page.wishes, other.page.wishes) == (["basket"], [])


def test_a_window_from_before_the_first_click_hears_of_its_owner(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    """The other window of the same browser holds the first seat; nobody had a holder when this one opened."""
    hall = make_event(seats=2)
    window = Window(app, hub, hall)
    twin = Window(app, hub, hall, visitor=window.visitor)
    assert window.stream.who[1] is not None
    assert window.stream.who[1].startswith("browser ")
    teller.look()
    twin.visitor.pick(hall.event_id, hall.seat_ids[0])
    teller.look()
    window.read()
    assert "data-status=mine" in window.page.seats[hall.seat_ids[0]]
    assert window.page.wishes == ["basket"]


@pytest.mark.parametrize("way", ["release", "reserve", "lapse"])
def test_a_window_hears_when_its_basket_changes_elsewhere(
    app: Flask, hub: Hub, teller: Teller, way: str
) -> None:
    hall = make_event(seats=2)
    window = Window(app, hub, hall)
    window.visitor.pick(hall.event_id, hall.seat_ids[0])
    window.reopen()
    teller.look()
    window.read()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=window.holder)
    if way == "release":
        release_hold(hall.event_id, holder=window.holder)
    elif way == "reserve":
        confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=window.holder)
    else:
        let_time_end_hold(hall, held.reservation_id)
    teller.look()
    window.read()
    assert window.page.wishes == ["basket"]
    assert window.page.shows_the_same_as(window.fresh_page())


def test_a_hold_that_ends_by_time_shows_although_nothing_was_written(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    hall = make_event(seats=2)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    let_time_end_hold(hall, held.reservation_id)
    teller.look()
    window.read()
    assert "data-status=available" in window.page.seats[hall.seat_ids[0]]
    assert window.page.shows_the_same_as(window.fresh_page())


def test_a_sweep_after_the_end_is_news_and_no_change(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=20)
    held = [hold_seats(hall.event_id, seat_ids=[i], holder=make_holder()) for i in hall.seat_ids]
    window = Window(app, hub, hall)
    teller.look()
    for hold in held:
        let_time_end_hold(hall, hold.reservation_id)
    teller.look()
    window.read()
    sweep_expired_holds(batch=100, trigger="test")
    teller.look()
    [message] = window.read()
    assert "#seat-" not in message.data
    assert window.page.shows_the_same_as(window.fresh_page())
    assert window.page.acts == window.fresh_page().acts


def test_a_sweep_is_a_change_for_whoever_did_not_see_the_end(app: Flask, hub: Hub, teller: Teller) -> None:
    """The hold ended and was swept, and somebody else took the seat, between two looks."""
    hall = make_event(seats=1)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    window = Window(app, hub, hall)
    teller.look()
    let_time_end_hold(hall, held.reservation_id)
    sweep_expired_holds(batch=100, trigger="test")
    teller.look()
    window.read()
    assert window.page.shows_the_same_as(window.fresh_page())
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    teller.look()
    window.read()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_standing_places_change_their_number(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event()
    area_id = make_area(hall, kind="standing", places=12)
    untouched = make_area(hall, kind="stock", places=5)
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=make_holder())
    teller.look()
    [message] = window.read()
    assert f"area-{untouched}" not in message.data
    assert 'data-left="9"' in window.page.left[f"area-{area_id}-left"]
    assert window.page.shows_the_same_as(window.fresh_page())


def test_slots_are_drawn_as_on_the_page(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event()
    slots = make_slots(hall, starts=noons(2))
    window = Window(app, hub, hall)
    teller.look()
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())
    teller.look()
    window.read()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_a_late_commit_is_never_missed(app: Flask, hub: Hub, teller: Teller) -> None:
    """It took its number first, and is written down last; what came meanwhile waits for it."""
    hall = make_event(seats=2)
    early, late = hall.seat_ids
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    with db.engine.connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        hold_seats(hall.event_id, seat_ids=[early], holder=make_holder())
        assert teller.look() is True, "something waits"
        assert window.read() == []
        slow.execute(LOG_A_CHANGE, {"event": hall.event_id, "seat": late})
        slow.commit()
    assert teller.look() is False
    [message] = window.read()
    assert f"#seat-{early}" in message.data
    assert f"#seat-{late}" in message.data


def test_a_stream_that_comes_while_a_commit_is_late_hears_of_it(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=2)
    early, late = hall.seat_ids
    with db.engine.connect() as slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        hold_seats(hall.event_id, seat_ids=[early], holder=make_holder())
        window = Window(app, hub, hall)
        teller.look()
        window.read()
        slow.execute(LOG_A_CHANGE, {"event": hall.event_id, "seat": late})
        slow.commit()
    teller.look()
    assert f"#seat-{late}" in "".join(message.data for message in window.read())


def test_many_changes_at_once_are_fetched_and_not_sent(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=MAX_PLACES + 2)
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    block_seats(hall.event_id, seat_ids=hall.seat_ids[: MAX_PLACES + 1], reason="choir", actor_user_id=None)
    teller.look()
    [message] = window.read()
    assert message.event == "refetch"
    assert len(message.data) < 100
    assert json.loads(message.data)["within_ms"] >= 1000
    assert not window.page.shows_the_same_as(window.fresh_page())
    window.fetch()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_what_comes_before_a_page_has_fetched_does_not_move_its_place(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    """The line breaks before it could fetch: from its own place it must hear everything."""
    hall = make_event(seats=MAX_PLACES + 2)
    window = Window(app, hub, hall)
    teller.look()
    window.read()
    block_seats(hall.event_id, seat_ids=hall.seat_ids[: MAX_PLACES + 1], reason="choir", actor_user_id=None)
    teller.look()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[-1:], holder=make_holder())
    teller.look()
    window.read()
    window.cut_somewhere(random.Random(1))
    teller.look()
    window.read()
    assert window.page.behind is not None
    window.fetch()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_streams_that_come_together_cost_one_reading(app: Flask, hub: Hub, teller: Teller) -> None:
    """As after a restart: each from another place in the log, and all with one drawing."""
    hall = make_event(seats=6)
    windows = []
    for seat_id in hall.seat_ids[:4]:
        windows.append(Window(app, hub, hall))
        hold_seats(hall.event_id, seat_ids=[seat_id], holder=make_holder())
    statements: list[str] = []
    with app.app_context():
        listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        teller.look()
    assert len(statements) <= 8
    for window in windows:
        window.read()
        assert window.page.shows_the_same_as(window.fresh_page())


def test_a_stream_from_another_database_is_told_to_load_the_page_again(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    hall = make_event(seats=1)
    window = Window(app, hub, hall)
    window.page.cursor = str(Cursor(2**63, 0, database_clock()))
    window.connect()
    teller.look()
    window.read()
    assert window.page.wishes == ["reload"]


def test_a_page_that_slept_for_long_fetches(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=8)
    window, awake = Window(app, hub, hall), Window(app, hub, hall)
    hub.leave(window.stream)
    bob = make_holder()
    teller.look()
    for _ in range(40):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=bob)
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=bob)
        teller.look()
    window.connect()
    teller.look()
    window.read()
    awake.read()
    assert (window.page.wishes, awake.page.wishes) == (["refetch"], [])
    window.fetch()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_who_reads_too_slowly_is_cut_off_and_comes_back_without_a_gap(
    app: Flask, hub: Hub, teller: Teller
) -> None:
    hall = make_event(seats=8)
    window = Window(app, hub, hall)
    bob = make_holder()
    while not window.stream.has_ended:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=bob)
        teller.look()
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=bob)
        teller.look()
        assert teller.sent.bytes < 2 * MAX_WAITING_BYTES
    assert window.stream.was_slow
    assert window.stream.take_waiting() == b"", "what waited for it is given up"
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:3], holder=bob)
    window.cut_somewhere(random.Random(1))
    teller.look()
    window.read()
    if window.page.behind:
        window.fetch()
    assert window.page.shows_the_same_as(window.fresh_page())


def test_what_the_sale_allows_is_drawn_as_it_is_now(app: Flask, hub: Hub, teller: Teller) -> None:
    """The sale ends a moment after the event was read."""
    hall = make_event(seats=2)
    window = Window(app, hub, hall)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
    end = database_clock() + timedelta(seconds=0.3)
    change_event(hall, on_sale_until=end)
    teller.look()
    while database_clock() <= end:
        time.sleep(0.01)
    let_time_end_hold(hall, held.reservation_id)
    teller.look()
    window.read()
    first = hall.seat_ids[0]
    assert "aria-disabled" in window.page.seats[first]
    assert window.page.seats[first] == window.fresh_page().seats[first]


def test_one_broken_event_does_not_keep_the_others_from_hearing(app: Flask, hub: Hub, teller: Teller) -> None:
    """The event is taken down while pages of it are open."""
    gone, hall = make_event(seats=1), make_event(seats=1)
    lost, window = Window(app, hub, gone), Window(app, hub, hall)
    teller.look()
    lost.read()
    change_event(gone, status="draft")
    for event in (gone, hall):
        seat_ids = event.seat_ids
        db.session.execute(LOG_A_CHANGE, {"event": event.event_id, "seat": seat_ids[0]})
        db.session.commit()
    with pytest.raises(NotFound):
        teller.look()
    window.read()
    assert window.page.cursor > lost.page.cursor
    change_event(gone, status="published")
    teller.look()
    assert f"#seat-{gone.seat_ids[0]}" in lost.read()[0].data


def test_figures_say_what_went_out(app: Flask, hub: Hub, teller: Teller) -> None:
    hall = make_event(seats=3)
    windows = [Window(app, hub, hall) for _ in range(3)]
    teller.look()
    before = teller.sent.frames
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())
    teller.look()
    assert teller.sent.frames - before == len(windows)
    assert teller.sent.changes == 2
    figures = teller.freshness.figures()
    assert figures.count == 2
    assert 0 < figures.sum_seconds < 60
    assert figures.quantile(0.99) is not None
