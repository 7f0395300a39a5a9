"""The code of a ticket as a picture."""

from __future__ import annotations

import segno
from markupsafe import Markup

# A quarter of a code may be torn or dirty and it is still read.
ERROR_CORRECTION = "q"
QUIET_ZONE = 4


def qr_of(code: str) -> segno.QRCode:
    return segno.make_qr(code, error=ERROR_CORRECTION, mode="alphanumeric", boost_error=False)


def qr_svg(code: str, *, label: str) -> Markup:
    """Black on white in every theme, as a scanner wants it. No `style` attribute: the page's rules forbid those."""
    qr = qr_of(code)
    size = qr.symbol_size(border=QUIET_ZONE)[0]
    rows = "".join(
        f"M{x} {y}h{length}v1h-{length}z"
        for y, row in enumerate(qr.matrix, start=QUIET_ZONE)
        for x, length in _runs(row)
    )
    return Markup(
        '<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path d="{rows}" fill="#000"/></svg>'
    ).format(size=size, label=label, rows=rows)


def _runs(row: bytearray) -> list[tuple[int, int]]:
    """(first column, length) of each run of dark modules, the quiet zone counted."""
    runs: list[tuple[int, int]] = []
    start = None
    for column, is_dark in enumerate([*row, 0]):
        if is_dark and start is None:
            start = column
        elif not is_dark and start is not None:
            runs.append((start + QUIET_ZONE, column - start))
            start = None
    return runs
