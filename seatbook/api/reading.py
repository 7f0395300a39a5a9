"""Reading a request strictly: JSON of exactly the shape that the route describes, or a problem that says where."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from seatbook.api.shapes import Body, Query

B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)

# The largest of ours has two levels.
MAX_DEPTH = 16


class WrongContent(UnprocessableEntity):
    """The request can be read and is not what the route takes. `errors` name each fault by a JSON pointer."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class Unreadable(BadRequest):
    """The body is no JSON text, or says two things at once: `twice` is a name that one of its objects has twice."""

    def __init__(self, twice: str | None = None) -> None:
        super().__init__()
        self.twice = twice


def read_body(model: type[B]) -> B:
    """The body as the route describes it.

    Raises UnsupportedMediaType, Unreadable, WrongContent, RequestEntityTooLarge (of Werkzeug, over 64 kB).
    """
    raw = request.get_data(cache=True)
    # What claims to be a form has been read by now, as the pages' checks look at forms.
    is_sent = raw or request.content_length or "Transfer-Encoding" in request.headers
    if is_sent and request.mimetype != "application/json":
        raise UnsupportedMediaType()
    if not raw:
        return _fit(model, {}, where="body")
    try:
        # It takes no NaN, no lone surrogates, no bytes that are not UTF-8, and nothing after the end.
        content = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Unreadable() from error
    _refuse_names_twice(raw)
    if not isinstance(content, dict):
        raise WrongContent([{"pointer": "#", "detail": "The body has to be an object: {…}."}])
    if _depth(content) > MAX_DEPTH:
        raise WrongContent(
            [{"pointer": "#", "detail": "There are more levels in it than any request needs."}]
        )
    return _fit(model, _whole_numbers(content), where="body")


def _refuse_names_twice(raw: bytes) -> None:
    """Whoever checks a request on its way to us may believe the first of two, and we the last. Raises Unreadable."""

    def names(pairs: list[tuple[str, Any]]) -> None:
        seen = set()
        for name, _ in pairs:
            if name in seen:
                raise Unreadable(twice=name)
            seen.add(name)

    # The first parser keeps to itself what it read; that it is JSON is known by now, and of numbers only that they
    # are there.
    json.loads(raw, object_pairs_hook=names, parse_int=str, parse_float=str)


def read_query(model: type[Q]) -> Q:
    """What stands after the `?`. Raises WrongContent, also for a name that is not known or comes twice."""
    values: dict[str, Any] = {}
    for name, texts in request.args.lists():
        if len(texts) > 1:
            raise WrongContent([{"pointer": _pointer([name]), "detail": "It may be given once only."}])
        values[name] = texts[0]
    return _fit(model, values, where="query")


M = TypeVar("M", bound=BaseModel)


def _fit(model: type[M], values: dict[str, Any], *, where: str) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise WrongContent(
            [
                {"pointer": _pointer(fault["loc"]), "in": where, "detail": _sentence(fault)}
                for fault in error.errors(include_url=False, include_input=False)[:20]
            ]
        ) from error


def _pointer(steps: Any) -> str:
    """RFC 6901, as a fragment: "#/seat_ids/0"."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


SENTENCES = {
    "missing": "It is missing.",
    "extra_forbidden": "There is no such field here.",
    "int_type": "It has to be a whole number.",
    "int_from_float": "It has to be a whole number.",
    "int_parsing_size": "The number is too large.",
    "string_type": "It has to be text.",
    "bool_type": "It has to be true or false.",
    "list_type": "It has to be a list.",
    "value_error": "It is not written as it has to be.",
    "string_pattern_mismatch": "It holds characters that do not belong there.",
}


def _sentence(fault: Any) -> str:
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "greater_than_equal":
            return f"It has to be {limits['ge']} or more."
        case "less_than_equal":
            return f"It has to be {limits['le']} or less."
        case "string_too_short":
            return f"It needs at least {limits['min_length']} characters."
        case "string_too_long":
            return f"It may have {limits['max_length']} characters at most."
        case "too_short":
            return f"It needs at least {limits['min_length']} of them."
        case "too_long":
            return f"It may have {limits['max_length']} of them at most."
        case "literal_error" | "enum":
            return f"It has to be {limits['expected']}."
    return SENTENCES.get(fault["type"], str(fault["msg"]) + ".")


def _whole_numbers(content: Any) -> Any:
    """JSON has one kind of numbers: 2.0 is 2, to whoever wrote it and to JSON Schema."""
    if isinstance(content, float) and content.is_integer():
        return int(content)
    if isinstance(content, dict):
        return {name: _whole_numbers(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_whole_numbers(value) for value in content]
    return content


def content_meant(raw: bytes) -> bytes:
    """The same bytes for what says the same: JSON may be written with other spaces, and in another order."""
    try:
        content = _whole_numbers(from_json(raw or b"{}", allow_inf_nan=False))
    except ValueError:
        return raw
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _depth(content: Any) -> int:
    """How many levels lists and objects have. The parser itself stops at 200."""
    depth, level = 0, [content]
    while level:
        depth += 1
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return depth
