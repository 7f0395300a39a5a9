"""Reads a hall from a CSV file of runs: `zone,row,start,end`, one line for consecutive seat numbers.

    zone,row,start,end
    Stalls left,A,1,12
    Stalls right,A,13,24

Seat numbers are labels: they may run on from row to row, and say nothing about
how many seats there are. The file is UTF-8, with or without a byte order mark;
one that is not is read as Windows-1252, which old spreadsheets save, and the
report says so. Semicolons and tabs separate as well as commas. Columns may
come in any order, and others beside them are ignored with a note.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatbook.domain.hall_layout import Zone, lay_out_hall, seat_label
from seatbook.domain.plan_checks import layout_faults
from seatbook.domain.plan_limits import MAX_COORDINATE, MAX_SECTIONS, is_coordinate
from seatbook.domain.plans import (
    MAX_LABEL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PLACES,
    PlanFaults,
    PlanLayout,
)
from seatbook.domain.zone_lines import Run

COLUMNS = ("zone", "row", "start", "end")
MAX_RUN = 1_000
# With these a hall stays within what the page can draw, unless its rows are laid end to end.
MAX_ROWS = 5_000
MAX_ROW_SEATS = 2_000
MAX_NUMBER = 999_999
MAX_FILE_BYTES = 16 * 1024 * 1024
# Of a value that is quoted back.
LONGEST_QUOTE = 40

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvPlan:
    """A hall read from a file. `rows` counts the different row labels of each zone; `notes` are sentences
    about what was not used or had to be guessed."""

    layout: PlanLayout
    zones: int
    rows: int
    seats: int
    notes: tuple[str, ...]


def plan_from_csv(content: bytes, *, file_name: str) -> CsvPlan:
    """Read a hall and lay it out. Raises PlanFaults that names the file and the line of every fault."""
    reader = _Reader(file_name)
    zones = reader.zones(content)
    if reader.faults:
        raise PlanFaults(reader.faults, source=f"{file_name} cannot be used as a plan:")
    layout = lay_out_hall(zones)
    if faults := list(layout_faults(layout)):
        raise PlanFaults(
            _in_the_file(faults, layout, file_name), source=f"{file_name} cannot be used as a plan:"
        )
    return CsvPlan(
        layout=layout,
        zones=len(zones),
        rows=sum(len({run.row for run in zone.runs}) for zone in zones),
        seats=layout.seat_count,
        notes=tuple(reader.notes),
    )


class _Reader:
    """Reads line by line and remembers every fault instead of stopping at the first."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.faults: list[str] = []
        self.notes: list[str] = []
        # Where each seat came first: (zone, label) -> line. A plan is small, so it may be this plain.
        self._lines: dict[tuple[str, str], int] = {}
        # How many seats each row has so far, by (zone, row).
        self._rows: dict[tuple[str, str], int] = {}

    def zones(self, content: bytes) -> list[Zone]:
        text = self._decoded(content)
        if text is None:
            return []
        runs: dict[str, list[Run]] = {}
        for line, (zone, run) in self._runs(text):
            self._remember_seats(zone, run, line)
            runs.setdefault(zone, []).append(run)
            if too_many := self._too_many(zone, run, zones=len(runs)):
                self._fault(line, too_many)
                return []
        if not runs and not self.faults:
            self._fault(None, "there is no line with seats below the header.")
        return [Zone(name, tuple(of_zone)) for name, of_zone in runs.items()]

    def _too_many(self, zone: str, run: Run, *, zones: int) -> str | None:
        """What is more than a plan can have, with this run; nothing after it is worth reading."""
        in_row = self._rows[zone, run.row] = self._rows.get((zone, run.row), 0) + run.count
        if len(self._lines) > MAX_PLACES:
            return f"at most {MAX_PLACES:,} seats are possible, and this line goes beyond."
        if zones > MAX_SECTIONS:
            return f"at most {MAX_SECTIONS:,} zones are possible, and “{zone}” is one more."
        if len(self._rows) > MAX_ROWS:
            return f"at most {MAX_ROWS:,} rows are possible, and “{run.row}” of “{zone}” is one more."
        if in_row > MAX_ROW_SEATS:
            return f"at most {MAX_ROW_SEATS:,} seats are possible in a row, and “{run.row}” of “{zone}” has more."
        return None

    def _fault(self, line: int | None, what: str) -> None:
        self.faults.append(
            f"{self.file_name}: {what}" if line is None else f"{self.file_name}, line {line}: {what}"
        )

    def _decoded(self, content: bytes) -> str | None:
        if len(content) > MAX_FILE_BYTES:
            self._fault(None, f"the file is larger than {MAX_FILE_BYTES // 1024**2} MB, so it is no plan.")
            return None
        if content.startswith(_UTF16_MARKS):
            self._fault(None, "the file is in UTF-16. Save it as “CSV UTF-8” and import it again.")
            return None
        if b"\0" in content:
            line = content[: content.index(b"\0")].count(b"\n") + 1
            self._fault(line, "there is a NUL byte, so this is no text file. Save the table as “CSV UTF-8”.")
            return None
        if not content.strip(b"\xef\xbb\xbf \t\r\n"):
            self._fault(None, f"the file is empty. Its first line must be “{','.join(COLUMNS)}”.")
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            self._fault(line, "the text is neither UTF-8 nor Windows-1252. Save the file as “CSV UTF-8”.")
            return None
        self.notes.append(
            f"{self.file_name} is not UTF-8 (line {line}), so it was read as Windows-1252. "
            "If names look wrong, save it as “CSV UTF-8” and import it again."
        )
        return text

    def _runs(self, text: str) -> Iterator[tuple[int, tuple[str, Run]]]:
        """Every usable run with the number of its line."""
        first_line = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first_line.count)
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns: dict[str, int] | None = None
        while True:
            line = table.line_num + 1
            try:
                fields = next(table)
            except StopIteration:
                break
            except csv.Error as error:
                self._fault(table.line_num, f"the line cannot be read as CSV ({error}).")
                return
            if not any(field.strip() for field in fields):
                continue
            if columns is None:
                columns = self._header(fields, line)
                if columns is None:
                    return
                width = len(fields)
            elif len(fields) != width:
                self._fault(line, f"there are {len(fields)} values for {width} columns.")
            else:
                run = self._run({name: _tidied(fields[place]) for name, place in columns.items()}, line)
                if run is not None:
                    yield line, run

    def _header(self, fields: Sequence[str], line: int) -> dict[str, int] | None:
        names = [_tidied(field).lower() for field in fields]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            self._fault(
                line,
                f"the header has no column {', '.join(f'“{name}”' for name in missing)}. "
                f"The first line must be “{','.join(COLUMNS)}”.",
            )
        twice = [name for name in COLUMNS if names.count(name) > 1]
        if twice:
            self._fault(line, f"the header has the column “{twice[0]}” more than once.")
        if missing or twice:
            return None
        if ignored := [name for name in names if name not in COLUMNS]:
            self.notes.append(
                "Columns that were not used: " + ", ".join(f"“{name}”" for name in ignored) + "."
            )
        return {name: names.index(name) for name in COLUMNS}

    def _run(self, values: dict[str, str], line: int) -> tuple[str, Run] | None:
        before = len(self.faults)
        for name, longest in (("zone", MAX_NAME_LENGTH), ("row", MAX_LABEL_LENGTH - 8)):
            if not values[name]:
                self._fault(line, f"the {name} is empty.")
            elif len(values[name]) > longest:
                self._fault(line, f"the {name} has {len(values[name])} characters; {longest} are possible.")
            elif not values[name].isprintable():
                self._fault(line, f"the {name} has a character that cannot be shown.")
        for name in ("start", "end"):
            if not re.fullmatch("[0-9]+", values[name]):
                self._fault(line, f"{name} “{_quoted(values[name])}” is not a whole number.")
            elif len(values[name].lstrip("0")) > len(str(MAX_NUMBER)):
                self._fault(line, f"{name} {_quoted(values[name])} is more than {MAX_NUMBER:,}.")
        if len(self.faults) > before:
            return None
        run = Run(row=values["row"], start=_number(values["start"]), end=_number(values["end"]))
        if run.start > run.end:
            self._fault(line, f"start {run.start} is greater than end {run.end}.")
            return None
        if run.count > MAX_RUN:
            self._fault(
                line, f"{run.start} to {run.end} are {run.count:,} seats; a run has at most {MAX_RUN:,}."
            )
            return None
        return values["zone"], run

    def _remember_seats(self, zone: str, run: Run, line: int) -> None:
        """Note where seats came from; a seat that came before is one fault for the whole run."""
        doubled: dict[int, list[str]] = {}
        for number in range(run.start, run.end + 1):
            label = seat_label(run.row, number)
            first = self._lines.setdefault((zone, label), line)
            if first != line:
                doubled.setdefault(first, []).append(label)
        for first, labels in doubled.items():
            which = f"seat {labels[0]}" if len(labels) == 1 else f"seats {labels[0]} to {labels[-1]}"
            self._fault(line, f"{which} of “{zone}” came already in line {first}.")


def _in_the_file(faults: list[str], layout: PlanLayout, file_name: str) -> list[str]:
    """The faults of a layout that came out of a file. A hall too large to be drawn is one, not one for each seat."""
    far = max(
        max(abs(seat.x), abs(row.y))
        for area in layout.areas
        for section in area.sections
        for row in section.rows
        for seat in row.seats
    )
    if not is_coordinate(far):
        faults = [
            f"the rows would reach {far:,.0f} seats from the middle of the stage; at most {MAX_COORDINATE:,} "
            "are possible. Rows with the same number stand side by side where their seat numbers go on."
        ]
    return [f"{file_name}: {fault}" for fault in faults]


def _number(digits: str) -> int:
    """A whole number, with any number of zeros before it: Python itself gives up at some thousands."""
    return int(digits.lstrip("0") or "0")


def _quoted(text: str) -> str:
    """As it was typed, as far as a line has room for it."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _tidied(value: str) -> str:
    """One spelling for what looks the same: composed letters, single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", value)).strip()
