"""Reads a pretix seating plan.

A zone becomes a section; its seats stand where zone, row and seat together say.
The middle of the sheet (`size`) is the hall's axis. A `seat_guid` may be there
once only. Areas are drawings; they have no capacity, so nothing in such a plan
can be sold but seats.
"""

from __future__ import annotations

from typing import Any

from seatbook.domain.plan_formats.categories import Categories
from seatbook.domain.plan_formats.colours import colour_of
from seatbook.domain.plan_formats.drawn import DrawnFloor, DrawnSection, checked_layout, seat_label
from seatbook.domain.plan_formats.file_reader import FileReader, unlike
from seatbook.domain.plan_formats.pretix_shapes import read_area
from seatbook.domain.plan_layout import PlanLayout, PlanRow, PlanSeat
from seatbook.domain.plan_shapes import Point, moved

# What the drawing program puts between two seats of a row, whose radius is 10.
USUAL_PITCH = 25.0

# What says nothing about places: how it is drawn, and names for other programs.
FILE_KEYS = frozenset({"name", "categories", "zones", "size"})
CATEGORY_KEYS = frozenset({"name", "color"})
ZONE_KEYS = frozenset({"name", "zone_id", "uuid", "position", "rows", "areas"})
ROW_KEYS = frozenset({"row_number", "position", "seats", "uuid", "row_number_position"})
SEAT_KEYS = frozenset({"seat_guid", "seat_number", "position", "category", "radius", "uuid"})


def layout_from_plan(plan: dict[str, Any], reader: FileReader) -> PlanLayout:
    """The hall of a plan. Raises PlanFaults with everything that is wrong with it."""
    reader.uses(plan, "", FILE_KEYS)
    categories = _categories(plan, reader)
    floor = DrawnFloor()
    guids: dict[str, str] = {}
    for path, zone in reader.objects(plan, "zones", ""):
        reader.uses(zone, path, ZONE_KEYS)
        corner = reader.point(zone, "position", path) or (0.0, 0.0)
        for where, area in reader.objects(zone, "areas", path):
            drawing = read_area(reader, area, where)
            if drawing is not None:
                floor.drawings.append((moved(drawing, by=corner), where))
        rows = [
            (_row(reader, row, where, categories, guids, corner=corner), where)
            for where, row in reader.objects(zone, "rows", path)
        ]
        if rows:
            reader.count_section()
            floor.sections.append(DrawnSection(_zone_name(reader, zone, path, floor), path, rows))
    sheet = reader.object(plan, "size", "") or {}
    width = reader.size(sheet, "width", "size")
    return checked_layout(
        reader,
        floors=[floor],
        categories=categories,
        usual_pitch=USUAL_PITCH,
        middle=width / 2 if width > 0 else None,
    )


def _categories(plan: dict[str, Any], reader: FileReader) -> Categories:
    categories = Categories(reader)
    for path, item in reader.objects(plan, "categories", ""):
        reader.uses(item, path, CATEGORY_KEYS)
        name = reader.label(item, "name", path)
        if not name:
            reader.fault(path, "a category needs a name.")
        elif name in categories:
            reader.fault(path, f"the name “{name}” is already used by another category.")
        else:
            categories.add(name, name, colour=colour_of(reader.label(item, "color", path)))
    return categories


def _zone_name(reader: FileReader, zone: dict[str, Any], path: str, floor: DrawnFloor) -> str:
    """Zones may share a name, or have none; sections may not."""
    given = reader.label(zone, "name", path) or reader.label(zone, "zone_id", path) or "Zone"
    name = unlike(given, {section.name for section in floor.sections})
    if name != given:
        reader.note(path, f"there is another zone “{given}”, so this one is “{name}” here.")
    return name


def _row(
    reader: FileReader,
    row: dict[str, Any],
    path: str,
    categories: Categories,
    guids: dict[str, str],
    *,
    corner: Point,
) -> PlanRow:
    reader.uses(row, path, ROW_KEYS)
    label = reader.label(row, "row_number", path)
    begin = reader.point(row, "position", path) or (0.0, 0.0)
    left, top = corner[0] + begin[0], corner[1] + begin[1]
    seats = []
    for where, seat in reader.objects(row, "seats", path):
        reader.count()
        reader.uses(seat, where, SEAT_KEYS)
        number = reader.label(seat, "seat_number", where)
        category = reader.label(seat, "category", where)
        position = reader.object(seat, "position", where) or {}
        if category:
            category = categories.use(category, where)
        else:
            reader.fault(where, "there is no category.")
            category = categories.some()
        seats.append(
            PlanSeat(
                number=number,
                label=seat_label(label, number) if number else "",
                x=reader.coordinate(position, "x") + left,
                y=reader.coordinate(position, "y") + top,
                category=category,
            )
        )
        guid = reader.label(seat, "seat_guid", where)
        if guid and (first := guids.setdefault(guid, where)) != where:
            reader.fault(where, f"the seat_guid “{guid}” is already used by {first}.")
    return PlanRow(label, 0.0, tuple(seats))
