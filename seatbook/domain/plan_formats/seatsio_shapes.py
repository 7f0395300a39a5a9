"""What things look like in a chart of seats.io: outlines, boxes and rounds, in the chart's pixels."""

from __future__ import annotations

from typing import Any

from seatbook.domain.plan_formats.file_reader import FileReader, one_line
from seatbook.domain.plan_reading import as_number
from seatbook.domain.plan_shapes import MAX_POINTS, PlanShape, Point

SHAPE_KEYS = frozenset(
    {"type", "points", "center", "width", "height", "radius", "radius1", "radius2", "rotationAngle"}
)
DRAWING_KEYS = SHAPE_KEYS | {"label", "smartType", "objectType"}
TEXT_KEYS = frozenset({"text", "label", "fontSize", "objectType", "x", "y", "center", "rotationAngle"})


def read_shape(reader: FileReader, item: dict[str, Any], path: str) -> PlanShape | None:
    """What an object looks like; None with a note where the file says it in a way that is not known here."""
    rotation = reader.angle(item, "rotationAngle", path)
    if item.get("points"):
        return read_outline(reader, item, path, rotation=0.0)
    middle = reader.point(item, "center", path)
    if middle is not None:
        across = reader.size(item, "radius", path)
        radii = reader.size(item, "radius1", path) or across, reader.size(item, "radius2", path) or across
        size = reader.size(item, "width", path), reader.size(item, "height", path)
        if min(radii) > 0:
            kind = "circle" if radii[0] == radii[1] else "ellipse"
            return PlanShape(kind, *middle, width=2 * radii[0], height=2 * radii[1], rotation=rotation)
        if min(size) > 0:
            return PlanShape("rectangle", *middle, width=size[0], height=size[1], rotation=rotation)
    reader.note(path, "its shape is given in a way that is not known here, so it is not drawn.")
    return None


def read_outline(reader: FileReader, item: dict[str, Any], path: str, *, rotation: float) -> PlanShape | None:
    """A polygon, or a line. `rotation` turns the text in it."""
    points = reader.outline(item, "points", path)
    kind = "line" if len(points) == 2 or "line" in str(item.get("type")) else "polygon"
    if len(points) > MAX_POINTS:
        reader.note(path, f"its outline has {len(points):,} points, more than {MAX_POINTS}; it is not drawn.")
        return None
    return PlanShape(kind, rotation=rotation, points=points) if points else None


def read_drawing(reader: FileReader, item: dict[str, Any], path: str) -> PlanShape | None:
    """A stage, a wall, a bar: a shape with a text in it."""
    reader.uses(item, path, DRAWING_KEYS)
    shape = read_shape(reader, item, path)
    if shape is None:
        return None
    role = reader.label(item, "smartType", path)
    if role not in ("stage", "wall"):
        role = "wall" if shape.kind == "line" else ""
    return PlanShape(
        kind=shape.kind,
        x=shape.x,
        y=shape.y,
        width=shape.width,
        height=shape.height,
        rotation=shape.rotation,
        points=shape.points,
        text=one_line(reader.label(item, "label", path)),
        role=role,
    )


def read_text(reader: FileReader, item: dict[str, Any], path: str) -> PlanShape | None:
    """Words without a shape around them."""
    reader.uses(item, path, TEXT_KEYS)
    words = one_line(reader.label(item, "text", path) or reader.label(item, "label", path))
    middle = reader.point(item, "center", path) or _own_point(item)
    if not words or middle is None:
        reader.note(path, "this text has no words or no place, so it was left out.")
        return None
    height = max(0.0, reader.size(item, "fontSize", path))
    return PlanShape(
        "text", *middle, height=height, rotation=reader.angle(item, "rotationAngle", path), text=words
    )


def _own_point(item: dict[str, Any]) -> Point | None:
    x, y = as_number(item.get("x")), as_number(item.get("y"))
    return None if x is None or y is None else (x, y)
