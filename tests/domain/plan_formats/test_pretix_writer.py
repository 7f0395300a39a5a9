"""Plans for pretix: as its format wants them, and the same plan when they come back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given

from seatbook.domain.plan_csv import plan_from_csv
from seatbook.domain.plan_formats import read_plan, write_plan
from seatbook.domain.plan_formats.drawn import seat_label
from seatbook.domain.plan_formats.units import in_seats
from seatbook.domain.plans import (
    PlanArea,
    PlanCategory,
    PlanLayout,
    PlanRow,
    PlanSeat,
    PlanSection,
    PlanShape,
    layout_faults,
)
from seatbook.errors import InvalidInput
from tests.plan_strategies import UNHURRIED, layouts
from tests.planned import real_venue

STAGES = ("Stage", "Bühne")


def hall(*sections: PlanSection, **more: Any) -> PlanLayout:
    areas = (PlanArea("seated", "Hall", sections=sections),)
    return replace(PlanLayout((PlanCategory("All", 3),), areas), **more)


def section(name: str, *xs: float, y: float = 0.0, **more: Any) -> PlanSection:
    seats = tuple(PlanSeat(str(n), f"A{n}", x, y, "All") for n, x in enumerate(xs, 1))
    return replace(PlanSection(name, 0, "centre", 0, (PlanRow("A", y, seats),)), **more)


def there_and_back(layout: PlanLayout) -> PlanLayout:
    return read_plan(
        write_plan(layout, name="Hall", file_format="pretix").text.encode(), file_name="x"
    ).layout


def document_of(layout: PlanLayout) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write_plan(layout, name="Big Hall", file_format="pretix").text)
    return document


def lost(layout: PlanLayout) -> tuple[str, ...]:
    return write_plan(layout, name="Hall", file_format="pretix").lost


def test_the_document_is_as_the_format_wants_it() -> None:
    layout = hall(
        section("Left", -1.5, -0.5, shape=PlanShape("polygon", points=((-2, -1), (0, -1), (0, 1)))),
        section("Right", 0.5, 1.5, y=2.5),
        drawings=(PlanShape("rectangle", 0, -3, 4, 2, text="Stage", role="stage"),),
    )
    document = document_of(layout)

    assert_is_a_pretix_plan(document)
    assert document["name"] == "Big Hall"
    assert document["categories"] == [{"name": "All", "color": "#00875f"}]
    # Two seats of margin around -2 … 2 and -4 … 2.5.
    assert document["size"] == {"width": 200, "height": 275}
    assert [zone["name"] for zone in document["zones"]] == ["Left", "Right", "Drawings"]
    left = document["zones"][0]
    assert left["position"] == {"x": 62.5, "y": 150}
    assert left["rows"][0]["seats"][1] == {
        "seat_guid": "Left-A-2",
        "seat_number": "2",
        "position": {"x": 25, "y": 0},
        "category": "All",
        "radius": 10,
    }


@given(layout=layouts())
@UNHURRIED
def test_every_plan_becomes_one_of_pretix(layout: PlanLayout) -> None:
    assert_is_a_pretix_plan(document_of(layout))


@given(layout=layouts())
@UNHURRIED
def test_what_pretix_can_hold_comes_back_as_it_was(layout: PlanLayout) -> None:
    layout = in_seats(layout, usual_pitch=1.0)
    kept = as_pretix_keeps(layout)
    assume(not list(layout_faults(kept)))

    assert there_and_back(layout) == kept
    # Whatever is not kept is said.
    assert kept == layout or lost(layout)


@given(layout=layouts())
@UNHURRIED
def test_a_plan_that_pretix_can_hold_loses_nothing(layout: PlanLayout) -> None:
    kept = as_pretix_keeps(in_seats(layout, usual_pitch=1.0))
    assume(not list(layout_faults(kept)))

    assert there_and_back(kept) == kept
    # Sizes are whole pixels already: only that they might be rounded is said.
    assert [one for one in lost(kept) if "Sizes of drawings" not in one] == []


def test_every_loss_is_said_by_its_name() -> None:
    table = PlanRow(
        "T1",
        9.0,
        (PlanSeat("1", "Window", 0.0, 9.0, "All", ("wheelchair",)),),
        "table",
        PlanShape("circle", 0, 8, 1, 1),
        as_a_whole=True,
    )
    booth = PlanRow("B", 12.0, (PlanSeat("B", "B", 0.0, 12.0, "All"),), "booth")
    main = section(
        "Main", -1.0, 0.0, band=3, shape=PlanShape("rectangle", 0, 0, 9, 9), floor="Ground", zone="North"
    )
    layout = hall(
        replace(main, rows=(*main.rows, table, booth)),
        drawings=(PlanShape("rectangle", 0, -3, 4, 2, role="stage"),),
        focal_point=(0.0, -3.0),
    )
    pit = PlanArea("standing", "Pit", capacity=9, category="All")
    layout = replace(layout, areas=(replace(layout.areas[0], name="House"), pit))

    assert lost(layout) == (
        "pretix plans have seats only, so these standing areas cannot be sold there: “Pit”. "
        "Where they have a shape, it is drawn.",
        "The names of seated areas are lost (“House”): zones are all that a pretix plan has.",
        "“wheelchair” is lost (1 seat): pretix has no word for it.",
        "1 table will be rows there, with a drawing where there is a shape.",
        "It is lost that tables are sold as a whole (1 table).",
        "1 booth will be rows of one seat there.",
        "2 labels will be made anew, from row and number: pretix has these two only.",
        "The names of floors are lost: “Ground”.",
        "The names of zones are lost: “North”.",
        "The focal point is lost.",
        "It is lost what is a stage or a wall (1 drawing).",
        "Outlines of sections will be drawings like others (1 section).",
        "Bands and sides of sections are lost; where they stand is kept.",
        "Sizes of drawings are rounded to whole pixels, a twenty-fifth of a seat.",
    )
    assert lost(hall(section("Main", -0.5, 0.5))) == ()


def test_sections_of_one_name_in_two_areas_get_different_zones() -> None:
    layout = hall(section("Main", -1.0, 0.0))
    other = PlanArea("seated", "Balcony", sections=(section("Main", -1.0, 0.0, y=5.0),))
    names = [one["name"] for one in document_of(replace(layout, areas=(*layout.areas, other)))["zones"]]

    assert names == ["Main", "Balcony · Main"]


def test_every_seat_has_a_guid_of_its_own() -> None:
    # "A-1" with seat 2 and "A" with seat "1-2" say the same.
    first = PlanRow("A-1", 0.0, (PlanSeat("2", "x", 0.0, 0.0, "All"),))
    second = PlanRow(
        "A", 1.0, (PlanSeat("1-2", "y", 0.0, 1.0, "All"), PlanSeat("1-2-2", "z", 1.0, 1.0, "All"))
    )
    document = document_of(hall(PlanSection("S", 0, "centre", 0, (first, second))))
    guids = [seat["seat_guid"] for zone in document["zones"] for row in zone["rows"] for seat in row["seats"]]

    assert len(set(guids)) == 3


def test_a_plan_without_seats_is_no_plan_for_pretix() -> None:
    floor = PlanArea("standing", "Floor", capacity=9, category="All")

    with pytest.raises(InvalidInput, match="“Gig” has no numbered seat"):
        write_plan(PlanLayout((PlanCategory("All"),), (floor,)), name="Gig", file_format="pretix")


@pytest.mark.parametrize("name", ["tampere-talo-iso-sali.csv", "tampere-talo-pieni-sali.csv"])
def test_a_real_hall_comes_back_with_every_seat_in_its_place(shared_dir: Path, name: str) -> None:
    layout = plan_from_csv(real_venue(shared_dir, name), file_name=name).layout
    back = there_and_back(layout)

    assert list(back.seats) == list(layout.seats)
    assert [one.name for one in back.areas[0].sections] == [one.name for one in layout.areas[0].sections]
    assert back.categories == layout.categories


def as_pretix_keeps(layout: PlanLayout) -> PlanLayout:
    """What is left of a plan: one hall of sections and rows, and drawings."""
    sections = [one for area in layout.areas for one in area.sections]
    drawings: list[PlanShape] = []
    kept = []
    for place, one in enumerate(sections):
        drawings += [row.shape for row in one.rows if row.shape is not None]
        drawings += [one.shape] if one.shape is not None else []
        rows = tuple(_row(row) for row in one.rows)
        kept.append(PlanSection(one.name, 0, _side(rows), place, rows))
    for area in layout.areas:
        if area.shape is not None:
            drawings.append(replace(area.shape, text=area.shape.text or area.name))
    used = {seat.category for seat in layout.seats}
    stripped = PlanLayout(
        categories=tuple(category for category in layout.categories if category.name in used),
        areas=(PlanArea("seated", "Hall", sections=tuple(kept)),),
        drawings=tuple(_drawing(shape) for shape in (*drawings, *layout.drawings)),
    )
    return in_seats(stripped, usual_pitch=1.0, middle=0.0)


def _row(row: PlanRow) -> PlanRow:
    seats = tuple(replace(seat, label=seat_label(row.label, seat.number), features=()) for seat in row.seats)
    return PlanRow(row.label, row.y, seats)


def _side(rows: tuple[PlanRow, ...]) -> str:
    xs = [seat.x for row in rows for seat in row.seats]
    return "left" if max(xs) < 0 else "right" if min(xs) > 0 else "centre"


def _drawing(shape: PlanShape) -> PlanShape:
    role = "stage" if shape.text in STAGES else "wall" if shape.kind == "line" else ""
    if shape.points:
        return PlanShape(shape.kind, points=shape.points, text=shape.text, role=role)
    width, height = (max(1, round(size * 25)) / 25 for size in (shape.width, shape.height))
    if shape.kind == "ellipse":
        width, height = shape.width, shape.height
    elif shape.kind == "circle":
        width = height = 2 * max(1, round(shape.width / 2 * 25)) / 25
    elif shape.kind == "text":
        width, height, role = 0.0, height if shape.height else 16 / 25, ""
    return replace(shape, width=width, height=height, role=role)


def assert_is_a_pretix_plan(document: Any) -> None:
    """Keys and kinds of values as pretix's format has them; guids once, categories known."""
    _has(document, {"name": str, "categories": list, "zones": list, "size": dict})
    _has(document["size"], {"width": int, "height": int})
    for category in document["categories"]:
        _has(category, {"name": str, "color": str})
    categories = {category["name"] for category in document["categories"]}
    guids = []
    for zone in document["zones"]:
        _has(zone, {"name": str, "position": dict, "rows": list}, {"zone_id": str, "areas": list})
        _is_point(zone["position"])
        for row in zone["rows"]:
            _has(
                row, {"row_number": str, "position": dict, "seats": list}, {"row_number_position": str | None}
            )
            assert row["row_number_position"] in ("start", "end", "both", None)
            _is_point(row["position"])
            for seat in row["seats"]:
                _has(
                    seat,
                    {"seat_guid": str, "seat_number": str, "position": dict, "category": str, "radius": int},
                )
                _is_point(seat["position"])
                assert seat["category"] in categories
                guids.append(seat["seat_guid"])
        for area in zone.get("areas", ()):
            _is_area(area)
    assert len(guids) == len(set(guids)) > 0


