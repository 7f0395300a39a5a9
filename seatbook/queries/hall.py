"""Where seats stand on the page: a hall of blocks, rows and runs, made from the places of its seats.

A place on the page is a cell of a grid; a cell is a quarter of a seat wide and
high. Blocks (sections) stand in the hall's grid, runs in their block's own. A
run is what stands in one row without a gap, so that a seat's own markup says
nothing about its neighbours, and one seat can be drawn again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from seatbook.queries.event import SectionView
from seatbook.queries.seats import SeatView

CELLS_PER_SEAT = 4
# Where two blocks of one row stand this close, in seats, there is no room for both of their row labels.
NARROW_AISLE = 4
# Room over a block for its name, in seats. A hall of one block needs no name for it.
NAME_HEIGHT = 2
# Between sections whose seats carry no places of their own, in seats.
AISLE = 2


@dataclass(frozen=True, slots=True)
class Run:
    """Seats side by side. `column` and `line` are cells of the block's grid, from 1.

    Row labels stand at both ends of a block's row: before its first run and after its last.
    Where the next block is near and has the same row, they share one in the middle of the
    aisle: then `aisle` is its width in cells, after this run.
    """

    column: int
    line: int
    seats: tuple[SeatView, ...]
    label_before: str | None
    label_after: str | None
    aisle: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A section, or the seats of an area without sections. All numbers are cells of the hall, from 1."""

    section: SectionView | None
    column: int
    line: int
    columns: int
    lines: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Hall:
    """The hall of one area. `width` and `height` in seats; `axis` is the column of the stage's middle."""

    blocks: tuple[Block, ...]
    width: int
    height: int
    axis: int


@dataclass(frozen=True, slots=True)
class _Placed:
    seat: SeatView
    x: float
    y: float


def lay_out(seats: Sequence[SeatView], *, sections: Sequence[SectionView]) -> Hall:
    """The hall of one area's seats. Seats without a place get one from band, side, row and number."""
    placed = _with_places(seats, sections)
    if not placed:
        return Hall((), 0, 0, 1)
    left = min(p.x for p in placed) - 0.5
    right = max(p.x for p in placed) + 0.5
    top = min(p.y for p in placed) - (NAME_HEIGHT if len(sections) > 1 else 0)
    # x counts from the hall's axis; where nobody sits left or right of it, the stage stands in the middle.
    axis = 0.0 if left + 0.5 < 0 < right - 0.5 else (left + right) / 2
    by_id = {section.id: section for section in sections}
    by_section = _grouped(placed)
    labels = _row_labels(placed)
    blocks = tuple(
        _block(
            by_id.get(section_id) if section_id is not None else None,
            by_section[section_id],
            left,
            top,
            labels,
        )
        for section_id in [*(section.id for section in sections), None]
        if section_id in by_section
    )
    return Hall(
        blocks=blocks,
        width=_ceil(right - left),
        height=_ceil(max(p.y for p in placed) - top + 1),
        axis=_cell(axis - left),
    )


def _grouped(placed: Iterable[_Placed]) -> dict[int | None, list[_Placed]]:
    groups: dict[int | None, list[_Placed]] = {}
    for p in placed:
        groups.setdefault(p.seat.section_id, []).append(p)
    return groups


def _block(
    section: SectionView | None, placed: list[_Placed], left: float, top: float, labels: _RowLabels
) -> Block:
    own_left = min(p.x for p in placed)
    own_top = min(p.y for p in placed)
    runs: list[Run] = []
    placed.sort(key=lambda p: (p.y, p.x))
    for _, row in groupby(placed, key=lambda p: p.y):
        for piece in _pieces(list(row)):
            first, last = piece[0], piece[-1]
            after, aisle = labels.after.get(last.seat.id, (None, None))
            runs.append(
                Run(
                    column=_cell(first.x - own_left),
                    line=_cell(first.y - own_top),
                    seats=tuple(p.seat for p in piece),
                    label_before=labels.before.get(first.seat.id),
                    label_after=after,
                    aisle=aisle,
                )
            )
    return Block(
        section,
        column=_cell(own_left - 0.5 - left),
        line=_cell(own_top - top),
        columns=_cell(max(p.x for p in placed) - own_left) + CELLS_PER_SEAT - 1,
        lines=_cell(max(p.y for p in placed) - own_top) + CELLS_PER_SEAT - 1,
        runs=tuple(runs),
    )


