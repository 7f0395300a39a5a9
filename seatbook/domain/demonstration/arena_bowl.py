"""The shape of an arena's bowl, seen from above: rows that run round the floor as true arcs.

The edge of the floor is made of circular arcs, which meet without a corner: one
behind, two in the corners, one along each side. A row lies at a distance from
that edge, so its arcs have the same centres. The stage closes the end that is
open.

A *turn* is the direction in which somebody on the edge looks away from the
floor, in radians: 0 behind, a quarter of a circle on the right side, negative
on the left. *Along* a row counts in seats from its middle behind, to the right.
All lengths are in seats; x to the right from the axis, y away from the stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, copysign, cos, radians, sin

from seatbook.domain.plan_shapes import Point


@dataclass(frozen=True, slots=True)
class Arc:
    """A part of the edge, from `start` to `end` (turns)."""

    radius: float
    start: float
    end: float
    centre: Point

    def at(self, turn: float, *, distance: float) -> Point:
        reach = self.radius + distance
        return self.centre[0] + reach * sin(turn), self.centre[1] + reach * cos(turn)


# (radius in seats, turn in degrees at which it ends)
ARCS = ((50.0, 20.0), (14.0, 76.0), (200.0, 104.0))
LINE_STEP = radians(2.5)
# How far the last arc reaches beyond the stage's front.
BESIDE_STAGE = 20.0


class Bowl:
    """Where things are round the floor. `size` scales the floor; 1 is a large arena's."""

    def __init__(self, size: float = 1.0) -> None:
        arcs: list[Arc] = []
        centre, start = (0.0, 0.0), 0.0
        for radius, end in ((radius * size, radians(degrees)) for radius, degrees in ARCS):
            if arcs:
                # Both arcs have the same tangent where they meet: the centres lie on one line with that point.
                meeting = arcs[-1].at(start, distance=0.0)
                centre = (meeting[0] - radius * sin(start), meeting[1] - radius * cos(start))
            arcs.append(Arc(radius, start, end, centre))
            start = end
        self.last_turn = start
        # The stage's front is at y = 0.
        shift = -BESIDE_STAGE * size - arcs[-1].at(start, distance=0.0)[1]
        self._arcs = [Arc(a.radius, a.start, a.end, (a.centre[0], a.centre[1] + shift)) for a in arcs]

    def along(self, turn: float, *, distance: float) -> float:
        """How far along the row at that distance a turn is reached."""
        length = 0.0
        for arc in self._arcs:
            length += max(0.0, min(abs(turn), arc.end) - arc.start) * (arc.radius + distance)
        return copysign(length, turn)

    def turn(self, along: float, *, distance: float) -> float:
        """The turn that is reached there; the last arc goes on beyond its end."""
        rest = abs(along)
        for arc in self._arcs[:-1]:
            length = (arc.end - arc.start) * (arc.radius + distance)
            if rest <= length:
                return copysign(arc.start + rest / (arc.radius + distance), along)
            rest -= length
        last = self._arcs[-1]
        return copysign(last.start + rest / (last.radius + distance), along)

    def at(self, turn: float, *, distance: float) -> Point:
        """The place at a turn, as exact as a map can show it."""
        arc = next((arc for arc in self._arcs if abs(turn) <= arc.end), self._arcs[-1])
        x, y = arc.at(abs(turn), distance=distance)
        return round(copysign(x, turn), 2), round(y, 2)

    def point(self, along: float, *, distance: float) -> Point:
        """The place so far along the row."""
        return self.at(self.turn(along, distance=distance), distance=distance)

    def line(self, start: float, end: float, *, distance: float) -> list[Point]:
        """Points of a row between two turns, both included, so near that the line does not show its corners."""
        steps = max(2, ceil((end - start) / LINE_STEP))
        return [self.at(start + (end - start) * nth / steps, distance=distance) for nth in range(steps + 1)]