def _is_area(area: Any) -> None:
    kind = area["shape"]
    sizes: dict[str, Any] = {"rectangle": {"width": int, "height": int}, "circle": {"radius": int}}
    assert kind in ("polygon", "rectangle", "ellipse", "circle", "text")
    _has(
        area,
        {
            "shape": str,
            "position": dict,
            "rotation": int | float,
            "color": str,
            "border_color": str,
            "text": dict,
        }
        | ({} if kind == "text" else {kind: dict}),
    )
    _is_point(area["position"])
    _has(area["text"], {"text": str, "position": dict, "color": str}, {"size": int})
    _is_point(area["text"]["position"])
    if kind in sizes:
        _has(area[kind], sizes[kind])
        assert min(area[kind].values()) > 0
    elif kind == "ellipse":
        _has(area[kind], {"radius": dict})
        _is_point(area[kind]["radius"])
    elif kind == "polygon":
        _has(area[kind], {"points": list})
        for point in area[kind]["points"]:
            _is_point(point)


def _has(item: Any, needed: dict[str, Any], possible: dict[str, Any] | None = None) -> None:
    kinds = needed | (possible or {})
    assert needed.keys() <= item.keys() <= kinds.keys(), item
    for key, value in item.items():
        assert isinstance(value, kinds[key]), (key, value)


def _is_point(item: Any) -> None:
    _has(item, {"x": int | float, "y": int | float})
