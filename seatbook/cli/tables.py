"""Tables on a terminal: plain columns, as wide as what is in them; numbers stand right."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import click


def echo_table(head: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
    """Print the rows below their heads."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    widths = [max(_width(line[column]) for line in [list(head), *texts]) for column in range(len(head))]
    right = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(head))]
    for line in [list(head), *texts]:
        cells = []
        for text, width, is_right in zip(line, widths, right, strict=True):
            space = " " * (width - _width(text))
            cells.append(space + text if is_right else text + space)
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """Columns that a terminal gives the text."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
