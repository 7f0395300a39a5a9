"""Where everything of a drawn hall stands: seats to a fiftieth of their width, labels at the ends of rows."""

from __future__ import annotations

from dataclasses import replace
from math import cos, hypot, pi, sin

import pytest

from seatbook.domain.plan_shapes import bounds
from seatbook.domain.plans import PlanArea, PlanLayout, PlanRow, PlanSeat, PlanShape
from seatbook.extensions import db
from seatbook.queries.drawn_hall import (
    MARGIN,
    STEPS,
    WIDEST_GRID,
    DrawnHall,
    DrawnSection,
    Spot,
    draw_hall,
    is_drawn,
)
from seatbook.queries.event import EventView, load_event
from seatbook.queries.seats import SeatView, seats_of
from seatbook.queries.viewer import STRANGER
from tests.factories import Hall
from tests.planned import hall, planned_event, section, standing

pytestmark = pytest.mark.usefixtures("app_context")

STAGE = PlanShape("rectangle", x=0.0, y=-8.0, width=12.0, height=4.0, text="Stage", role="stage")


def curved(*, seats: int = 9, radius: float = 12.0) -> PlanLayout:
    """One section of one row, on an arc round the origin."""
    turns = [pi / 2 + (nth - (seats - 1) / 2) / radius for nth in range(seats)]
    row = PlanRow(
        "A",
        radius,
        tuple(
            PlanSeat(
                str(nth), f"A{nth}", round(radius * cos(turn), 3), round(radius * sin(turn), 3), "Stalls"
            )
            for nth, turn in enumerate(reversed(turns), 1)
        ),
    )
    return hall(replace(section("A1"), rows=(row,)))


def drawn(event: Hall) -> tuple[EventView, list[SeatView], DrawnHall]:
    db.session.rollback()
    view = load_event(event.event_id)
    seats = seats_of(event.event_id, viewer=STRANGER, at=view.moment.now)
    area = next(area for area in view.areas if area.kind == "seated")
    return view, seats, draw_hall(view, area, seats=seats)


def at(spot: Spot, of: DrawnHall) -> tuple[float, float]:
    """The place of a spot in the plan's own coordinates."""
    return of.left + spot.x + spot.x_steps / STEPS, of.top + spot.y + spot.y_steps / STEPS


def places(section: DrawnSection, of: DrawnHall) -> dict[str, tuple[float, float]]:
    """Middles of seats by label."""
    found = {}
    for run in section.runs:
        x, y = at(run.spot, of)
        for nth, seat in enumerate(run.seats):
            found[seat.label or ""] = (x + nth + 0.5, y + 0.5)
    return found


def test_every_seat_stands_where_the_plan_has_it() -> None:
    _, seats, house = drawn(planned_event(curved()))
    (only,) = house.sections
    found = places(only, house)
    assert len(found) == 9
    for seat in seats:
        assert seat.x is not None
        assert seat.y is not None
        x, y = found[seat.label or ""]
        assert hypot(x - seat.x, y - seat.y) < 1 / STEPS


def test_a_row_on_a_curve_is_drawn_seat_by_seat_and_a_straight_one_in_one_piece() -> None:
    _, _, bent = drawn(planned_event(curved()))
    _, _, straight = drawn(planned_event(hall("A1 A2 A3 . A4 A5", drawings=(STAGE,))))
    assert [len(run.seats) for run in bent.sections[0].runs] == [1] * 9
    assert [len(run.seats) for run in straight.sections[0].runs] == [3, 2]


def test_labels_stand_beyond_both_ends_of_a_row_in_its_direction() -> None:
    _, _, house = drawn(planned_event(curved()))
    (only,) = house.sections
    found = places(only, house)
    assert [mark.label for mark in only.marks] == ["A", "A"]
    for mark, end, inner in zip(only.marks, ("A1", "A9"), ("A2", "A8"), strict=True):
        x, y = at(mark.spot, house)
        x, y = x + 0.5, y + 0.5
        assert hypot(x - found[end][0], y - found[end][1]) == pytest.approx(1, abs=0.05)
        assert hypot(x - found[inner][0], y - found[inner][1]) == pytest.approx(2, abs=0.05)


