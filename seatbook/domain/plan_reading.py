"""Reads values out of JSON without trusting any: what has a wrong shape is remembered, never raised."""

from __future__ import annotations

import math
from typing import Any

# From here on whole numbers are not exact as floats; and a float cannot hold one of hundreds of digits.
MAX_EXACT = 2**53


class DocumentReader:
    """Turns JSON values into Python values, and notes every value of a wrong shape with its place.

    `where` names the object that a value is in, as people find it in the file.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")

    def items(self, holder: dict[str, Any], key: str, where: str) -> list[tuple[int, dict[str, Any]]]:
        """The objects of a list, each with its number, from 1."""
        items = holder.get(key)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.fault(where, f"“{key}” must be a list of objects.")
            return []
        return list(enumerate(items, 1))

    def text(self, holder: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = holder.get(key, default)
        if not isinstance(value, str):
            self.fault(where, f"“{key}” must be a text.")
            return ""
        return value

    def flag(self, holder: dict[str, Any], key: str, where: str) -> bool:
        value = holder.get(key, False)
        if not isinstance(value, bool):
            self.fault(where, f"“{key}” must be true or false.")
            return False
        return value

    def whole(self, holder: dict[str, Any], key: str, where: str, default: int | None = None) -> int:
        value = holder.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(where, f"“{key}” must be a whole number.")
            return 0
        return value

    def number(self, holder: dict[str, Any], key: str, where: str, default: float | None = None) -> float:
        value = as_number(holder.get(key, default))
        if value is None:
            self.fault(where, f"“{key}” must be a number.")
            return 0.0
        return value

    def points(self, holder: dict[str, Any], key: str, where: str) -> tuple[tuple[float, float], ...]:
        """A list of [x, y] pairs."""
        pairs = holder.get(key)
        points = [as_point(pair) for pair in pairs] if isinstance(pairs, list) else [None]
        if None in points:
            self.fault(where, f"“{key}” must be a list of pairs of numbers.")
            return ()
        return tuple(point for point in points if point is not None)


def as_number(value: Any) -> float | None:
    """A JSON number as a float, or None. NaN and what is too large come out as they are, or infinite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if isinstance(value, float) or abs(value) < MAX_EXACT else math.inf


def as_point(value: Any) -> tuple[float, float] | None:
    """A pair of JSON numbers, or None."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = as_number(value[0]), as_number(value[1])
    return None if x is None or y is None else (x, y)
