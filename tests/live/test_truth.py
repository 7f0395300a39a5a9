"""Whatever happens, and however often the line breaks: an open page shows what is true."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatbook.live.hub import Hub
from seatbook.live.teller import Teller
from seatbook.web.live_drawing import draw
from tests.factories import Hall, make_area, make_event, make_holder, seat_row, statuses
from tests.live.acts import ACTS, People, changes_made
from tests.live.window import Window

pytestmark = pytest.mark.usefixtures("app_context")

CUTS = 100
CHANGES = 5_000
# Mostly what changes many places, so that so many changes take few acts.
LIVELY_ACTS = ("hold",) * 6 + ("release all",) * 4 + ("block", "unblock") * 2 + ACTS


def assert_true(window: Window) -> None:
    """The page shows what a fresh one would, and both what is written."""
    window.read()
    if window.page.behind:
        window.fetch()
    fresh = window.fresh_page()
    assert window.page.shows_the_same_as(fresh), "\n".join(window.page.differences(fresh))


def test_a_stream_that_is_cut_a_hundred_times_misses_nothing(app: Flask, hub: Hub, teller: Teller) -> None:
    dice = random.Random(20_250)
    hall = make_event(seats=100, max_seats=1_000)
    area_id = make_area(hall, kind="standing", places=30)
    stranger, owner = Window(app, hub, hall), Window(app, hub, hall)
    owner.visitor.pick(hall.event_id, hall.seat_ids[0])
    owner.reopen()
    holders = [owner.holder, *(make_holder() for _ in range(5))]
    people = People(hall, holders, dice=dice, area_id=area_id, most_at_once=50)
    teller.look()
    for cut in range(1, CUTS + 1):
        cut_at = dice.randint((cut - 1) * CHANGES // CUTS, cut * CHANGES // CUTS)
        is_cut = False
        while (made := changes_made(hall)) < cut * CHANGES // CUTS:
            for _ in range(dice.randint(1, 3)):
                people.act(dice.choice(LIVELY_ACTS))
            if dice.random() < 0.5:
                teller.look()
            if dice.random() < 0.3:
                stranger.read()
                owner.read()
            if not is_cut and made >= cut_at:
                stranger.cut_somewhere(dice)
                owner.cut_somewhere(dice)
                is_cut = True
        teller.look()
        assert_true(stranger)
        assert_true(owner)
    assert changes_made(hall) >= CHANGES


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(ACTS), min_size=8, max_size=30), st.integers(0, 2**32))
def test_map_figures_and_database_agree_after_any_acts(app: Flask, acts: list[str], seed: int) -> None:
    """Whoever owns some of the places, and somebody who owns none; looks come in between at random."""
    dice = random.Random(seed)
    hub = Hub()
    teller = Teller(app, hub, draw=draw)
    hall = make_event(seats=8)
    area_id = make_area(hall, kind="standing", places=6)
    owner, stranger = Window(app, hub, hall), Window(app, hub, hall)
    owner.visitor.pick(hall.event_id, hall.seat_ids[0])
    people = People(hall, [owner.holder, make_holder()], dice=dice, area_id=area_id)
    for act in acts:
        people.act(act)
        if dice.random() < 0.4:
            teller.look()
    teller.look()
    # The first look brings a new stream up to date; from then on it is told what is new.
    people.act(dice.choice(ACTS))
    teller.look()
    assert_true(owner)
    assert_true(stranger)
    assert_shows_what_is_written(stranger, hall)


def assert_shows_what_is_written(window: Window, hall: Hall) -> None:
    written = statuses(hall)
    for seat_id in hall.seat_ids:
        row = seat_row(hall, seat_id)
        shown = window.page.seats[seat_id]
        if row.status != "held":
            assert f"data-status={row.status}" in shown
    counted = {name: int(count) for name, count in window.page.figures.items()}
    # What time has ended is written as held until a sweep writes it down, and shown as available.
    assert counted["reserved"] == written.count("reserved")
    assert counted["held"] <= written.count("held")
    assert counted["available"] + counted["held"] == written.count("available") + written.count("held")
