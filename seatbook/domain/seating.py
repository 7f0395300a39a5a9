"""Who sits beside whom: stretches of free seats, the best places for a group, and seats left alone.

Pure functions over the seats of one hall; nothing here knows the database.

Seats are neighbours when they are of one row of one section and stand at most
`MAX_NEIGHBOUR_DISTANCE` apart; an aisle is wider. A *stretch* is a longest
sequence of free neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import pairwise
from math import hypot

# In units of one seat's width. Two chairs of a row stand 1 apart, over an aisle 2 or more.
MAX_NEIGHBOUR_DISTANCE = 1.6
# Longer rows are no tables.
MAX_AT_TABLE = 24
# How many places for a group are compared before one is chosen, where the group has to be split.
MAX_COMPARED = 40
# A group that is split sits the closer the better: a seat's width between the parts weighs as much as
# this many seats' widths away from the focal point.
WEIGHT_OF_SEPARATION = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """One seat of the hall. `is_free`: nobody has it now, or whoever asks has it. `row` tells rows apart.
    `fits`: it is what somebody looks for, for example cheap enough."""

    seat_id: int
    row: tuple[int | None, str | None]
    x: float
    y: float
    is_free: bool = True
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring seats for a group, and how far their middle is from the focal point (less is better)."""

    seat_ids: tuple[int, ...]
    x: float
    y: float
    distance: float


def rows_of(places: Iterable[Place]) -> list[list[Place]]:
    """The hall as lines of neighbours, each from left to right along its row; an aisle ends a line."""
    by_row: dict[tuple[int | None, str | None], list[Place]] = defaultdict(list)
    for place in places:
        by_row[place.row].append(place)
    return [line for row in by_row.values() for line in _lines_of(row)]


def _lines_of(row: list[Place]) -> list[list[Place]]:
    row.sort(key=lambda place: (place.x, place.y))
    if all(place.y == row[0].y for place in row):
        return _lines(row)
    # A curved or turned row may go up, or back: its seats follow each other along the line between its ends.
    lines = _lines(_along(row))
    if len(lines) > 1 and len(row) <= MAX_AT_TABLE:
        # Or they stand round a table.
        lines = min(lines, _lines(_round(row)), key=len)
    return lines


def _lines(row: Sequence[Place]) -> list[list[Place]]:
    lines = [[row[0]]]
    for left, right in pairwise(row):
        if hypot(right.x - left.x, right.y - left.y) > MAX_NEIGHBOUR_DISTANCE:
            lines.append([])
        lines[-1].append(right)
    return lines


def _along(row: Sequence[Place]) -> list[Place]:
    """Seats in the order of an arc, which is less than half a circle; `row` begins with the leftmost."""
    end = max(row, key=lambda place: hypot(place.x - row[0].x, place.y - row[0].y))
    start = max(row, key=lambda place: hypot(place.x - end.x, place.y - end.y))
    if (start.x, start.y) > (end.x, end.y):
        start, end = end, start
    across, down = end.x - start.x, end.y - start.y
    return sorted(row, key=lambda place: place.x * across + place.y * down)


def _round(row: Sequence[Place]) -> list[Place]:
    """Each seat after the one that it is nearest to, from the leftmost on."""
    ordered, left = [row[0]], list(row[1:])
    while left:
        here = ordered[-1]
        nearest = min(left, key=lambda place: hypot(place.x - here.x, place.y - here.y))
        left.remove(nearest)
        ordered.append(nearest)
    return ordered


def stretches_of(line: Sequence[Place]) -> list[list[Place]]:
    """The stretches of free seats of one line."""
    stretches: list[list[Place]] = []
    joined = False
    for place in line:
        if place.is_free and joined:
            stretches[-1].append(place)
        elif place.is_free:
            stretches.append([place])
        joined = place.is_free
    return stretches


