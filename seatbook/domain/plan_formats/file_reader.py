"""Reads a plan out of a JSON file by the paths of its values.

A path is written as people would type it, from 0: `subChart.rows[3].seats[2]`.
What is wrong becomes a fault, what cannot be used a note; nothing raises but a
plan that is far too large to be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seatbook.domain.plan_checks import PlanFaults, shown
from seatbook.domain.plan_limits import MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_PLACES, MAX_SECTIONS
from seatbook.domain.plan_reading import DocumentReader, as_number
from seatbook.domain.plan_shapes import Point

NOT_A_NUMBER = float("nan")
MAX_ANGLE = 1e9

_INDEX = re.compile(r"\[\d+\]")


class FileReader(DocumentReader):
    """Reads one file. `places` counts seats and standing places as they are read."""

    def __init__(self, file_name: str) -> None:
        super().__init__()
        self.file_name = file_name
        self.notes: list[str] = []
        self.places = 0
        self.sections = 0
        # Which keys nothing here reads: the objects' path without numbers -> key -> (how often, where first).
        self._unused: dict[str, dict[str, tuple[int, str]]] = {}
        self._placeholders = 0

    def note(self, path: str, what: str) -> None:
        self.notes.append(shown(f"{path}: {what}" if path else what))

    def objects(self, holder: dict[str, Any], key: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The objects of a list with their paths. A list that is not there is empty."""
        items = holder.get(key)
        where = _path(path, key)
        if items is None:
            return
        if not isinstance(items, list):
            self.fault(where, "this must be a list.")
            return
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield f"{where}[{index}]", item
            else:
                self.fault(f"{where}[{index}]", "this must be an object.")

    def object(self, holder: dict[str, Any], key: str, path: str) -> dict[str, Any] | None:
        """An object, or None where there is none."""
        item = holder.get(key)
        if item is None or isinstance(item, dict):
            return item
        self.fault(_path(path, key), "this must be an object.")
        return None

    def label(self, holder: dict[str, Any], key: str, path: str) -> str:
        """A name or label with single spaces; a whole number is one too. Empty where there is none."""
        value = holder.get(key)
        if isinstance(value, str):
            return " ".join(value.split())
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_LABEL_LENGTH:
            return str(value)
        self.fault(_path(path, key), "this must be a text.")
        return self.placeholder()

    def placeholder(self) -> str:
        """A name for what has none because of a fault that is listed already."""
        self._placeholders += 1
        return f"?{self._placeholders}"

    def coordinate(self, holder: dict[str, Any], key: str) -> float:
        """A number, or NaN: that x and y are no numbers is said once for both, by the check of the layout."""
        value = as_number(holder.get(key))
        return NOT_A_NUMBER if value is None else value

    def point(self, holder: dict[str, Any], key: str, path: str) -> Point | None:
        """An {x, y} object, or None where there is none."""
        item = self.object(holder, key, path)
        if item is None:
            return None
        point = _point(item)
        if point is None:
            self.fault(_path(path, key), "x and y must be numbers.")
        return point

    def outline(self, holder: dict[str, Any], key: str, path: str) -> tuple[Point, ...]:
        """A list of {x, y} objects; empty where there is none."""
        points = []
        for where, item in self.objects(holder, key, path):
            point = _point(item)
            if point is None:
                self.fault(where, "x and y must be numbers.")
            else:
                points.append(point)
        return tuple(points)

    def size(self, holder: dict[str, Any], key: str, path: str) -> float:
        """A number, 0 where there is none."""
        value = holder.get(key)
        if value is None:
            return 0.0
        number = as_number(value)
        if number is None:
            self.fault(_path(path, key), "this must be a number.")
            return 0.0
        return number

    def angle(self, holder: dict[str, Any], key: str, path: str) -> float:
        """Degrees from 0 to 360."""
        degrees = self.size(holder, key, path)
        return degrees % 360 if abs(degrees) < MAX_ANGLE else 0.0

    def yes(self, holder: dict[str, Any], key: str, path: str) -> bool:
        """A flag, false where there is none."""
        value = holder.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fault(_path(path, key), "this must be true or false.")
        return False

    def uses(self, holder: dict[str, Any], path: str, known: frozenset[str]) -> None:
        """Remember the keys that nothing here reads. What is empty, 0 or false says nothing."""
        unknown = [key for key in holder if key not in known and holder[key]]
        if unknown:
            kind = self._unused.setdefault(_INDEX.sub("[]", path), {})
            for key in unknown:
                times, first = kind.get(key, (0, path))
                kind[key] = (times + 1, first)

    def count(self, places: int = 1) -> None:
        """Count what is read; stop at once where a plan is far too large."""
        self.places += places
        if self.places > MAX_PLACES:
            raise self.refusal(
                [*self.faults, f"Here are more than {MAX_PLACES:,} places, the most of a plan."]
            )

    def count_section(self) -> None:
        """Count a section; stop at once where there are far too many."""
        self.sections += 1
        if self.sections > MAX_SECTIONS:
            raise self.refusal(
                [*self.faults, f"Here are more than {MAX_SECTIONS:,} sections, the most of a plan."]
            )

    def refusal(self, faults: list[str]) -> PlanFaults:
        return PlanFaults(faults, source=f"{self.file_name} cannot be used as a plan:")

    def all_notes(self) -> tuple[str, ...]:
        """What could not be used, in the order of the file, and then which keys were passed over."""
        return (*self.notes, *self._unused_notes())

    def _unused_notes(self) -> Iterator[str]:
        for kind, keys in sorted(self._unused.items()):
            together: dict[tuple[int, str], list[str]] = {}
            for key, seen in sorted(keys.items()):
                together.setdefault(seen, []).append(shown(shortened(key)))
            for (times, first), names in together.items():
                where = f"{kind} ({times:,} times, first in {first})" if times > 1 else first or "The file"
                yield f"{where}: not used: {', '.join(names)}."


def unlike(name: str, taken: Iterator[str] | list[str] | set[str]) -> str:
    """The name, with a number behind it where it is taken: “Hall 2”."""
    taken = set(taken)
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"


def one_line(text: str) -> str:
    """A text as a drawing can carry it."""
    return "".join(sign for sign in text if sign.isprintable())[:MAX_NAME_LENGTH].strip()


def shortened(name: str) -> str:
    return name if len(name) <= MAX_LABEL_LENGTH else f"{name[:MAX_LABEL_LENGTH]}…"


def _path(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _point(item: dict[str, Any]) -> Point | None:
    x, y = as_number(item.get("x")), as_number(item.get("y"))
    return None if x is None or y is None else (x, y)
