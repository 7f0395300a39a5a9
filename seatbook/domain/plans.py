"""The plan document: areas, sections, rows and seats of a hall, kept as JSON in `Plan.layout`.

A plan says where places are and of which category, never what they cost or
whether they are taken: prices and inventory belong to an event, which gets rows
of its own made from the plan.

Coordinates are hall-wide and in units of one seat's width. `x` counts from the
hall's axis, the line from the middle of the stage to the back wall: negative is
left as the audience sees it. `y` counts from the first row, away from the stage.

Format "seatbook-plan", version 1 (more keys may come; unknown ones are ignored):

    {"format": "seatbook-plan", "version": 1,
     "categories": [{"name": "Stalls", "colour": 1}],
     "areas": [
       {"kind": "seated", "name": "Hall", "sections": [
         {"name": "Stalls left", "band": 0, "side": "left", "position": 0, "rows": [
           {"label": "A", "y": 0.0, "seats": [
             {"number": "12", "label": "A12", "x": -1.5, "y": 0.0, "category": "Stalls"}]}]}]},
       {"kind": "standing", "name": "Floor", "capacity": 800, "category": "Standing"},
       {"kind": "slots", "name": "The Vault", "category": "Room"}]}
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seatbook.errors import InvalidInput
from seatbook.models.inventory import AREA_KINDS, MAX_CATEGORY_COLOURS, SECTION_SIDES

FORMAT = "seatbook-plan"
VERSION = 1

MAX_PLACES = 100_000
MAX_NAME_LENGTH = 120
MAX_LABEL_LENGTH = 40
MAX_COORDINATE = 10_000
MAX_SECTION_ORDER = 10_000
MAX_FAULTS_LISTED = 20
# Two seats whose places agree to a hundredth of a seat would cover each other on the page.
PLACE_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class PlanCategory:
    """A class of places that cost the same. `colour` is a place in the palette, from 1."""

    name: str
    colour: int = 1


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """One chair. `number` is its part within the row, `label` what people call it, unique in its section."""

    number: str
    label: str
    x: float
    y: float
    category: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """Seats of one row in one section, from left to right. `y` is where the row's label stands."""

    label: str
    y: float
    seats: tuple[PlanSeat, ...]


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A block of rows. `band` counts from the stage; `position` counts sections on one side of a band."""

    name: str
    band: int
    side: str
    position: int
    rows: tuple[PlanRow, ...]


@dataclass(frozen=True, slots=True)
class PlanArea:
    """A part sold in one way. Seated areas have sections, standing and stock a capacity, slots neither."""

    kind: str
    name: str
    sections: tuple[PlanSection, ...] = ()
    capacity: int | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class PlanLayout:
    """The whole document. Areas and categories are in the order in which they are shown."""

    categories: tuple[PlanCategory, ...]
    areas: tuple[PlanArea, ...]

    @property
    def seats(self) -> Iterator[PlanSeat]:
        """Every numbered seat, in the order of the document."""
        for area in self.areas:
            for section in area.sections:
                for row in section.rows:
                    yield from row.seats

    @property
    def seat_count(self) -> int:
        return sum(1 for _ in self.seats)

    @property
    def place_count(self) -> int:
        """Numbered seats and places of standing and stock areas. Slots are counted by their events."""
        return self.seat_count + sum(area.capacity or 0 for area in self.areas)


class PlanFaults(InvalidInput):
    """A plan that cannot be used. `faults` are sentences, each naming its place; at most 20 are listed."""

    def __init__(self, faults: list[str], *, source: str) -> None:
        listed = faults[:MAX_FAULTS_LISTED]
        if len(faults) > len(listed):
            listed.append(f"… and {len(faults) - len(listed)} more.")
        super().__init__(field="layout", reason="\n".join([source, *listed]), faults=faults)


def document_from_layout(layout: PlanLayout) -> dict[str, Any]:
    """The JSON-ready document of a layout, as `layout_from_document` reads it back."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "categories": [{"name": category.name, "colour": category.colour} for category in layout.categories],
        "areas": [_area_document(area) for area in layout.areas],
    }


def layout_from_document(document: Any) -> PlanLayout:
    """Read and check a document. Raises PlanFaults that names every fault by its place in the document."""
    reader = _DocumentReader()
    layout = reader.layout(document)
    if reader.faults or layout is None:
        raise PlanFaults(reader.faults, source="This plan cannot be read:")
    check_layout(layout)
    return layout


def check_layout(layout: PlanLayout) -> None:
    """Raise PlanFaults unless events can be made from this layout; all faults are named at once."""
    faults = list(_layout_faults(layout))
    if faults:
        raise PlanFaults(faults, source="This plan cannot be used:")


