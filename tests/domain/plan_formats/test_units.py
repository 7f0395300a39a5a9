"""Halls in pixels become halls in seats."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from seatbook.domain.plan_formats.units import in_seats, pitch_of
from seatbook.domain.plans import (
    PlanArea,
    PlanCategory,
    PlanLayout,
    PlanRow,
    PlanSeat,
    PlanSection,
    PlanShape,
)
from tests.plan_strategies import UNHURRIED, layouts

Points = list[tuple[float, float]]


def row(points: Points, *, kind: str = "row", shape: PlanShape | None = None) -> PlanRow:
    seats = tuple(PlanSeat(str(n), f"A{n}", x, y, "All") for n, (x, y) in enumerate(points, 1))
    return PlanRow("A", 0.0, seats, kind, shape)


def hall(*rows: PlanRow, **drawn: object) -> PlanLayout:
    section = PlanSection("Stalls", 0, "centre", 0, rows)
    areas = (PlanArea("seated", "Hall", sections=(section,)),)
    return PlanLayout((PlanCategory("All"),), areas, **drawn)  # type: ignore[arg-type]


def places(layout: PlanLayout) -> Points:
    return [(seat.x, seat.y) for seat in layout.seats]


LINE: Points = [(100 + 20 * n, 50) for n in range(5)]
CURVE: Points = [(300 * math.cos(n / 10), 300 * math.sin(n / 10)) for n in range(16, 26)]
RING: Points = [(40 * math.cos(n * math.pi / 4), 40 * math.sin(n * math.pi / 4)) for n in range(8)]


@pytest.mark.parametrize(
    ("rows", "pitch"),
    [
        ([row(LINE)], 20.0),
        ([row([(y, x) for x, y in LINE])], 20.0),  # a row that runs away from the stage
        ([row([(x, x) for x, _ in LINE])], 20 * math.sqrt(2)),
        ([row([*LINE[:2], (500, 50), (520, 50)])], 20.0),  # an aisle
        ([row([LINE[n] for n in (3, 0, 4, 2, 1)])], 20.0),  # drawn anyhow
        ([row(CURVE)], math.dist(CURVE[0], CURVE[1])),
        ([row(RING, kind="table")], math.dist(RING[0], RING[1])),
        ([row(LINE), row(LINE), row(RING, kind="table")], 20.0),  # most seats tell
    ],
)
def test_the_pitch_is_the_usual_distance_of_neighbours(rows: list[PlanRow], pitch: float) -> None:
    assert pitch_of(rows, usual=1.0) == pytest.approx(pitch)


def test_a_pitch_that_is_nearly_the_usual_one_is_the_usual_one() -> None:
    assert pitch_of([row(LINE)], usual=20.3) == 20.3
    assert pitch_of([row(LINE)], usual=20.5) == 20.0


@pytest.mark.parametrize(
    "rows", [[], [row([])], [row([(5, 5)])], [row([(5, 5), (5, 5)])], [row([(math.nan, 1), (2, 2)])]]
)
def test_where_nothing_tells_the_pitch_it_is_the_usual_one(rows: list[PlanRow]) -> None:
    assert pitch_of(rows, usual=25.0) == 25.0


def test_a_row_of_a_whole_hall_is_measured_in_a_moment() -> None:
    everybody = row([(n % 500 * 20, n // 500 * 20) for n in range(50_000)])

    assert pitch_of([everybody], usual=1.0) == 20.0


def test_the_axis_is_the_middle_and_the_first_row_is_at_zero() -> None:
    layout = in_seats(hall(row(LINE), row([(100, 90)])), usual_pitch=25)

    assert places(layout) == [(-2, 0), (-1, 0), (0, 0), (1, 0), (2, 0), (-2, 2)]
    assert [one.y for one in layout.rows] == [0, 2]


def test_the_focal_point_gives_the_axis_where_it_is_in_front_of_seats() -> None:
    assert places(in_seats(hall(row(LINE), focal_point=(110.0, 0.0)), usual_pitch=25))[0] == (-0.5, 0)
    assert places(in_seats(hall(row(LINE), focal_point=(90.0, 0.0)), usual_pitch=25))[0] == (-2, 0)


def test_the_middle_of_the_sheet_gives_the_axis_too() -> None:
    assert places(in_seats(hall(row(LINE)), usual_pitch=25, middle=120.0))[0] == (-1, 0)
    assert places(in_seats(hall(row(LINE)), usual_pitch=25, middle=900.0))[0] == (-2, 0)


def test_everything_that_is_drawn_comes_along() -> None:
    table = PlanShape("rectangle", 120, 70, 40, 20, rotation=30)
    layout = in_seats(
        hall(
            row(LINE, kind="table", shape=table),
            drawings=(
                PlanShape("line", points=((140, 50), (160, 70))),
                PlanShape("text", 140, 10, height=16, text="x"),
            ),
            focal_point=(140.0, 0.0),
        ),
        usual_pitch=25,
    )

    assert next(layout.rows).shape == PlanShape("rectangle", -1, 1, 2, 1, rotation=30)
    assert list(layout.drawings[0].points) == [(0, 0), (1, 1)]
    assert [layout.drawings[1].y, layout.drawings[1].height] == [-2, 0.8]
    assert layout.focal_point == (0, -2.5)


def test_a_hall_without_seats_stands_by_its_shapes() -> None:
    floor = PlanArea(
        "standing", "Floor", capacity=9, category="All", shape=PlanShape("circle", 200, 300, 80, 80)
    )
    layout = in_seats(PlanLayout((PlanCategory("All"),), (floor,)), usual_pitch=20)

    assert layout.areas[0].shape == PlanShape("circle", 0, 2, 4, 4)


def test_seats_whose_place_is_no_number_disturb_nobody() -> None:
    layout = in_seats(hall(row([*LINE, (math.nan, 50), (math.inf, 0)])), usual_pitch=25)

    assert places(layout)[:5] == [(-2, 0), (-1, 0), (0, 0), (1, 0), (2, 0)]
    assert math.isnan(places(layout)[5][0])


@given(layout=layouts())
@UNHURRIED
def test_doing_it_twice_is_doing_it_once(layout: PlanLayout) -> None:
    once = in_seats(layout, usual_pitch=1.0)

    assert in_seats(once, usual_pitch=1.0) == once
