"""Seating plans of pretix: what is in them, where it stands, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seatbook.domain.plan_formats import PlanFaults, ReadPlan, read_plan
from seatbook.domain.plans import PlanCategory, PlanShape


def seat(number: str, x: float, y: float = 0, **more: Any) -> dict[str, Any]:
    return {
        "seat_guid": f"guid-{x}-{y}",
        "seat_number": number,
        "position": {"x": x, "y": y},
        "category": "Stalls",
    } | more


def row(label: str, count: int = 3, *, y: float = 0, **more: Any) -> dict[str, Any]:
    seats = [seat(str(n + 1), 25 * n, y, seat_guid=f"{label}-{n}-{y}") for n in range(count)]
    return {"row_number": label, "position": {"x": 0, "y": 0}, "seats": seats} | more


def zone(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Main", "position": {"x": 0, "y": 0}, "rows": list(rows)} | more


def plan(*zones: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "A plan",
        "categories": [{"name": "Stalls", "color": "#c9570a"}, {"name": "Balcony", "color": "red"}],
        "zones": list(zones),
        "size": {"width": 50, "height": 200},
    } | more


def read(document: Any) -> ReadPlan:
    return read_plan(json.dumps(document).encode(), file_name="plan.json")


def faults_of(document: Any) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        read(document)
    faults: list[str] = refusal.value.data["faults"]
    return faults


def test_a_seat_stands_where_zone_row_and_seat_say_together() -> None:
    far = row("B", 2, position={"x": 10, "y": 30})
    far["seats"][1]["category"] = "Balcony"
    result = read(plan(zone(row("A")), zone(far, name="Back", position={"x": 15, "y": 20})))
    front, back = result.layout.areas[0].sections

    assert result.format == "pretix"
    assert (front.name, back.name) == ("Main", "Back")
    # 25 pixels a seat; the axis is the middle of the sheet.
    assert [(one.label, one.x, one.y) for one in front.rows[0].seats] == [
        ("A1", -1, 0),
        ("A2", 0, 0),
        ("A3", 1, 0),
    ]
    assert [(one.label, one.x, one.y) for one in back.rows[0].seats] == [("B1", 0, 2), ("B2", 1, 2)]


def test_colours_of_our_palette_are_kept_and_others_come_in_their_order() -> None:
    document = plan(zone(row("A", 1), row("B", 1, y=25)))
    document["zones"][0]["rows"][1]["seats"][0]["category"] = "Balcony"

    assert read(document).layout.categories == (PlanCategory("Stalls", 2), PlanCategory("Balcony", 2))


def test_zones_may_share_a_name_and_sections_get_different_ones() -> None:
    result = read(plan(zone(row("A")), zone(row("A", y=25)), zone(row("C", y=50), name="", zone_id="left")))

    assert [one.name for one in result.layout.areas[0].sections] == ["Main", "Main 2", "left"]
    assert result.notes[0] == "zones[1]: there is another zone “Main”, so this one is “Main 2” here."


def test_areas_are_drawings_in_their_own_frame() -> None:
    areas = [
        {
            "shape": "rectangle",
            "rectangle": {"width": 50, "height": 25},
            "position": {"x": 25, "y": -75},
            "text": {"text": "Stage", "position": {"x": 1, "y": 1}},
        },
        {
            "shape": "rectangle",
            "rectangle": {"width": 50, "height": 25},
            "position": {"x": 25, "y": 0},
            "rotation": 90,
        },
        {"shape": "circle", "circle": {"radius": 25}, "position": {"x": 25, "y": 50}},
        {
            "shape": "ellipse",
            "ellipse": {"radius": {"x": 50, "y": 25}},
            "position": {"x": 25, "y": 50},
            "rotation": 45,
        },
        {
            "shape": "polygon",
            "polygon": {"points": [{"x": 0, "y": 0}, {"x": 25, "y": 0}, {"x": 0, "y": 25}]},
            "position": {"x": 25, "y": 50},
            "rotation": 90,
        },
        {
            "shape": "text",
            "text": {"text": "Bar", "position": {"x": 25, "y": 0}, "size": 50},
            "position": {"x": 0, "y": 50},
        },
    ]
    drawings = read(plan(zone(row("A"), areas=areas, position={"x": 0, "y": 100}))).layout.drawings

    assert drawings[:4] == (
        PlanShape("rectangle", 1, -2.5, 2, 1, text="Stage", role="stage"),
        PlanShape("rectangle", -0.5, 1, 2, 1, rotation=90),
        PlanShape("circle", 0, 2, 2, 2),
        PlanShape("ellipse", 0, 2, 4, 2, rotation=45),
    )
    assert drawings[4] == PlanShape("polygon", points=((0, 2), (0, 3), (-1, 2)))
    assert drawings[5] == PlanShape("text", 0, 2, height=2, text="Bar")


def test_a_polygon_that_goes_there_and_back_is_a_line() -> None:
    points = [{"x": x, "y": 0} for x in (0, 25, 50, 25)]
    area = {"shape": "polygon", "polygon": {"points": points}, "position": {"x": 0, "y": 0}}

    assert read(plan(zone(row("A"), areas=[area]))).layout.drawings == (
        PlanShape("line", points=((-1, 0), (0, 0), (1, 0)), role="wall"),
    )


@pytest.mark.parametrize(
    "area",
    [
        {"shape": "star", "position": {"x": 0, "y": 0}},
        {"shape": "rectangle", "position": {"x": 0, "y": 0}},
        {"shape": "rectangle", "rectangle": {"width": 0, "height": 5}},
        {"shape": "circle", "circle": {}},
        {"shape": "text", "text": {"text": "", "position": {"x": 0, "y": 0}}},
        {"width": 10, "height": 10, "text": {"text": "old"}},
    ],
)
def test_a_drawing_that_is_not_known_is_left_out_with_a_note(area: dict[str, Any]) -> None:
    result = read(plan(zone(row("A"), areas=[area])))

    assert result.layout.drawings == ()
    assert (
        "zones[0].areas[0]: this drawing has no shape that is known here, so it was left out." in result.notes
    )


def test_what_is_not_used_is_told() -> None:
    result = read(plan(zone(row("A", row_label="Row A", uuid="x")), backdrop="x.png"))

    assert result.notes[1:] == ("The file: not used: backdrop.", "zones[0].rows[0]: not used: row_label.")


def test_a_plan_in_the_envelope_of_the_interface_is_read() -> None:
    assert read({"id": 3, "name": "Hall", "layout": plan(zone(row("A")))}).layout.seat_count == 3


@pytest.mark.parametrize(
    ("zones", "fault"),
    [
        (
            [zone(row("A", 1), row("B", 1, y=25)) | {"x": 1}],
            "zones[0].rows[1].seats[0]: the seat_guid “same” is already used by zones[0].rows[0].seats[0].",
        ),
        (
            [zone({"row_number": "A"}, {"row_number": "B", "seats": [seat("1", 0, category="Gold")]})],
            "zones[0].rows[1].seats[0]: category “Gold” is not among the file's categories.",
        ),
        (
            [zone({"row_number": "A", "seats": [seat("1", 0, category="")]})],
            "zones[0].rows[0].seats[0]: there is no category.",
        ),
        ([zone(row("A")), "zone"], "zones[1]: this must be an object."),
        (
            [zone({"row_number": "A", "seats": [seat("1", 0), seat("1", 25)]})],
            "zones[0].rows[0].seats[1] (seat “A1”): this label is already used by "
            "zones[0].rows[0].seats[0] (seat “A1”).",
        ),
        (
            [zone({"row_number": "A", "seats": [seat("1", 0), seat("2", 0, seat_guid="other")]})],
            "zones[0].rows[0].seats[1] (seat “A2”): zones[0].rows[0].seats[0] is in the same place (x 0, y 0).",
        ),
        (
            [zone({"row_number": "A", "seats": [{**seat("1", 0), "position": {"x": "0"}}]})],
            "zones[0].rows[0].seats[0] (seat “A1”): x and y are not numbers within 10,000 seats.",
        ),
        (
            [zone({"row_number": "A", "seats": [{**seat("1", 0), "position": [0, 0]}]})],
            "zones[0].rows[0].seats[0].position: this must be an object.",
        ),
        ([zone(row("A"), position={"x": "left", "y": 0})], "zones[0].position: x and y must be numbers."),
        (
            [zone(row("A"), areas=[{"shape": ["circle"], "position": {"x": 0, "y": 0}}])],
            "zones[0].areas[0].shape: this must be a text.",
        ),
        (
            [zone(row("A"), areas=[{"shape": "circle", "circle": 5}])],
            "zones[0].areas[0].circle: this must be an object.",
        ),
        (
            [zone({"row_number": "", "seats": [seat("1", 0)]})],
            "zones[0].rows[0]: a name or label cannot be empty or begin or end with a space.",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place_in_the_file(zones: list[Any], fault: str) -> None:
    if "seat_guid" in fault:
        for one in zones[0]["rows"]:
            one["seats"][0]["seat_guid"] = "same"

    assert fault in faults_of(plan(*zones, size=None))


def test_two_categories_cannot_have_one_name() -> None:
    document = plan(zone(row("A")))
    document["categories"] += [{"name": "Stalls"}, {"color": "red"}]

    assert faults_of(document) == [
        "categories[2]: the name “Stalls” is already used by another category.",
        "categories[3]: a category needs a name.",
    ]