def _area_document(area: PlanArea) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": area.kind, "name": area.name}
    if area.capacity is not None:
        document["capacity"] = area.capacity
    if area.category is not None:
        document["category"] = area.category
    if area.kind == "seated":
        document["sections"] = [
            {
                "name": section.name,
                "band": section.band,
                "side": section.side,
                "position": section.position,
                "rows": [
                    {
                        "label": row.label,
                        "y": row.y,
                        "seats": [
                            {
                                "number": seat.number,
                                "label": seat.label,
                                "x": seat.x,
                                "y": seat.y,
                                "category": seat.category,
                            }
                            for seat in row.seats
                        ],
                    }
                    for row in section.rows
                ],
            }
            for section in area.sections
        ]
    return document


def _layout_faults(layout: PlanLayout) -> Iterator[str]:
    if not layout.areas:
        yield "The plan has no area: it needs at least one with places to sell."
    names = _Names()
    for number, category in enumerate(layout.categories, 1):
        where = f"category {number} “{category.name}”"
        yield from _name_faults(category.name, where, MAX_NAME_LENGTH)
        yield from names.taken(("category", category.name), where, "name")
        if not 1 <= category.colour <= MAX_CATEGORY_COLOURS:
            yield f"{where}: colour {category.colour} is not one of 1 to {MAX_CATEGORY_COLOURS}."
    known = {category.name for category in layout.categories}
    places: dict[tuple[float, float], str] = {}
    for number, area in enumerate(layout.areas, 1):
        where = f"area {number} “{area.name}”"
        yield from _name_faults(area.name, where, MAX_NAME_LENGTH)
        yield from names.taken(("area", area.name), where, "name")
        if area.kind == "seated":
            yield from _seated_faults(area, where, known, places)
        else:
            yield from _unseated_faults(area, where, known)
    if layout.place_count > MAX_PLACES:
        yield f"The plan has {layout.place_count:,} places; at most {MAX_PLACES:,} are possible."


def _unseated_faults(area: PlanArea, where: str, known: set[str]) -> Iterator[str]:
    if area.kind not in AREA_KINDS:
        yield f"{where}: kind “{area.kind}” is not one of {', '.join(AREA_KINDS)}."
        return
    if area.sections:
        yield f"{where}: only a seated area has sections, and this one is {area.kind}."
    if area.category is None:
        yield f"{where}: a {area.kind} area needs a category, which gets the price."
    elif area.category not in known:
        yield f"{where}: category “{area.category}” is not among the plan's categories."
    if area.kind == "slots":
        if area.capacity is not None:
            yield f"{where}: a slots area has no capacity; its slots are given with each event."
    elif area.capacity is None or not 1 <= area.capacity <= MAX_PLACES:
        yield f"{where}: a {area.kind} area needs a capacity from 1 to {MAX_PLACES:,}."


def _seated_faults(
    area: PlanArea, where: str, known: set[str], places: dict[tuple[float, float], str]
) -> Iterator[str]:
    if area.capacity is not None or area.category is not None:
        yield f"{where}: a seated area has no capacity or category of its own; its seats have."
    if not any(row.seats for section in area.sections for row in section.rows):
        yield f"{where}: there is no seat in it."
    names = _Names()
    for number, section in enumerate(area.sections, 1):
        here = f"{where}, section {number} “{section.name}”"
        yield from _name_faults(section.name, here, MAX_NAME_LENGTH)
        yield from names.taken(("section", section.name), here, "name")
        if section.side not in SECTION_SIDES:
            yield f"{here}: side “{section.side}” is not one of {', '.join(SECTION_SIDES)}."
        if not (0 <= section.band <= MAX_SECTION_ORDER and 0 <= section.position <= MAX_SECTION_ORDER):
            yield f"{here}: band and position count from 0 to {MAX_SECTION_ORDER:,}."
        for row in section.rows:
            in_row = f"{here}, row “{row.label}”"
            yield from _name_faults(row.label, in_row, MAX_LABEL_LENGTH)
            if not _is_coordinate(row.y):
                yield f"{in_row}: y is not a number within {MAX_COORDINATE:,} seats."
            for seat in row.seats:
                at_seat = f"{in_row}, seat “{seat.label}”"
                yield from _name_faults(seat.label, at_seat, MAX_LABEL_LENGTH)
                yield from _name_faults(seat.number, at_seat, MAX_LABEL_LENGTH)
                yield from names.taken(("seat", section.name, seat.label), at_seat, "label")
                if seat.category not in known:
                    yield f"{at_seat}: category “{seat.category}” is not among the plan's categories."
                if not (_is_coordinate(seat.x) and _is_coordinate(seat.y)):
                    yield f"{at_seat}: x and y are not numbers within {MAX_COORDINATE:,} seats."
                    continue
                place = (round(seat.x, PLACE_DECIMALS), round(seat.y, PLACE_DECIMALS))
                if place in places:
                    yield f"{at_seat}: {places[place]} is in the same place (x {place[0]:g}, y {place[1]:g})."
                places.setdefault(place, f"seat “{seat.label}” of section “{section.name}”")


