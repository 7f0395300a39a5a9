"""Gives seats their places in a hall that is known by its zones, rows and seat numbers only.

The rules, from the stage backwards:

- Zones whose names differ only in a word for a side ("Stalls left", "Stalls
  right") share a band: left stands left of the hall's axis, right stands right
  of it, with an aisle between. Bands follow each other in the order of the file.
- A zone with a side and no partner, such as a box, stands on its side, beside
  the band that has most of its row numbers, else the nearest one in the file.
- Every other zone is a band of its own, in the middle.
- In a zone, row 1 is nearest to the stage, whatever the order of the file. Rows
  of the same number whose seat numbers go on (A3 85–94, B3 95–102) are pieces of
  one line. A row that comes twice is one line with an aisle in it.
- Numbers run on through the aisle: where the left zone has the higher numbers,
  they count down from left to right, on both sides.

Coordinates are those of `plans.py`: in seats, from the axis and the first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.domain.zone_lines import INNER_AISLE, Line, LineKey, Run, lines_of_zones
from seatbook.domain.zone_names import ZoneName, read_zone_name
from seatbook.models.inventory import MAX_CATEGORY_COLOURS, SECTION_SIDES

# In seats: between two sections of a band, between two bands, and between two boxes on one side.
AISLE = 2
BAND_GAP = 2
BOX_GAP = 2

HALL = "Hall"
STANDARD = "Standard"


@dataclass(frozen=True, slots=True)
class Zone:
    """A named part of the hall, with its runs in the order of the file."""

    name: str
    runs: tuple[Run, ...]


@dataclass(slots=True)
class _Part:
    """A zone in its band. `starts` are the left ends of each line's runs, first from the part's own
    origin, later from the axis; runs and starts are ordered from left to right. `falling`: numbers
    count down from left to right."""

    zone: Zone
    side: str
    lines: list[Line]
    position: int = 0
    falling: bool = False
    runs: dict[LineKey, list[Run]] = field(default_factory=dict)
    starts: dict[LineKey, list[float]] = field(default_factory=dict)

    @property
    def left_end(self) -> float:
        return min(starts[0] for starts in self.starts.values())

    @property
    def right_end(self) -> float:
        return max(self.starts[key][-1] + self.runs[key][-1].count for key in self.starts)

    def move(self, distance: float) -> None:
        self.starts = {key: [start + distance for start in starts] for key, starts in self.starts.items()}


@dataclass(slots=True)
class _Band:
    """Zones side by side. A box is a band whose one zone stands beside another band."""

    number: int
    parts: list[_Part]
    is_box: bool
    top: float = 0

    @property
    def keys(self) -> list[LineKey]:
        return sorted({line.key for part in self.parts for line in part.lines})

    @property
    def height(self) -> int:
        return len(self.keys)


def lay_out_hall(zones: Sequence[Zone]) -> PlanLayout:
    """One seated area with a section for each zone, and a category for each kind of zone.

    Zone names and the seats of a zone must be without doubles. More than 8 kinds
    of zones get one category, "Standard": more colours cannot be told apart.
    """
    names = {zone.name: read_zone_name(zone.name) for zone in zones}
    bands = _bands(zones, names)
    votes = {band.number: _falling_votes(band) for band in bands}
    hall_falls = sum(1 if vote > 0 else -1 for vote in votes.values() if vote) > 0
    for band in bands:
        for part in band.parts:
            # A part that nothing is known about counts like the rest of the hall.
            part.falling = votes[band.number] > 0 if votes[band.number] else hall_falls
            _set_out(part)
        _place_across(band)
    _place_along(bands)

    categories = _categories(zones, names)
    return PlanLayout(
        categories=tuple(
            PlanCategory(name, colour) for colour, name in enumerate(dict.fromkeys(categories.values()), 1)
        ),
        areas=(
            PlanArea(
                kind="seated",
                name=HALL,
                sections=tuple(
                    _section(part, band, category=categories[part.zone.name])
                    for band in bands
                    for part in band.parts
                ),
            ),
        ),
    )


def seat_label(row: str, number: int) -> str:
    """What people call a seat: "A12"; "A16-11" where the row ends with a digit."""
    return f"{row}-{number}" if row[-1:].isdigit() else f"{row}{number}"


def _categories(zones: Sequence[Zone], names: dict[str, ZoneName]) -> dict[str, str]:
    """The category of each zone, by the zone's name. The first spelling of a kind is kept."""
    spellings: dict[str, str] = {}
    for zone in zones:
        kind = names[zone.name].kind or STANDARD
        spellings.setdefault(kind.casefold(), kind)
    if len(spellings) > MAX_CATEGORY_COLOURS:
        return {zone.name: STANDARD for zone in zones}
    return {zone.name: spellings[(names[zone.name].kind or STANDARD).casefold()] for zone in zones}


