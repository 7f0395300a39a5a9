"""What is drawn in a hall: outlines of areas and sections, tables, the stage, walls and texts.

A shape has no capacity and no state. Coordinates are the plan's own: in seats,
`x` to the right and `y` downwards on the page.

As JSON, in a plan's document and in the columns `area.shape`, `section.shape`
and `event.drawing`; what is 0 or empty is left out:

    {"kind": "rectangle", "x": 0, "y": -4, "width": 12, "height": 3, "text": "Stage", "role": "stage"}
    {"kind": "circle", "x": 8, "y": 2.5, "width": 2, "height": 2}
    {"kind": "polygon", "points": [[0, 0], [6, 0], [6, 4.5]], "rotation": 28}
    {"kind": "line", "points": [[-9, 0], [-9, 14]], "role": "wall"}
    {"kind": "text", "x": 0, "y": 15, "height": 0.8, "text": "Entrance"}
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from seatbook.domain.plan_limits import MAX_COORDINATE, MAX_NAME_LENGTH, is_coordinate
from seatbook.domain.plan_reading import DocumentReader

POINT_KINDS = ("polygon", "line")
BOX_KINDS = ("rectangle", "ellipse", "circle")
SHAPE_KINDS = (*POINT_KINDS, *BOX_KINDS, "text")
SHAPE_ROLES = ("", "stage", "wall")

MAX_POINTS = 200

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlanShape:
    """Something drawn.

    `x`, `y` are the middle of a rectangle, an ellipse, a circle or a text;
    `width` and `height` its size across (a circle's are equal; a text has the
    height of its letters only). Polygons and lines have `points` instead.
    `rotation` is in degrees clockwise: boxes and texts are turned about their
    middle; a polygon stands as its points say, and its text is turned.
    `role` tells a stage and a wall from other drawings.
    """

    kind: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    rotation: float = 0.0
    points: tuple[Point, ...] = ()
    text: str = ""
    role: str = ""

    @property
    def middle(self) -> Point:
        """Where its text stands."""
        left, top, right, bottom = bounds(self)
        return round((left + right) / 2, 2), round((top + bottom) / 2, 2)


def shape_document(shape: PlanShape) -> dict[str, Any]:
    """The JSON-ready form of a shape, as `read_shape` reads it back."""
    document: dict[str, Any] = {"kind": shape.kind}
    if shape.kind in POINT_KINDS:
        document["points"] = [list(point) for point in shape.points]
    else:
        document |= {"x": shape.x, "y": shape.y}
    for key in ("width", "height", "rotation", "text", "role"):
        if value := getattr(shape, key):
            document[key] = value
    return document


def shape_from_document(document: Mapping[str, Any]) -> PlanShape:
    """The shape out of what `shape_document` wrote, such as a column of an event."""
    return PlanShape(**{**document, "points": tuple((x, y) for x, y in document.get("points", ()))})


def read_shape(reader: DocumentReader, item: Any, where: str) -> PlanShape | None:
    """A shape out of a document. What is no shape at all is a fault and None."""
    if not isinstance(item, dict):
        reader.fault(where, "must be an object.")
        return None
    kind = reader.text(item, "kind", where)
    has_points = kind in POINT_KINDS
    return PlanShape(
        kind=kind,
        x=0.0 if has_points else reader.number(item, "x", where),
        y=0.0 if has_points else reader.number(item, "y", where),
        width=reader.number(item, "width", where, default=0.0),
        height=reader.number(item, "height", where, default=0.0),
        rotation=reader.number(item, "rotation", where, default=0.0),
        points=reader.points(item, "points", where) if has_points else (),
        text=reader.text(item, "text", where, default=""),
        role=reader.text(item, "role", where, default=""),
    )


def shape_faults(shape: PlanShape, where: str) -> Iterator[str]:
    """What is wrong with a shape, as sentences."""
    if shape.kind not in SHAPE_KINDS:
        yield f"{where}: kind “{shape.kind}” is not one of {', '.join(SHAPE_KINDS)}."
        return
    if shape.role not in SHAPE_ROLES:
        yield f"{where}: role “{shape.role}” is not one of {', '.join(filter(None, SHAPE_ROLES))}."
    numbers = (shape.x, shape.y, shape.width, shape.height, *(n for point in shape.points for n in point))
    if not all(is_coordinate(number) for number in numbers):
        yield f"{where}: it does not lie within {MAX_COORDINATE:,} seats."
    if not (math.isfinite(shape.rotation) and abs(shape.rotation) <= 360):
        yield f"{where}: a rotation is a number of degrees from -360 to 360."
    if len(shape.text) > MAX_NAME_LENGTH or not shape.text.isprintable():
        yield f"{where}: a text has at most {MAX_NAME_LENGTH} characters that can be shown, in one line."
    if shape.kind in POINT_KINDS:
        fewest = 3 if shape.kind == "polygon" else 2
        if not fewest <= len(shape.points) <= MAX_POINTS:
            yield f"{where}: a {shape.kind} has {fewest} to {MAX_POINTS} points, not {len(shape.points)}."
        if shape.x or shape.y or shape.width or shape.height:
            yield f"{where}: a {shape.kind} has points, and no place or size beside them."
        return
    if shape.points:
        yield f"{where}: only polygons and lines have points."
    if shape.kind == "text":
        if not shape.text.strip() or shape.height < 0 or shape.width:
            yield f"{where}: a text needs words, and has no size but the height of its letters."
    elif shape.width <= 0 or shape.height <= 0:
        yield f"{where}: width and height must be more than 0."
    elif shape.kind == "circle" and shape.width != shape.height:
        yield f"{where}: a circle is as wide as high."


def bounds(shape: PlanShape) -> Box:
    """Left, top, right and bottom of a shape as it stands. A text counts as its middle."""
    if shape.kind in POINT_KINDS:
        xs, ys = [x for x, _ in shape.points], [y for _, y in shape.points]
        return min(xs), min(ys), max(xs), max(ys)
    turn = math.radians(shape.rotation)
    if shape.kind == "rectangle":
        half_width = abs(shape.width * math.cos(turn)) / 2 + abs(shape.height * math.sin(turn)) / 2
        half_height = abs(shape.width * math.sin(turn)) / 2 + abs(shape.height * math.cos(turn)) / 2
    else:
        half_width = math.hypot(shape.width * math.cos(turn), shape.height * math.sin(turn)) / 2
        half_height = math.hypot(shape.width * math.sin(turn), shape.height * math.cos(turn)) / 2
    if shape.kind == "text":
        half_width = half_height = 0.0
    return shape.x - half_width, shape.y - half_height, shape.x + half_width, shape.y + half_height


def moved(shape: PlanShape, *, by: Point) -> PlanShape:
    """The same shape elsewhere."""
    dx, dy = by
    if shape.kind in POINT_KINDS:
        return replace(shape, points=tuple((x + dx, y + dy) for x, y in shape.points))
    return replace(shape, x=shape.x + dx, y=shape.y + dy)


def turned(point: Point, *, degrees: float) -> Point:
    """The point turned clockwise (as the page shows it) about the origin."""
    turn = math.radians(degrees)
    x, y = point
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