@dataclass(slots=True)
class _RowLabels:
    """By the id of the seat at an end of a block's row: the label before it, or after it with the aisle."""

    before: dict[int, str | None]
    after: dict[int, tuple[str | None, int | None]]


def _row_labels(placed: Sequence[_Placed]) -> _RowLabels:
    """Row labels at both ends of each block's rows, without two that would cover each other in an aisle."""
    labels = _RowLabels({}, {})
    for _, line in groupby(sorted(placed, key=lambda p: (p.y, p.x)), key=lambda p: p.y):
        rows = [list(row) for _, row in groupby(line, key=lambda p: p.seat.section_id)]
        for row in rows:
            labels.before[row[0].seat.id] = row[0].seat.row_label
            labels.after[row[-1].seat.id] = (row[-1].seat.row_label, None)
        for left, right in pairwise(rows):
            aisle = right[0].x - left[-1].x - 1
            if aisle >= NARROW_AISLE:
                continue
            if right[0].seat.row_label == left[-1].seat.row_label:
                labels.before[right[0].seat.id] = None
                labels.after[left[-1].seat.id] = (left[-1].seat.row_label, round(aisle * CELLS_PER_SEAT))
            else:
                labels.after[left[-1].seat.id] = (None, None)
    return labels


def _pieces(row: list[_Placed]) -> Iterable[list[_Placed]]:
    """Cut a row wherever the next seat does not stand right beside the one before."""
    piece: list[_Placed] = []
    for p in row:
        if piece and abs(p.x - piece[0].x - len(piece)) * CELLS_PER_SEAT >= 1:
            yield piece
            piece = []
        piece.append(p)
    if piece:
        yield piece


def _cell(distance: float) -> int:
    return round(distance * CELLS_PER_SEAT) + 1


def _ceil(value: float) -> int:
    return int(-(-value // 1))


def _with_places(seats: Sequence[SeatView], sections: Sequence[SectionView]) -> list[_Placed]:
    if all(seat.x is not None and seat.y is not None for seat in seats):
        return [_Placed(seat, seat.x, seat.y) for seat in seats if seat.x is not None and seat.y is not None]
    return _placed_by_section(seats, sections)


def _placed_by_section(seats: Sequence[SeatView], sections: Sequence[SectionView]) -> list[_Placed]:
    """Bands behind each other; in a band left blocks end at the aisle, right ones begin there."""
    rows_of: dict[int | None, dict[str, list[SeatView]]] = {}
    for seat in seats:
        rows_of.setdefault(seat.section_id, {}).setdefault(seat.row_label or "", []).append(seat)
    bands: dict[int, list[SectionView | None]] = {}
    for section in sections:
        if section.id in rows_of:
            bands.setdefault(section.band, []).append(section)
    if None in rows_of:
        bands[max(bands, default=-1) + 1] = [None]
    placed: list[_Placed] = []
    top = 0
    for _, band in sorted(bands.items()):
        widths = {
            part.id if part else None: max(map(len, rows_of[part.id if part else None].values()))
            for part in band
        }
        starts = _starts(band, widths)
        for part in band:
            key = part.id if part else None
            for line, row in enumerate(rows_of[key].values()):
                slack = widths[key] - len(row)
                shift = {"left": slack, "centre": slack / 2, "right": 0.0}[part.side if part else "centre"]
                placed.extend(
                    _Placed(seat, starts[key] + shift + nth + 0.5, float(top + line))
                    for nth, seat in enumerate(row)
                )
        top += max(len(rows_of[part.id if part else None]) for part in band) + NAME_HEIGHT
    return placed


def _starts(band: Sequence[SectionView | None], widths: dict[int | None, int]) -> dict[int | None, float]:
    """The left end of each block of a band, from the axis."""

    def of_side(side: str) -> list[int | None]:
        return [p.id if p else None for p in band if (p.side if p else "centre") == side]

    centre, left, right = of_side("centre"), of_side("left"), of_side("right")
    width = sum(widths[key] for key in centre) + AISLE * max(0, len(centre) - 1)
    starts: dict[int | None, float] = {}
    edge = -width / 2
    for key in centre:
        starts[key] = edge
        edge += widths[key] + AISLE
    half = width / 2 + AISLE if centre else AISLE / 2
    edge = half
    for key in right:
        starts[key] = edge
        edge += widths[key] + AISLE
    edge = -half
    for key in reversed(left):
        starts[key] = edge - widths[key]
        edge -= widths[key] + AISLE
    return starts
