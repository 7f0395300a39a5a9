"""Reads a chart of seats.io: rows, tables, booths, general admission, sections, zones and floors.

A chart's `subChart`, or each of its `subChartFloors`, has lists of things with
their places in pixels. A section is a chart of its own: what is in it counts
from the section's `topLeft`, its outline from the chart's corner. A seat that
names no category has its row's, its table's or its section's. Floors are sheets
on top of each other; here they follow each other down the page.

A booth is a row with one place. Pictures, colours and what only the drawing
program needs are passed over with a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seatbook.domain.plan_formats.categories import Categories
from seatbook.domain.plan_formats.drawn import (
    HALL,
    DrawnFloor,
    DrawnSection,
    checked_layout,
    seat_label,
    stack,
)
from seatbook.domain.plan_formats.file_reader import FileReader, unlike
from seatbook.domain.plan_formats.seatsio_shapes import (
    SHAPE_KEYS,
    read_drawing,
    read_outline,
    read_shape,
    read_text,
)
from seatbook.domain.plan_formats.units import pitch_of
from seatbook.domain.plan_layout import PlanArea, PlanLayout, PlanRow, PlanSeat
from seatbook.domain.plan_reading import as_number
from seatbook.domain.plan_shapes import PlanShape, Point, bounds, moved

# A chair of 16 pixels and 4 to the next one: what the drawing program begins with.
USUAL_PITCH = 20.0
# Between two floors, in seats.
FLOOR_GAP = 4
# Sections hold charts, whose sections hold charts; nobody draws deeper than this.
MAX_DEPTH = 4

FEATURES = {"accessible": "wheelchair", "companionSeat": "companion", "restrictedView": "restricted_view"}

CATEGORY_KEYS = frozenset({"categoryKey", "categoryLabel", "categoryAccessible"})
FILE_KEYS = frozenset({"name", "categories", "zones", "subChart", "subChartFloors"})
CHART_KEYS = frozenset(
    {"rows", "tables", "booths", "generalAdmissionAreas", "sections", "shapes", "texts"}
    | {"focalPoint", "floorName", "floorDisplayName", "width", "height"}
)
ROW_KEYS = CATEGORY_KEYS | {"label", "seats", "sectionLabel", "objectType"}
TABLE_KEYS = ROW_KEYS | SHAPE_KEYS | {"bookAsAWhole"}
BOOTH_KEYS = CATEGORY_KEYS | SHAPE_KEYS | {"label", "x", "y", "sectionLabel", "objectType"}
STANDING_KEYS = CATEGORY_KEYS | SHAPE_KEYS | {"label", "capacity", "shape", "zone", "objectType"}
SECTION_KEYS = CATEGORY_KEYS | {"label", "topLeft", "subChart", "zone", "points", "labelRotationAngle"}
SEAT_KEYS = CATEGORY_KEYS | FEATURES.keys() | {"label", "x", "y"}
KEYED_KEYS = frozenset({"key", "label", "accessible", "color"})


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart in a chart: its path, where its corner is, and what its things belong to."""

    path: str
    floor: DrawnFloor
    corner: Point = (0.0, 0.0)
    section: DrawnSection | None = None
    category: str | None = None
    zone: str = ""
    depth: int = 0

    def placed(self, shape: PlanShape | None) -> PlanShape | None:
        return None if shape is None else moved(shape, by=self.corner)


def layout_from_chart(chart: dict[str, Any], reader: FileReader) -> PlanLayout:
    """The hall of a chart. Raises PlanFaults with everything that is wrong with it."""
    return _ChartReader(chart, reader).layout()


