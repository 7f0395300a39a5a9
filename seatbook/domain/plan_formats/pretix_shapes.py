"""The drawings of a pretix seating plan ("areas"), in pixels, and ours: the same things said in two ways.

There, everything is drawn in the area's own frame, which is moved to `position`
and turned about it; a rectangle begins at that point, rounds have their middle
there. A line does not exist: it is written as a polygon that goes there and
back, and read as a line again. Sizes are whole pixels, coordinates any number.
"""

from __future__ import annotations

from typing import Any

from seatbook.domain.plan_formats.file_reader import FileReader, one_line
from seatbook.domain.plan_shapes import MAX_POINTS, PlanShape, Point, turned

PX_DECIMALS = 3
USUAL_TEXT_SIZE = 16

AREA_KEYS = frozenset(
    {"shape", "position", "rotation", "polygon", "rectangle", "ellipse", "circle", "text"}
    | {"color", "border_color", "uuid"}
)
# Words for a stage or a screen in the languages of zone_names.py; a drawing that says one is the stage.
_STAGES = (
    "stage screen bühne leinwand näyttämö lava scen scene scène podium toneel escenario palco palcoscenico "
    "pódio scena jeviště"
)
STAGE_WORDS = frozenset(_STAGES.split())

FILL = {"stage": "#d9d9d9", "wall": "#555555", "": "#eeeeee"}
BORDER = "#555555"


def role_of(text: str) -> str:
    """stage, where the text says so; else nothing."""
    return "stage" if text.casefold() in STAGE_WORDS else ""


def kept_role(shape: PlanShape) -> str:
    """The role that a drawing has when it was written and read again."""
    return role_of(shape.text) or ("wall" if shape.kind == "line" else "")


def read_area(reader: FileReader, item: dict[str, Any], path: str) -> PlanShape | None:
    """A drawing in its zone's pixels; None with a note where the file says it in a way not known here."""
    reader.uses(item, path, AREA_KEYS)
    position = reader.point(item, "position", path) or (0.0, 0.0)
    rotation = reader.angle(item, "rotation", path)
    text_of = reader.object(item, "text", path) or {}
    text = one_line(reader.label(text_of, "text", f"{path}.text"))
    kind = reader.label(item, "shape", path)
    own = reader.object(item, kind, path) if kind in ("polygon", "rectangle", "ellipse", "circle") else None
    where = f"{path}.{kind}"
    if kind == "text":
        inner = reader.point(text_of, "position", f"{path}.text") or (0.0, 0.0)
        size = reader.size(text_of, "size", f"{path}.text") or USUAL_TEXT_SIZE
        if text:
            middle = _from_frame(inner, position, rotation)
            return PlanShape("text", *middle, height=max(0.0, size), rotation=rotation, text=text)
    elif own is not None and kind == "polygon":
        points = [_from_frame(p, position, rotation) for p in reader.outline(own, "points", where)]
        line = _line_there_and_back(points)
        if line:
            return PlanShape("line", points=tuple(line), text=text, role=role_of(text) or "wall")
        if 3 <= len(points) <= MAX_POINTS:
            return PlanShape("polygon", points=tuple(points), text=text, role=role_of(text))
    elif own is not None and kind == "rectangle":
        width, height = reader.size(own, "width", where), reader.size(own, "height", where)
        if width > 0 and height > 0:
            middle = _from_frame((width / 2, height / 2), position, rotation)
            return PlanShape(kind, *middle, width, height, rotation, text=text, role=role_of(text))
    elif own is not None:
        radii = reader.point(own, "radius", where) if kind == "ellipse" else None
        radius = reader.size(own, "radius", where) if kind == "circle" else 0.0
        wide, high = radii or (radius, radius)
        if wide > 0 and high > 0:
            return PlanShape(kind, *position, 2 * wide, 2 * high, rotation, text=text, role=role_of(text))
    reader.note(path, "this drawing has no shape that is known here, so it was left out.")
    return None


def area_document(shape: PlanShape, *, size: float, corner: Point) -> dict[str, Any]:
    """A shape as a pretix area. `size` is the pixels of a seat's pitch; `corner` what lies at pixel 0."""

    def px(point: Point) -> Point:
        return (point[0] - corner[0]) * size, (point[1] - corner[1]) * size

    def whole(length: float) -> int:
        return max(1, round(length * size))

    document: dict[str, Any] = {
        "shape": shape.kind,
        "color": FILL[shape.role],
        "border_color": BORDER,
        "rotation": 0 if shape.points else shape.rotation,
        "position": {"x": 0, "y": 0},
    }
    text: dict[str, Any] = {"text": shape.text, "color": "#333333", "position": {"x": 0, "y": 0}}
    if shape.points:
        points = [px(point) for point in shape.points]
        if shape.kind == "line":
            points += points[-2:0:-1]
            document["shape"] = "polygon"
        document["polygon"] = {"points": [xy(point) for point in points]}
        xs, ys = zip(*points, strict=True)
        text["position"] = xy(((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2))
    elif shape.kind == "rectangle":
        width, height = whole(shape.width), whole(shape.height)
        middle = px((shape.x, shape.y))
        begin = turned((-width / 2, -height / 2), degrees=shape.rotation)
        document["position"] = xy((middle[0] + begin[0], middle[1] + begin[1]))
        document["rectangle"] = {"width": width, "height": height}
        text["position"] = xy((width / 2, height / 2))
    else:
        document["position"] = xy(px((shape.x, shape.y)))
        if shape.kind == "circle":
            document["circle"] = {"radius": whole(shape.width / 2)}
        elif shape.kind == "ellipse":
            document["ellipse"] = {"radius": xy((shape.width * size / 2, shape.height * size / 2))}
        else:
            text["size"] = whole(shape.height) if shape.height else USUAL_TEXT_SIZE
    # Without words too: the drawing program looks for them.
    document["text"] = text
    return document


def xy(point: Point) -> dict[str, float]:
    """A position in pixels. Whole numbers are written as such, as the drawing program does."""
    x, y = (round(number, PX_DECIMALS) for number in point)
    return {"x": int(x) if x == int(x) else x, "y": int(y) if y == int(y) else y}


def _from_frame(point: Point, position: Point, rotation: float) -> Point:
    x, y = turned(point, degrees=rotation) if rotation else point
    return position[0] + x, position[1] + y


def _line_there_and_back(points: list[Point]) -> list[Point]:
    """The line that a polygon goes there and back, or nothing: a, b, c, b is the line a, b, c."""
    count = len(points)
    if count < 2 or count % 2:
        return []
    there = points[: count // 2 + 1]
    return there if there[-2:0:-1] == points[count // 2 + 1 :] else []
