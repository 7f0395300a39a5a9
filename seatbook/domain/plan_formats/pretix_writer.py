"""Writes a plan as a pretix seating plan, and says what such a plan cannot hold.

A section becomes a zone. A seat's pitch is 25 pixels and its radius 10, as the
drawing program has them, and the hall's axis is the middle of the sheet. What
has a shape is drawn, even where it loses its meaning: a standing area is a
drawing there, and the seats of a table are a row.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from seatbook.domain.plan_formats.colours import HEX
from seatbook.domain.plan_formats.drawn import HALL, seat_label, side_of
from seatbook.domain.plan_formats.file_reader import unlike
from seatbook.domain.plan_formats.pretix_reader import USUAL_PITCH
from seatbook.domain.plan_formats.pretix_shapes import area_document, kept_role, xy
from seatbook.domain.plan_layout import PlanLayout, PlanRow, PlanSection
from seatbook.domain.plan_shapes import PlanShape, Point, bounds
from seatbook.errors import N_, InvalidInput

RADIUS = 10
# Around everything, in seats. Pixel 0 lies on a whole seat, so that no coordinate is rounded on the way.
MARGIN = 2
DRAWINGS = "Drawings"


def pretix_document(layout: PlanLayout, *, name: str) -> dict[str, Any]:
    """The plan for pretix. Raises InvalidInput where there is no seat: there would be nothing in it."""
    if not layout.seat_count:
        raise InvalidInput(
            field="format",
            reason=N_("“%(name)s” has no numbered seat, and a pretix plan has nothing else to sell."),
            name=name,
        )
    corner, far_corner = _extent(layout)
    writer = _Writer(corner)
    named = _zone_names(layout)
    zones = [writer.zone(section, zone_name) for section, zone_name in named]
    drawings = [*_drawn_areas(layout), *layout.drawings]
    if drawings:
        zones.append(
            {
                "name": unlike(DRAWINGS, {zone_name for _, zone_name in named}),
                "position": {"x": 0, "y": 0},
                "rows": [],
                "areas": [area_document(shape, size=USUAL_PITCH, corner=corner) for shape in drawings],
            }
        )
    return {
        "name": name,
        "categories": [
            {"name": category.name, "color": HEX[category.colour]} for category in layout.categories
        ],
        "zones": zones,
        "size": {
            "width": round((far_corner[0] - corner[0]) * USUAL_PITCH),
            "height": round((far_corner[1] - corner[1]) * USUAL_PITCH),
        },
    }


def lost_in_pretix(layout: PlanLayout) -> tuple[str, ...]:
    """What a pretix plan of this layout does not say, as sentences."""
    return tuple(_losses(layout))


def _losses(layout: PlanLayout) -> Iterator[str]:
    for kind in ("standing", "slots", "stock"):
        names = ", ".join(f"“{area.name}”" for area in layout.areas if area.kind == kind)
        if names:
            drawn = " Where they have a shape, it is drawn." if kind == "standing" else ""
            yield f"pretix plans have seats only, so these {kind} areas cannot be sold there: {names}.{drawn}"
    seated = [area for area in layout.areas if area.kind == "seated"]
    if len(seated) > 1 or (seated and seated[0].name != HALL):
        names = ", ".join(f"“{area.name}”" for area in seated)
        yield f"The names of seated areas are lost ({names}): zones are all that a pretix plan has."
    features = Counter(feature for seat in layout.seats for feature in seat.features)
    for feature, seats in features.items():
        yield f"“{feature.replace('_', ' ')}” is lost ({_count(seats, 'seat')}): pretix has no word for it."
    kinds = Counter(row.kind for row in layout.rows)
    if kinds["table"]:
        yield f"{_count(kinds['table'], 'table')} will be rows there, with a drawing where there is a shape."
    if whole := sum(row.as_a_whole for row in layout.rows):
        yield f"It is lost that tables are sold as a whole ({_count(whole, 'table')})."
    if kinds["booth"]:
        yield f"{_count(kinds['booth'], 'booth')} will be rows of one seat there."
    own = sum(seat.label != seat_label(row.label, seat.number) for row in layout.rows for seat in row.seats)
    if own:
        yield f"{_count(own, 'label')} will be made anew, from row and number: pretix has these two only."
    parts = [*layout.areas, *(section for area in layout.areas for section in area.sections)]
    for what in ("floor", "zone"):
        groups = {getattr(part, what) for part in parts} - {""}
        if groups:
            yield f"The names of {what}s are lost: {', '.join(f'“{name}”' for name in sorted(groups))}."
    if layout.focal_point is not None:
        yield "The focal point is lost."
    if roles := sum(shape.role not in ("", kept_role(shape)) for shape in layout.shapes):
        yield f"It is lost what is a stage or a wall ({_count(roles, 'drawing')})."
    sections = [section for area in seated for section in area.sections]
    if outlines := sum(section.shape is not None for section in sections):
        yield f"Outlines of sections will be drawings like others ({_count(outlines, 'section')})."
    if any((one.band, one.position, one.side) != (0, n, side_of(one)) for n, one in enumerate(sections)):
        yield "Bands and sides of sections are lost; where they stand is kept."
    if any(shape.width or shape.height for shape in layout.shapes):
        yield "Sizes of drawings are rounded to whole pixels, a twenty-fifth of a seat."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _drawn_areas(layout: PlanLayout) -> Iterator[PlanShape]:
    for area in layout.areas:
        if area.shape is not None:
            yield replace(area.shape, text=area.shape.text or area.name)


def _zone_names(layout: PlanLayout) -> list[tuple[PlanSection, str]]:
    """Every section with its name; with its area's name too where two areas have a section of that name."""
    names: dict[str, PlanSection] = {}
    for area in layout.areas:
        for section in area.sections:
            name = section.name if section.name not in names else f"{area.name} · {section.name}"
            names[unlike(name, set(names))] = section
    return [(section, name) for name, section in names.items()]


