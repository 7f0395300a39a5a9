"""Charts of seats.io: what is in them, where it stands, and what is wrong with them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from seatbook.domain.plan_formats import PlanFaults, ReadPlan, read_plan
from seatbook.domain.plans import PlanLayout, PlanSeat, PlanSection, PlanShape
from tests.planned import real_venue


def seats(count: int, *, x: float = 0, y: float = 0, **of_each: Any) -> list[dict[str, Any]]:
    return [{"label": str(n + 1), "x": x + 20 * n, "y": y, "categoryKey": 1} | of_each for n in range(count)]


def row(label: str, count: int = 3, *, x: float = 0, y: float = 0, **more: Any) -> dict[str, Any]:
    return {"label": label, "seats": seats(count, x=x, y=y)} | more


def chart(**sub_chart: Any) -> dict[str, Any]:
    return {
        "name": "A chart",
        "categories": {"list": [{"label": "Stalls", "key": 1}, {"label": "Balcony", "key": "two"}]},
        "subChart": sub_chart,
    }


def read(document: Any) -> ReadPlan:
    return read_plan(json.dumps(document).encode(), file_name="chart.json")


def layout_of(document: Any) -> PlanLayout:
    return read(document).layout


def sections_of(document: Any) -> tuple[PlanSection, ...]:
    return layout_of(document).areas[0].sections


def faults_of(document: Any) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        read(document)
    assert str(refusal.value).startswith("chart.json cannot be used as a plan:\n")
    faults: list[str] = refusal.value.data["faults"]
    return faults


def test_rows_become_one_section_of_the_hall() -> None:
    plan = read(chart(rows=[row("A"), row("B", 2, x=10, y=30)]))
    [section] = plan.layout.areas[0].sections

    assert plan.format == "seatsio"
    assert (plan.layout.areas[0].name, section.name) == ("Hall", "Hall")
    assert [one.label for one in section.rows] == ["A", "B"]
    assert section.rows[0].seats[0] == PlanSeat("1", "A1", -1.0, 0.0, "Stalls")
    assert [(seat.label, seat.x, seat.y) for seat in section.rows[1].seats] == [
        ("B1", -0.5, 1.5),
        ("B2", 0.5, 1.5),
    ]


def test_what_is_special_about_a_seat_is_a_feature() -> None:
    flags = [{"accessible": True}, {"companionSeat": True}, {"restrictedView": True, "accessible": True}, {}]
    places = [seat | flag for seat, flag in zip(seats(4), flags, strict=True)]

    assert [seat.features for seat in layout_of(chart(rows=[{"label": "A", "seats": places}])).seats] == [
        ("wheelchair",),
        ("companion",),
        ("wheelchair", "restricted_view"),
        (),
    ]


def test_seats_of_an_accessible_category_are_wheelchair_places() -> None:
    document = chart(rows=[row("A", 1)])
    document["categories"]["list"][0]["accessible"] = True

    assert next(layout_of(document).seats).features == ("wheelchair",)


def test_sections_stand_where_their_corner_is_and_lend_their_category() -> None:
    inner = {
        "rows": [{"label": "A", "seats": [{"label": "1", "x": 10, "y": 5}, {"label": "2", "x": 30, "y": 5}]}]
    }
    points = [{"x": 100, "y": 0}, {"x": 160, "y": 0}, {"x": 160, "y": 40}]
    left, right = sections_of(
        chart(
            sections=[
                {"label": "L", "categoryKey": 1, "topLeft": {"x": 0, "y": 0}, "subChart": inner},
                {
                    "label": "R",
                    "categoryKey": "two",
                    "topLeft": {"x": 100, "y": 20},
                    "points": points,
                    "labelRotationAngle": -30,
                    "subChart": inner,
                },
            ]
        )
    )

    # Seats at 10 … 130: the axis is at 70.
    assert [seat.x for seat in left.rows[0].seats] == [-3, -2]
    assert [(seat.x, seat.y) for seat in right.rows[0].seats] == [(2, 1), (3, 1)]
    assert (left.side, right.side) == ("left", "right")
    assert [left.rows[0].seats[0].category, right.rows[0].seats[0].category] == ["Stalls", "Balcony"]
    assert right.shape == PlanShape("polygon", points=((1.5, -0.25), (4.5, -0.25), (4.5, 1.75)), rotation=330)


def test_sections_in_sections_count_from_both_corners() -> None:
    deep = {"label": "Deep", "topLeft": {"x": 20, "y": 20}, "subChart": {"rows": [row("B", 1)]}}
    outer = {
        "label": "Outer",
        "topLeft": {"x": 20, "y": 0},
        "subChart": {"rows": [row("A", 2)], "sections": [deep]},
    }

    names = {section.name: section.rows[0].seats[0] for section in sections_of(chart(sections=[outer]))}

    assert (names["Outer"].x, names["Outer"].y) == (-0.5, 0)
    assert (names["Deep"].x, names["Deep"].y) == (0.5, 1)


def test_a_row_may_name_its_section() -> None:
    rows = [row("A", sectionLabel="Balcony", y=90), row("A"), row("B", sectionLabel="Balcony", y=120)]

    assert [(section.name, len(section.rows)) for section in sections_of(chart(rows=rows))] == [
        ("Balcony", 2),
        ("Hall", 1),
    ]


def test_rows_beside_a_section_named_hall_have_another_name() -> None:
    drawn = {"label": "Hall", "topLeft": {"x": 0, "y": 90}, "subChart": {"rows": [row("A")]}}

    names = [
        section.name for section in sections_of(chart(sections=[drawn], rows=[row("A"), row("B", y=30)]))
    ]
    assert names == ["Hall", "Hall 2"]


def test_tables_keep_their_shape_and_that_they_are_sold_as_a_whole() -> None:
    tables = [
        {"label": "T1", "type": "round", "center": {"x": 20, "y": 20}, "radius": 10, "seats": seats(3)},
        {
            "label": "T2",
            "type": "rectangular",
            "center": {"x": 20, "y": 80},
            "width": 60,
            "height": 20,
            "rotationAngle": 90,
            "bookAsAWhole": True,
            "seats": seats(3, y=60),
        },
    ]
    first, second = sections_of(chart(tables=tables))[0].rows

    assert (first.kind, first.as_a_whole, second.as_a_whole) == ("table", False, True)
    assert first.shape == PlanShape("circle", 0, 1, 1, 1)
    assert second.shape == PlanShape("rectangle", 0, 4, 3, 1, rotation=90)
    assert [seat.label for seat in first.seats] == ["T1-1", "T1-2", "T1-3"]


def test_a_booth_is_one_place() -> None:
    booth = {"label": "B7", "center": {"x": 50, "y": 60}, "width": 40, "height": 20, "categoryKey": "two"}
    outline = {
        "label": "B8",
        "categoryKey": 1,
        "points": [{"x": 0, "y": 0}, {"x": 40, "y": 0}, {"x": 40, "y": 40}],
    }
    first, second = sections_of(chart(booths=[booth, outline]))[0].rows

    assert (first.kind, first.label, len(first.seats)) == ("booth", "B7", 1)
    assert (first.seats[0].label, first.seats[0].category) == ("B7", "Balcony")
    assert first.shape is not None
    assert (first.shape.x, first.shape.y) == (first.seats[0].x, first.seats[0].y)
    # The middle of its outline, which is 30 pixels left of and 40 above the first one's.
    assert (first.seats[0].x - second.seats[0].x, first.seats[0].y - second.seats[0].y) == (1.5, 2)


def test_general_admission_is_a_standing_area_with_its_shape() -> None:
    areas = [
        {
            "label": "Pit",
            "capacity": 200,
            "categoryKey": 1,
            "center": {"x": 20, "y": 40},
            "radius1": 40,
            "radius2": 20,
        },
        {
            "label": "Bar",
            "capacity": 5,
            "categoryKey": 1,
            "shape": {"center": {"x": 20, "y": 90}, "width": 40, "height": 20},
        },
    ]
    layout = layout_of(chart(rows=[row("A")], generalAdmissionAreas=areas))

    assert [(area.kind, area.name, area.capacity, area.category) for area in layout.areas[1:]] == [
        ("standing", "Pit", 200, "Stalls"),
        ("standing", "Bar", 5, "Stalls"),
    ]
    assert layout.areas[1].shape == PlanShape("ellipse", 0, 2, 4, 2)
    assert layout.areas[2].shape == PlanShape("rectangle", 0, 4.5, 2, 1)


def test_general_admission_in_a_section_says_which_one() -> None:
    section = {
        "label": "North",
        "categoryKey": 1,
        "subChart": {"generalAdmissionAreas": [{"label": "GA", "capacity": 5}]},
    }

    assert layout_of(chart(sections=[section])).areas[0].name == "North · GA"


def test_stage_walls_and_texts_are_drawings() -> None:
    layout = layout_of(
        chart(
            rows=[row("A")],
            shapes=[
                {
                    "type": "rectangle",
                    "smartType": "stage",
                    "label": "Stage",
                    "center": {"x": 20, "y": -60},
                    "width": 80,
                    "height": 40,
                },
                {"type": "polyline", "points": [{"x": 0, "y": 0}, {"x": 0, "y": 40}, {"x": 20, "y": 40}]},
            ],
            texts=[{"text": "Way  in", "center": {"x": 20, "y": 100}, "fontSize": 16, "rotationAngle": 90}],
            focalPoint={"x": 20, "y": -20},
        )
    )

    assert layout.drawings == (
        PlanShape("rectangle", 0, -3, 4, 2, text="Stage", role="stage"),
        PlanShape("line", points=((-1, 0), (-1, 2), (0, 2)), role="wall"),
        PlanShape("text", 0, 5, height=0.8, rotation=90, text="Way in"),
    )
    assert layout.focal_point == (0, -1)


def test_floors_follow_each_other_down_the_page() -> None:
    document = chart()
    del document["subChart"]
    document["subChartFloors"] = [
        {"floorName": "0", "floorDisplayName": "Ground", "rows": [row("A"), row("B", y=20)]},
        {"floorName": "1", "rows": [row("A")], "shapes": [{"center": {"x": 20, "y": 0}, "radius": 10}]},
    ]
    layout = layout_of(document)

    assert [(one.name, one.floor) for one in layout.areas[0].sections] == [("Ground", "Ground"), ("1", "1")]
    # The circle reaches half a seat above the row of its floor, which begins four seats below the other.
    assert [seat.y for seat in layout.seats] == [0, 0, 0, 1, 1, 1, 5.5, 5.5, 5.5]
    assert layout.drawings[0].y == 5.5


def test_zones_are_named() -> None:
    def section(label: str, zone: str, y: float) -> dict[str, Any]:
        return {"label": label, "zone": zone, "subChart": {"rows": [row("A", y=y)]}}

    document = chart(sections=[section("S", "fin", 0), section("T", "other", 40)])
    document["zones"] = {"list": [{"key": "fin", "label": "Finish line"}]}
    plan = read(document)

    assert [one.zone for one in plan.layout.areas[0].sections] == ["Finish line", "other"]
    assert any(note.startswith("subChart.sections[1]: zone “other” is not among") for note in plan.notes)


def test_categories_without_a_place_need_no_price() -> None:
    plan = read(chart(rows=[row("A")]))

    assert [category.name for category in plan.layout.categories] == ["Stalls"]
    assert "Categories without a place were left out: “Balcony”." in plan.notes


def test_a_category_may_be_known_by_its_name_only() -> None:
    document = chart(
        rows=[{"label": "A", "seats": [{"label": "1", "x": 0, "y": 0, "categoryLabel": "Balcony"}]}]
    )

    assert next(layout_of(document).seats).category == "Balcony"


def test_many_categories_share_the_colours() -> None:
    document = chart(
        rows=[{"label": "A", "seats": [seat | {"categoryKey": n} for n, seat in enumerate(seats(10))]}]
    )
    document["categories"] = [{"label": f"Cat {n}", "key": n} for n in range(10)]
    plan = read(document)

    assert [category.colour for category in plan.layout.categories] == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert "10 categories share 8 colours." in plan.notes


def test_what_is_not_used_is_told_once_for_all_like_it() -> None:
    document = chart(rows=[row("A", curve=3, uuid="x", smooth=False), row("B", y=20, curve=5, uuid="y")])
    document["backgroundColor"] = "#fff"

    assert read(document).notes[1:] == (
        "The file: not used: backgroundColor.",
        "subChart.rows[] (2 times, first in subChart.rows[0]): not used: curve, uuid.",
    )


def test_a_focal_point_in_the_corner_was_not_set_by_anybody() -> None:
    plan = read(chart(rows=[row("A")], focalPoint={"x": 0, "y": 0}))

    assert plan.layout.focal_point is None
    assert "subChart.focalPoint: it is the corner of the drawing: nobody has set it." in plan.notes


def test_rows_and_sections_without_seats_are_left_out_with_a_note() -> None:
    plan = read(chart(rows=[row("A"), row("B", 0)], sections=[{"label": "Empty", "subChart": {}}]))

    assert [section.name for section in plan.layout.areas[0].sections] == ["Hall"]
    assert plan.notes[:2] == (
        "subChart.sections[0]: there is no seat in “Empty”, so it was left out.",
        "subChart.rows[1]: there is no seat in it, so it was left out.",
    )


def test_shapes_that_are_not_known_are_left_out_with_a_note() -> None:
    plan = read(
        chart(
            tables=[{"label": "T1", "seats": seats(2)}],
            shapes=[{"type": "star", "center": {"x": 1, "y": 1}}],
            texts=[{"text": "Nowhere"}, {"center": {"x": 1, "y": 1}}],
            sections=[
                {
                    "label": "Fine",
                    "points": [{"x": n, "y": n} for n in range(201)],
                    "subChart": {"rows": [row("A", y=99)]},
                }
            ],
        )
    )

    assert plan.layout.drawings == ()
    assert [note.split(":")[0] for note in plan.notes[:5]] == [
        "subChart.sections[0]",
        "subChart.tables[0]",
        "subChart.shapes[0]",
        "subChart.texts[0]",
        "subChart.texts[1]",
    ]


@pytest.mark.parametrize(
    ("sub_chart", "fault"),
    [
        (
            {"rows": [{"label": "A", "seats": [*seats(2), *seats(1, x=60)]}]},
            "subChart.rows[0].seats[2] (seat “A1”): this label is already used by "
            "subChart.rows[0].seats[0] (seat “A1”).",
        ),
        (
            {"rows": [row("A"), row("B", 1, x=22)]},
            "subChart.rows[1].seats[0] (seat “B1”): subChart.rows[0].seats[1] is in the same place (x 0.1, y 0).",
        ),
        (
            {"rows": [row("A", 1), {"label": "B", "seats": seats(1, y=20, categoryKey=7)}]},
            "subChart.rows[1].seats[0]: category “7” is not among the file's categories.",
        ),
        (
            {"rows": [{"label": "A", "seats": seats(1, categoryKey=None)}]},
            "subChart.rows[0].seats[0]: there is no category, neither here nor around it.",
        ),
        (
            {
                "rows": [
                    {"label": "A", "seats": [*seats(2), {"label": "3", "x": "40", "y": 0, "categoryKey": 1}]}
                ]
            },
            "subChart.rows[0].seats[2] (seat “A3”): x and y are not numbers within 10,000 seats.",
        ),
        (
            {"rows": [row("A"), {"label": "B", "seats": seats(1, x=float("nan"))}]},
            "subChart.rows[1].seats[0] (seat “B1”): x and y are not numbers within 10,000 seats.",
        ),
        (
            {"rows": [row("A"), {"label": "B", "seats": seats(1, x=10**400)}]},
            "subChart.rows[1].seats[0] (seat “B1”): x and y are not numbers within 10,000 seats.",
        ),
        (
            {"rows": [row("A"), row("B", 1, y=1e12)]},
            "subChart.rows[1].seats[0] (seat “B1”): x and y are not numbers within 10,000 seats.",
        ),
        (
            {"rows": [row("", 1)]},
            "subChart.rows[0]: a name or label cannot be empty or begin or end with a space.",
        ),
        ({"rows": [row("A"), 7]}, "subChart.rows[1]: this must be an object."),
        (
            {"rows": {"A": 1}, "booths": [{"label": "B", "categoryKey": 1, "x": 1, "y": 1}]},
            "subChart.rows: this must be a list.",
        ),
        (
            {"rows": [row("A"), {"label": ["B"], "seats": seats(1, y=20)}]},
            "subChart.rows[1].label: this must be a text.",
        ),
        (
            {"rows": [row("A"), {"label": True, "seats": seats(1, y=20)}]},
            "subChart.rows[1].label: this must be a text.",
        ),
        (
            {"rows": [{"label": "A", "seats": seats(1, accessible="no")}]},
            "subChart.rows[0].seats[0].accessible: this must be true or false.",
        ),
        ({"rows": [row("A")], "focalPoint": 3}, "subChart.focalPoint: this must be an object."),
        (
            {"rows": [row("A")], "focalPoint": {"x": None, "y": 1}},
            "subChart.focalPoint: x and y must be numbers.",
        ),
        (
            {
                "rows": [row("A")],
                "generalAdmissionAreas": [{"label": "GA", "capacity": "many", "categoryKey": 1}],
            },
            "subChart.generalAdmissionAreas[0].capacity: this must be a whole number.",
        ),
        (
            {
                "rows": [row("A")],
                "generalAdmissionAreas": [{"label": "GA", "capacity": 1.5, "categoryKey": 1}],
            },
            "subChart.generalAdmissionAreas[0].capacity: this must be a whole number.",
        ),
        (
            {"rows": [row("A")], "generalAdmissionAreas": [{"label": "GA", "capacity": 0, "categoryKey": 1}]},
            "subChart.generalAdmissionAreas[0]: a standing area needs a capacity from 1 to 100,000.",
        ),
        (
            {"generalAdmissionAreas": [{"label": "GA", "capacity": n, "categoryKey": 1} for n in (1, 2)]},
            "subChart.generalAdmissionAreas[1]: this name is already used by subChart.generalAdmissionAreas[0].",
        ),
        (
            {
                "sections": [
                    {"label": "S", "topLeft": {"x": 0, "y": 40 * n}, "subChart": {"rows": [row("A")]}}
                    for n in (0, 1)
                ]
            },
            "subChart.sections[1]: this name is already used by subChart.sections[0].",
        ),
        (
            {"booths": [{"label": "B", "categoryKey": 1}]},
            "subChart.booths[0] (seat “B”): x and y are not numbers within 10,000 seats.",
        ),
        (
            {"rows": [row("A")], "shapes": [{"points": [{"x": 1}]}]},
            "subChart.shapes[0].points[0]: x and y must be numbers.",
        ),
        (
            {"rows": [row("A")], "shapes": [{"points": [{"x": 1, "y": 1}]}]},
            "subChart.shapes[0]: a polygon has 3 to 200 points, not 1.",
        ),
        ({"rows": []}, "The plan has no area: it needs at least one with places to sell."),
    ],
)
def test_what_is_wrong_is_named_by_its_place_in_the_file(sub_chart: dict[str, Any], fault: str) -> None:
    assert faults_of(chart(**sub_chart)) == [fault]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    places = [
        *seats(2),
        {"label": "1", "x": 40, "y": 0, "categoryKey": 9},
        {"label": [], "x": None, "y": 0, "categoryKey": 1},
    ]

    assert faults_of(chart(rows=[{"label": "A", "seats": places}])) == [
        "subChart.rows[0].seats[2]: category “9” is not among the file's categories.",
        "subChart.rows[0].seats[3].label: this must be a text.",
        "subChart.rows[0].seats[2] (seat “A1”): this label is already used by subChart.rows[0].seats[0] (seat “A1”).",
        "subChart.rows[0].seats[3] (seat “A?1”): x and y are not numbers within 10,000 seats.",
    ]


def test_two_categories_cannot_have_one_key() -> None:
    document = chart(rows=[row("A")])
    document["categories"]["list"].append({"label": "Other", "key": "1"})

    assert faults_of(document) == ["categories.list[2]: the key “1” is already used by another category."]


def test_sections_are_not_nested_for_ever() -> None:
    section: dict[str, Any] = {"label": "S0", "subChart": {"rows": [row("A")]}}
    for depth in range(1, 7):
        section = {"label": f"S{depth}", "subChart": {"sections": [section]}}

    [fault] = [fault for fault in faults_of(chart(sections=[section])) if "too many times" in fault]
    assert fault.startswith("subChart.sections[0].subChart.sections[0].")


def test_a_chart_for_too_many_people_is_refused_while_it_is_read() -> None:
    areas = [{"label": f"GA{n}", "capacity": 60_000, "categoryKey": 1} for n in range(2)]

    assert faults_of(chart(generalAdmissionAreas=areas)) == [
        "Here are more than 100,000 places, the most of a plan."
    ]


def test_a_real_chart_with_rows_and_general_admission(shared_dir: Path) -> None:
    plan = read_plan(real_venue(shared_dir, "seatsio-rows-and-ga.json"), file_name="x")
    hall, *standing = plan.layout.areas

    assert (plan.layout.seat_count, plan.layout.place_count) == (32, 232)
    assert [(area.name, area.capacity) for area in standing] == [("GA1", 100), ("GA2", 100)]
    first = hall.sections[0].rows[0].seats
    assert [seat.label for seat in first][:3] == ["A1", "A2", "A3"]
    assert [round(b.x - a.x, 3) for a, b in pairwise(first)] == [1.0] * 7
    # Both standing areas are beside the seats, and nobody stands on one.
    assert all(area.shape is not None and abs(area.shape.x) > 8 for area in standing)
    assert [(shape.role, shape.text) for shape in plan.layout.drawings] == [("stage", "Stage")]
    assert plan.layout.drawings[0].y < 0
    assert plan.layout.focal_point == (0.0, -3.317)


def test_a_real_chart_with_sections(shared_dir: Path) -> None:
    plan = read_plan(real_venue(shared_dir, "seatsio-sections.json"), file_name="x")
    left, right = plan.layout.areas[0].sections

    assert plan.layout.seat_count == 71
    assert [(one.name, one.side, len(one.rows)) for one in (left, right)] == [
        ("Section A", "left", 6),
        ("Section B", "right", 7),
    ]
    assert {seat.category for row in right.rows for seat in row.seats} == {"cat2"}
    for section in (left, right):
        # Everybody sits inside the outline of their section.
        assert section.shape is not None
        xs, ys = zip(*section.shape.points, strict=True)
        for one in section.rows:
            assert all(min(xs) < seat.x < max(xs) and min(ys) < seat.y < max(ys) for seat in one.seats)
