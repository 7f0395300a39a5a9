"""The description of the API, OpenAPI 3.1, made of the same routes that serve."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from seatbook import __version__
from seatbook.api.answers import json_bytes
from seatbook.api.credentials import SCOPES, STAFF
from seatbook.api.examples import example_answer, example_body, example_parameter
from seatbook.api.field_words import about_field, describe_fields
from seatbook.api.idempotency import HEADER as KEY_HEADER
from seatbook.api.idempotency import REPLAYED
from seatbook.api.links import links_of
from seatbook.api.problems import CODES_OF_TRANSPORT, MEDIA_TYPE, STATUS_OF_CODE, WRONG_CONTENT, status_of
from seatbook.api.routes import NoBody, NoQuery, Route, Routes
from seatbook.api.seats import CURSOR_PATTERN
from seatbook.api.shapes import MAX_ID, Body
from seatbook.domain.reference import ALPHABET, CODE_LENGTH
from seatbook.errors import (
    CredentialsNeeded,
    CredentialsRefused,
    KeyInFlight,
    KeyReused,
    NotFound,
    ScopeMissing,
    SeatsTaken,
)

ABOUT = """\
Hold, reserve and cancel places of events, and follow what happens to them.

Send a token in `Authorization: Bearer TOKEN`: `POST /api/seats/login/` gives one, and so does the account page.
Scripts on pages of this site may use its session instead; what changes something then needs the session's CSRF
token in `X-CSRFToken`. Reading events and seats needs no credentials.

Times are RFC 3339 in UTC. Prices are decimal texts of the event's currency. Unknown fields are refused.
Every failure is a problem (RFC 9457) with a `code` that stays; the answer's `request_id` finds it in our log.
"""

PATH_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
RATE_HEADERS = {
    "RateLimit-Limit": "How many requests the narrowest limit allows.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "In how many seconds it begins anew.",
}


EVENT_STREAM = "text/event-stream"
STREAM_EXAMPLE = """\
retry: 2000

event: beat
id: 812.0.1741977000000000
data:

id: 815.0.1741977002500000
data: {"success":true,"event_id":3,"seats":[],"cursor":"815.0.1741977002500000","more":false,"is_lost":false}

"""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Every schema by its name, and by which reference a model's is meant: as it is sent, or answered."""

    schemas: Mapping[str, Any]
    refs: Mapping[tuple[Any, str], Any]

    def name_of(self, model: type[BaseModel], mode: str) -> str:
        name: str = self.refs[model, mode]["$ref"].rpartition("/")[2]
        return name


def bind(blueprint: Blueprint, chapters: Sequence[Routes]) -> Callable[[], Mapping[str, Any]]:
    """Serve the description, and give whoever makes something of it a way to ask for it.

    It is made when it is first asked for: making it takes a tenth of the time in which a process starts.
    """

    @cache
    def description() -> Mapping[str, Any]:
        return describe(chapters)

    @cache
    def written() -> bytes:
        return to_json(description())

    @blueprint.get("/openapi.json")
    def openapi_json() -> Response:
        response = json_bytes(written())
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    return description


def describe(chapters: Sequence[Routes]) -> dict[str, Any]:
    routes = [route for chapter in chapters for route in chapter.all]
    schemas, refs = _schemas(routes)
    shapes = Shapes(schemas, refs)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for chapter in chapters:
        for route in chapter.all:
            path = "/api" + PATH_PARAMETER.sub(r"{\2}", route.path)
            paths[path][route.method.lower()] = _operation(route, chapter.title, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "seatbook", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": chapter.title} for chapter in chapters],
        "paths": paths,
        "components": {
            "schemas": schemas | {"Problem": PROBLEM},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Scopes: " + " ".join(f"{name}: {text}" for name, text in SCOPES.items()),
                }
            },
            "headers": {
                name: {"description": text, "schema": {"type": "integer", "minimum": 0}}
                for name, text in RATE_HEADERS.items()
            },
        },
    }


