"""Tickets as a file to print, drawn by what is only loaded when somebody prints."""

from __future__ import annotations

from collections.abc import Sequence

from flask import make_response
from werkzeug.wrappers import Response as BaseResponse

from seatbook.errors import NotFound
from seatbook.queries.reservations import ReservationView
from seatbook.web.texts import language as language_now
from seatbook.web.tickets.sheet import TicketFace, ticket_faces


def tickets_pdf_answer(found: ReservationView) -> BaseResponse:
    """The tickets of a reservation, for a browser to show, in its language. Raises NotFound: there are none."""
    faces = ticket_faces(found)
    if not faces:
        raise NotFound(what="ticket")
    response = make_response(tickets_pdf(faces, language=language_now()))
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", "inline", filename=f"tickets-{found.reference}.pdf")
    return response


def tickets_pdf(faces: Sequence[TicketFace], *, language: str) -> bytes:
    """All tickets in one file."""
    # Loading what draws takes a fifth of the time in which a web process starts.
    from seatbook.web.tickets.pdf_pages import draw_tickets

    return draw_tickets(faces, language=language)
