"""What an event keeps of its plan beside places: the column `event.drawing`, small enough for every page.

    {"focal_point": [x, y],
     "shapes": [SHAPE, …],
     "tables": [{"section_id": 7, "row": "T1", "kind": "table", "as_a_whole": true, "shape": SHAPE}, …],
     "floors": [{"name": "Ground floor", "section_ids": [7], "area_ids": []}, …],
     "zones": [the same]}

Keys are left out where there is nothing to say, and the column is NULL where
none is left. `plan_shapes.py` describes a SHAPE; sections and areas have theirs
in columns of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatbook.domain.plan_layout import PlanLayout
from seatbook.domain.plan_shapes import shape_document

SectionIds = Mapping[tuple[str, str], int]


def event_drawing(
    layout: PlanLayout, *, area_ids: Mapping[str, int], section_ids: SectionIds
) -> dict[str, Any] | None:
    """The drawing of an event. Section ids are by the names of area and section; areas and sections
    without an id are not in the event."""
    drawing = {
        "focal_point": None if layout.focal_point is None else list(layout.focal_point),
        "shapes": [shape_document(shape) for shape in layout.drawings],
        "tables": _tables(layout, section_ids),
        "floors": _groups(layout, "floor", area_ids, section_ids),
        "zones": _groups(layout, "zone", area_ids, section_ids),
    }
    return {key: value for key, value in drawing.items() if value} or None


def _tables(layout: PlanLayout, section_ids: SectionIds) -> list[dict[str, Any]]:
    tables = []
    for area in layout.areas:
        for section in area.sections:
            for row in section.rows:
                if row.kind == "row" and row.shape is None:
                    continue
                table: dict[str, Any] = {
                    "section_id": section_ids.get((area.name, section.name)),
                    "row": row.label,
                    "kind": row.kind,
                }
                if row.as_a_whole:
                    table["as_a_whole"] = True
                if row.shape is not None:
                    table["shape"] = shape_document(row.shape)
                tables.append(table)
    return tables


def _groups(
    layout: PlanLayout, what: str, area_ids: Mapping[str, int], section_ids: SectionIds
) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}

    def group(name: str) -> dict[str, Any]:
        return groups.setdefault(name, {"name": name, "section_ids": [], "area_ids": []})

    for area in layout.areas:
        if (name := getattr(area, what)) and area.name in area_ids:
            group(name)["area_ids"].append(area_ids[area.name])
        for section in area.sections:
            key = (area.name, section.name)
            if (name := getattr(section, what)) and key in section_ids:
                group(name)["section_ids"].append(section_ids[key])
    return list(groups.values())
