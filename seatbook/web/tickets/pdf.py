"""Tickets as a file to print, drawn by what is only loaded when somebody prints."""

from __future__ import annotations

from collections.abc import Sequence

from seatbook.web.tickets.sheet import TicketFace


def tickets_pdf(faces: Sequence[TicketFace], *, language: str) -> bytes:
    """All tickets in one file."""
    # Loading what draws takes a fifth of the time in which a web process starts.
    from seatbook.web.tickets.pdf_pages import draw_tickets

    return draw_tickets(faces, language=language)
