"""A hall as it was drawn: outlines, stage and texts, and over them seats at their real places.

The drawing is an SVG; seats and names stand over it as HTML, so that a seat is
the same button on every kind of map. Places are counted in seats' widths from
the left upper corner of the hall (`Spot`), in steps that places.css has classes
for. Everything else keeps the plan's own coordinates, by the SVG's viewBox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, hypot
from typing import NamedTuple

from seatbook.domain.plan_shapes import Box, PlanShape, bounds, shape_from_document
from seatbook.queries.event import AreaView, EventView, SectionView
from seatbook.queries.seats import SeatView

# A seat's width in steps: a third of a pixel on a close map.
STEPS = 50
# As large as places.css has classes for, in seats; what is larger is cut off.
MAX_SPAN = 600
# Around everything that is drawn, in seats.
MARGIN = 2.0
# A hall that nobody drew is a grid while a phone can show it without a closer look at its parts, in seats.
WIDEST_GRID = 26
# The stage of a hall that nobody drew one for: so far from the first row, and so high, in seats.
STAGE_DISTANCE, STAGE_HEIGHT = 2.0, 2.5


class Spot(NamedTuple):
    """A place in the hall from its left upper corner: whole seats, and steps of one seat."""

    x: int
    x_steps: int
    y: int
    y_steps: int


class Placed(NamedTuple):
    """A seat whose middle has a place in the hall."""

    seat: SeatView
    x: float
    y: float


class RowMark(NamedTuple):
    """A row's label at one of its ends."""

    spot: Spot
    label: str


