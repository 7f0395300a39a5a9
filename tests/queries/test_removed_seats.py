"""Seats that a new version of the plan removed: gone from the map and the figures, told to pages that are open."""

from __future__ import annotations

from flask.ctx import AppContext

from seatbook.domain.inventory import hold_seats
from seatbook.domain.plan_apply import apply_plan
from seatbook.queries.figures import figures_of_areas, figures_of_events
from seatbook.queries.moment import read_moment
from seatbook.queries.seats import seats_by_id, seats_of
from seatbook.queries.viewer import STRANGER
from tests.factories import let_hold_end, make_holder
from tests.planned import hall, planned_event, seat_id


def test_a_seat_that_was_held_once_is_off_the_map(app_context: AppContext) -> None:
    event = planned_event(hall("A1 A2 A3"))
    seat = seat_id(event, "A3")
    over = hold_seats(event.event_id, seat_ids=[seat], holder=make_holder())
    let_hold_end(event, over.reservation_id)
    apply_plan(event.event_id, layout=hall("A1 A2"))
    now = read_moment().now

    assert [one.label for one in seats_of(event.event_id, viewer=STRANGER, at=now)] == ["A1", "A2"]
    assert figures_of_events([event.event_id])[event.event_id].total == 2
    assert sum(one.total for one in figures_of_areas(event.event_id, at=now).values()) == 2
    # A page that was open when the plan changed asks for it, and shows that it cannot be had.
    [removed] = seats_by_id(event.event_id, seat_ids=[seat], viewer=STRANGER, at=now)
    assert removed.status == "blocked"
