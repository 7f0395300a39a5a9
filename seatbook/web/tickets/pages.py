"""The pages and files of a buyer's own tickets, and the public keys for whoever checks tickets offline."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from seatbook.domain import tickets as domain_tickets
from seatbook.domain.ticket_keys import known_keys
from seatbook.errors import NotFound
from seatbook.web.own_reservation import own_reservation, signed_in_holder
from seatbook.web.texts import gettext as _
from seatbook.web.tickets.calendar import calendar_entry, occasion_of
from seatbook.web.tickets.pdf import tickets_pdf_answer
from seatbook.web.tickets.qr import qr_svg
from seatbook.web.tickets.sheet import TicketFace, ticket_faces

blueprint = Blueprint("tickets", __name__)

# So long a scanner may go without hearing that a key was revoked.
KEYS_KEPT_SECONDS = 300


@blueprint.get("/reservations/<reference>/tickets")
@login_required
def tickets(reference: str) -> BaseResponse:
    """All tickets of a reservation, to be held under a scanner, or printed one a page."""
    found = own_reservation(reference)
    faces = ticket_faces(found)
    if not faces:
        # What is not bought, or not any more, is told there.
        return redirect(url_for("reservations.reservation", reference=found.reference), 303)
    return make_response(
        render_template(
            "tickets.html",
            reservation=found,
            faces=[(face, _picture(face)) for face in faces],
            # A shirt lets nobody in, and a tour all who come along.
            lets_one_in=all(place.area_kind in ("seated", "standing") for place in found.places),
        )
    )


@blueprint.get("/reservations/<reference>/tickets.pdf")
@login_required
def pdf(reference: str) -> BaseResponse:
    return tickets_pdf_answer(own_reservation(reference))


@blueprint.get("/reservations/<reference>/event.ics")
@login_required
def calendar(reference: str) -> BaseResponse:
    found = own_reservation(reference)
    if found.status != "confirmed":
        raise NotFound(what="reservation")
    response = make_response(calendar_entry(occasion_of(found), is_cancelled=found.event_is_cancelled))
    response.mimetype = "text/calendar"
    response.headers.set("Content-Disposition", "attachment", filename=f"{found.reference}.ics")
    return response


@blueprint.post("/reservations/<reference>/tickets/<int:ticket>/reissue")
@login_required
def reissue(reference: str, ticket: int) -> BaseResponse:
    """A new code for one ticket, because somebody else may have a copy of the old one."""
    found = own_reservation(reference)
    version = request.form.get("version", "")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        abort(400)
    domain_tickets.reissue_ticket(
        found.event_id,
        reservation_id=found.id,
        ticket=ticket,
        seen_version=int(version),
        holder=signed_in_holder(),
    )
    flash(_("This ticket has a new code. What was printed or sent before does not open the door any more."))
    address = url_for(".tickets", reference=found.reference, _anchor=f"ticket-{ticket}")
    return redirect(address, 303)


@blueprint.get("/reservations/<reference>/tickets/<int:ticket>/reissue")
def back_to_tickets(reference: str, ticket: int) -> BaseResponse:
    """The address of the form, loaded again."""
    return redirect(url_for(".tickets", reference=reference), 303)


@blueprint.get("/tickets/keys.json")
def keys() -> BaseResponse:
    """The public keys, the present one first, as docs/tickets.md describes."""
    known = known_keys(current_app.extensions["seatbook"])
    response = jsonify(
        keys=[
            {
                "id": key.id,
                "algorithm": "Ed25519",
                "public_key": b64encode(bytes(key.public)).decode("ascii"),
                "created_at": _rfc3339(key.created_at),
                "revoked_at": key.revoked_at and _rfc3339(key.revoked_at),
            }
            for key in known
        ]
    )
    response.cache_control.public = True
    response.cache_control.max_age = KEYS_KEPT_SECONDS
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _picture(face: TicketFace) -> str:
    return qr_svg(face.code, label=_("The code of this ticket"))


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
