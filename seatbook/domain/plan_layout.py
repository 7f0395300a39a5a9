"""What a plan is made of: categories, areas, sections, rows and seats, and what is drawn between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seatbook.domain.plan_shapes import PlanShape, Point

# A row of chairs; chairs around a table; a booth, which is one place.
ROW_KINDS = ("row", "table", "booth")


@dataclass(frozen=True, slots=True)
class PlanCategory:
    """A class of places that cost the same. `colour` is a place in the palette, from 1."""

    name: str
    colour: int = 1


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """One chair. `number` is its part within the row, `label` what people call it, unique in its section.

    `features` are some of SEAT_FEATURES, in that order.
    """

    number: str
    label: str
    x: float
    y: float
    category: str
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanRow:
    """Seats of one row in one section, from left to right. `y` is where the row's label stands.

    A table is a row too: its seats stand around `shape`. `as_a_whole` notes that
    whoever drew the plan wants a table sold to one buyer.
    """

    label: str
    y: float
    seats: tuple[PlanSeat, ...]
    kind: str = "row"
    shape: PlanShape | None = None
    as_a_whole: bool = False


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A block of rows. `band` counts from the stage; `position` counts sections on one side of a band.

    `shape` is its outline, whose `rotation` turns the section's name. `floor`
    and `zone` are names that several sections may share; empty means none.
    """

    name: str
    band: int
    side: str
    position: int
    rows: tuple[PlanRow, ...]
    shape: PlanShape | None = None
    floor: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class PlanArea:
    """A part sold in one way. Seated areas have sections, standing and stock a capacity, slots neither."""

    kind: str
    name: str
    sections: tuple[PlanSection, ...] = ()
    capacity: int | None = None
    category: str | None = None
    shape: PlanShape | None = None
    floor: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class PlanLayout:
    """The whole document. Areas and categories are in the order in which they are shown.

    `drawings` lie below the seats. `focal_point` is what everybody looks at:
    the best seats are the nearest to it.
    """

    categories: tuple[PlanCategory, ...]
    areas: tuple[PlanArea, ...]
    drawings: tuple[PlanShape, ...] = ()
    focal_point: Point | None = None

    @property
    def rows(self) -> Iterator[PlanRow]:
        """Every row, in the order of the document."""
        for area in self.areas:
            for section in area.sections:
                yield from section.rows

    @property
    def seats(self) -> Iterator[PlanSeat]:
        """Every numbered seat, in the order of the document."""
        for row in self.rows:
            yield from row.seats

    @property
    def shapes(self) -> Iterator[PlanShape]:
        """Every shape: of tables, of sections, of areas, and the drawings."""
        for area in self.areas:
            for section in area.sections:
                yield from (row.shape for row in section.rows if row.shape is not None)
                if section.shape is not None:
                    yield section.shape
            if area.shape is not None:
                yield area.shape
        yield from self.drawings

    @property
    def seat_count(self) -> int:
        return sum(len(row.seats) for row in self.rows)

    @property
    def place_count(self) -> int:
        """Numbered seats and places of standing and stock areas. Slots are counted by their events."""
        return self.seat_count + sum(area.capacity or 0 for area in self.areas)
