"""The demonstration's arena: a credible hall, at its full size and at the small one that other tests use."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

import pytest

from seatbook.domain.demonstration.arena import BY_DISTANCE, COLOURS, PRICES, arena
from seatbook.domain.demonstration.arena_bowl import Bowl
from seatbook.domain.money import price_minor
from seatbook.domain.plan_shapes import MAX_POINTS, Point
from seatbook.domain.plans import PlanLayout, PlanSection, check_layout
from seatbook.models.inventory import SEAT_FEATURES


def sections_of(layout: PlanLayout) -> list[PlanSection]:
    return [section for area in layout.areas for section in area.sections]


def size_of(section: PlanSection) -> int:
    return sum(len(row.seats) for row in section.rows)


def is_inside(point: Point, outline: tuple[Point, ...]) -> bool:
    """Whether a ray to the right crosses the outline an odd number of times."""
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in pairwise((*outline, outline[0])):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossings += 1
    return crossings % 2 == 1


@pytest.mark.parametrize("size", [0.25, 0.3, 0.5, 1.0])
def test_it_is_a_plan_of_which_events_can_be_made(size: float) -> None:
    layout = arena(size)

    check_layout(layout)
    assert {category.name for category in layout.categories} == set(PRICES) == set(COLOURS)
    assert len(set(COLOURS.values())) == len(COLOURS)
    used = {seat.category for seat in layout.seats} | {area.category for area in layout.areas}
    assert set(PRICES) <= used
    assert {feature for seat in layout.seats for feature in seat.features} == set(SEAT_FEATURES)


def test_at_its_full_size_it_has_20_000_seats_in_sections_of_400_to_500() -> None:
    layout = arena()

    assert 19_000 <= layout.seat_count <= 21_000
    assert layout.place_count - layout.seat_count == 2_000
    boxes = [section for section in sections_of(layout) if section.name.startswith("Box")]
    rings = [section for section in sections_of(layout) if section not in boxes]
    assert [section.name for section in rings] == [*map(str, range(101, 118)), *map(str, range(201, 226))]
    assert all(300 <= size_of(section) <= 700 for section in rings)
    assert {(row.kind, row.as_a_whole) for box in boxes for row in box.rows} == {("table", True)}


@pytest.mark.parametrize("size", [0.3, 1.0])
def test_every_seat_lies_within_its_section_and_in_no_other(size: float) -> None:
    sections = sections_of(arena(size))

    for section in sections:
        assert section.shape is not None
        assert len(section.shape.points) <= MAX_POINTS // 4
        assert all(
            is_inside((seat.x, seat.y), section.shape.points) for row in section.rows for seat in row.seats
        )
        others = [other.shape for other in sections if other is not section]
        corners = [(row.seats[end].x, row.seats[end].y) for row in section.rows for end in (0, -1)]
        assert not any(other is not None and is_inside(c, other.points) for other in others for c in corners)


def test_rows_are_arcs_with_their_seats_side_by_side() -> None:
    for section in sections_of(arena()):
        for row in section.rows:
            if row.kind == "table":
                continue
            gaps = [hypot(b.x - a.x, b.y - a.y) for a, b in pairwise(row.seats)]
            assert max(gaps) - min(gaps) < 0.06
            assert 0.95 < min(gaps) < (2 if row.seats[0].features else 1.15)


def test_the_halves_are_alike_but_for_the_boxes() -> None:
    layout = arena(0.5)
    places = {(seat.x, seat.y) for seat in layout.seats if seat.category != "Box"}

    # A place is rounded, and so is its image.
    images = {
        (round(-x + dx, 2), round(y + dy, 2))
        for x, y in places
        for dx in (-0.01, 0, 0.01)
        for dy in (-0.01, 0, 0.01)
    }
    assert places <= images


def test_nearer_is_dearer() -> None:
    prices = [price_minor(PRICES[name], currency="EUR") for name in BY_DISTANCE]
    assert prices == sorted(prices, reverse=True)
    layout = arena(0.5)
    front = [seat for seat in layout.seats if seat.y > 0 and seat.category in BY_DISTANCE]
    mean = [
        sum(hypot(seat.x, seat.y) for seat in of) / len(of)
        for of in ([seat for seat in front if seat.category == name] for name in BY_DISTANCE)
    ]
    assert mean == sorted(mean)


def test_the_edge_of_the_floor_has_no_corner() -> None:
    bowl = Bowl()
    turns = [nth / 1000 * bowl.last_turn for nth in range(-1000, 1001)]
    for distance in (0.0, 30.0):
        points = [bowl.at(turn, distance=distance) for turn in turns]
        steps = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
        assert max(steps) < (200 + distance) * bowl.last_turn / 1000 + 0.02
        length = bowl.along(bowl.last_turn, distance=distance)
        assert sum(steps) == pytest.approx(2 * length, rel=0.01)
        for turn in turns[::100]:
            along = bowl.along(turn, distance=distance)
            assert bowl.turn(along, distance=distance) == pytest.approx(turn, abs=1e-9)
