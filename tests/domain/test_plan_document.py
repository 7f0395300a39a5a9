"""The document of a hall that was drawn: what goes in comes out, and what is not known is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from seatbook.domain.plan_document import unknown_keys
from seatbook.domain.plans import (
    PlanFaults,
    PlanLayout,
    PlanShape,
    document_from_layout,
    layout_from_document,
)
from tests.plan_strategies import UNHURRIED, layouts


def drawn_document() -> dict[str, Any]:
    """Everything that a document may have, once."""
    return {
        "format": "seatbook-plan",
        "version": 1,
        "categories": [{"name": "Stalls", "colour": 1}],
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
                                "label": "T1",
                                "y": 1.0,
                                "kind": "table",
                                "as_a_whole": True,
                                "shape": {"kind": "circle", "x": 0.0, "y": 0.5, "width": 0.8, "height": 0.8},
                                "seats": [
                                    {
                                        "number": "1",
                                        "label": "T1-1",
                                        "x": 0.0,
                                        "y": 1.5,
                                        "category": "Stalls",
                                        "features": ["wheelchair", "restricted_view"],
                                    }
                                ],
                            }
                        ],
                        "shape": {
                            "kind": "polygon",
                            "points": [[-2.0, -1.0], [2.0, -1.0], [0.0, 4.0]],
                            "rotation": 28.0,
                        },
                        "floor": "Ground floor",
                        "zone": "North",
                    }
                ],
            },
            {
                "kind": "standing",
                "name": "Floor",
                "capacity": 800,
                "category": "Stalls",
                "shape": {"kind": "rectangle", "x": 0.0, "y": 9.0, "width": 20.0, "height": 8.0},
                "floor": "Cellar",
            },
        ],
        "drawings": [
            {"kind": "rectangle", "x": 0.0, "y": -4.0, "width": 12.0, "height": 3.0, "role": "stage"},
            {"kind": "text", "x": 0.0, "y": 15.0, "height": 0.8, "text": "Entrance"},
        ],
        "focal_point": [0.0, -3.0],
    }


def faults_of(document: dict[str, Any]) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        layout_from_document(document)
    faults: list[str] = refusal.value.data["faults"]
    return faults


def test_everything_that_a_document_may_have_is_kept() -> None:
    layout = layout_from_document(json.loads(json.dumps(drawn_document())))
    section = layout.areas[0].sections[0]

    assert document_from_layout(layout) == drawn_document()
    assert section.rows[0].kind == "table"
    assert section.rows[0].as_a_whole
    assert section.rows[0].seats[0].features == ("wheelchair", "restricted_view")
    assert section.shape == PlanShape("polygon", points=((-2, -1), (2, -1), (0, 4)), rotation=28)
    assert (section.floor, section.zone) == ("Ground floor", "North")
    assert [shape.role for shape in layout.drawings] == ["stage", ""]
    assert layout.focal_point == (0.0, -3.0)


@given(layout=layouts())
@UNHURRIED
def test_every_plan_comes_back_as_it_was(layout: PlanLayout) -> None:
    assert layout_from_document(json.loads(json.dumps(document_from_layout(layout)))) == layout


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("focal_point",), [1], "the plan: “focal_point” must be a pair of numbers."),
        (("focal_point",), {"x": 1}, "the plan: “focal_point” must be a pair of numbers."),
        (("drawings",), {}, "the plan: “drawings” must be a list of objects."),
        (("drawings", 1, "text"), 5, "drawing 2: “text” must be a text."),
        (("areas", 1, "shape"), [], "area 2, shape: must be an object."),
        (("areas", 1, "floor"), 1, "area 2: “floor” must be a text."),
        (("areas", 0, "sections", 0, "rows", 0, "as_a_whole"), 1, "“as_a_whole” must be true or false."),
        (("areas", 0, "sections", 0, "rows", 0, "kind"), None, "row 1: “kind” must be a text."),
        (
            ("areas", 0, "sections", 0, "rows", 0, "seats", 0, "features"),
            "wheelchair",
            "seat 1: “features” must be a list of texts.",
        ),
    ],
)
def test_a_value_of_a_wrong_kind_is_named_by_its_place(
    path: tuple[str | int, ...], value: Any, fault: str
) -> None:
    document = drawn_document()
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value

    assert len(faults_of(document)) == 1
    assert faults_of(document)[0].endswith(fault)


def test_keys_of_another_version_are_counted() -> None:
    document = drawn_document()
    document["drawn_by"] = "somebody"
    document["areas"][0]["sections"][0]["rows"][0]["seats"][0]["colour"] = "red"

    assert unknown_keys(document) == [
        "“drawn_by” of the plan was not used (1 times).",
        "“colour” of a seat was not used (1 times).",
    ]
    assert unknown_keys(drawn_document()) == []
