"""The outline of a section that nobody drew: a convex polygon with a little room round its seats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import atan2, cos, hypot, inf, pi, radians, sin, tau

from seatbook.domain.plan_layout import PlanSection
from seatbook.domain.plan_shapes import PlanShape, Point

# In seats, from the middle of a seat to the line.
ROOM = 0.7
MAX_OUTLINE_POINTS = 24
# Sides that follow the seats. Those that cut off sharp corners come to them.
MAX_SIDES = 16
# In hundredths of a seat, squared: what nobody sees. Places are rounded, so hardly a row is quite straight.
SMALL = 500.0
# Lines whose directions are further apart meet too far from the seats; one more cuts off that corner.
WIDEST_CORNER = radians(100)

# Hundredths of a seat, in which turns can be told exactly.
GridPoint = tuple[int, int]


def outline_of(section: PlanSection) -> PlanShape | None:
    """What is drawn round a section: its own shape, else a polygon round its seats; None without seats."""
    if section.shape is not None:
        return section.shape
    points = outline_points((seat.x, seat.y) for row in section.rows for seat in row.seats)
    return PlanShape("polygon", points=points) if points else None


def outline_points(places: Iterable[Point]) -> tuple[Point, ...]:
    """A convex polygon of at most 24 points with every place in it, about 0.7 from its line; empty for none.

    Each side lies along one of the hull's, at a distance. A curved row has too many:
    those are left out without which the polygon grows least.
    """
    hull = _hull((round(x * 100), round(y * 100)) for x, y in places)
    if not hull:
        return ()
    directions = _without_wide_corners(_main_directions(hull))
    # How far the seats reach in each direction, which is where the line of that direction is.
    reaches = [max(x * cos(d) + y * sin(d) for x, y in hull) + 100 * ROOM for d in directions]
    lines = list(zip(directions, reaches, strict=True))
    corners = [_meeting(line, after) for line, after in pairwise([*lines, lines[0]])]
    return tuple((x / 100, y / 100) for x, y in _hull(corners))


def _hull(points: Iterable[GridPoint]) -> list[GridPoint]:
    """The corners of the convex hull, each once (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    chains = []
    for way in (ordered, ordered[::-1]):
        chain: list[GridPoint] = []
        for point in way:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains += chain[:-1]
    return chains


def _turn(a: GridPoint, b: GridPoint, c: GridPoint) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _main_directions(hull: Sequence[GridPoint]) -> list[float]:
    """In which directions the hull's sides look, in radians and rising: few, and none twice."""
    sides = [
        [atan2(ax - bx, by - ay) % tau, hypot(bx - ax, by - ay)]
        for (ax, ay), (bx, by) in pairwise([*hull, hull[0]])
        if (ax, ay) != (bx, by)
    ]
    sides.sort()
    while len(sides) > 2:
        growths = [_growth(sides, nth) for nth in range(len(sides))]
        least = min(growths)
        if least > SMALL and len(sides) <= MAX_SIDES:
            break
        _leave_out(sides, growths.index(least))
    return [turned for turned, _ in sides] or [0.0]


def _gaps(sides: Sequence[Sequence[float]], nth: int) -> tuple[float, float]:
    """How far a side is turned from the one before it, and the one after it from that."""
    turned = sides[nth][0]
    return (turned - sides[nth - 1][0]) % tau, (sides[(nth + 1) % len(sides)][0] - turned) % tau


def _growth(sides: Sequence[Sequence[float]], nth: int) -> float:
    """By which area the polygon grows where a side's neighbours are drawn on until they meet."""
    before, after = _gaps(sides, nth)
    if before + after > pi - WIDEST_CORNER / 2:
        return inf
    return sides[nth][1] ** 2 * sin(before) * sin(after) / (2 * sin(before + after))


def _leave_out(sides: list[list[float]], nth: int) -> None:
    before, after = _gaps(sides, nth)
    if before + after < pi:
        longer = sides[nth][1] / sin(before + after)
        sides[nth - 1][1] += longer * sin(after)
        sides[(nth + 1) % len(sides)][1] += longer * sin(before)
    del sides[nth]


def _without_wide_corners(directions: Sequence[float]) -> list[float]:
    """The directions, with more between two that are too far apart for their lines to meet near the seats."""
    closed: list[float] = []
    for here, following in pairwise([*directions, directions[0] + tau]):
        gap = following - here
        steps = 1
        while gap / steps > WIDEST_CORNER + 1e-6:
            steps += 1
        closed += [here + gap * step / steps for step in range(steps)]
    return closed


def _meeting(line: tuple[float, float], after: tuple[float, float]) -> GridPoint:
    """Where two lines cross, each given by its direction from the middle and how far out it is."""
    (a, near), (b, far) = line, after
    across = sin(b - a)
    return round((near * sin(b) - far * sin(a)) / across), round((far * cos(a) - near * cos(b)) / across)
