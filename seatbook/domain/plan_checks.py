"""Whether events can be made from a plan; every fault is a sentence that names its place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from seatbook.domain.plan_layout import ROW_KINDS, PlanArea, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.domain.plan_limits import (
    MAX_COORDINATE,
    MAX_LABEL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PLACES,
    MAX_POINTS_OF_ALL_SHAPES,
    MAX_SECTION_ORDER,
    MAX_SHAPES,
    MIN_DISTANCE,
    is_coordinate,
)
from seatbook.domain.plan_shapes import PlanShape, shape_faults
from seatbook.errors import InvalidInput
from seatbook.models.inventory import AREA_KINDS, MAX_CATEGORY_COLOURS, SEAT_FEATURES, SECTION_SIDES

MAX_FAULTS_LISTED = 20

# Where things stand in the file that a layout was read from. A key is a path of numbers from 0: (area,),
# (area, section), (area, section, row), (area, section, row, seat); (-1, n) is drawing n.
FilePlaces = Mapping[tuple[int, ...], str]


class PlanFaults(InvalidInput):
    """A plan that cannot be used. `faults` are sentences, each naming its place; at most 20 are listed."""

    def __init__(self, faults: list[str], *, source: str) -> None:
        faults = [shown(fault) for fault in faults]
        listed = faults[:MAX_FAULTS_LISTED]
        if len(faults) > len(listed):
            listed.append(f"… and {len(faults) - len(listed)} more.")
        # A template of its own: names out of a file may have a "%" in them.
        listing = "\n".join([shown(source), *listed])
        super().__init__(field="layout", reason="%(listing)s", listing=listing, faults=faults)


def shown(text: str) -> str:
    """The text with whatever cannot be printed written out: a file cannot play with somebody's terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def check_layout(layout: PlanLayout) -> None:
    """Raise PlanFaults unless events can be made from this layout; all faults are named at once."""
    faults = list(layout_faults(layout))
    if faults:
        raise PlanFaults(faults, source="This plan cannot be used:")


def layout_faults(layout: PlanLayout, *, places: FilePlaces | None = None) -> Iterator[str]:
    """What is wrong with a layout. `places` says where a part of it stands in a file."""
    return _Check(layout, places or {}).faults()


