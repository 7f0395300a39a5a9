"""From what a reader found in a drawing to a layout in seats, checked, with the file's own places in faults."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from seatbook.domain.plan_checks import layout_faults
from seatbook.domain.plan_formats.categories import Categories
from seatbook.domain.plan_formats.file_reader import FileReader, unlike
from seatbook.domain.plan_formats.units import in_seats
from seatbook.domain.plan_layout import PlanArea, PlanLayout, PlanRow, PlanSection
from seatbook.domain.plan_shapes import PlanShape, Point, bounds, moved

HALL = "Hall"


@dataclass(slots=True)
class DrawnSection:
    """A section while it is read. A row comes with its path; its seats are `path.seats[n]` in their order."""

    name: str
    path: str
    rows: list[tuple[PlanRow, str]] = field(default_factory=list)
    shape: PlanShape | None = None
    floor: str = ""
    zone: str = ""


@dataclass(slots=True)
class DrawnFloor:
    """What is drawn on one sheet, in its own unit; areas and drawings with their paths."""

    name: str = ""
    sections: list[DrawnSection] = field(default_factory=list)
    areas: list[tuple[PlanArea, str]] = field(default_factory=list)
    drawings: list[tuple[PlanShape, str]] = field(default_factory=list)
    focal_point: Point | None = None

    @property
    def rows(self) -> Iterator[PlanRow]:
        for section in self.sections:
            for row, _ in section.rows:
                yield row

    @property
    def shapes(self) -> Iterator[PlanShape]:
        of_rows = (row.shape for row in self.rows)
        of_sections = (section.shape for section in self.sections)
        of_areas = (area.shape for area, _ in self.areas)
        for shape in (*of_rows, *of_sections, *of_areas, *(shape for shape, _ in self.drawings)):
            if shape is not None:
                yield shape


def stack(floors: list[DrawnFloor], *, gap: float) -> None:
    """Move every floor below the one before it: sheets that lay on each other become one."""
    lowest: float | None = None
    for floor in floors:
        edges = [seat.y for row in floor.rows for seat in row.seats]
        edges += [edge for shape in floor.shapes for edge in bounds(shape)[1::2]]
        edges = [edge for edge in edges if math.isfinite(edge)]
        if not edges:
            continue
        by = 0.0 if lowest is None else lowest + gap - min(edges)
        _move_down(floor, by)
        lowest = max(edges) + by


def checked_layout(
    reader: FileReader,
    *,
    floors: list[DrawnFloor],
    categories: Categories,
    usual_pitch: float,
    middle: float | None = None,
) -> PlanLayout:
    """The layout of what was read, in seats. Raises PlanFaults with everything that is wrong with the file.

    Sections become one seated area; rows and sections without a seat are left
    out with a note. `usual_pitch` and `middle` are those of `in_seats`.
    """
    paths: dict[tuple[int, ...], str] = {}
    sections = tuple(_filled_sections(reader, floors, paths))
    standing = [area for floor in floors for area in floor.areas]
    areas = [area for area, _ in standing]
    if sections:
        name = unlike(HALL, {area.name for area in areas})
        areas.insert(0, PlanArea("seated", name, sections=sections))
    first = len(areas) - len(standing)
    paths |= {(first + nth,): path for nth, (_, path) in enumerate(standing)}
    drawings = [drawing for floor in floors for drawing in floor.drawings]
    paths |= {(-1, nth): path for nth, (_, path) in enumerate(drawings)}
    layout = in_seats(
        PlanLayout(
            categories=categories.in_use(),
            areas=tuple(areas),
            drawings=tuple(shape for shape, _ in drawings),
            focal_point=next((floor.focal_point for floor in floors if floor.focal_point is not None), None),
        ),
        usual_pitch=usual_pitch,
        middle=middle,
    )
    layout = replace(layout, areas=tuple(_with_sides(area) for area in layout.areas))
    faults = [*reader.faults, *layout_faults(layout, places=paths)]
    if faults:
        raise reader.refusal(faults)
    return layout


def seat_label(row: str, number: str) -> str:
    """What people call a seat: "A12"; "A16-11" and "T1-3" where the row ends with a digit."""
    return f"{row}-{number}" if row[-1:].isdigit() else f"{row}{number}"


def side_of(section: PlanSection) -> str:
    """The side of the axis on which the whole section stands, else centre."""
    xs = [seat.x for row in section.rows for seat in row.seats]
    return "left" if max(xs) < 0 else "right" if min(xs) > 0 else "centre"


def _filled_sections(
    reader: FileReader, floors: list[DrawnFloor], paths: dict[tuple[int, ...], str]
) -> Iterator[PlanSection]:
    nth = 0
    for section in (section for floor in floors for section in floor.sections):
        rows: list[PlanRow] = []
        for row, path in section.rows:
            if not row.seats:
                reader.note(path, "there is no seat in it, so it was left out.")
                continue
            paths[0, nth, len(rows)] = path
            paths |= {(0, nth, len(rows), n): f"{path}.seats[{n}]" for n in range(len(row.seats))}
            if row.kind == "booth":
                paths[0, nth, len(rows), 0] = path
            rows.append(row)
        if not rows:
            reader.note(section.path, f"there is no seat in “{section.name}”, so it was left out.")
            continue
        paths[0, nth] = section.path
        yield PlanSection(
            section.name, 0, "centre", nth, tuple(rows), section.shape, section.floor, section.zone
        )
        nth += 1


def _with_sides(area: PlanArea) -> PlanArea:
    """Sections that stand on one side of the axis say so."""
    return replace(area, sections=tuple(replace(one, side=side_of(one)) for one in area.sections))


def _move_down(floor: DrawnFloor, by: float) -> None:
    if not by:
        return

    def shape(old: PlanShape | None) -> PlanShape | None:
        return None if old is None else moved(old, by=(0.0, by))

    for section in floor.sections:
        section.shape = shape(section.shape)
        section.rows = [
            (
                replace(
                    row,
                    shape=shape(row.shape),
                    seats=tuple(replace(seat, y=seat.y + by) for seat in row.seats),
                ),
                path,
            )
            for row, path in section.rows
        ]
    floor.areas = [(replace(area, shape=shape(area.shape)), path) for area, path in floor.areas]
    floor.drawings = [(moved(drawing, by=(0.0, by)), path) for drawing, path in floor.drawings]
    if floor.focal_point is not None:
        floor.focal_point = (floor.focal_point[0], floor.focal_point[1] + by)
