"""Brings a hall that was drawn in pixels, or in any other unit, to the plan's own: one seat's pitch is 1.

The pitch is the median distance from a seat to the nearest other one of its row
or table. Where nothing tells it, it is the usual one of the format; and a median
within 2 % of the usual one is taken for that, so that rows which were drawn on a
grid stay on it.

The axis goes through the focal point, else through the middle of the sheet, where
that is in front of seats; else through the middle of all seats, to the nearest
half seat. The seat that is highest on the page is at 0. Coordinates are kept to
a thousandth of a seat. Doing all this twice is doing it once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from statistics import median

from seatbook.domain.plan_layout import PlanLayout, PlanRow, PlanSeat
from seatbook.domain.plan_limits import is_coordinate
from seatbook.domain.plan_shapes import PlanShape, Point, bounds

DECIMALS = 3
AGREEMENT = 0.02


def in_seats(layout: PlanLayout, *, usual_pitch: float, middle: float | None = None) -> PlanLayout:
    """The same hall in seats, from its axis. Seats whose place is no number stay as they are.

    `middle` is the x of the middle of the sheet, in the drawing's own unit, where the file has a sheet.
    """
    pitch = pitch_of(layout.rows, usual=usual_pitch)
    scaled = transformed(layout, scale=1 / pitch, by=(0.0, 0.0))
    left, top = _origin(scaled, middle=None if middle is None else _rounded(middle / pitch))
    return transformed(scaled, scale=1.0, by=(-left, -top))


def pitch_of(rows: Iterable[PlanRow], *, usual: float) -> float:
    """The distance of neighbouring seats, in the rows' own unit."""
    distances: list[float] = []
    for row in rows:
        points = [(seat.x, seat.y) for seat in row.seats if math.isfinite(seat.x) and math.isfinite(seat.y)]
        if len(points) > 1:
            distances.extend(_distances(points))
    pitch = median(distances) if distances else 0.0
    if not 0 < pitch < math.inf or abs(pitch - usual) <= usual * AGREEMENT:
        return usual
    return pitch


def transformed(layout: PlanLayout, *, scale: float, by: Point) -> PlanLayout:
    """Every coordinate times `scale`, then moved; sizes scaled; labels of rows at the mean of their seats."""

    def place(x: float, y: float) -> Point:
        return _rounded(x * scale + by[0]), _rounded(y * scale + by[1])

    def shape(old: PlanShape | None) -> PlanShape | None:
        return None if old is None else _shape(old, place, scale)

    def seat(old: PlanSeat) -> PlanSeat:
        x, y = place(old.x, old.y)
        return PlanSeat(old.number, old.label, x, y, old.category, old.features)

    def row(old: PlanRow) -> PlanRow:
        seats = tuple(seat(one) for one in old.seats)
        return replace(old, seats=seats, y=_mean(one.y for one in seats), shape=shape(old.shape))

    return PlanLayout(
        categories=layout.categories,
        areas=tuple(
            replace(
                area,
                shape=shape(area.shape),
                sections=tuple(
                    replace(section, shape=shape(section.shape), rows=tuple(row(one) for one in section.rows))
                    for section in area.sections
                ),
            )
            for area in layout.areas
        ),
        drawings=tuple(_shape(drawing, place, scale) for drawing in layout.drawings),
        focal_point=None if layout.focal_point is None else place(*layout.focal_point),
    )


def _distances(points: list[Point]) -> list[float]:
    """From each seat to the nearest one, looked for beside it: in the order in which the row was drawn, and
    in the order in which its seats stand. A round table keeps the first, a row that was drawn anyhow the
    second; looking at all pairs would take too long where somebody draws a hall as one row."""
    nearest = [math.inf] * len(points)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    along = 0 if max(xs) - min(xs) >= max(ys) - min(ys) else 1
    drawn = range(len(points))
    for order in (drawn, sorted(drawn, key=lambda n: (points[n][along], points[n][1 - along]))):
        for one, other in pairwise(order):
            distance = math.dist(points[one], points[other])
            nearest[one] = min(nearest[one], distance)
            nearest[other] = min(nearest[other], distance)
    return nearest


def _origin(layout: PlanLayout, *, middle: float | None) -> Point:
    """Where the axis and the first row are."""
    xs = [seat.x for seat in layout.seats if is_coordinate(seat.x) and is_coordinate(seat.y)]
    ys = [seat.y for seat in layout.seats if is_coordinate(seat.x) and is_coordinate(seat.y)]
    if not xs:
        for shape in layout.shapes:
            left, top, right, bottom = bounds(shape)
            xs += [x for x in (left, right) if is_coordinate(x)]
            ys += [y for y in (top, bottom) if is_coordinate(y)]
    if not xs or not ys:
        return 0.0, 0.0
    for axis in (layout.focal_point[0] if layout.focal_point else None, middle):
        if axis is not None and min(xs) <= axis <= max(xs):
            return axis, min(ys)
    return round(_rounded(min(xs) + max(xs))) / 2, min(ys)


def _shape(shape: PlanShape, place: Callable[[float, float], Point], scale: float) -> PlanShape:
    if shape.points:
        return replace(shape, points=tuple(place(x, y) for x, y in shape.points))
    x, y = place(shape.x, shape.y)
    return replace(
        shape, x=x, y=y, width=_rounded(shape.width * scale), height=_rounded(shape.height * scale)
    )


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if is_coordinate(value)]
    return _rounded(sum(finite) / len(finite)) if finite else 0.0


def _rounded(value: float) -> float:
    # Adding 0 makes a negative zero a plain one, which JSON writes in another way.
    return round(value, DECIMALS) + 0.0 if math.isfinite(value) else value