class _Check:
    """One look at a layout. Remembers names and places where it met them first."""

    def __init__(self, layout: PlanLayout, places: FilePlaces) -> None:
        self.layout = layout
        self.places = places
        self.categories = {category.name for category in layout.categories}
        self.names: dict[tuple[str, ...], str] = {}
        self.cells: dict[tuple[int, int], list[tuple[PlanSeat, str]]] = {}

    def faults(self) -> Iterator[str]:
        layout = self.layout
        if not layout.areas:
            yield "The plan has no area: it needs at least one with places to sell."
        for number, category in enumerate(layout.categories, 1):
            where = f"category {number} “{category.name}”"
            yield from _name_faults(category.name, where, MAX_NAME_LENGTH)
            yield from self._taken(("category", category.name), where, "name")
            if not 1 <= category.colour <= MAX_CATEGORY_COLOURS:
                yield f"{where}: colour {category.colour} is not one of 1 to {MAX_CATEGORY_COLOURS}."
        for number, area in enumerate(layout.areas):
            where = self.places.get((number,)) or f"area {number + 1} “{area.name}”"
            yield from _name_faults(area.name, where, MAX_NAME_LENGTH)
            yield from self._taken(("area", area.name), where, "name")
            yield from _group_faults(area, where)
            if area.shape is not None:
                yield from shape_faults(area.shape, f"{where}, shape")
            yield from (self._seated if area.kind == "seated" else self._unseated)(area, number, where)
        if layout.place_count > MAX_PLACES:
            yield f"The plan has {layout.place_count:,} places; at most {MAX_PLACES:,} are possible."
        yield from self._drawn()

    def _drawn(self) -> Iterator[str]:
        for number, shape in enumerate(self.layout.drawings):
            where = self.places.get((-1, number)) or f"drawing {number + 1}"
            yield from shape_faults(shape, where)
        shapes: list[PlanShape] = list(self.layout.shapes)
        points = sum(len(shape.points) for shape in shapes)
        if len(shapes) > MAX_SHAPES or points > MAX_POINTS_OF_ALL_SHAPES:
            yield (
                f"The plan has {len(shapes):,} shapes with {points:,} points; at most {MAX_SHAPES:,} shapes "
                f"with {MAX_POINTS_OF_ALL_SHAPES:,} points are possible."
            )
        focus = self.layout.focal_point
        if focus is not None and not (is_coordinate(focus[0]) and is_coordinate(focus[1])):
            yield f"The focal point does not lie within {MAX_COORDINATE:,} seats."

    def _unseated(self, area: PlanArea, number: int, where: str) -> Iterator[str]:
        if area.kind not in AREA_KINDS:
            yield f"{where}: kind “{area.kind}” is not one of {', '.join(AREA_KINDS)}."
            return
        if area.sections:
            yield f"{where}: only a seated area has sections, and this one is {area.kind}."
        if area.category is None:
            yield f"{where}: a {area.kind} area needs a category, which gets the price."
        elif area.category not in self.categories:
            yield f"{where}: category “{area.category}” is not among the plan's categories."
        if area.kind == "slots":
            if area.capacity is not None:
                yield f"{where}: a slots area has no capacity; its slots are given with each event."
        elif area.capacity is None or not 1 <= area.capacity <= MAX_PLACES:
            yield f"{where}: a {area.kind} area needs a capacity from 1 to {MAX_PLACES:,}."

    def _seated(self, area: PlanArea, number: int, where: str) -> Iterator[str]:
        if area.capacity is not None or area.category is not None:
            yield f"{where}: a seated area has no capacity or category of its own; its seats have."
        if not any(row.seats for section in area.sections for row in section.rows):
            yield f"{where}: there is no seat in it."
        for nth, section in enumerate(area.sections):
            here = self.places.get((number, nth)) or f"{where}, section {nth + 1} “{section.name}”"
            yield from _name_faults(section.name, here, MAX_NAME_LENGTH)
            yield from self._taken(("section", area.name, section.name), here, "name")
            yield from _group_faults(section, here)
            if section.shape is not None:
                yield from shape_faults(section.shape, f"{here}, shape")
            if section.side not in SECTION_SIDES:
                yield f"{here}: side “{section.side}” is not one of {', '.join(SECTION_SIDES)}."
            if not (0 <= section.band <= MAX_SECTION_ORDER and 0 <= section.position <= MAX_SECTION_ORDER):
                yield f"{here}: band and position count from 0 to {MAX_SECTION_ORDER:,}."
            for row_number, row in enumerate(section.rows):
                path = (number, nth, row_number)
                in_row = self.places.get(path) or f"{here}, row “{row.label}”"
                yield from self._row(row, path, in_row, section.name)

    def _row(self, row: PlanRow, path: tuple[int, ...], where: str, section: str) -> Iterator[str]:
        yield from _name_faults(row.label, where, MAX_LABEL_LENGTH)
        if not is_coordinate(row.y):
            yield f"{where}: y is not a number within {MAX_COORDINATE:,} seats."
        if row.kind not in ROW_KINDS:
            yield f"{where}: kind “{row.kind}” is not one of {', '.join(ROW_KINDS)}."
        if row.shape is not None:
            yield from shape_faults(row.shape, f"{where}, shape")
        of_section = (str(path[0]), str(path[1]))
        for nth, seat in enumerate(row.seats):
            in_file = self.places.get((*path, nth))
            at_seat = f"{in_file} (seat “{seat.label}”)" if in_file else f"{where}, seat “{seat.label}”"
            yield from _name_faults(seat.label, at_seat, MAX_LABEL_LENGTH)
            if seat.number != seat.label:
                yield from _name_faults(seat.number, at_seat, MAX_LABEL_LENGTH)
            yield from self._taken(("seat", *of_section, seat.label), at_seat, "label")
            if seat.category not in self.categories:
                yield f"{at_seat}: category “{seat.category}” is not among the plan's categories."
            if seat.features and seat.features != tuple(f for f in SEAT_FEATURES if f in seat.features):
                yield (
                    f"{at_seat}: features are some of {', '.join(SEAT_FEATURES)}, each once and in this order."
                )
            if is_coordinate(seat.x) and is_coordinate(seat.y):
                yield from self._covering(
                    seat, at_seat, in_file or f"seat “{seat.label}” of section “{section}”"
                )
            else:
                yield f"{at_seat}: x and y are not numbers within {MAX_COORDINATE:,} seats."

    def _covering(self, seat: PlanSeat, where: str, name: str) -> Iterator[str]:
        """A seat that another one covers is a fault, and does not cover others itself."""
        column, line = math.floor(seat.x / MIN_DISTANCE), math.floor(seat.y / MIN_DISTANCE)
        for near_column in (column - 1, column, column + 1):
            for near_line in (line - 1, line, line + 1):
                for other, first in self.cells.get((near_column, near_line), ()):
                    if math.hypot(seat.x - other.x, seat.y - other.y) < MIN_DISTANCE:
                        place = f"x {round(seat.x, 2):g}, y {round(seat.y, 2):g}"
                        yield f"{where}: {first} is in the same place ({place})."
                        return
        self.cells.setdefault((column, line), []).append((seat, name))

    def _taken(self, key: tuple[str, ...], where: str, what: str) -> Iterator[str]:
        first = self.names.setdefault(key, where)
        if first is not where:
            yield f"{where}: this {what} is already used by {first}."


def _group_faults(part: PlanArea | PlanSection, where: str) -> Iterator[str]:
    for what, name in (("floor", part.floor), ("zone", part.zone)):
        if name:
            yield from _name_faults(name, f"{where}, {what} “{name}”", MAX_NAME_LENGTH)


def _name_faults(name: str, where: str, max_length: int) -> Iterator[str]:
    if not name or name != name.strip():
        yield f"{where}: a name or label cannot be empty or begin or end with a space."
    elif len(name) > max_length:
        yield f"{where}: a name of {len(name)} characters is too long; {max_length} are possible."
    elif not name.isprintable():
        yield f"{where}: a name or label has a character that cannot be shown."
