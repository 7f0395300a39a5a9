"""Venues, shows and plans: found by name, made once, and never by halves."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import func, select

from seatbook.domain.catalogue import (
    NewVenue,
    create_show,
    create_venue,
    find_plan,
    find_show,
    find_venue,
    store_plan,
)
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.domain.plans import PlanArea, PlanCategory, PlanFaults, PlanLayout
from seatbook.errors import InvalidInput, NotFound
from seatbook.extensions import db
from seatbook.models import Plan, Venue

SMALL = plan_from_csv(b"zone,row,start,end\nStalls,A,1,4\n", file_name="small.csv").layout
LARGE = plan_from_csv(b"zone,row,start,end\nStalls,A,1,9\n", file_name="large.csv").layout


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_venue_is_found_whatever_its_capitals(app_context: AppContext) -> None:
    made = create_venue("Lyric Hall", address="1 Main Street", time_zone="Europe/Berlin")

    found = find_venue("lyric HALL")
    assert (found.venue_id, found.name, found.time_zone) == (made.venue_id, "Lyric Hall", "Europe/Berlin")
    with pytest.raises(InvalidInput, match="already a venue named “Lyric Hall”"):
        create_venue("LYRIC HALL")
    with pytest.raises(NotFound, match="no such venue as “Elsewhere”"):
        find_venue("Elsewhere")


@pytest.mark.parametrize("name", ["", "  ", " Hall", "Hall\0", "x" * 201])
def test_a_venue_needs_a_readable_name(app_context: AppContext, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be a venue's name"):
        create_venue(name)


def test_a_show_needs_a_kind_that_there_is(app_context: AppContext) -> None:
    show = create_show("The Quiet Hour", kind="concert")

    assert find_show("the quiet hour").show_id == show.show_id
    with pytest.raises(InvalidInput, match="“opera” is not a kind of show: film, theatre"):
        create_show("Loud", kind="opera")


def test_a_plan_and_its_new_venue_come_together(app_context: AppContext) -> None:
    stored = store_plan(SMALL, name="Small", venue=NewVenue("Lyric Hall", time_zone="Europe/Helsinki"))

    assert (stored.outcome, stored.venue.created) == ("created", True)
    found = find_plan("small", venue_id=stored.venue.venue_id)
    assert (found.plan_id, found.name, found.layout) == (stored.plan_id, "Small", SMALL)


def test_the_same_plan_again_changes_nothing(app_context: AppContext) -> None:
    first = store_plan(SMALL, name="Small", venue=NewVenue("Lyric Hall"))
    again = store_plan(SMALL, name="Small", venue=NewVenue("lyric hall"))

    assert (again.outcome, again.plan_id, again.venue.created) == ("unchanged", first.plan_id, False)


def test_other_seats_under_a_taken_name_are_refused_unless_they_shall_replace(
    app_context: AppContext,
) -> None:
    first = store_plan(SMALL, name="Hall", venue=NewVenue("Lyric Hall"))

    with pytest.raises(InvalidInput, match="already has a plan named “Hall” with other seats"):
        store_plan(LARGE, name="Hall", venue=NewVenue("Lyric Hall"))
    assert find_plan("Hall", venue_id=first.venue.venue_id).layout == SMALL

    replaced = store_plan(LARGE, name="Hall", venue=NewVenue("Lyric Hall"), replace=True)
    assert (replaced.outcome, replaced.plan_id) == ("replaced", first.plan_id)
    assert find_plan("Hall", venue_id=first.venue.venue_id).layout == LARGE


@pytest.mark.parametrize(
    ("layout", "name", "venue"),
    [
        (PlanLayout((), ()), "Hall", NewVenue("Lyric Hall")),
        (SMALL, "", NewVenue("Lyric Hall")),
        (SMALL, "Hall", NewVenue("Lyric Hall", time_zone="Nowhere")),
        (SMALL, "Hall", NewVenue("")),
    ],
)
def test_what_is_refused_leaves_no_venue_behind(
    app_context: AppContext, layout: PlanLayout, name: str, venue: NewVenue
) -> None:
    with pytest.raises(InvalidInput):
        store_plan(layout, name=name, venue=venue)

    assert (count(Venue), count(Plan)) == (0, 0)


def test_a_layout_that_no_event_could_use_is_never_kept(app_context: AppContext) -> None:
    unusable = PlanLayout((PlanCategory("A"),), (PlanArea("standing", "Floor", capacity=5, category="B"),))

    with pytest.raises(PlanFaults, match="category “B” is not among the plan's categories"):
        store_plan(unusable, name="Hall", venue=NewVenue("Lyric Hall"))
    assert count(Plan) == 0


def test_many_imports_at_the_same_moment_are_one_venue_and_one_plan(app: Flask) -> None:
    barrier = Barrier(8)
    outcomes: list[str] = []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            outcomes.append(store_plan(SMALL, name="Hall", venue=NewVenue("Lyric Hall")).outcome)

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert sorted(outcomes) == ["created", *["unchanged"] * 7]
        assert (count(Venue), count(Plan)) == (1, 1)