def best_together(
    places: Iterable[Place],
    quantity: int,
    *,
    focus: tuple[float, float],
    leave_no_single: bool = False,
    most: int = MAX_COMPARED,
) -> list[Block]:
    """The best places for `quantity` people in one row, best first; blocks may overlap each other.

    Nearest to `focus` wins. With `leave_no_single`, a block that strands a seat
    is offered only where its stretch allows no other.
    """
    blocks: list[Block] = []
    for line in rows_of(places):
        for stretch in stretches_of(line):
            blocks += _blocks_of(stretch, quantity, focus=focus, leave_no_single=leave_no_single)
    return nsmallest(most, blocks, key=lambda block: (block.distance, block.seat_ids))


def best_apart(
    places: Sequence[Place],
    quantity: int,
    *,
    focus: tuple[float, float],
    leave_no_single: bool = False,
    most_parts: int | None = None,
) -> list[int] | None:
    """The least bad way to seat a group that finds no row for itself; None when there are too few seats,
    or where it takes more than `most_parts`.

    Fewest parts first; then nobody alone, if that can be; then parts near each
    other and near `focus`.
    """
    if sum(place.is_free and place.fits for place in places) < quantity:
        return None
    hall = _Stretches(places, focus=focus, leave_no_single=leave_no_single)
    for parts in range(2, min(quantity, most_parts or quantity) + 1):
        for sizes in _partitions(quantity, parts):
            seats = _place_parts(hall, sizes)
            if seats is not None:
                return seats
    return None


def stranded_by(line: Sequence[Place], chosen: Collection[int]) -> list[Place]:
    """The seats of a line that `chosen` would leave alone although another choice would not.

    Judged stretch by stretch: what stood alone before is nobody's fault, and
    where every choice of as many seats in the same stretch leaves as many
    alone, the choice is unavoidable.
    """
    stranded: list[Place] = []
    for stretch in stretches_of(line):
        taken = [place.seat_id in chosen for place in stretch]
        if not any(taken) or len(stretch) == 1:
            continue
        alone = _alone(taken)
        if len(alone) > _fewest_alone(len(stretch), sum(taken)):
            stranded += [stretch[index] for index in alone]
    return stranded


def better_choices(line: Sequence[Place], chosen: Collection[int]) -> list[tuple[int, ...]]:
    """As many neighbouring seats in the same stretches, without leaving one alone; nearest to `chosen` first."""
    choices: list[tuple[float, tuple[int, ...]]] = []
    for stretch in stretches_of(line):
        wanted = [index for index, place in enumerate(stretch) if place.seat_id in chosen]
        if not wanted:
            continue
        middle = sum(wanted) / len(wanted)
        fewest = _fewest_alone(len(stretch), len(wanted))
        for start in range(len(stretch) - len(wanted) + 1):
            taken = [start <= index < start + len(wanted) for index in range(len(stretch))]
            if len(_alone(taken)) <= fewest:
                distance = abs(start + (len(wanted) - 1) / 2 - middle)
                seats = tuple(place.seat_id for place, mine in zip(stretch, taken, strict=True) if mine)
                choices.append((distance, seats))
    return [seats for _, seats in sorted(choices)]


def _blocks_of(
    stretch: Sequence[Place], quantity: int, *, focus: tuple[float, float], leave_no_single: bool
) -> Iterable[Block]:
    length = len(stretch)
    if length < quantity:
        return
    fewest = _fewest_alone(length, quantity) if leave_no_single else 2
    for start in range(length - quantity + 1):
        left, right = start, length - quantity - start
        if (left == 1) + (right == 1) > fewest:
            continue
        seats = stretch[start : start + quantity]
        if not all(place.fits for place in seats):
            continue
        x = sum(place.x for place in seats) / quantity
        y = sum(place.y for place in seats) / quantity
        yield Block(
            tuple(place.seat_id for place in seats), x, y, round(hypot(x - focus[0], y - focus[1]), 6)
        )


def _alone(taken: Sequence[bool]) -> list[int]:
    """Indexes of free seats of a stretch between two taken ones, or between a taken one and the end."""
    return [
        index
        for index, mine in enumerate(taken)
        if not mine and (index == 0 or taken[index - 1]) and (index == len(taken) - 1 or taken[index + 1])
    ]


