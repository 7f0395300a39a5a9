"""Turns the runs of a zone into lines: what stands side by side at one distance from the stage."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# An aisle within a zone, in seats. Missing numbers up to the second figure are a hole of that size
# between two pieces of one line; where more are missing, the rows are lines of their own.
INNER_AISLE = 1
MAX_MISSING = 3

_NUMBERED_ROW = re.compile(r"(.*?)(\d+)", re.DOTALL)

LineKey = tuple[int, int, str, int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """Seats of one row with consecutive numbers, both ends included."""

    row: str
    start: int
    end: int

    @property
    def count(self) -> int:
        return self.end - self.start + 1

    @property
    def letter(self) -> str:
        """What stands before the row's number: "A" of "A16"."""
        return split_row(self.row)[0]


@dataclass(frozen=True, slots=True)
class Line:
    """Runs from the lowest number to the highest; `gaps[i]` seats are empty between run i and i + 1.

    Keys sort from the stage backwards, and are equal for the lines that zones of
    one band have in common.
    """

    key: LineKey
    runs: tuple[Run, ...]
    gaps: tuple[int, ...]

    @property
    def width(self) -> int:
        return sum(run.count for run in self.runs) + sum(self.gaps)

    @property
    def lowest(self) -> int:
        return self.runs[0].start

    @property
    def highest(self) -> int:
        return max(run.end for run in self.runs)


def lines_of_zones(zones: Sequence[Sequence[Run]]) -> list[list[Line]]:
    """The lines of each zone of one band, from the stage backwards.

    Where rows like A3 and B3 are pieces of one line anywhere in the band, a row's
    number says how far from the stage it is. Otherwise letters count first: A1,
    A2, …, then B1. Rows without a number go by the alphabet, A to Z before AA.
    """
    rows_of_zones = [_rows(runs) for runs in zones]
    number_first = any(
        len(joined) > 1
        for rows in rows_of_zones
        for joined in _joined(rows)
        if split_row(joined[0][0].row)[1] is not None
    ) or all(len({run.letter for run in runs if split_row(run.row)[1] is not None}) <= 1 for runs in zones)
    return [_lines(rows, number_first=number_first) for rows in rows_of_zones]


def split_row(row: str) -> tuple[str, int | None]:
    """("A", 16) of "A16"; ("AA", None) of "AA"."""
    match = _NUMBERED_ROW.fullmatch(row)
    return (match[1], int(match[2])) if match else (row, None)


def _rows(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs by their row's label, each from the lowest number on."""
    rows: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        rows[run.row].append(run)
    return [sorted(row, key=lambda run: run.start) for row in rows.values()]


def _joined(rows: Sequence[list[Run]]) -> Iterator[list[list[Run]]]:
    """Rows that are pieces of one line, together; in no particular order."""
    by_number: dict[int | tuple[str], list[list[Run]]] = defaultdict(list)
    for row in rows:
        letter, number = split_row(row[0].row)
        by_number[(letter,) if number is None else number].append(row)
    for same in by_number.values():
        same.sort(key=lambda row: row[0].start)
        pieces = [same[0]]
        for row in same[1:]:
            if 0 <= row[0].start - pieces[-1][-1].end - 1 <= MAX_MISSING:
                pieces.append(row)
            else:
                yield pieces
                pieces = [row]
        yield pieces


def _lines(rows: Sequence[list[Run]], *, number_first: bool) -> list[Line]:
    lines = []
    times: dict[LineKey, int] = defaultdict(int)
    for pieces in sorted(_joined(rows), key=lambda pieces: pieces[0][0].start):
        letter, number = split_row(pieces[0][0].row)
        key: LineKey
        if number is None:
            key = (1, len(letter), letter, 0, 0)
        elif number_first:
            key = (0, 0, "", number, 0)
        else:
            key = (0, len(letter), letter, number, 0)
        # Two lines of the same number that do not join: one behind the other.
        times[key] += 1
        runs = tuple(run for piece in pieces for run in piece)
        gaps = tuple(
            INNER_AISLE if first.row == second.row else second.start - first.end - 1
            for first, second in pairwise(runs)
        )
        lines.append(Line(key=(*key[:4], times[key]), runs=runs, gaps=gaps))
    return sorted(lines, key=lambda line: line.key)