def _extent(layout: PlanLayout) -> tuple[Point, Point]:
    """The sheet's corners: everything with a margin, on whole seats, and the axis in the middle."""
    boxes = [(seat.x, seat.y, seat.x, seat.y) for seat in layout.seats]
    boxes += [bounds(shape) for shape in layout.shapes]
    left, top, right, bottom = zip(*boxes, strict=True)
    half = math.ceil(max(-min(left), max(right))) + MARGIN
    return (-half, math.floor(min(top)) - MARGIN), (half, math.ceil(max(bottom)) + MARGIN)


class _Writer:
    """Writes zones, and gives every seat a seat_guid of its own."""

    def __init__(self, corner: Point) -> None:
        self.corner = corner
        self.guids: Counter[str] = Counter()

    def zone(self, section: PlanSection, name: str) -> dict[str, Any]:
        places = [self._px(seat.x, seat.y) for row in section.rows for seat in row.seats]
        at = min(x for x, _ in places), min(y for _, y in places)
        shapes = [row.shape for row in section.rows if row.shape is not None]
        if section.shape is not None:
            shapes.append(section.shape)
        # Drawings of a zone count from its corner too.
        corner = self.corner[0] + at[0] / USUAL_PITCH, self.corner[1] + at[1] / USUAL_PITCH
        return {
            "name": name,
            "zone_id": name,
            "position": xy(at),
            "rows": [self._row(row, name, at) for row in section.rows],
            "areas": [area_document(shape, size=USUAL_PITCH, corner=corner) for shape in shapes],
        }

    def _row(self, row: PlanRow, zone: str, at: Point) -> dict[str, Any]:
        places = [self._px(seat.x, seat.y) for seat in row.seats]
        begin = places[0]
        return {
            "row_number": row.label,
            "row_number_position": "both" if row.kind == "row" else None,
            "position": xy((begin[0] - at[0], begin[1] - at[1])),
            "seats": [
                {
                    "seat_guid": self._guid(f"{zone}-{row.label}-{seat.number}"),
                    "seat_number": seat.number,
                    "position": xy((place[0] - begin[0], place[1] - begin[1])),
                    "category": seat.category,
                    "radius": RADIUS,
                }
                for seat, place in zip(row.seats, places, strict=True)
            ],
        }

    def _guid(self, wanted: str) -> str:
        self.guids[wanted] += 1
        times = self.guids[wanted]
        return wanted if times == 1 else self._guid(f"{wanted}-{times}")

    def _px(self, x: float, y: float) -> Point:
        return (x - self.corner[0]) * USUAL_PITCH, (y - self.corner[1]) * USUAL_PITCH