def _fewest_alone(length: int, quantity: int) -> int:
    """How many seats the best choice of `quantity` seats leaves alone in a free stretch of `length`.

    One block at the end leaves one rest, which is a single seat only when
    exactly one is left over; nothing can do better than that.
    """
    return 1 if length - quantity == 1 else 0


def _partitions(quantity: int, parts: int) -> list[tuple[int, ...]]:
    """Ways to write `quantity` as a sum of `parts`, the best first: fewest people alone, then evenly."""

    def split(rest: int, count: int, largest: int) -> Iterable[tuple[int, ...]]:
        if count == 1:
            if rest <= largest:
                yield (rest,)
            return
        for first in range(min(rest - count + 1, largest), 0, -1):
            for others in split(rest - first, count - 1, first):
                yield (first, *others)

    return sorted(split(quantity, parts, quantity), key=lambda sizes: (sizes.count(1), max(sizes)))


class _Stretches:
    """A hall's free stretches, and the blocks of each size in them, which are found once."""

    def __init__(self, places: Iterable[Place], *, focus: tuple[float, float], leave_no_single: bool) -> None:
        self._stretches = [stretch for line in rows_of(places) for stretch in stretches_of(line)]
        self._focus = focus
        self._leave_no_single = leave_no_single
        self._blocks: dict[int, list[tuple[Block, int]]] = {}

    def blocks(self, size: int) -> list[tuple[Block, int]]:
        """Every block of that size, with the number of its stretch."""
        if size not in self._blocks:
            self._blocks[size] = [
                (block, nth)
                for nth, stretch in enumerate(self._stretches)
                for block in self._blocks_of(stretch, size)
            ]
        return self._blocks[size]

    def blocks_left(self, size: int, *, stretch: int, taken: Collection[int]) -> Iterable[Block]:
        """The blocks of that size in what is left of a stretch."""
        rest = [replace(place, is_free=place.seat_id not in taken) for place in self._stretches[stretch]]
        return [block for part in stretches_of(rest) for block in self._blocks_of(part, size)]

    def _blocks_of(self, stretch: Sequence[Place], size: int) -> Iterable[Block]:
        return _blocks_of(stretch, size, focus=self._focus, leave_no_single=self._leave_no_single)


def _place_parts(hall: _Stretches, sizes: Sequence[int]) -> list[int] | None:
    """Put the largest part at the best place and the others as near to it as can be; the best of several starts."""
    best: tuple[float, list[int]] | None = None
    starts = nsmallest(
        MAX_COMPARED, hall.blocks(sizes[0]), key=lambda one: (one[0].distance, one[0].seat_ids)
    )
    for start, of_start in starts:
        taken, touched = set(start.seat_ids), {of_start}
        cost = start.distance
        for size in sizes[1:]:
            found = _nearest(hall, size, to=start, taken=taken, touched=touched)
            if found is None:
                break
            distance, block, stretch = found
            taken.update(block.seat_ids)
            touched.add(stretch)
            cost += WEIGHT_OF_SEPARATION * distance
        else:
            if best is None or cost < best[0]:
                best = (cost, sorted(taken))
    return best[1] if best else None


def _nearest(
    hall: _Stretches, size: int, *, to: Block, taken: Collection[int], touched: Collection[int]
) -> tuple[float, Block, int] | None:
    """The nearest block without a seat that is taken, its distance and the number of its stretch."""
    blocks = [(block, nth) for block, nth in hall.blocks(size) if nth not in touched]
    for nth in touched:
        blocks += [(block, nth) for block in hall.blocks_left(size, stretch=nth, taken=taken)]
    if not blocks:
        return None
    nearest = min(
        blocks, key=lambda one: (round(hypot(one[0].x - to.x, one[0].y - to.y), 6), one[0].seat_ids)
    )
    return hypot(nearest[0].x - to.x, nearest[0].y - to.y), *nearest
