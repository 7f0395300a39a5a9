"""Examples for the description, made of its schemas: each field by its name, by its own examples, or by its kind.

All of them tell of one purchase (`example_words.py`), so that ids, labels, prices and times agree with each other
wherever they are read. Nothing is drawn by chance: the description is the same in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from seatbook.api.example_words import CHANGES, SAID, SECOND

Schema = Mapping[str, Any]
# What stands where no words are known, for a test to find.
UNKNOWN = "…"
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
NOT_SAID = object()


def example_answer(operation: str, shape: str, schemas: Schema) -> dict[str, Any]:
    """What the operation answers when all goes well."""
    made: Any = _object(shape, schemas)
    for name in (shape, operation):
        made = _changed(made, CHANGES.get(name, {}))
    return dict(made)


def example_body(shape: str, schemas: Schema) -> dict[str, Any]:
    """What a request sends: the fields that have an example or are needed. Where there are none, those whose kind has
    an example; else all, so that nobody has to guess what a body looks like of which everything may be left out."""
    schema = schemas[shape]
    fields: dict[str, Schema] = schema["properties"]
    chosen = [name for name in fields if "examples" in fields[name] or name in schema.get("required", ())]
    chosen = chosen or [name for name in fields if "examples" in _meant(fields[name])] or list(fields)
    return {
        name: fields[name]["examples"][0]
        if "examples" in fields[name] and f"{shape}.{name}" not in SAID
        else _value(f"{shape}.{name}", fields[name], schemas)
        for name in chosen
    }


def example_parameter(shape: str, name: str, schema: Schema) -> Any:
    """`shape` is the model of what stands after the `?`; empty for the rest of an address, and for headers."""
    return _value(f"{shape}.{name}", schema, {})


def _object(shape: str, schemas: Schema) -> dict[str, Any]:
    fields = schemas[shape]["properties"]
    return {name: _value(f"{shape}.{name}", field, schemas) for name, field in fields.items()}


def _value(where: str, field: Schema, schemas: Schema) -> Any:
    """`where` is "Shape.field"."""
    schema = _meant(field)
    for known in (where, where.partition(".")[2]):
        said = SAID.get(known, NOT_SAID)
        if said is not NOT_SAID and _fits(said, field):
            return said
    for one in (field, schema):
        if "examples" in one:
            return one["examples"][0]
    if "$ref" in schema:
        return _object(schema["$ref"].rpartition("/")[2], schemas)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "array":
            item = _value(where, schema["items"], schemas)
            is_place = isinstance(item, dict) and "seat_number" in item
            return (
                [item, item | {name: SECOND[name] for name in SECOND if item.get(name)}]
                if is_place
                else [item]
            )
        case "boolean":
            return False
        case "integer" | "number":
            return schema.get("minimum", 0)
    return UNKNOWN


def _meant(field: Schema) -> Schema:
    """The schema itself, or the first of those that it may be, null aside."""
    return next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)


def _fits(said: Any, field: Schema) -> bool:
    """A name is another kind of thing in another place: an `area` is a text, an id or an object."""
    choices = field.get("anyOf", [field])
    if said is None:
        return any(choice.get("type") == "null" for choice in choices)
    for choice in choices:
        if "enum" in choice and said not in choice["enum"]:
            continue
        if "const" in choice or not isinstance(said, KINDS.get(choice.get("type", ""), ())):
            continue
        if isinstance(said, bool) and choice["type"] != "boolean":
            continue
        if isinstance(said, list) and not all(_fits(one, choice["items"]) for one in said):
            continue
        return True
    return False


def _changed(made: Any, changes: Any) -> Any:
    """The same with these changes: of each thing in a list, or, where they are a list, of one after the other."""
    if isinstance(changes, list):
        had = made[: len(changes)] if isinstance(made, list) else []
        return [_changed(one, change) for one, change in zip_longest(had, changes)]
    if not isinstance(changes, Mapping):
        return changes
    if isinstance(made, list):
        return [_changed(one, changes) for one in made]
    before: dict[str, Any] = made if isinstance(made, dict) else {}
    return before | {name: _changed(before.get(name), change) for name, change in changes.items()}
