"""The plan document: what goes in comes out, and every fault is named by its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from seatbook.domain.plans import (
    PlanArea,
    PlanCategory,
    PlanFaults,
    PlanLayout,
    PlanRow,
    PlanSeat,
    PlanSection,
    check_layout,
    document_from_layout,
    layout_from_document,
)

DOCUMENT: dict[str, Any] = {
    "format": "seatbook-plan",
    "version": 1,
    "categories": [{"name": "Stalls", "colour": 1}, {"name": "Standing", "colour": 5}],
    "areas": [
        {
            "kind": "seated",
            "name": "Hall",
            "sections": [
                {
                    "name": "Stalls",
                    "band": 0,
                    "side": "centre",
                    "position": 0,
                    "rows": [
                        {
                            "label": "A",
                            "y": 0.0,
                            "seats": [
                                {"number": "1", "label": "A1", "x": -0.5, "y": 0.0, "category": "Stalls"},
                                {"number": "2", "label": "A2", "x": 0.5, "y": 0.0, "category": "Stalls"},
                            ],
                        }
                    ],
                }
            ],
        },
        {"kind": "standing", "name": "Floor", "capacity": 800, "category": "Standing"},
        {"kind": "slots", "name": "Vault", "category": "Standing"},
    ],
}


def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


def section(doc: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = doc["areas"][0]["sections"][0]
    return found


def seat(doc: dict[str, Any], nth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = section(doc)["rows"][0]["seats"][nth]
    return found


def faults_of(doc: Any) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        layout_from_document(doc)
    faults: list[str] = refusal.value.data["faults"]
    return faults


def test_a_document_comes_back_as_it_was() -> None:
    layout = layout_from_document(json.loads(json.dumps(DOCUMENT)))

    assert document_from_layout(layout) == DOCUMENT
    assert layout_from_document(document_from_layout(layout)) == layout
    assert (layout.seat_count, layout.place_count) == (2, 802)


def test_keys_that_are_not_known_yet_are_passed_over() -> None:
    doc = document()
    doc["drawn_by"] = "somebody"
    seat(doc)["colour"] = "red"

    assert layout_from_document(doc) == layout_from_document(DOCUMENT)


@pytest.mark.parametrize("not_a_plan", [None, [], "plan", {}, {"format": "other"}])
def test_what_is_no_plan_is_refused(not_a_plan: Any) -> None:
    assert faults_of(not_a_plan) == ["The document is not a plan: its “format” must be “seatbook-plan”."]


def test_a_version_of_the_future_is_refused_by_its_number() -> None:
    doc = document()
    doc["version"] = 2

    assert faults_of(doc) == ["The plan has version 2; this seatbook reads version 1."]


def test_values_of_a_wrong_shape_are_named_by_their_place_all_at_once() -> None:
    doc = document()
    doc["categories"][0]["colour"] = True
    seat(doc)["x"] = "left"
    seat(doc, 1)["label"] = 2
    section(doc)["band"] = 1.5
    doc["areas"][1]["capacity"] = "many"

    assert faults_of(doc) == [
        "category 1: “colour” must be a whole number.",
        "area 1, section 1: “band” must be a whole number.",
        "area 1, section 1, row 1, seat 1: “x” must be a number.",
        "area 1, section 1, row 1, seat 2: “label” must be a text.",
        "area 2: “capacity” must be a whole number.",
    ]


def test_a_label_that_comes_twice_in_a_section_names_both_seats() -> None:
    doc = document()
    seat(doc, 1)["label"] = "A1"

    assert faults_of(doc) == [
        "area 1 “Hall”, section 1 “Stalls”, row “A”, seat “A1”: this label is already used by "
        "area 1 “Hall”, section 1 “Stalls”, row “A”, seat “A1”."
    ]


def test_one_label_in_two_sections_is_fine() -> None:
    doc = document()
    other = copy.deepcopy(section(doc)) | {"name": "Balcony"}
    for nth, place in enumerate(other["rows"][0]["seats"]):
        place["y"] = 9.0 + nth
    doc["areas"][0]["sections"].append(other)

    assert layout_from_document(doc).seat_count == 4


def test_two_seats_in_one_place_are_found_across_sections() -> None:
    doc = document()
    other = copy.deepcopy(section(doc)) | {"name": "Balcony"}
    other["rows"][0]["seats"][1]["x"] = 9.0
    doc["areas"][0]["sections"].append(other)

    assert faults_of(doc) == [
        "area 1 “Hall”, section 2 “Balcony”, row “A”, seat “A1”: "
        "seat “A1” of section “Stalls” is in the same place (x -0.5, y 0)."
    ]


def test_a_category_that_the_plan_does_not_have_is_named() -> None:
    doc = document()
    seat(doc)["category"] = "Gold"
    doc["areas"][1]["category"] = "Silver"

    assert faults_of(doc) == [
        "area 1 “Hall”, section 1 “Stalls”, row “A”, seat “A1”: category “Gold” is not among the plan's categories.",
        "area 2 “Floor”: category “Silver” is not among the plan's categories.",
    ]


@pytest.mark.parametrize("x", [float("nan"), float("inf"), 1e9, 10**400])
def test_a_seat_outside_of_any_hall_is_refused(x: float) -> None:
    doc = document()
    seat(doc)["x"] = x

    assert faults_of(doc) == [
        "area 1 “Hall”, section 1 “Stalls”, row “A”, seat “A1”: x and y are not numbers within 10,000 seats."
    ]


@pytest.mark.parametrize("label", ["", " A1", "A1\n", "A\x00", "x" * 41])
def test_a_label_that_cannot_be_shown_is_refused(label: str) -> None:
    doc = document()
    seat(doc)["label"] = label

    assert len(faults_of(doc)) == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "boat"}, "kind “boat” is not one of seated, standing, slots, stock."),
        ({"capacity": 0}, "a standing area needs a capacity from 1 to 100,000."),
        ({"capacity": None}, "a standing area needs a capacity from 1 to 100,000."),
        ({"category": None}, "a standing area needs a category, which gets the price."),
        ({"kind": "slots"}, "a slots area has no capacity; its slots are given with each event."),
        ({"name": "Hall"}, "this name is already used by area 1 “Hall”."),
    ],
)
def test_an_area_says_what_its_kind_needs(change: dict[str, Any], fault: str) -> None:
    doc = document()
    doc["areas"][1].update(change)

    assert fault in faults_of(doc)[0]


def test_a_plan_for_too_many_people_is_refused() -> None:
    layout = PlanLayout(
        categories=(PlanCategory("All"),),
        areas=tuple(PlanArea("standing", f"Field {n}", capacity=60_000, category="All") for n in (1, 2)),
    )

    with pytest.raises(PlanFaults, match="120,000 places; at most 100,000"):
        check_layout(layout)


def test_a_long_list_of_faults_is_cut_after_twenty() -> None:
    seats = tuple(PlanSeat(str(n), f"A{n}", float(n), 0.0, "Gold") for n in range(30))
    layout = PlanLayout(
        categories=(PlanCategory("Stalls"),),
        areas=(
            PlanArea(
                "seated", "Hall", sections=(PlanSection("S", 0, "centre", 0, (PlanRow("A", 0.0, seats),)),)
            ),
        ),
    )

    with pytest.raises(PlanFaults) as refusal:
        check_layout(layout)

    lines = str(refusal.value).splitlines()
    assert len(lines) == 22  # what it is about, 20 faults, and how many more
    assert lines[-1] == "… and 10 more."