class _ChartReader:
    def __init__(self, file: dict[str, Any], reader: FileReader) -> None:
        self.file = file
        self.reader = reader
        self.categories = Categories(reader)
        self.accessible: set[str] = set()
        self.zones: dict[str, str] = {}
        # By floor and name. An empty name stands for rows that are in no section.
        self.sections: dict[tuple[str, str], DrawnSection] = {}

    def layout(self) -> PlanLayout:
        self.reader.uses(self.file, "", FILE_KEYS)
        for path, key, name, item in self._keyed("categories"):
            if key in self.categories:
                self.reader.fault(path, f"the key “{key}” is already used by another category.")
                continue
            self.categories.add(key, name)
            if self.reader.yes(item, "accessible", path):
                self.accessible.add(key)
        self.zones = {key: name for _, key, name, _ in self._keyed("zones")}
        floors = list(self._floors())
        pitch = pitch_of((row for floor in floors for row in floor.rows), usual=USUAL_PITCH)
        stack(floors, gap=FLOOR_GAP * pitch)
        return checked_layout(self.reader, floors=floors, categories=self.categories, usual_pitch=USUAL_PITCH)

    def _keyed(self, kind: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Path, key, name and object of every category or zone: in a list, or in an object with a list."""
        holder = self.file.get(kind)
        given = (
            self.reader.objects(holder, "list", kind)
            if isinstance(holder, dict)
            else self.reader.objects(self.file, kind, "")
        )
        for path, item in given:
            self.reader.uses(item, path, KEYED_KEYS)
            name = self.reader.label(item, "label", path)
            key = self.reader.label(item, "key", path) or name
            if key:
                yield path, key, name or key, item
            else:
                self.reader.fault(path, "a label or a key is needed.")

    def _floors(self) -> Iterator[DrawnFloor]:
        given = list(self.reader.objects(self.file, "subChartFloors", ""))
        if not given:
            chart = self.reader.object(self.file, "subChart", "")
            given = [] if chart is None else [("subChart", chart)]
        names: list[str] = []
        for path, chart in given:
            label = self.reader.label(chart, "floorDisplayName", path)
            label = label or self.reader.label(chart, "floorName", path) or "Floor"
            # One floor alone needs no name.
            names.append(unlike(label, names) if len(given) > 1 else "")
            floor = DrawnFloor(names[-1])
            self._read(chart, _Chart(path, floor))
            yield floor

    def _read(self, item: dict[str, Any], chart: _Chart) -> None:
        reader, path, floor = self.reader, chart.path, chart.floor
        reader.uses(item, path, CHART_KEYS)
        for where, section in reader.objects(item, "sections", path):
            self._read_section(section, where, chart)
        for kind, read in (("rows", self._row), ("tables", self._table), ("booths", self._booth)):
            for where, thing in reader.objects(item, kind, path):
                section_of = self._section_of(thing, where, chart, path=f"{path}.{kind}")
                section_of.rows.append((read(thing, where, chart), where))
        for where, area in reader.objects(item, "generalAdmissionAreas", path):
            floor.areas.append((self._standing(area, where, chart), where))
        for kind, draw in (("shapes", read_drawing), ("texts", read_text)):
            for where, thing in reader.objects(item, kind, path):
                drawing = chart.placed(draw(reader, thing, where))
                if drawing is not None:
                    floor.drawings.append((drawing, where))
        focus = reader.point(item, "focalPoint", path)
        if focus == (0.0, 0.0):
            reader.note(f"{path}.focalPoint", "it is the corner of the drawing: nobody has set it.")
        elif focus is not None and floor.focal_point is None:
            floor.focal_point = (focus[0] + chart.corner[0], focus[1] + chart.corner[1])

    def _read_section(self, item: dict[str, Any], path: str, chart: _Chart) -> None:
        reader = self.reader
        reader.uses(item, path, SECTION_KEYS)
        section = DrawnSection(
            name=reader.label(item, "label", path),
            path=path,
            floor=chart.floor.name,
            zone=self._zone(item, path) or chart.zone,
        )
        if item.get("points"):
            turn = reader.angle(item, "labelRotationAngle", path)
            section.shape = chart.placed(read_outline(reader, item, path, rotation=turn))
        self._add_section(section, chart.floor)
        if chart.depth == MAX_DEPTH:
            reader.fault(path, "here are sections in sections too many times.")
            return
        inside = reader.object(item, "subChart", path)
        if inside is None:
            return
        left, top = reader.point(item, "topLeft", path) or (0.0, 0.0)
        self._read(
            inside,
            _Chart(
                path=f"{path}.subChart",
                floor=chart.floor,
                corner=(chart.corner[0] + left, chart.corner[1] + top),
                section=section,
                category=self._category_key(item, path) or chart.category,
                zone=section.zone,
                depth=chart.depth + 1,
            ),
        )

    def _zone(self, item: dict[str, Any], path: str) -> str:
        key = self.reader.label(item, "zone", path)
        if key and key not in self.zones:
            self.reader.note(path, f"zone “{key}” is not among the chart's zones, so it has no other name.")
        return self.zones.get(key, key)

    def _section_of(self, item: dict[str, Any], where: str, chart: _Chart, *, path: str) -> DrawnSection:
        """The section that a row is in: the one around it, the one that it names, or the rest of the floor."""
        if chart.section is not None:
            return chart.section
        floor = chart.floor
        name = self.reader.label(item, "sectionLabel", where)
        section = self.sections.get((floor.name, name))
        if section is None:
            own = name or unlike(floor.name or HALL, {section.name for section in floor.sections})
            section = DrawnSection(own, path, floor=floor.name)
            self._add_section(section, floor)
            self.sections[floor.name, name] = section
        return section

    def _add_section(self, section: DrawnSection, floor: DrawnFloor) -> None:
        self.reader.count_section()
        floor.sections.append(section)
        self.sections.setdefault((floor.name, section.name), section)

    def _row(self, item: dict[str, Any], path: str, chart: _Chart) -> PlanRow:
        self.reader.uses(item, path, ROW_KEYS)
        label = self.reader.label(item, "label", path)
        return PlanRow(label, 0.0, self._seats(item, path, chart, row=label))

    def _table(self, item: dict[str, Any], path: str, chart: _Chart) -> PlanRow:
        self.reader.uses(item, path, TABLE_KEYS)
        label = self.reader.label(item, "label", path)
        return PlanRow(
            label,
            0.0,
            self._seats(item, path, chart, row=label),
            kind="table",
            shape=chart.placed(read_shape(self.reader, item, path)),
            as_a_whole=self.reader.yes(item, "bookAsAWhole", path),
        )

    def _booth(self, item: dict[str, Any], path: str, chart: _Chart) -> PlanRow:
        reader = self.reader
        reader.count()
        reader.uses(item, path, BOOTH_KEYS)
        label = reader.label(item, "label", path)
        shape = read_shape(reader, item, path)
        if shape is None:
            x, y = reader.coordinate(item, "x"), reader.coordinate(item, "y")
        else:
            left, top, right, bottom = bounds(shape)
            x, y = (left + right) / 2, (top + bottom) / 2
        category = self._category(item, path, chart.category)
        seat = PlanSeat(label, label, x + chart.corner[0], y + chart.corner[1], category)
        return PlanRow(label, 0.0, (seat,), kind="booth", shape=chart.placed(shape))

    def _seats(self, item: dict[str, Any], path: str, chart: _Chart, *, row: str) -> tuple[PlanSeat, ...]:
        reader, (left, top) = self.reader, chart.corner
        of_row = self._category_key(item, path) or chart.category
        seats = []
        for where, seat in reader.objects(item, "seats", path):
            reader.count()
            reader.uses(seat, where, SEAT_KEYS)
            number = reader.label(seat, "label", where)
            key = self._category_key(seat, where) or of_row
            seats.append(
                PlanSeat(
                    number=number,
                    label=seat_label(row, number) if number else "",
                    x=reader.coordinate(seat, "x") + left,
                    y=reader.coordinate(seat, "y") + top,
                    category=self._category(seat, where, key),
                    features=tuple(
                        feature
                        for flag, feature in FEATURES.items()
                        if reader.yes(seat, flag, where)
                        or (feature == "wheelchair" and key in self.accessible)
                    ),
                )
            )
        return tuple(seats)

    def _standing(self, item: dict[str, Any], path: str, chart: _Chart) -> PlanArea:
        reader = self.reader
        reader.uses(item, path, STANDING_KEYS)
        name = reader.label(item, "label", path)
        if chart.section is not None and name:
            name = f"{chart.section.name} · {name}"
        capacity = as_number(item.get("capacity"))
        if capacity is None or not capacity.is_integer():
            reader.fault(f"{path}.capacity", "this must be a whole number.")
            capacity = 1.0
        reader.count(max(0, int(capacity)))
        drawn = item["shape"] if isinstance(item.get("shape"), dict) else item
        return PlanArea(
            kind="standing",
            name=name,
            capacity=int(capacity),
            category=self._category(item, path, chart.category),
            shape=chart.placed(read_shape(reader, drawn, path)),
            floor=chart.floor.name,
            zone=self._zone(item, path) or chart.zone,
        )

    def _category(self, item: dict[str, Any], path: str, otherwise: str | None) -> str:
        key = self._category_key(item, path) or otherwise
        if key is not None:
            return self.categories.use(key, path)
        self.reader.fault(path, "there is no category, neither here nor around it.")
        return self.categories.some()

    def _category_key(self, item: dict[str, Any], path: str) -> str | None:
        key = self.reader.label(item, "categoryKey", path)
        if key:
            return key
        name = self.reader.label(item, "categoryLabel", path)
        return self.categories.key_named(name) if name else None