def _bands(zones: Sequence[Zone], names: dict[str, ZoneName]) -> list[_Band]:
    together: dict[str, list[Zone]] = {}
    for zone in zones:
        together.setdefault(names[zone.name].partners, []).append(zone)
    bands = []
    for number, partners in enumerate(together.values()):
        lines = lines_of_zones([zone.runs for zone in partners])
        parts = [
            _Part(zone, names[zone.name].side or "centre", zone_lines)
            for zone, zone_lines in zip(partners, lines, strict=True)
        ]
        parts.sort(key=lambda part: SECTION_SIDES.index(part.side))
        for side in SECTION_SIDES:
            for position, part in enumerate(part for part in parts if part.side == side):
                part.position = position
        bands.append(_Band(number, parts, is_box=len(parts) == 1 and parts[0].side != "centre"))
    return bands


def _falling_votes(band: _Band) -> int:
    """How many lines count down from left to right, less those that count up; 0 where nothing tells."""
    votes = 0
    for left, right in pairwise(band.parts):
        right_lines = {line.key: line for line in right.lines}
        for line in left.lines:
            other = right_lines.get(line.key)
            if other is not None:
                votes += (line.lowest > other.highest) - (line.highest < other.lowest)
    return votes


def _set_out(part: _Part) -> None:
    """Order a part's runs from left to right and give them starts from the part's own origin: the
    aisle for a side, the middle for the centre."""
    step = -1 if part.falling else 1
    for line in part.lines:
        runs = list(line.runs)[::step]
        gaps = list(line.gaps)[::step]
        starts = [0.0]
        for run, gap in zip(runs, gaps, strict=False):
            starts.append(starts[-1] + run.count + gap)
        shift = {"left": -line.width, "centre": -line.width / 2, "right": 0}[part.side]
        part.runs[line.key] = runs
        part.starts[line.key] = [start + shift for start in starts]
    if part.side == "centre":
        _align_inner_aisles(part)
    else:
        _keep_outer_runs_outside(part)


def _align_inner_aisles(part: _Part) -> None:
    """Rows of different lengths with the same number of aisles share them: no aisle is a zigzag."""
    by_aisles: dict[int, list[LineKey]] = {}
    for line in part.lines:
        if len(line.runs) > 1 and len({run.row for run in line.runs}) == 1:
            by_aisles.setdefault(len(line.runs) - 1, []).append(line.key)
    for aisles, keys in by_aisles.items():
        blocks = range(aisles + 1)
        widths = [max(part.runs[key][block].count for key in keys) for block in blocks]
        width = sum(widths) + INNER_AISLE * aisles
        for key in keys:
            left = -width / 2
            for block in blocks:
                spare = widths[block] - part.runs[key][block].count
                # The first block ends at its aisle, the last begins at it, those between are centred.
                part.starts[key][block] = left + spare * (1 if block == 0 else 0 if block == aisles else 0.5)
                left += widths[block] + INNER_AISLE


def _keep_outer_runs_outside(part: _Part) -> None:
    """Where rows of letter B stand outside those of letter A, a row B alone stays outside too.

    A hall's second row may have its outer blocks only, or its side rows may reach
    further to the stage: they keep the distance from the aisle which the nearest
    row of both letters shows.
    """
    inner = -1 if part.side == "left" else 0
    outside: dict[str, list[tuple[int, float]]] = {}
    inside: set[str] = set()
    for line in part.lines:
        runs, starts = part.runs[line.key], part.starts[line.key]
        if len(runs) == 1:
            continue
        inside.add(runs[inner].letter)
        for run, start in zip(runs, starts, strict=True):
            if run.letter != runs[inner].letter:
                distance = -(start + run.count) if part.side == "left" else start
                outside.setdefault(run.letter, []).append((line.key[3], distance))
    for line in part.lines:
        letter = part.runs[line.key][inner].letter
        if len(line.runs) == 1 and letter in outside and letter not in inside:
            _, distance = min(outside[letter], key=lambda seen: abs(seen[0] - line.key[3]))
            shift = -distance if part.side == "left" else distance
            part.starts[line.key] = [start + shift for start in part.starts[line.key]]


