"""Plans out of files and into files, whatever the format.

    csv       zone,row,start,end: runs of seat numbers, laid out here
    seatsio   charts of seats.io
    pretix    seating plans of pretix
    seatbook  our own document, which holds everything

The format is known by the content, whatever the file's name. Every reader says
what it could not use, as notes, and names what is wrong by its place in the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from seatbook.domain.plan_checks import PlanFaults
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.domain.plan_document import FORMAT, document_from_layout, layout_from_document, unknown_keys
from seatbook.domain.plan_formats import pretix_reader, seatsio
from seatbook.domain.plan_formats.file_reader import FileReader
from seatbook.domain.plan_formats.pretix_writer import lost_in_pretix, pretix_document
from seatbook.domain.plan_layout import PlanLayout

FORMAT_NAMES = {
    "csv": "a table of seats",
    "seatsio": "a seats.io chart",
    "pretix": "a pretix seating plan",
    "seatbook": "a seatbook plan",
}
WRITTEN_FORMATS = ("pretix", "seatbook")

# A plan of 100,000 seats with everything that a drawing program writes beside them is smaller.
MAX_FILE_BYTES = 96 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A plan out of a file. `format` is one of FORMAT_NAMES; `notes` are sentences about what was not used."""

    layout: PlanLayout
    format: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenPlan:
    """A plan as the text of a file, and sentences about what the format cannot hold."""

    text: str
    lost: tuple[str, ...]


def read_plan(content: bytes, *, file_name: str) -> ReadPlan:
    """Read a plan of any format. Raises PlanFaults that names every fault by its place in the file."""
    if not _looks_like_json(content):
        table = plan_from_csv(content, file_name=file_name)
        return ReadPlan(table.layout, "csv", table.notes)
    reader = FileReader(file_name)
    document = _json(content, reader)
    if not isinstance(document, dict):
        raise reader.refusal(["The file holds a list, and a plan is an object."])
    if document.get("format") == FORMAT:
        return ReadPlan(layout_from_document(document), "seatbook", tuple(unknown_keys(document)))
    inner = document.get("layout")
    if isinstance(inner, dict) and "zones" in inner and "zones" not in document:
        # pretix's own interface answers with the plan in an envelope.
        document = inner
    if "subChart" in document or "subChartFloors" in document:
        layout, known_as = seatsio.layout_from_chart(document, reader), "seatsio"
    elif isinstance(document.get("zones"), list):
        layout, known_as = pretix_reader.layout_from_plan(document, reader), "pretix"
    else:
        raise reader.refusal(
            [
                "This is JSON, but no plan that seatbook knows: a seats.io chart has “subChart”, a pretix "
                f"plan has “zones”, and our own has “format”: “{FORMAT}”."
            ]
        )
    return ReadPlan(layout, known_as, reader.all_notes())


def write_plan(layout: PlanLayout, *, name: str, file_format: str) -> WrittenPlan:
    """The text of a file of one of WRITTEN_FORMATS. Raises InvalidInput where the format cannot hold anything of it."""
    if file_format == "pretix":
        return WrittenPlan(_json_text(pretix_document(layout, name=name)), lost_in_pretix(layout))
    return WrittenPlan(_json_text(document_from_layout(layout)), ())


def _looks_like_json(content: bytes) -> bool:
    # In UTF-16 the first sign is one of two bytes.
    start = content[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return start[:1] in (b"{", b"[")


def _json(content: bytes, reader: FileReader) -> Any:
    if len(content) > MAX_FILE_BYTES:
        raise reader.refusal([f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB, so it is no plan."])
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise reader.refusal([f"{where}: this is not JSON ({error.msg})."]) from error
    except UnicodeDecodeError as error:
        raise reader.refusal(["The text is not UTF-8. Export the plan again."]) from error
    except RecursionError as error:
        raise reader.refusal(["Things are nested so deeply that this is no plan."]) from error
    except ValueError as error:
        # A number of thousands of digits.
        raise reader.refusal([f"A value cannot be read ({error})."]) from error


def _json_text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


__all__ = [
    "FORMAT_NAMES",
    "WRITTEN_FORMATS",
    "PlanFaults",
    "ReadPlan",
    "WrittenPlan",
    "read_plan",
    "write_plan",
]