class SeatRun(NamedTuple):
    """Seats side by side on a straight line across; on a curve every seat is a run of its own."""

    spot: Spot
    seats: tuple[SeatView, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A section, or an area of alike places (then `section` is None), as a piece of the drawing.

    `shape` is its outline; `spot` the left upper corner of the room for its name,
    which is `width` whole seats wide and `height` high.
    """

    section: SectionView | None
    area: AreaView
    shape: PlanShape
    spot: Spot
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DrawnSection:
    """The seats of one section, and its rows' labels."""

    section: SectionView | None
    runs: tuple[SeatRun, ...]
    marks: tuple[RowMark, ...]
    spot: Spot
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DrawnHall:
    """What is drawn of one area and around it. `left`, `top`, `width`, `height` are the viewBox, in seats."""

    left: float
    top: float
    width: int
    height: int
    drawings: tuple[PlanShape, ...]
    tables: tuple[tuple[str, PlanShape], ...]
    parts: tuple[Part, ...]
    sections: tuple[DrawnSection, ...] = ()
    # Where nobody drew a stage.
    stage: PlanShape | None = None


def is_drawn(event: EventView, seats: Iterable[SeatView]) -> bool:
    """Somebody drew this hall, its rows are not straight, or it is too wide for a grid of cells."""
    placed = _placed(seats)
    if not placed:
        return bool(event.drawing)
    left, _, right, _ = _box_of(placed)
    return bool(event.drawing) or right - left > WIDEST_GRID or _has_curves(placed)


def draw_hall(
    event: EventView,
    area: AreaView,
    *,
    seats: Sequence[SeatView],
) -> DrawnHall:
    """The whole drawing of a seated area, with the areas beside it that have an outline.

    `seats` are those that are shown now: all, those of one section, or none.
    """
    drawing = event.drawing or {}
    shapes = tuple(shape_from_document(shape) for shape in drawing.get("shapes", ()))
    tables = tuple(
        (table["row"] if table["kind"] == "table" else "", shape_from_document(table["shape"]))
        for table in drawing.get("tables", ())
        if "shape" in table
    )
    sections = [section for section in event.sections if section.area_id == area.id]
    outlines = {s.id: shape_from_document(s.shape) for s in sections if s.shape is not None}
    beside = [(other, shape_from_document(other.shape)) for other in event.areas if other.shape is not None]
    boxes = [bounds(shape) for shape in (*shapes, *(shape for _, shape in tables), *outlines.values())]
    boxes += [bounds(shape) for _, shape in beside]
    if placed := _placed(seats):
        boxes.append(_box_of(placed))
    stage = None if any(shape.role == "stage" for shape in shapes) else _stage(boxes)
    if stage:
        boxes.append(bounds(stage))
    left, top, right, bottom = _around(boxes)
    corner = (left, top)
    parts = [
        _part(area, section, outlines[section.id], corner=corner)
        for section in sections
        if section.id in outlines and (len(sections) > 1 or beside)
    ]
    parts += [_part(other, None, shape, corner=corner) for other, shape in beside]
    return DrawnHall(
        left=left,
        top=top,
        width=min(ceil(right - left), MAX_SPAN),
        height=min(ceil(bottom - top), MAX_SPAN),
        drawings=shapes,
        tables=tables,
        parts=tuple(parts),
        sections=tuple(draw_sections(event, seats, corner=corner)),
        stage=stage,
    )


def corner_of(event: EventView, area: AreaView) -> tuple[float, float]:
    """Where a big hall's left upper corner is. It does not depend on which of its seats are shown."""
    hall = draw_hall(event, area, seats=())
    return hall.left, hall.top


def draw_sections(
    event: EventView, seats: Iterable[SeatView], *, corner: tuple[float, float]
) -> Iterator[DrawnSection]:
    """Seats by their sections, each at its place."""
    by_id = {section.id: section for section in event.sections}
    tables = {
        (table["section_id"], table["row"])
        for table in (event.drawing or {}).get("tables", ())
        if table["kind"] != "row"
    }
    of_sections: dict[int | None, list[Placed]] = {}
    for one in _placed(seats):
        of_sections.setdefault(one.seat.section_id, []).append(one)
    for section_id, placed in of_sections.items():
        runs: list[SeatRun] = []
        marks: list[RowMark] = []
        for label, row in groupby(placed, key=lambda one: one.seat.row_label):
            of_row = list(row)
            runs += _runs(of_row, corner)
            if label and (section_id, label) not in tables:
                marks += _marks(label, of_row, corner)
        box = _box_of(placed)
        yield DrawnSection(
            section=by_id.get(section_id) if section_id is not None else None,
            runs=tuple(runs),
            marks=tuple(marks),
            spot=_spot(box[0], box[1], corner),
            width=ceil(box[2] - box[0]),
            height=ceil(box[3] - box[1]),
        )


def _part(
    area: AreaView, section: SectionView | None, shape: PlanShape, *, corner: tuple[float, float]
) -> Part:
    left, top, right, bottom = bounds(shape)
    return Part(
        section=section,
        area=area,
        shape=shape,
        spot=_spot(left, top, corner),
        width=max(1, round(right - left)),
        height=max(1, round(bottom - top)),
    )


def _placed(seats: Iterable[SeatView]) -> list[Placed]:
    return [Placed(seat, seat.x, seat.y) for seat in seats if seat.x is not None and seat.y is not None]


def _runs(row: Sequence[Placed], corner: tuple[float, float]) -> Iterator[SeatRun]:
    """A row as pieces that stand straight and close."""
    piece: list[Placed] = []
    for one in row:
        if piece and not _is_next(piece, one):
            yield _run(piece, corner)
            piece = []
        piece.append(one)
    if piece:
        yield _run(piece, corner)


def _run(piece: Sequence[Placed], corner: tuple[float, float]) -> SeatRun:
    first = piece[0]
    return SeatRun(_spot(first.x - 0.5, first.y - 0.5, corner), tuple(one.seat for one in piece))


def _is_next(piece: Sequence[Placed], one: Placed) -> bool:
    first = piece[0]
    return first.y == one.y and abs(one.x - first.x - len(piece)) * STEPS < 1


def _marks(label: str, row: Sequence[Placed], corner: tuple[float, float]) -> Iterator[RowMark]:
    """The row's label at both ends, as far from the last seat as another seat would be."""
    ends = [(row[0], row[1]), (row[-1], row[-2])] if len(row) > 1 else [(row[0], None)]
    for end, inner in ends:
        dx, dy = -1.0, 0.0
        if inner is not None:
            away = hypot(end.x - inner.x, end.y - inner.y) or 1.0
            dx, dy = (end.x - inner.x) / away, (end.y - inner.y) / away
        yield RowMark(_spot(end.x + dx - 0.5, end.y + dy - 0.5, corner), label)


def _has_curves(placed: Iterable[Placed]) -> bool:
    lines: dict[tuple[int | None, str | None], float] = {}
    return any(lines.setdefault((one.seat.section_id, one.seat.row_label), one.y) != one.y for one in placed)


def _stage(boxes: Sequence[Box]) -> PlanShape | None:
    """Before the first row, on the hall's axis; where nobody sits left or right of that, in the middle."""
    if not boxes:
        return None
    left, top, right, _ = _around(boxes, margin=0)
    return PlanShape(
        "rectangle",
        x=0.0 if left < 0 < right else (left + right) / 2,
        y=top - STAGE_DISTANCE - STAGE_HEIGHT / 2,
        width=max(6.0, (right - left) * 0.4),
        height=STAGE_HEIGHT,
        role="stage",
    )


def _box_of(placed: Sequence[Placed]) -> Box:
    xs, ys = [one.x for one in placed], [one.y for one in placed]
    return min(xs) - 0.5, min(ys) - 0.5, max(xs) + 0.5, max(ys) + 0.5


def _around(boxes: Sequence[Box], *, margin: float = MARGIN) -> Box:
    if not boxes:
        return 0.0, 0.0, 1.0, 1.0
    return (
        floor(min(box[0] for box in boxes) - margin),
        floor(min(box[1] for box in boxes) - margin),
        max(box[2] for box in boxes) + margin,
        max(box[3] for box in boxes) + margin,
    )


def _spot(x: float, y: float, corner: tuple[float, float]) -> Spot:
    across, down = round((x - corner[0]) * STEPS), round((y - corner[1]) * STEPS)
    return Spot(*divmod(max(0, across), STEPS), *divmod(max(0, down), STEPS))
