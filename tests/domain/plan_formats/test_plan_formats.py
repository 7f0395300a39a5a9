"""Files of any format: known by their content, refused with sentences, never with a traceback."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatbook.domain.plan_formats import FORMAT_NAMES, PlanFaults, read_plan, write_plan
from seatbook.domain.plans import PlanLayout, document_from_layout
from tests.plan_strategies import UNHURRIED, layouts

SEATSIO: dict[str, Any] = {
    "categories": {"list": [{"label": "Stalls", "key": 1, "accessible": False}]},
    "zones": {"list": [{"key": "z", "label": "Zone"}]},
    "subChart": {
        "rows": [
            {
                "label": "A",
                "sectionLabel": None,
                "seats": [
                    {"label": "1", "x": 0, "y": 0, "categoryKey": 1, "accessible": True},
                    {"label": 2, "x": 20.5, "y": 0, "categoryKey": "1"},
                ],
            }
        ],
        "tables": [
            {
                "label": "T1",
                "center": {"x": 10, "y": 90},
                "radius": 10,
                "bookAsAWhole": True,
                "seats": [{"label": "1", "x": 0, "y": 70, "categoryKey": 1}],
            }
        ],
        "booths": [
            {"label": "B1", "center": {"x": 90, "y": 90}, "width": 30, "height": 20, "categoryKey": 1}
        ],
        "generalAdmissionAreas": [{"label": "GA", "capacity": 9, "categoryKey": 1, "shape": {"type": "x"}}],
        "sections": [
            {
                "label": "S",
                "zone": "z",
                "categoryKey": 1,
                "topLeft": {"x": 0, "y": 200},
                "points": [{"x": 0, "y": 200}, {"x": 50, "y": 200}, {"x": 0, "y": 250}],
                "labelRotationAngle": 45,
                "subChart": {"rows": [{"label": "A", "seats": [{"label": "1", "x": 5, "y": 5}]}]},
            }
        ],
        "shapes": [
            {"label": "Stage", "center": {"x": 1, "y": -90}, "width": 90, "height": 40, "rotationAngle": 5}
        ],
        "texts": [{"text": "Exit", "center": {"x": 1, "y": 190}, "fontSize": 12}],
        "focalPoint": {"x": 10, "y": -90},
    },
}

PRETIX: dict[str, Any] = {
    "name": "Hall",
    "categories": [{"name": "Stalls", "color": "#0072b2"}],
    "size": {"width": 500, "height": 500},
    "zones": [
        {
            "name": "Main",
            "position": {"x": 10, "y": 10},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": "a",
                            "seat_number": "1",
                            "position": {"x": 0, "y": 0},
                            "category": "Stalls",
                        },
                        {
                            "seat_guid": "b",
                            "seat_number": "2",
                            "position": {"x": 25, "y": 0},
                            "category": "Stalls",
                        },
                    ],
                }
            ],
            "areas": [
                {
                    "shape": "circle",
                    "circle": {"radius": 20},
                    "position": {"x": 5, "y": 99},
                    "text": {"text": "Bar"},
                },
                {
                    "shape": "polygon",
                    "polygon": {"points": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 0, "y": 9}]},
                },
            ],
        }
    ],
}

TABLE = b"zone,row,start,end\nStalls,A,1,12\n"


def faults_of(content: bytes) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        read_plan(content, file_name="hall.any")
    faults: list[str] = refusal.value.data["faults"]
    return faults


def own_document() -> dict[str, Any]:
    return document_from_layout(read_plan(json.dumps(SEATSIO).encode(), file_name="x").layout)


def test_the_format_is_known_by_the_content_whatever_the_name() -> None:
    contents = {
        "seatsio": json.dumps(SEATSIO),
        "pretix": json.dumps(PRETIX),
        "seatbook": json.dumps(own_document()),
        "csv": TABLE.decode(),
    }
    for known_as, content in contents.items():
        assert read_plan(content.encode(), file_name="hall.csv").format == known_as
        assert read_plan(content.encode("utf-8-sig"), file_name="hall.json").format == known_as
    assert contents.keys() == FORMAT_NAMES.keys()


def test_json_in_utf_16_is_read_too() -> None:
    assert read_plan(json.dumps(PRETIX).encode("utf-16"), file_name="x").format == "pretix"


def test_every_value_of_a_chart_is_used() -> None:
    layout = read_plan(json.dumps(SEATSIO).encode(), file_name="x").layout

    assert (layout.seat_count, layout.place_count, len(layout.drawings)) == (5, 14, 2)


@given(layout=layouts())
@UNHURRIED
def test_our_own_format_holds_every_plan(layout: PlanLayout) -> None:
    written = write_plan(layout, name="Any", file_format="seatbook")

    assert read_plan(written.text.encode(), file_name="x").layout == layout
    assert written.lost == ()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"[]", "The file holds a list, and a plan is an object."),
        (b"{}", "This is JSON, but no plan that seatbook knows: a seats.io chart has “subChart”, a pretix plan "
                "has “zones”, and our own has “format”: “seatbook-plan”."),
        (b'{"subChart": {"rows": [1, 2', "line 1, column 28: this is not JSON (Expecting ',' delimiter)."),
        (b'{"zones": [], "name": "\xff"}', "The text is not UTF-8. Export the plan again."),
        (b'{"a":' * 100_000, "Things are nested so deeply that this is no plan."),
        (b"[" * 100_000, "Things are nested so deeply that this is no plan."),
        (b'{"subChart": {"height": 1' + b"0" * 5_000 + b"}}", "A value cannot be read (Exceeds the limit"),
        (b"", "hall.any: the file is empty."),
        (b"\x00\x00\x00", "hall.any, line 1: there is a NUL byte"),
        (b"\x89PNG\r\n\x1a\n\x00", "hall.any, line 3: there is a NUL byte"),
        (b"name;seats\nx;1\n", "hall.any, line 1: the header has no column"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_a_sentence(content: bytes, fault: str) -> None:
    [only] = faults_of(content)
    assert only.startswith(fault)


def test_a_file_far_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatbook.domain.plan_formats.MAX_FILE_BYTES", 1024**2)

    assert faults_of(b"{" + b" " * 1024**2) == ["The file is larger than 1 MB, so it is no plan."]


# Values that no key expects, or at least not there.
NONSENSE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7.5, 1e308, float("nan"), float("-inf"), 10**300),
    *("", " ", "x", "\x00", "\ud800", "\x1b[2J", "x" * 500),
    *([], [[]], [None], [{}], ["x"], [float("nan")], {}, {"x": {}}, {"x": 1, "y": "2"}, {"list": 3}),
)


def everywhere(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document."""
    steps = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for step, value in steps:
        found.append((*path, step))
        if isinstance(value, dict | list):
            found += everywhere(value, (*path, step))
    return found


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("of_format", ["seatsio", "pretix", "seatbook"])
def test_nonsense_anywhere_is_a_fault_or_a_note_and_never_a_traceback(of_format: str) -> None:
    document = {"seatsio": SEATSIO, "pretix": PRETIX, "seatbook": own_document()}[of_format]
    refused = 0
    for path in everywhere(document):
        for value in NONSENSE:
            content = json.dumps(with_value(document, path, value)).encode()
            try:
                plan = read_plan(content, file_name="hall.any")
            except PlanFaults as refusal:
                # Sentences that any terminal can show.
                str(refusal).encode("utf-8")
                assert all(fault.isprintable() for fault in refusal.data["faults"])
                refused += 1
            else:
                for note in plan.notes:
                    assert note.encode("utf-8")
                    assert note.isprintable()
                json.dumps(document_from_layout(plan.layout), allow_nan=False)
    assert refused > 100