def _name_faults(name: str, where: str, max_length: int) -> Iterator[str]:
    if not name or name != name.strip():
        yield f"{where}: a name or label cannot be empty or begin or end with a space."
    elif len(name) > max_length:
        yield f"{where}: a name of {len(name)} characters is too long; {max_length} are possible."
    elif not name.isprintable():
        yield f"{where}: a name or label has a character that cannot be shown."


def _is_coordinate(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= MAX_COORDINATE


class _Names:
    """Remembers where a name was first used, and says so when it comes again."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], str] = {}

    def taken(self, key: tuple[str, ...], where: str, what: str) -> Iterator[str]:
        first = self._first.setdefault(key, where)
        if first is not where:
            yield f"{where}: this {what} is already used by {first}."


class _DocumentReader:
    """Turns JSON values into records, and remembers every value of a wrong shape instead of stopping."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def layout(self, document: Any) -> PlanLayout | None:
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            self.faults.append(f"The document is not a plan: its “format” must be “{FORMAT}”.")
            return None
        if document.get("version") != VERSION:
            self.faults.append(
                f"The plan has version {document.get('version')!r}; this seatbook reads version {VERSION}."
            )
            return None
        categories = tuple(
            PlanCategory(
                name=self._text(item, "name", f"category {number}"),
                colour=self._whole(item, "colour", f"category {number}", default=1),
            )
            for number, item in self._items(document, "categories", "the plan")
        )
        areas = tuple(
            self._area(item, f"area {number}") for number, item in self._items(document, "areas", "the plan")
        )
        return PlanLayout(categories=categories, areas=areas)

    def _area(self, item: dict[str, Any], where: str) -> PlanArea:
        sections = self._items(item, "sections", where) if "sections" in item else ()
        return PlanArea(
            kind=self._text(item, "kind", where),
            name=self._text(item, "name", where),
            sections=tuple(
                self._section(section, f"{where}, section {number}") for number, section in sections
            ),
            capacity=self._whole(item, "capacity", where) if item.get("capacity") is not None else None,
            category=self._text(item, "category", where) if item.get("category") is not None else None,
        )

    def _section(self, item: dict[str, Any], where: str) -> PlanSection:
        return PlanSection(
            name=self._text(item, "name", where),
            band=self._whole(item, "band", where, default=0),
            side=self._text(item, "side", where, default="centre"),
            position=self._whole(item, "position", where, default=0),
            rows=tuple(
                self._row(row, f"{where}, row {number}") for number, row in self._items(item, "rows", where)
            ),
        )

    def _row(self, item: dict[str, Any], where: str) -> PlanRow:
        return PlanRow(
            label=self._text(item, "label", where),
            y=self._number(item, "y", where),
            seats=tuple(
                PlanSeat(
                    number=self._text(seat, "number", f"{where}, seat {number}"),
                    label=self._text(seat, "label", f"{where}, seat {number}"),
                    x=self._number(seat, "x", f"{where}, seat {number}"),
                    y=self._number(seat, "y", f"{where}, seat {number}"),
                    category=self._text(seat, "category", f"{where}, seat {number}"),
                )
                for number, seat in self._items(item, "seats", where)
            ),
        )

    def _items(self, holder: dict[str, Any], key: str, where: str) -> list[tuple[int, dict[str, Any]]]:
        items = holder.get(key)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.faults.append(f"{where}: “{key}” must be a list of objects.")
            return []
        return list(enumerate(items, 1))

    def _text(self, holder: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = holder.get(key, default)
        if not isinstance(value, str):
            self.faults.append(f"{where}: “{key}” must be a text.")
            return ""
        return value

    def _whole(self, holder: dict[str, Any], key: str, where: str, default: int | None = None) -> int:
        value = holder.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.faults.append(f"{where}: “{key}” must be a whole number.")
            return 0
        return value

    def _number(self, holder: dict[str, Any], key: str, where: str) -> float:
        value = holder.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.faults.append(f"{where}: “{key}” must be a number.")
            return 0.0
        # A whole number of hundreds of digits does not fit a float; it is far outside the hall anyway.
        return float(value) if abs(value) < 2**53 or isinstance(value, float) else math.inf
