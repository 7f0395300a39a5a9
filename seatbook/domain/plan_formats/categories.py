"""The categories of a file: found by their keys, coloured in their order, kept where something uses them."""

from __future__ import annotations

from seatbook.domain.plan_formats.file_reader import FileReader, shortened, unlike
from seatbook.domain.plan_layout import PlanCategory
from seatbook.models.inventory import MAX_CATEGORY_COLOURS


class Categories:
    """Filled while a file is read, in the order of the file."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}
        self._colours: dict[str, int] = {}
        self._used: set[str] = set()
        self._nameless = False

    def add(self, key: str, name: str, *, colour: int | None = None) -> None:
        """Names are made different where the file has one twice."""
        different = unlike(name, set(self._names.values()))
        if different != name:
            self._reader.note("", f"There is more than one category “{name}”: “{key}” is “{different}” here.")
        self._names[key] = different
        if colour is not None:
            self._colours[different] = colour

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def key_named(self, name: str) -> str:
        """The key of the first category of that name; the name itself where there is none."""
        return next((key for key, known in self._names.items() if known == name), name)

    def use(self, key: str, path: str) -> str:
        """The name of the category that a place belongs to. Not known: a fault, and some name."""
        name = self._names.get(key)
        if name is None:
            self._reader.fault(path, f"category “{shortened(key)}” is not among the file's categories.")
            return self.some()
        self._used.add(name)
        return name

    def some(self) -> str:
        """A name for a place whose category is a fault that is listed already."""
        self._nameless = True
        return "?"

    def in_use(self) -> tuple[PlanCategory, ...]:
        """Those that have places, in the order of the file."""
        used = [name for name in self._names.values() if name in self._used]
        unused = [name for name in self._names.values() if name not in self._used]
        if unused:
            listing = ", ".join(f"“{shortened(name)}”" for name in unused)
            self._reader.note("", f"Categories without a place were left out: {listing}.")
        if len(used) > MAX_CATEGORY_COLOURS:
            self._reader.note("", f"{len(used)} categories share {MAX_CATEGORY_COLOURS} colours.")
        if self._nameless:
            used.append("?")
        return tuple(
            PlanCategory(name, self._colours.get(name) or place % MAX_CATEGORY_COLOURS + 1)
            for place, name in enumerate(used)
        )
