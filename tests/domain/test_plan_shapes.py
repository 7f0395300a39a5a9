"""Shapes: what goes in comes out, what cannot be drawn is named, and boxes know where they are."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from seatbook.domain.plan_reading import DocumentReader
from seatbook.domain.plan_shapes import (
    PlanShape,
    bounds,
    moved,
    read_shape,
    shape_document,
    shape_faults,
    turned,
)
from tests.plan_strategies import UNHURRIED, shapes


@given(shape=shapes())
@UNHURRIED
def test_a_shape_comes_back_as_it_was(shape: PlanShape) -> None:
    reader = DocumentReader()

    assert read_shape(reader, json.loads(json.dumps(shape_document(shape))), "here") == shape
    assert reader.faults == []
    assert list(shape_faults(shape, "here")) == []


def test_what_says_nothing_is_not_written() -> None:
    assert shape_document(PlanShape("circle", 1.0, 2.0, 3.0, 3.0)) == {
        "kind": "circle",
        "x": 1.0,
        "y": 2.0,
        "width": 3.0,
        "height": 3.0,
    }
    assert shape_document(PlanShape("line", points=((0.0, 0.0), (1.0, 0.0)), role="wall")) == {
        "kind": "line",
        "points": [[0.0, 0.0], [1.0, 0.0]],
        "role": "wall",
    }


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        (PlanShape("star"), "kind “star” is not one of"),
        (PlanShape("rectangle", 0, 0, 1, 1, role="bar"), "role “bar” is not one of stage, wall."),
        (PlanShape("rectangle", math.nan, 0, 1, 1), "it does not lie within 10,000 seats."),
        (PlanShape("rectangle", 0, 0, 1e9, 1), "it does not lie within 10,000 seats."),
        (PlanShape("rectangle", 0, 0, 1, 0), "width and height must be more than 0."),
        (PlanShape("ellipse", 0, 0, -1, 1), "width and height must be more than 0."),
        (PlanShape("circle", 0, 0, 1, 2), "a circle is as wide as high."),
        (PlanShape("rectangle", 0, 0, 1, 1, rotation=math.inf), "a rotation is a number of degrees"),
        (PlanShape("rectangle", 0, 0, 1, 1, rotation=400), "a rotation is a number of degrees"),
        (PlanShape("rectangle", 0, 0, 1, 1, points=((0, 0),)), "only polygons and lines have points."),
        (PlanShape("polygon", points=((0, 0), (1, 1))), "a polygon has 3 to 200 points, not 2."),
        (PlanShape("polygon", points=((0, 0),) * 201), "a polygon has 3 to 200 points, not 201."),
        (PlanShape("line", points=((0, 0), (math.inf, 1))), "it does not lie within 10,000 seats."),
        (PlanShape("line", x=1, points=((0, 0), (1, 1))), "a line has points, and no place or size"),
        (PlanShape("text", 0, 0, text=" "), "a text needs words"),
        (PlanShape("text", 0, 0, width=1, text="Bar"), "a text needs words, and has no size but"),
        (PlanShape("text", 0, 0, text="a\x1b[2Jb"), "a text has at most 120 characters that can be shown"),
        (PlanShape("text", 0, 0, text="x" * 121), "a text has at most 120 characters"),
    ],
)
def test_a_shape_that_cannot_be_drawn_is_named(shape: PlanShape, fault: str) -> None:
    faults = list(shape_faults(shape, "drawing 1"))

    assert len(faults) == 1
    assert faults[0].startswith(f"drawing 1: {fault}")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("circle", "here: must be an object."),
        ({"kind": 1}, "here: “kind” must be a text."),
        ({"kind": "circle", "x": "1", "y": 2}, "here: “x” must be a number."),
        ({"kind": "circle", "x": 1}, "here: “y” must be a number."),
        ({"kind": "line", "points": [[0, 0], [1]]}, "here: “points” must be a list of pairs of numbers."),
        ({"kind": "line"}, "here: “points” must be a list of pairs of numbers."),
        ({"kind": "line", "points": "0,0"}, "here: “points” must be a list of pairs of numbers."),
    ],
)
def test_a_value_of_a_wrong_kind_is_named(value: Any, fault: str) -> None:
    reader = DocumentReader()
    read_shape(reader, value, "here")

    assert fault in reader.faults


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        (PlanShape("rectangle", 1, 2, 4, 2), (-1, 1, 3, 3)),
        (PlanShape("rectangle", 1, 2, 4, 2, rotation=90), (0, 0, 2, 4)),
        (PlanShape("ellipse", 0, 0, 4, 2, rotation=90), (-1, -2, 1, 2)),
        (PlanShape("circle", 0, 0, 2, 2, rotation=45), (-1, -1, 1, 1)),
        (PlanShape("polygon", points=((0, 0), (3, 1), (1, -2)), rotation=90), (0, -2, 3, 1)),
        (PlanShape("text", 5, 6, height=1, text="Bar"), (5, 6, 5, 6)),
    ],
)
def test_bounds_are_those_of_the_shape_as_it_stands(
    shape: PlanShape, box: tuple[float, float, float, float]
) -> None:
    assert bounds(shape) == pytest.approx(box)


def test_a_moved_shape_is_the_same_one_elsewhere() -> None:
    assert moved(PlanShape("circle", 1, 2, 3, 3), by=(10, 20)) == PlanShape("circle", 11, 22, 3, 3)
    line = PlanShape("line", points=((0, 0), (1, 1)))
    assert moved(line, by=(10, 20)).points == ((10, 20), (11, 21))


def test_turning_goes_clockwise_on_the_page() -> None:
    # y counts downwards: what was right of the middle is below it a quarter of a turn later.
    assert turned((1, 0), degrees=90) == pytest.approx((0, 1))
