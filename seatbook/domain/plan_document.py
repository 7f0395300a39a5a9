"""A plan as JSON and back. `plans.py` describes the format."""

from __future__ import annotations

from typing import Any

from seatbook.domain.plan_checks import PlanFaults, check_layout
from seatbook.domain.plan_layout import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.domain.plan_reading import DocumentReader, as_point
from seatbook.domain.plan_shapes import read_shape, shape_document

FORMAT = "seatbook-plan"
VERSION = 1

# What this version knows. Other keys are left alone, and `unknown_keys` names them.
KEYS = {
    "plan": {"format", "version", "categories", "areas", "drawings", "focal_point"},
    "category": {"name", "colour"},
    "area": {"kind", "name", "sections", "capacity", "category", "shape", "floor", "zone"},
    "section": {"name", "band", "side", "position", "rows", "shape", "floor", "zone"},
    "row": {"label", "y", "seats", "kind", "shape", "as_a_whole"},
    "seat": {"number", "label", "x", "y", "category", "features"},
}


def document_from_layout(layout: PlanLayout) -> dict[str, Any]:
    """The JSON-ready document of a layout, as `layout_from_document` reads it back."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "categories": [{"name": category.name, "colour": category.colour} for category in layout.categories],
        "areas": [_area_document(area) for area in layout.areas],
    }
    if layout.drawings:
        document["drawings"] = [shape_document(shape) for shape in layout.drawings]
    if layout.focal_point is not None:
        document["focal_point"] = list(layout.focal_point)
    return document


def layout_from_document(document: Any) -> PlanLayout:
    """Read and check a document. Raises PlanFaults that names every fault by its place in the document."""
    reader = DocumentReader()
    layout = _layout(reader, document)
    if reader.faults or layout is None:
        raise PlanFaults(reader.faults, source="This plan cannot be read:")
    check_layout(layout)
    return layout


def unknown_keys(document: dict[str, Any]) -> list[str]:
    """Sentences about the keys of a readable document that this version does not know."""
    found: dict[tuple[str, str], int] = {}

    def count(kind: str, holder: dict[str, Any]) -> None:
        for key in holder.keys() - KEYS[kind]:
            found[kind, key] = found.get((kind, key), 0) + 1

    count("plan", document)
    for category in document["categories"]:
        count("category", category)
    for area in document["areas"]:
        count("area", area)
        for section in area.get("sections", ()):
            count("section", section)
            for row in section["rows"]:
                count("row", row)
                for seat in row["seats"]:
                    count("seat", seat)
    return [
        f"“{key}” of {'the plan' if kind == 'plan' else f'a {kind}'} was not used ({times:,} times)."
        for (kind, key), times in sorted(found.items())
    ]


def _area_document(area: PlanArea) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": area.kind, "name": area.name}
    if area.capacity is not None:
        document["capacity"] = area.capacity
    if area.category is not None:
        document["category"] = area.category
    if area.kind == "seated":
        document["sections"] = [_section_document(section) for section in area.sections]
    return document | _drawn_document(area)


def _section_document(section: PlanSection) -> dict[str, Any]:
    document = {
        "name": section.name,
        "band": section.band,
        "side": section.side,
        "position": section.position,
        "rows": [_row_document(row) for row in section.rows],
    }
    return document | _drawn_document(section)


def _drawn_document(part: PlanArea | PlanSection) -> dict[str, Any]:
    document: dict[str, Any] = {} if part.shape is None else {"shape": shape_document(part.shape)}
    if part.floor:
        document["floor"] = part.floor
    if part.zone:
        document["zone"] = part.zone
    return document


def _row_document(row: PlanRow) -> dict[str, Any]:
    document: dict[str, Any] = {
        "label": row.label,
        "y": row.y,
        "seats": [_seat_document(seat) for seat in row.seats],
    }
    if row.kind != "row":
        document["kind"] = row.kind
    if row.shape is not None:
        document["shape"] = shape_document(row.shape)
    if row.as_a_whole:
        document["as_a_whole"] = True
    return document


def _seat_document(seat: PlanSeat) -> dict[str, Any]:
    document: dict[str, Any] = {
        "number": seat.number,
        "label": seat.label,
        "x": seat.x,
        "y": seat.y,
        "category": seat.category,
    }
    if seat.features:
        document["features"] = list(seat.features)
    return document


def _layout(reader: DocumentReader, document: Any) -> PlanLayout | None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        reader.faults.append(f"The document is not a plan: its “format” must be “{FORMAT}”.")
        return None
    if document.get("version") != VERSION:
        reader.faults.append(
            f"The plan has version {document.get('version')!r}; this seatbook reads version {VERSION}."
        )
        return None
    categories = tuple(
        PlanCategory(
            name=reader.text(item, "name", f"category {number}"),
            colour=reader.whole(item, "colour", f"category {number}", default=1),
        )
        for number, item in reader.items(document, "categories", "the plan")
    )
    areas = tuple(
        _area(reader, item, f"area {number}") for number, item in reader.items(document, "areas", "the plan")
    )
    drawings = reader.items(document, "drawings", "the plan") if "drawings" in document else []
    shapes = tuple(read_shape(reader, item, f"drawing {number}") for number, item in drawings)
    focal_point = None
    if document.get("focal_point") is not None:
        focal_point = as_point(document["focal_point"])
        if focal_point is None:
            reader.fault("the plan", "“focal_point” must be a pair of numbers.")
    return PlanLayout(
        categories=categories,
        areas=areas,
        drawings=tuple(shape for shape in shapes if shape is not None),
        focal_point=focal_point,
    )


def _area(reader: DocumentReader, item: dict[str, Any], where: str) -> PlanArea:
    sections = reader.items(item, "sections", where) if "sections" in item else ()
    return PlanArea(
        kind=reader.text(item, "kind", where),
        name=reader.text(item, "name", where),
        sections=tuple(
            _section(reader, section, f"{where}, section {number}") for number, section in sections
        ),
        capacity=reader.whole(item, "capacity", where) if item.get("capacity") is not None else None,
        category=reader.text(item, "category", where) if item.get("category") is not None else None,
        shape=read_shape(reader, item["shape"], f"{where}, shape") if "shape" in item else None,
        floor=reader.text(item, "floor", where, default=""),
        zone=reader.text(item, "zone", where, default=""),
    )


def _section(reader: DocumentReader, item: dict[str, Any], where: str) -> PlanSection:
    return PlanSection(
        name=reader.text(item, "name", where),
        band=reader.whole(item, "band", where, default=0),
        side=reader.text(item, "side", where, default="centre"),
        position=reader.whole(item, "position", where, default=0),
        rows=tuple(
            _row(reader, row, f"{where}, row {number}") for number, row in reader.items(item, "rows", where)
        ),
        shape=read_shape(reader, item["shape"], f"{where}, shape") if "shape" in item else None,
        floor=reader.text(item, "floor", where, default=""),
        zone=reader.text(item, "zone", where, default=""),
    )


def _row(reader: DocumentReader, item: dict[str, Any], where: str) -> PlanRow:
    return PlanRow(
        label=reader.text(item, "label", where),
        y=reader.number(item, "y", where),
        seats=tuple(
            _seat(reader, seat, f"{where}, seat {number}")
            for number, seat in reader.items(item, "seats", where)
        ),
        kind=reader.text(item, "kind", where, default="row"),
        shape=read_shape(reader, item["shape"], f"{where}, shape") if "shape" in item else None,
        as_a_whole=reader.flag(item, "as_a_whole", where),
    )


def _seat(reader: DocumentReader, item: dict[str, Any], where: str) -> PlanSeat:
    features: tuple[str, ...] = ()
    if "features" in item:
        names = item["features"]
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            features = tuple(names)
        else:
            reader.fault(where, "“features” must be a list of texts.")
    return PlanSeat(
        number=reader.text(item, "number", where),
        label=reader.text(item, "label", where),
        x=reader.number(item, "x", where),
        y=reader.number(item, "y", where),
        category=reader.text(item, "category", where),
        features=features,
    )