KEYS = (
    *("subChart", "zones", "rows", "seats", "label", "x", "y", "points", "sections", "tables"),
    *("categories", "list", "format", "version", "areas", "position", "capacity", "shape"),
)


@given(
    document=st.recursive(
        st.sampled_from(NONSENSE),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=5,
            )
        ),
        max_leaves=30,
    )
)
@UNHURRIED
def test_any_json_is_a_plan_or_refused(document: Any) -> None:
    content = json.dumps(
        {"subChart": {}, "zones": []} | (document if isinstance(document, dict) else {"x": document})
    )
    try:
        read_plan(content.encode(), file_name="hall.any")
    except PlanFaults as refusal:
        str(refusal).encode("utf-8")


@pytest.mark.parametrize(
    "document",
    [
        {"zones": [{"name": "Z", "rows": [{"row_number": "A", "seats": []}]}] * 2_001},
        {"subChart": {"rows": [{"label": "A", "sectionLabel": str(n)} for n in range(2_001)]}},
        {"subChart": {"sections": [{"label": "S"}] * 2_001}},
    ],
)
def test_a_plan_of_thousands_of_sections_is_refused_while_it_is_read(document: dict[str, Any]) -> None:
    assert "Here are more than 2,000 sections, the most of a plan." in faults_of(
        json.dumps(document).encode()
    )


def test_fifty_thousand_seats_are_read_in_a_moment() -> None:
    rows = [
        {
            "label": f"R{line}",
            "seats": [
                {"label": str(n), "x": 20 * n, "y": 24 * line, "categoryKey": 1, "uuid": f"u{line}-{n}"}
                for n in range(100)
            ],
        }
        for line in range(500)
    ]
    content = json.dumps({"categories": [{"label": "All", "key": 1}], "subChart": {"rows": rows}}).encode()
    begun = time.process_time()
    layout = read_plan(content, file_name="arena").layout
    text = write_plan(layout, name="Arena", file_format="pretix").text
    back = read_plan(text.encode(), file_name="arena").layout

    assert layout.seat_count == back.seat_count == 50_000
    # A few seconds of work on any machine; what grows with the square of the seats would take minutes.
    assert time.process_time() - begun < 20