def codes_of(route: Route) -> dict[int, list[str]]:
    """Every code that the route may refuse with, by status."""
    codes = {"invalid", "too_often", "database_away", "busy", CredentialsRefused.code}
    if route.method == "POST":
        codes |= {"unreadable", "too_large", "wrong_media_type", "csrf_token_missing"}
        codes |= {KeyReused.code, KeyInFlight.code}
    if route.scope:
        codes |= {CredentialsNeeded.code, ScopeMissing.code}
    if route.has_path_parameters:
        codes.add(NotFound.code)
    codes |= {refusal.code for refusal in route.refuses}
    by_status = defaultdict(list)
    for code in sorted(codes):
        by_status[CODES_OF_TRANSPORT.get(code) or status_of(code)].append(code)
    return dict(sorted(by_status.items()))


def _schemas(routes: Sequence[Route]) -> tuple[dict[str, Any], dict[tuple[Any, str], Any]]:
    wanted: dict[tuple[Any, str], None] = {}
    for route in routes:
        wanted[route.answer, "serialization"] = None
        if route.body is not NoBody:
            wanted[route.body, "validation"] = None
    refs, definitions = models_json_schema(list(wanted), ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    describe_fields(definitions["$defs"], asked=_names_below(Body))
    return definitions["$defs"], refs  # type: ignore[return-value]


def _names_below(kind: type[BaseModel]) -> set[str]:
    return {name for one in kind.__subclasses__() for name in (one.__name__, *_names_below(one))}


def _operation(route: Route, chapter: str, shapes: Shapes) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [chapter],
        "summary": route.summary,
        "description": _about(route),
        "parameters": [
            parameter | {"example": example_parameter(shape, parameter["name"], parameter["schema"])}
            for shape, parameters in (
                ("", _path_parameters(route)),
                (route.query.__name__, _query_parameters(route)),
                ("", _header_parameters(route)),
            )
            for parameter in parameters
        ],
        "responses": _responses(route, shapes),
        "security": [{"token": [route.scope]}] if route.scope else [{}, {"token": []}],
    }
    if route.method == "POST":
        operation["requestBody"] = _request_body(route, shapes)
    return {name: value for name, value in operation.items() if value not in ("", [])}


def _about(route: Route) -> str:
    whose = (
        f"For {', '.join(role.replace('_', ' ') for role in route.roles)}." if route.scope == STAFF else ""
    )
    return "\n".join(part for part in (route.about, whose) if part)


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": about_field("", name),
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID}
            if kind == "int"
            else {"type": "string", "pattern": f"^[1-9][0-9]{{0,17}}-[{ALPHABET}]{{{CODE_LENGTH}}}$"},
        }
        for kind, name in PATH_PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is NoQuery:
        return []
    schema = route.query.model_json_schema(mode="validation")
    parameters = []
    for name, field in schema.get("properties", {}).items():
        described = {key: value for key, value in field.items() if key != "title"}
        if described.get("default", "") in (None, ""):
            described.pop("default", None)
        # What is optional is left out, and never null: an address has no null.
        choices = [choice for choice in described.pop("anyOf", []) if choice.get("type") != "null"]
        for choice in choices:
            described = choice | described
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", []),
                "description": described.pop("description", "") or about_field(route.query.__name__, name),
                "schema": described,
            }
        )
    return parameters


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if route.method == "POST":
        return [
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": False,
                "description": "A key of your own for this request, such as a random UUID. Sent again with the same "
                "content it has no second effect: for a day it gets the first answer again.",
                "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
            }
        ]
    if route.streams:
        return [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "The `id` that was heard last, sent by what reconnects by itself: goes before `since`.",
                "schema": {"type": "string", "pattern": CURSOR_PATTERN, "maxLength": 60},
            }
        ]
    if route.may_be_unchanged:
        return [
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "The ETag of an earlier answer: 304 when nothing changed.",
                "schema": {"type": "string"},
            }
        ]
    return []


def _request_body(route: Route, shapes: Shapes) -> dict[str, Any]:
    if route.body is NoBody:
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
        return {"required": False, "content": {"application/json": {"schema": schema, "example": {}}}}
    content = {
        "schema": shapes.refs[route.body, "validation"],
        "example": example_body(shapes.name_of(route.body, "validation"), shapes.schemas),
    }
    required = any(field.is_required() for field in route.body.model_fields.values())
    return {"required": required, "content": {"application/json": content}}


