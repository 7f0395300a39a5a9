"""The demonstration's arena: 20,000 seats in two rings round a floor for standing, with a stage at its end.

Sections are numbered as arenas do it: 101 and on in the lower ring, 201 and on
in the upper one, both from the stage's right hand round to its left. Between
the rings, on one side, are boxes with tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import cos, hypot, pi, radians, sin

from seatbook.domain.demonstration.arena_bowl import Bowl
from seatbook.domain.plan_shapes import PlanShape, Point
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection

FLOOR, BOX = "Standing floor", "Box"
# By how far their row is from the stage, the nearest first.
BY_DISTANCE = ("Category 1", "Category 2", "Category 3", "Category 4")
PRICES = {
    "Category 1": "129.00",
    "Category 2": "98.00",
    "Category 3": "74.00",
    "Category 4": "49.00",
    FLOOR: "89.00",
    BOX: "175.00",
}
COLOURS = {"Category 1": 2, "Category 2": 4, "Category 3": 3, "Category 4": 1, FLOOR: 5, BOX: 8}
FLOOR_CAPACITY = 2_000
# The tip of the stage's tongue: whoever sits beside the stage is nearer to it, and sees less.
FOCUS: Point = (0.0, 18.0)

ROW_PITCH = 1.25
AISLE = 2.2
# Room round the seats of a section that its outline takes in.
MARGIN = 0.7
WHEELCHAIR_PITCH = 1.6
# Next to the stage, the towers of loudspeakers hide a part of it.
HIDDEN_SEATS, HIDDEN_ROWS = 3, 12

BOX_LENGTH = 10.0
TABLE_SEATS = 6
TABLE_WIDTH, TABLE_REACH = 2.0, 1.55


@dataclass(frozen=True, slots=True)
class Ring:
    """Rows behind each other; the first is `nearest` seats from the edge of the floor."""

    first_number: int
    sections: int
    rows: int
    nearest: float
    band: int

    @property
    def middle(self) -> float:
        return self.nearest + self.rows * ROW_PITCH / 2

    @property
    def furthest(self) -> float:
        return self.nearest + (self.rows - 1) * ROW_PITCH


@cache
def arena(size: float = 1.0) -> PlanLayout:
    """The plan. `size`, from 0.25 to 1, scales the floor and the rows: 0.3 has 1,500 seats, and all the parts."""
    bowl = Bowl(size)
    lower = Ring(101, 17, max(2, round(25 * size)), 5.0, 0)
    boxes_at = lower.furthest + 4.6
    upper = Ring(201, 25, max(2, round(30 * size)), boxes_at + 4.6, 2)
    sections = (
        *_ring(bowl, lower, size, has_wheelchair_places=True),
        *_boxes(bowl, boxes_at),
        *_ring(bowl, upper, size, has_wheelchair_places=False),
    )
    floor = PlanArea(
        "standing",
        "Floor",
        capacity=max(1, round(FLOOR_CAPACITY * size**2)),
        category=FLOOR,
        shape=_floor(bowl, size),
    )
    return PlanLayout(
        categories=tuple(PlanCategory(name, colour) for name, colour in COLOURS.items()),
        areas=(floor, PlanArea("seated", "Seats", sections=sections)),
        drawings=tuple(_drawings(bowl, upper.furthest, size)),
        focal_point=(FOCUS[0], FOCUS[1] * size),
    )


def _ring(bowl: Bowl, ring: Ring, size: float, *, has_wheelchair_places: bool) -> Iterator[PlanSection]:
    """The ring's sections. Aisles are as wide behind as in front, and lead straight up."""
    half = bowl.along(bowl.last_turn, distance=ring.middle)
    for nth in range(ring.sections):
        start, end = (
            bowl.turn(half * (2 * edge / ring.sections - 1), distance=ring.middle) for edge in (nth, nth + 1)
        )
        is_first, is_last = nth == 0, nth == ring.sections - 1
        rows = []
        for line in range(ring.rows):
            distance = ring.nearest + line * ROW_PITCH
            left = bowl.along(start, distance=distance) + AISLE / 2
            right = bowl.along(end, distance=distance) - AISLE / 2
            wide = has_wheelchair_places and line == ring.rows - 1 and abs(nth - ring.sections // 2) % 3 == 1
            count = int((right - left) / (WHEELCHAIR_PITCH if wide else 1.0))
            step = (right - left) / count
            places = [bowl.point(left + (seat + 0.5) * step, distance=distance) for seat in range(count)]
            features = [_wheelchair_place(seat) if wide else () for seat in range(count)]
            if (is_first or is_last) and ring.band == 0 and line < HIDDEN_ROWS:
                for seat in range(HIDDEN_SEATS):
                    features[seat if is_first else -1 - seat] = ("restricted_view",)
            rows.append(_row(str(line + 1), places, features, category=_category(places, size)))
        yield PlanSection(
            name=str(ring.first_number + nth),
            band=ring.band,
            side=_side((start + end) / 2),
            position=nth,
            rows=tuple(rows),
            shape=_outline(bowl, start, end, nearest=ring.nearest, furthest=ring.furthest),
        )


def _row(label: str, places: list[Point], features: list[tuple[str, ...]], *, category: str) -> PlanRow:
    seats = tuple(
        PlanSeat(str(number), f"{label}-{number}", x, y, category, of_seat)
        for number, ((x, y), of_seat) in enumerate(zip(places, features, strict=True), 1)
    )
    return PlanRow(label, places[0][1], seats)


def _wheelchair_place(seat: int) -> tuple[str, ...]:
    return ("companion",) if seat % 2 else ("wheelchair",)


def _category(places: list[Point], size: float) -> str:
    """What a row costs: by its middle's distance from the stage. Behind the stage's front it is the least."""
    x, y = places[len(places) // 2]
    if y < 0:
        return BY_DISTANCE[-1]
    distance = hypot(x, y) / size
    return BY_DISTANCE[(distance > 72) + (distance > 104) + (distance > 136)]


def _side(turn: float) -> str:
    if abs(turn) < radians(45):
        return "centre"
    return "left" if turn < 0 else "right"


def _outline(bowl: Bowl, start: float, end: float, *, nearest: float, furthest: float) -> PlanShape:
    """Round the seats between two turns: along the first row, and back along the last one."""
    points: list[Point] = []
    for distance in (nearest - MARGIN, furthest + MARGIN):
        left, right = (
            bowl.turn(bowl.along(turn, distance=distance) + inwards, distance=distance)
            for turn, inwards in ((start, AISLE / 2 - MARGIN / 2), (end, MARGIN / 2 - AISLE / 2))
        )
        line = bowl.line(left, right, distance=distance)
        points += reversed(line) if points else line
    return PlanShape("polygon", points=tuple(points))


def _boxes(bowl: Bowl, distance: float) -> Iterator[PlanSection]:
    """Boxes side by side along the left, each with two tables that are sold as a whole."""
    first, last = (bowl.along(radians(degrees), distance=distance) for degrees in (-100.0, -77.0))
    for nth in range(int((last - first) / BOX_LENGTH)):
        left = first + nth * BOX_LENGTH
        tables = []
        for table in (0, 1):
            middle = left + BOX_LENGTH * (1 + 2 * table) / 4
            x, y = bowl.point(middle, distance=distance)
            turn = bowl.turn(middle, distance=distance)
            places = [
                (round(x + TABLE_REACH * sin(turn + angle), 2), round(y + TABLE_REACH * cos(turn + angle), 2))
                for angle in (2 * pi * seat / TABLE_SEATS for seat in range(TABLE_SEATS))
            ]
            row = _row(f"T{table + 1}", places, [()] * TABLE_SEATS, category=BOX)
            shape = PlanShape("circle", x, y, TABLE_WIDTH, TABLE_WIDTH)
            tables.append(PlanRow(row.label, y, row.seats, "table", shape, as_a_whole=True))
        start, end = (bowl.turn(at, distance=distance) for at in (left, left + BOX_LENGTH))
        yield PlanSection(
            name=f"Box {nth + 1}",
            band=1,
            side="left",
            position=nth,
            rows=tuple(tables),
            shape=_outline(bowl, start, end, nearest=distance - TABLE_REACH, furthest=distance + TABLE_REACH),
        )


def _floor(bowl: Bowl, size: float) -> PlanShape:
    """The floor, with room before the first row and round the stage's tongue."""
    front = 4 * size
    edge = [point for point in bowl.line(-radians(97), radians(97), distance=-1.5) if point[1] > front]
    return PlanShape(
        "polygon",
        points=(
            (edge[0][0], front),
            *edge,
            (edge[-1][0], front),
            (6 * size, front),
            (6 * size, 21 * size),
            (-6 * size, 21 * size),
            (-6 * size, front),
        ),
    )


def _drawings(bowl: Bowl, furthest: float, size: float) -> Iterator[PlanShape]:
    """The stage with its tongue, screens beside it, the mixing desk, the walls, and where people come in."""
    yield PlanShape("rectangle", 0, -10 * size, 42 * size, 20 * size, text="Stage", role="stage")
    yield PlanShape("rectangle", 0, 9 * size, 7 * size, 18 * size, role="stage")
    for side in (-1, 1):
        ends = ((22.5, -18), (26.5, -10))
        yield PlanShape("line", points=tuple((side * x * size, y * size) for x, y in ends))
    yield PlanShape("rectangle", 0, 62 * size, 9 * size, 5 * size, text="Sound")
    outside = furthest + 4
    wall = bowl.line(-bowl.last_turn, bowl.last_turn, distance=outside)
    yield PlanShape("polygon", points=(*wall, (0.0, wall[0][1] - 3 * size)), role="wall")
    for name, degrees in (("A", -88), ("B", -48), ("C", 0), ("D", 48), ("E", 88)):
        x, y = bowl.at(radians(degrees), distance=outside + 4 * size)
        yield PlanShape("text", x, y, height=3.0 * size, text=f"Entrance {name}", rotation=-degrees)