def _place_across(band: _Band) -> None:
    """Move a band's parts to their sides of the axis."""
    centre = [part for part in band.parts if part.side == "centre"]
    half = AISLE / 2
    if centre:
        width = sum(part.right_end - part.left_end for part in centre) + AISLE * (len(centre) - 1)
        edge = -width / 2
        for part in centre:
            # A single zone keeps its own middle on the axis, however its rows are shaped.
            part.move(edge - part.left_end if len(centre) > 1 else 0)
            edge = part.right_end + AISLE
        half = max(-centre[0].left_end, centre[-1].right_end) + AISLE
    edge = half
    for part in [part for part in band.parts if part.side == "right"]:
        part.move(edge - min(0.0, part.left_end))
        edge = part.right_end + AISLE
    edge = -half
    for part in reversed([part for part in band.parts if part.side == "left"]):
        part.move(edge - max(0.0, part.right_end))
        edge = part.left_end - AISLE


def _place_along(bands: list[_Band]) -> None:
    """Put bands behind each other, and boxes beside the band that they belong to."""
    top = 0.0
    for band, boxes in _with_boxes(bands):
        height = 0.0
        if band is not None:
            band.top = top
            height = band.height
        for side in ("left", "right"):
            below = 0.0
            for box in [box for box in boxes if box.parts[0].side == side]:
                if band is not None:
                    left_end = min(part.left_end for part in band.parts)
                    right_end = max(part.right_end for part in band.parts)
                    # `_place_across` left half an aisle between the axis and the box.
                    box.parts[0].move(left_end - AISLE / 2 if side == "left" else right_end + AISLE / 2)
                box.top = top + below
                below += box.height + BOX_GAP
            height = max(height, below - BOX_GAP)
        top += height + BAND_GAP


def _with_boxes(bands: list[_Band]) -> Iterator[tuple[_Band | None, list[_Band]]]:
    """Every band with its boxes; None for a hall that has nothing but boxes."""
    halls = [band for band in bands if not band.is_box]
    boxes = [band for band in bands if band.is_box]
    if not halls:
        yield None, boxes
        return
    beside: dict[int, list[_Band]] = {}
    for box in boxes:
        # Row 12 of a side box is mostly beside row 12 of the stalls. Of two bands that are
        # equally likely, the one just before the box in the file was written down with it.
        band = max(
            halls,
            key=lambda band: (
                len(set(band.keys) & set(box.keys)),
                -abs(band.number - box.number),
                -band.number,
            ),
        )
        beside.setdefault(band.number, []).append(box)
    for band in halls:
        yield band, beside.get(band.number, [])


def _section(part: _Part, band: _Band, *, category: str) -> PlanSection:
    y_of = {key: band.top + nth for nth, key in enumerate(band.keys)}
    return PlanSection(
        name=part.zone.name,
        band=band.number,
        side=part.side,
        position=part.position,
        rows=tuple(
            row for line in part.lines for row in _rows(part, line, y=y_of[line.key], category=category)
        ),
    )


def _rows(part: _Part, line: Line, *, y: float, category: str) -> Iterator[PlanRow]:
    """The rows of one line, from left to right. Runs of one label are one row."""
    runs, starts = part.runs[line.key], part.starts[line.key]
    seats: dict[str, list[PlanSeat]] = {}
    for run, start in zip(runs, starts, strict=True):
        numbers = range(run.start, run.end + 1)
        for nth, number in enumerate(reversed(numbers) if part.falling else numbers):
            seats.setdefault(run.row, []).append(
                PlanSeat(
                    number=str(number),
                    label=seat_label(run.row, number),
                    x=start + nth + 0.5,
                    y=y,
                    category=category,
                )
            )
    for label, of_row in seats.items():
        yield PlanRow(label=label, y=y, seats=tuple(of_row))
