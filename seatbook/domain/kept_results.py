"""What an act returned, as JSON and back: for whoever asks for the same act again.

Results are plain values: records of our own (frozen dataclasses, NamedTuples),
rows, and what they are made of. A record is written with its name and is read
back only as a record of this program, so that what stands in the table can
never run anything.
"""

from __future__ import annotations

import dataclasses
from base64 import b64decode, b64encode
from collections import namedtuple
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

from sqlalchemy import CursorResult, Row

OURS = "seatbook."


def pack(value: Any) -> Any:
    """A JSON-ready description of a result. Raises TypeError for what is no plain value."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [pack(one) for one in value]
    if isinstance(value, CursorResult):
        # Of a statement whose result nobody reads, as it is closed with the transaction.
        return None
    return dict([_tagged(value)])


def _tagged(value: Any) -> tuple[str, Any]:
    kind = type(value)
    if isinstance(value, Row):
        return "row", [list(value._fields), [pack(one) for one in value]]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.init]
        return "record", [_name(kind), {name: pack(getattr(value, name)) for name in names}]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        if kind.__module__.startswith(OURS):
            return "record", [_name(kind), {name: pack(getattr(value, name)) for name in value._fields}]
        return "row", [list(value._fields), [pack(one) for one in value]]
    if kind in (tuple, set, frozenset):
        return kind.__name__, [pack(one) for one in value]
    if kind is dict:
        return "dict", [[pack(name), pack(one)] for name, one in value.items()]
    if kind in (datetime, date, time):
        return kind.__name__, value.isoformat()
    if kind is timedelta:
        return "timedelta", [value.days, value.seconds, value.microseconds]
    if kind is Decimal:
        return "Decimal", str(value)
    if kind is bytes:
        return "bytes", b64encode(value).decode()
    raise TypeError(f"an act whose result is kept returned a {kind.__qualname__}, which is no plain value")


def unpack(packed: Any) -> Any:
    """The result that `pack` described. Raises TypeError for a record that this release does not know."""
    if isinstance(packed, list):
        return [unpack(one) for one in packed]
    if not isinstance(packed, dict):
        return packed
    ((tag, value),) = packed.items()
    match tag:
        case "record":
            name, fields = value
            return _record(name)(**{field: unpack(one) for field, one in fields.items()})
        case "row":
            names, values = value
            return namedtuple("Row", names, rename=True, module="row")(*map(unpack, values))
        case "tuple" | "set" | "frozenset":
            return {"tuple": tuple, "set": set, "frozenset": frozenset}[tag](map(unpack, value))
        case "dict":
            return {unpack(name): unpack(one) for name, one in value}
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "time":
            return time.fromisoformat(value)
        case "timedelta":
            return timedelta(*value)
        case "Decimal":
            return Decimal(value)
        case "bytes":
            return b64decode(value)
    raise TypeError(f"nothing is known of a kept {tag}")


def _name(kind: type) -> str:
    if not kind.__module__.startswith(OURS):
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no record of ours")
    return f"{kind.__module__}:{kind.__qualname__}"


def _record(name: str) -> Any:
    module, _colon, qualified = name.partition(":")
    if not module.startswith(OURS):
        raise TypeError(f"{name} is no record of ours")
    found: Any = import_module(module)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    is_record = isinstance(found, type) and (
        dataclasses.is_dataclass(found) or (issubclass(found, tuple) and hasattr(found, "_fields"))
    )
    if not is_record:
        raise TypeError(f"there is no record {name} any more")
    return found
