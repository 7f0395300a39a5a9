"""Tickets to print: A4, one a page, with everything that the door needs in the upper third.

The PDF carries its fonts, with the letters that are used and no others. Texts
that no font of ours can write (a title in Chinese) show a box for each letter;
the code, which is what counts, is drawn and needs no font.
"""

from __future__ import annotations

from collections.abc import Sequence

from fpdf import FPDF, XPos, YPos
from fpdf.enums import Align

from seatbook.web.texts import gettext as _
from seatbook.web.tickets.fonts import font_file
from seatbook.web.tickets.qr import QUIET_ZONE, qr_of
from seatbook.web.tickets.sheet import TicketFace

FONT = "Inter"
WEIGHTS = {"": 400, "B": 700}

INK, QUIET, LINE, ACCENT = (30, 26, 23), (103, 95, 87), (223, 216, 205), (140, 28, 62)
# Millimetres on A4.
PAGE_WIDTH, MARGIN = 210, 18
QR_SIZE = 84
MAX_TITLE = 200
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN - QR_SIZE - 8


def draw_tickets(faces: Sequence[TicketFace], *, language: str) -> bytes:
    """All tickets in one file."""
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(False)
    # Text begins where the lines do.
    pdf.c_margin = 0
    for style, weight in WEIGHTS.items():
        pdf.add_font(FONT, style, font_file(weight))
    pdf.set_lang(language)
    pdf.set_title(f"{faces[0].title} · {faces[0].reference}")
    pdf.set_creator("seatbook")
    for face in faces:
        pdf.add_page()
        _draw(pdf, face)
    return bytes(pdf.output())


def _draw(pdf: FPDF, face: TicketFace) -> None:
    top = 34
    _header(pdf, face)
    pdf.set_y(top)
    # Whoever gives a show a very long title still gets one page a ticket.
    title = face.title if len(face.title) <= MAX_TITLE else face.title[: MAX_TITLE - 1] + "…"
    _text(pdf, title, size=22 if len(title) <= 60 else 13, style="B", leading=1.15)
    pdf.ln(4)
    _text(pdf, face.when, size=11.5, style="B")
    _text(pdf, face.zone, size=9, colour=QUIET)
    pdf.ln(2.5)
    _text(pdf, face.venue, size=11.5)
    if face.address:
        _text(pdf, face.address, size=9, colour=QUIET)
    pdf.ln(7)
    _text(pdf, _("Place"), size=9, colour=QUIET)
    _text(pdf, face.place, size=20, style="B", leading=1.2)
    if face.where:
        _text(pdf, face.where, size=11.5)
    if face.concession:
        _text(pdf, face.concession, size=11.5, style="B")
    if face.note:
        pdf.ln(4)
        _text(pdf, face.note, size=11.5, style="B", colour=ACCENT)
    text_end = pdf.get_y()
    _qr(pdf, face, x=PAGE_WIDTH - MARGIN - QR_SIZE, y=top - 2)
    _footer(pdf, face, y=max(text_end, top + QR_SIZE) + 8)


def _header(pdf: FPDF, face: TicketFace) -> None:
    pdf.set_xy(MARGIN, 16)
    _font(pdf, 11, "B", ACCENT)
    pdf.cell(80, 6, "seatbook")
    pdf.set_x(PAGE_WIDTH - MARGIN - 80)
    _font(pdf, 9, "", QUIET)
    counted = _("Ticket %(number)s of %(count)s", number=face.number, count=face.count)
    pdf.cell(80, 6, counted, align=Align.R)
    _rule(pdf, 26)


def _qr(pdf: FPDF, face: TicketFace, *, x: float, y: float) -> None:
    """As rectangles: sharp at any size. The quiet zone is the paper's own white."""
    matrix = qr_of(face.code).matrix
    step = QR_SIZE / (len(matrix) + 2 * QUIET_ZONE)
    pdf.set_fill_color(0, 0, 0)
    for row_number, row in enumerate(matrix, start=QUIET_ZONE):
        start = None
        for column, is_dark in enumerate([*row, 0], start=QUIET_ZONE):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                # A hair higher than its row, so that no printer leaves white lines between rows.
                width, height = (column - start) * step, step * 1.02
                pdf.rect(x + start * step, y + row_number * step, width, height, style="F")
                start = None
    pdf.set_xy(x, y + QR_SIZE - 1)
    _font(pdf, 8, "", QUIET)
    number = f"{face.ticket}-{face.version}"
    pdf.cell(QR_SIZE, 4, _("No. %(ticket)s", ticket=number), align=Align.C)


def _footer(pdf: FPDF, face: TicketFace, *, y: float) -> None:
    _rule(pdf, y)
    pdf.set_xy(MARGIN, y + 4)
    _font(pdf, 9, "", QUIET)
    pdf.cell(80, 5, _("Reference"), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_x(MARGIN)
    _font(pdf, 16, "B", INK)
    pdf.cell(80, 8, face.reference)
    pdf.set_xy(PAGE_WIDTH - MARGIN - QR_SIZE, y + 4)
    _font(pdf, 9, "", QUIET)
    pdf.multi_cell(QR_SIZE, 4.5, face.use, align=Align.L)


def _text(
    pdf: FPDF,
    text: str,
    *,
    size: float,
    style: str = "",
    colour: tuple[int, int, int] = INK,
    leading: float = 1.35,
) -> None:
    """A paragraph in the left column, below what was written last."""
    _font(pdf, size, style, colour)
    pdf.set_x(MARGIN)
    # Points to millimetres.
    height = size * 0.3528 * leading
    pdf.multi_cell(TEXT_WIDTH, height, _writable(text), align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _writable(text: str) -> str:
    """With the space that Inter has, for the narrow one of "7:30 PM" that it lacks."""
    return text.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


def _font(pdf: FPDF, size: float, style: str, colour: tuple[int, int, int]) -> None:
    pdf.set_font(FONT, style, size)
    pdf.set_text_color(*colour)


def _rule(pdf: FPDF, y: float) -> None:
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.3)
    pdf.line(MARGIN, y, PAGE_WIDTH - MARGIN, y)
