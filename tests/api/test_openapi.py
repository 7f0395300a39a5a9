from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from flask import Flask

from seatbook.api import CHAPTERS
from seatbook.api.example_words import CHANGES, SAID
from seatbook.api.examples import UNKNOWN
from seatbook.api.openapi import describe
from tests.api.caller import Caller, description, operations

NOTHING = object()


def test_the_description_is_served_and_valid(app: Flask) -> None:
    answer = Caller(app).client.get("/api/openapi.json")

    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == description()
    assert answer.json["openapi"] == "3.1.0"
    for schema in answer.json["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(where, its schema, the example) of every value that the description tells of; NOTHING where there is none."""
    for _, _, operation in operations():
        name = operation["operationId"]
        for parameter in operation.get("parameters", []):
            yield f"{name} {parameter['name']}", parameter["schema"], parameter.get("example", NOTHING)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{name} body", content["schema"], content.get("example", NOTHING)
        for status, response in operation["responses"].items():
            # 304 has no body; a problem has its examples beside its shape.
            for content in response.get("content", {}).values() if status < "300" else ():
                yield f"{name} {status}", content["schema"], content.get("example", NOTHING)
    problem = {"$ref": "#/components/schemas/Problem"}
    for example in description()["components"]["schemas"]["Problem"]["examples"]:
        yield "Problem", problem, example


def test_every_value_has_an_example_that_fits_its_schema() -> None:
    shown = list(examples())

    assert len(shown) > 3 * len(operations())
    for where, schema, example in shown:
        assert example is not NOTHING, where
        root = {**schema, "components": description()["components"]}
        jsonschema_rs.validator_for(root, validate_formats=True).validate(example)
        # A new field needs a word in seatbook/api/example_words.py.
        assert UNKNOWN not in json.dumps(example, ensure_ascii=False), where


def test_examples_tell_of_one_purchase() -> None:
    shown = {where: example for where, _, example in examples()}

    assert (
        shown["get_reservation reference"] == shown["get_reservation 200"]["reservation"]["id"] == "7-K2M9QX"
    )
    assert shown["reserve body"] == {"seat_ids": [17, 18]}
    held = shown["hold_best_available 200"]
    assert [(seat["id"], seat["seat_number"], seat["status"]) for seat in held["seats"]] == [
        (17, "A1", "locked"),
        (18, "A2", "locked"),
    ]
    assert (held["success"], held["seats"][0]["price"]) == (True, "45.00")
    [event] = shown["list_events 200"]["events"]
    assert (event["starts_at"], event["id"]) == ("2030-03-14T18:30:00.000Z", shown["get_event event_id"])
    parts = ("available_seats", "held_seats", "reserved_seats", "blocked_seats")
    assert event["total_seats"] == sum(event[part] for part in parts)


def test_examples_are_the_same_each_time() -> None:
    assert json.dumps(describe(CHAPTERS)) == json.dumps(describe(CHAPTERS))


def test_words_of_examples_are_of_what_is_there() -> None:
    """What was renamed leaves no words behind that nobody reads."""
    shapes = description()["components"]["schemas"]
    queries = {route.query.__name__ for chapter in CHAPTERS for route in chapter.all}
    names = {operation["operationId"] for _, _, operation in operations()}
    parameters = {one["name"] for _, _, operation in operations() for one in operation.get("parameters", [])}
    fields = {field for schema in shapes.values() for field in schema.get("properties", {})}

    for name in SAID:
        shape, dot, field = name.rpartition(".")
        if shape in shapes:
            assert field in shapes[shape]["properties"], name
        else:
            assert field in (parameters if dot else parameters | fields), name
            assert shape in queries | {""}, name
    assert set(CHANGES) <= names | set(shapes)


def test_every_operation_says_what_it_does() -> None:
    for _, path, operation in operations():
        assert operation["summary"], path
        assert operation["tags"], path


def test_every_link_leads_to_an_operation_with_the_parameters_that_it_takes() -> None:
    by_id: dict[str, Any] = {operation["operationId"]: operation for _, _, operation in operations()}
    links = 0
    for operation in by_id.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                target = by_id[link["operationId"]]
                names = {parameter["name"] for parameter in target.get("parameters", [])}
                assert set(link["parameters"]) <= names
                links += 1
    assert links > 10


def test_objects_of_answers_are_closed() -> None:
    """So that a field that nobody described is found by whoever holds an answer against the description."""
    open_ones = [
        name
        for name, schema in description()["components"]["schemas"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties", True) is not False
    ]

    assert open_ones == []


def test_what_may_be_refused_is_described_with_what_its_headers_say() -> None:
    for method, _, operation in operations():
        responses = operation["responses"]
        assert {"401", "422", "429", "503"} <= set(responses)
        assert "WWW-Authenticate" in responses["401"]["headers"]
        assert all("Retry-After" in responses[status]["headers"] for status in ("429", "503"))
        if method == "POST":
            assert {"400", "403", "409", "413", "415"} <= set(responses)
            assert "Retry-After" in responses["409"]["headers"]
