"""`/api/docs/`: the description as a page to read and to try. Everything on it is read off the description.

It is English, as the API is. A request is sent from the page by its own script, under the same Content Security
Policy as every page here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, render_template

from seatbook import errors
from seatbook.api.openapi import EVENT_STREAM
from seatbook.api.problems import CODES_OF_TRANSPORT, STATUS_OF_CODE, TOLD_OF_TRANSPORT, title_of
from seatbook.api.words import DOCS, EVERYWHERE, VERIFY_RULES
from seatbook.config import Config

# What docs/api.md shows as well, for whoever buys, pays and sells; and what docs/webhooks.md shows.
BEGIN, PAY, SELL, VERIFY = (
    Path(__file__).with_name(name) for name in ("begin.sh", "pay.sh", "sell.sh", "verify.txt")
)

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body or an answer: `name` with the way to it, such as seats[].id."""

    name: str
    kind: str
    about: str
    required: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    kind: str
    about: str
    required: bool
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    about: str
    scope: str | None
    parameters: tuple[Parameter, ...]
    takes_key: bool
    takes_about: str
    takes: tuple[Field, ...]
    body: str | None
    streams: bool
    gives_about: str
    gives: tuple[Field, ...]
    answer: str
    status: str
    refusals: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    status: int
    title: str
    about: str


def bind(blueprint: Blueprint, description: Callable[[], Mapping[str, Any]]) -> None:
    @cache
    def chapters() -> dict[str, list[Operation]]:
        return _chapters(description())

    @blueprint.get("/docs/")
    def docs() -> str:
        config: Config = current_app.extensions["seatbook"]
        return render_template(
            "api_docs.html",
            words=DOCS,
            chapters=chapters(),
            codes=_codes(),
            begin=_commands(BEGIN, config.public_url),
            pay=_commands(PAY, config.public_url),
            sell=_commands(SELL, config.public_url),
            verify=_commands(VERIFY, config.public_url),
            everywhere=EVERYWHERE,
            verify_rules=VERIFY_RULES,
        )


@cache
def _commands(script: Path, home: str) -> str:
    """The commands of docs/api.md, for the box office that this is."""
    return script.read_text("utf-8").replace("http://127.0.0.1:8000", home)


def _chapters(description: Mapping[str, Any]) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in description["tags"]}
    schemas = description["components"]["schemas"]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(method.upper(), path, operation, schemas))
    return found


def _operation(method: str, path: str, operation: Schema, schemas: Schema) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    [(status, success)] = [item for item in operation["responses"].items() if item[0] in ("200", "201")]
    [(media, given)] = success["content"].items()
    answer = given["x-data"]["schema"] if media == EVENT_STREAM else given["schema"]
    scopes = [need["token"][0] for need in operation["security"] if need.get("token")]
    parameters = operation.get("parameters", [])
    return Operation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        about=operation.get("description", ""),
        scope=scopes[0] if scopes else None,
        parameters=tuple(
            Parameter(
                one["name"],
                one["in"],
                _kind(one["schema"], schemas),
                one.get("description", ""),
                one["required"],
                str(one["example"]),
            )
            for one in parameters
            if one["in"] != "header"
        ),
        takes_key=any(one["in"] == "header" and one["name"] == "Idempotency-Key" for one in parameters),
        takes_about=_about(content.get("schema", {}), schemas),
        takes=tuple(_fields(content.get("schema", {}), schemas)),
        body=_pretty(content["example"]) if content else None,
        streams=media == EVENT_STREAM,
        gives_about=_about(answer, schemas),
        gives=tuple(_fields(answer, schemas)),
        answer=str(given["example"]).strip() if media == EVENT_STREAM else _pretty(given["example"]),
        status=status,
        refusals=tuple(
            (number, tuple(response["description"].removeprefix("Code: ").rstrip(".").split(", ")))
            for number, response in operation["responses"].items()
            if "content" in response and number >= "400"
        ),
    )


def _pretty(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


def _fields(schema: Schema, schemas: Schema, *, before: str = "") -> Iterator[Field]:
    """Every field, and below it those of what it holds."""
    schema = _resolved(schema, schemas)
    for name, held in schema.get("properties", {}).items():
        kind = _kind(held, schemas)
        inner, way = _inner(held, schemas)
        about = " ".join(
            text
            for text in (held.get("description", ""), _about(inner, schemas) if "properties" in inner else "")
            if text
        )
        yield Field(before + name, kind, about, name in schema.get("required", []))
        if inner.get("properties"):
            yield from _fields(inner, schemas, before=f"{before}{name}{way}.")


def _about(schema: Schema, schemas: Schema) -> str:
    """What a shape says of itself, on one line."""
    return " ".join(str(_resolved(schema, schemas).get("description", "")).split())


def _inner(schema: Schema, schemas: Schema) -> tuple[Schema, str]:
    schema = _chosen(schema, schemas)
    if schema.get("type") == "array":
        return _chosen(schema["items"], schemas), "[]"
    return schema, ""


def _chosen(schema: Schema, schemas: Schema) -> Schema:
    """The schema itself, or the first that is meant where null may stand for it."""
    schema = _resolved(schema, schemas)
    choices = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return _resolved(choices[0], schemas) if choices else schema


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: Schema, schemas: Schema) -> str:
    may_be_null = any(one.get("type") == "null" for one in schema.get("anyOf", []))
    chosen = _chosen(schema, schemas)
    if "const" in chosen:
        kind = json.dumps(chosen["const"])
    elif "enum" in chosen:
        kind = " | ".join(chosen["enum"])
    elif chosen.get("type") == "array":
        kind = f"{DOCS['list of']} {_kind(chosen['items'], schemas)}"
    else:
        kind = DOCS.get(chosen.get("format") or chosen.get("type", ""), str(chosen.get("type", "")))
    kind += "".join(f", {limit}" for limit in _limits(schema, chosen))
    return f"{kind} | null" if may_be_null else kind


# No limit to anybody: ids, and money in minor units.
_ENDLESS = 10**15


def _limits(schema: Schema, chosen: Schema) -> Iterator[str]:
    """How small and large it may be, and what it is when it is left out: "1 to 1,000", "default 50"."""
    both = {**chosen, **schema}
    least, most = both.get("minimum"), both.get("maximum")
    if most is not None and most < _ENDLESS:
        yield f"{least or 0:,} to {most:,}"
    elif least:
        yield f"{least:,} or more"
    of = "items" if chosen.get("type") == "array" else "characters"
    name = "Items" if of == "items" else "Length"
    shortest, longest = both.get(f"min{name}") or 0, both.get(f"max{name}")
    if longest is not None:
        yield f"{shortest:,} to {longest:,} {of}" if shortest else f"up to {longest:,} {of}"
    elif shortest:
        yield f"{shortest:,} or more {of}"
    if (default := schema.get("default")) not in (None, "", []) and "const" not in chosen:
        yield f"default {json.dumps(default).strip(chr(34))}"


@cache
def _codes() -> tuple[Code, ...]:
    """Every code with its status and what it means, as the classes of refusals say it."""
    told = {
        kind.code: (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SeatbookError)
    }
    statuses = STATUS_OF_CODE | CODES_OF_TRANSPORT
    return tuple(
        Code(code, status, title_of(code), TOLD_OF_TRANSPORT.get(code) or told.get(code, ""))
        for code, status in sorted(statuses.items())
    )
