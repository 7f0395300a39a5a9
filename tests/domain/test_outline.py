"""Outlines of sections that nobody drew, round halls as nobody would build them."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatbook.domain.demonstration.arena import arena
from seatbook.domain.outline import MAX_OUTLINE_POINTS, ROOM, outline_of, outline_points
from seatbook.domain.plan_shapes import PlanShape, Point
from tests.plan_strategies import POINTS, UNHURRIED
from tests.planned import section


def sides(outline: tuple[Point, ...]) -> list[tuple[Point, Point]]:
    return list(pairwise((*outline, outline[0])))


def room(place: Point, outline: tuple[Point, ...]) -> float:
    """How far a place is from the nearest side; less than 0 outside. The points go round in one direction."""
    return min(
        ((bx - ax) * (place[1] - ay) - (by - ay) * (place[0] - ax)) / hypot(bx - ax, by - ay)
        for (ax, ay), (bx, by) in sides(outline)
    )


def turns(outline: tuple[Point, ...]) -> list[float]:
    corners = [*outline, *outline[:2]]
    return [
        (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in zip(corners, corners[1:], corners[2:], strict=False)
    ]


def arc(radius: float, *, seats: int, step: float = 1.0, middle: float = 0.3) -> list[Point]:
    angles = [middle + (nth - seats / 2) * step / radius for nth in range(seats)]
    return [(radius * cos(angle), radius * sin(angle)) for angle in angles]


HALLS = (
    st.lists(POINTS, min_size=1, max_size=60)
    | st.builds(lambda x, y: [(x + i, y) for i in range(9)], st.floats(-99, 99), st.floats(-99, 99))
    | st.builds(lambda radius, seats: arc(radius, seats=seats), st.floats(6, 300), st.integers(1, 300))
)


@UNHURRIED
@given(HALLS)
def test_every_seat_has_room_within_a_convex_outline_of_few_points(places: list[Point]) -> None:
    outline = outline_points(places)

    assert 3 <= len(outline) <= MAX_OUTLINE_POINTS
    assert len(set(outline)) == len(outline)
    assert all(turn > 0 for turn in turns(outline))
    assert all(room(place, outline) >= ROOM - 0.05 for place in places)
    assert all(round(number, 2) == number for point in outline for number in point)


@UNHURRIED
@given(HALLS)
def test_an_outline_is_no_larger_than_it_needs_to_be(places: list[Point]) -> None:
    xs, ys = [x for x, _ in places], [y for _, y in places]
    outline = outline_points(places)
    # A corner of two seats' rooms, and what a curve loses by having sixteen sides.
    spare = 1.1 + 0.06 * max(max(xs) - min(xs), max(ys) - min(ys))
    assert min(xs) - spare <= min(x for x, _ in outline)
    assert max(xs) + spare >= max(x for x, _ in outline)
    assert min(ys) - spare <= min(y for _, y in outline)
    assert max(ys) + spare >= max(y for _, y in outline)


def test_a_block_of_straight_rows_has_a_rectangle_however_it_is_turned() -> None:
    for angle in (0.0, 0.2, pi / 5, 2.0):
        places = [
            (x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle))
            for x in range(12)
            for y in range(8)
        ]
        outline = outline_points(places)
        lengths = sorted(hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in sides(outline))
        long = [length for length in lengths if length > 1]
        assert long == pytest.approx([7 + 2 * ROOM] * 2 + [11 + 2 * ROOM] * 2, abs=0.15)


def test_one_seat_and_one_row_have_an_outline_and_nobody_has_none() -> None:
    assert set(outline_points([(3.0, 4.0)])) == {(2.3, 3.3), (3.7, 3.3), (3.7, 4.7), (2.3, 4.7)}
    assert set(outline_points([(0.0, 0.0), (1.0, 0.0), (5.0, 0.0)])) == {
        (-0.7, -0.7),
        (5.7, -0.7),
        (5.7, 0.7),
        (-0.7, 0.7),
    }
    assert outline_points([]) == ()


def test_what_was_drawn_stays_and_only_the_rest_is_outlined() -> None:
    drawn = PlanShape("ellipse", 1, 1, 9, 9)
    assert outline_of(section("A1 A2", shape=drawn)) is drawn
    shape = outline_of(section("A1 A2 | B1 B2"))
    assert shape is not None
    assert shape.kind == "polygon"


def test_the_curved_sections_of_an_arena_are_outlined_closely() -> None:
    for area in arena(0.5).areas:
        for one in area.sections:
            places = [(seat.x, seat.y) for row in one.rows for seat in row.seats]
            outline = outline_points(places)
            # Each side passes by some seat.
            for a, b in sides(outline):
                near = min(abs((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) for x, y in places)
                assert (
                    near / hypot(b[0] - a[0], b[1] - a[1]) < ROOM + 0.05
                    or hypot(b[0] - a[0], b[1] - a[1]) < 0.5
                )