def test_everything_lies_within_the_picture() -> None:
    layout = replace(hall(section("A1 A2", left=3.0, top=4.0), areas=(_floor(),)), drawings=(STAGE,))
    _, _, house = drawn(planned_event(layout))
    assert house.left <= -10 - MARGIN
    assert house.top <= -10 - MARGIN
    assert house.left + house.width >= 10 + MARGIN
    assert house.top + house.height >= 4.5 + MARGIN
    assert house.stage is None


def test_a_stage_that_nobody_drew_stands_before_the_first_row() -> None:
    sections = (section("A1 A2 A3", name="Left", left=-12.0), section("A1 A2 A3", name="Right", left=10.0))
    _, seats, house = drawn(planned_event(hall(*sections)))
    assert house.stage is not None
    left, top, right, bottom = bounds(house.stage)
    assert bottom < min(seat.y - 0.5 for seat in seats if seat.y is not None)
    assert (left + right) / 2 == 0
    assert house.top <= top - MARGIN


def test_a_wide_hall_is_drawn_and_a_small_one_is_a_grid() -> None:
    for seats, is_wide in ((WIDEST_GRID, False), (WIDEST_GRID + 1, True)):
        view, found, _ = drawn(planned_event(hall(" ".join(f"A{n}" for n in range(1, seats + 1)))))
        assert is_drawn(view, found) is is_wide


def test_parts_are_the_sections_and_whatever_else_has_an_outline() -> None:
    sections = (section("A1 A2 A3", name="Left"), section("A1 A2 A3", name="Right", left=8.0))
    _, _, house = drawn(
        planned_event(hall(*sections, areas=(_floor(), standing("Bar", 5)), drawings=(STAGE,)))
    )
    names = [part.section.name if part.section else part.area.name for part in house.parts]
    assert names == ["Left", "Right", "Floor"]
    left, right, _ = house.parts
    assert at(right.spot, house)[0] - at(left.spot, house)[0] == pytest.approx(8, abs=0.1)


def test_the_one_section_of_a_hall_is_no_part_of_it() -> None:
    _, _, house = drawn(planned_event(hall("A1 A2 A3", drawings=(STAGE,))))
    assert house.parts == ()
    assert len(house.sections) == 1


def test_beside_an_area_of_alike_places_the_one_section_is_a_part_too() -> None:
    _, _, house = drawn(planned_event(hall("A1 A2 A3", areas=(_floor(),), drawings=(STAGE,))))
    assert [part.section.name if part.section else part.area.name for part in house.parts] == [
        "Main",
        "Floor",
    ]


def test_chairs_round_a_table_have_no_row_labels() -> None:
    table = PlanRow(
        "T1",
        0.0,
        (PlanSeat("1", "T1-1", -1.5, 0.0, "Stalls"), PlanSeat("2", "T1-2", 1.5, 0.0, "Stalls")),
        kind="table",
        shape=PlanShape("circle", width=2.0, height=2.0),
    )
    _, _, house = drawn(planned_event(hall(replace(section("A1"), rows=(table,)))))
    assert house.sections[0].marks == ()
    assert [label for label, _ in house.tables] == ["T1"]


def test_a_plain_hall_of_straight_rows_is_not_drawn() -> None:
    view, seats, _ = drawn(planned_event(hall("A1 A2 | B1 B2")))
    assert not is_drawn(replace(view, drawing=None), seats)


def test_a_curve_or_a_drawing_makes_a_hall_a_drawn_one() -> None:
    view, seats, _ = drawn(planned_event(curved()))
    assert is_drawn(replace(view, drawing=None), seats)
    assert is_drawn(replace(view, drawing={"shapes": []}), ())


def _floor() -> PlanArea:
    return PlanArea(
        "standing",
        "Floor",
        capacity=20,
        category="Standing",
        shape=PlanShape("polygon", points=((-10.0, -4.0), (10.0, -4.0), (10.0, 2.0), (-10.0, 2.0))),
    )