def _responses(route: Route, shapes: Shapes) -> dict[str, Any]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}
    success: dict[str, Any] = {
        "description": "Done.",
        "headers": dict(headers),
        "content": _content(route, shapes),
    }
    if links := links_of(route.name):
        success["links"] = links
    if route.method == "POST":
        success["headers"][REPLAYED] = {
            "description": "There when this is the first answer to the same key.",
            "schema": {"const": "true"},
        }
    responses: dict[str, Any] = {str(route.status): success}
    if route.may_be_unchanged:
        success["headers"]["ETag"] = {"schema": {"type": "string"}}
        responses["304"] = {"description": "Nothing changed since the answer with that ETag."}
    if route.query is not NoQuery:
        responses["414"] = {"description": "The address is longer than the server in front of us reads."}
    for status, codes in codes_of(route).items():
        responses[str(status)] = {
            "description": "Code: " + ", ".join(codes) + ".",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if told := _headers_of_problem(status, codes):
            responses[str(status)]["headers"] = told
    return responses


def _headers_of_problem(status: int, codes: Sequence[str]) -> dict[str, Any]:
    if status == 401:
        return {"WWW-Authenticate": {"schema": {"const": 'Bearer realm="seatbook"'}}}
    if status not in (429, 503) and KeyInFlight.code not in codes:
        return {}
    only = "" if status in (429, 503) else f" Of `{KeyInFlight.code}` alone."
    return {
        "Retry-After": {
            "description": f"After how many seconds asking again is right.{only}",
            "schema": {"type": "integer", "minimum": 1},
        }
    }


def _content(route: Route, shapes: Shapes) -> dict[str, Any]:
    schema = shapes.refs[route.answer, "serialization"]
    if not route.streams:
        shape = shapes.name_of(route.answer, "serialization")
        return {
            "application/json": {
                "schema": schema,
                "example": example_answer(route.name, shape, shapes.schemas),
            }
        }
    # OpenAPI 3.1 has no word for the messages of a stream; `x-data` is what the `data` of one is.
    return {
        EVENT_STREAM: {
            "schema": {"type": "string", "contentMediaType": EVENT_STREAM},
            "x-data": {"contentMediaType": "application/json", "schema": schema},
            "example": STREAM_EXAMPLE,
        }
    }


TAKEN = str(SeatsTaken(labels=["A1"], seat_ids=[17]))
ALL_CODES = sorted({*CODES_OF_TRANSPORT, *STATUS_OF_CODE})
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `detail`, and `error` which repeats it, are for people; `code` is for programs.",
    "examples": [
        {
            "type": "/api/docs/#seats_taken",
            "title": "Seats taken",
            "status": 409,
            "detail": TAKEN,
            "code": SeatsTaken.code,
            "request_id": "6474ef49fc",
            "success": False,
            "error": TAKEN,
            "seats": ["A1"],
            "data": {"seat_ids": [17]},
        },
        {
            "type": "/api/docs/#invalid",
            "title": "Invalid",
            "status": 422,
            "detail": WRONG_CONTENT,
            "code": "invalid",
            "request_id": "6474ef49fc",
            "success": False,
            "error": WRONG_CONTENT,
            "errors": [{"pointer": "#/seat_ids", "in": "body", "detail": "It is missing."}],
        },
    ],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": ALL_CODES},
        "request_id": {"type": "string"},
        "success": {"const": False},
        "error": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "The faults of a request that could be read.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, as a fragment: #/seat_ids/0"},
                    "in": {"type": "string", "enum": ["body", "query", "header"]},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "detail"],
                "additionalProperties": False,
            },
        },
        "seats": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Labels of the seats that were lost.",
        },
        "data": {"type": "object", "description": "What else the refusal knows, such as how many are left."},
    },
    "required": ["type", "title", "status", "detail", "code", "request_id", "success", "error"],
    "additionalProperties": False,
}
