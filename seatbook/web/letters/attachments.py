"""What comes with a letter: tickets to print, and an entry for the calendar.

They are made when the letter goes, of what is true then: a ticket that got a new
code meanwhile comes with the new one, and a place that was cancelled with none.
"""

from __future__ import annotations

from datetime import UTC, datetime

from seatbook.domain.mail import Attachment, Told
from seatbook.errors import NotFound
from seatbook.queries.reservations import ReservationView, load_reservation
from seatbook.queries.tickets import load_ticket_matters
from seatbook.web.letters.facts import Facts
from seatbook.web.texts import language
from seatbook.web.tickets.calendar import Occasion, calendar_entry, occasion_of
from seatbook.web.tickets.pdf import tickets_pdf
from seatbook.web.tickets.sheet import ticket_faces


def attachments_of(told: Told, facts: Facts) -> tuple[Attachment, ...]:
    """The files of a letter, in the language that is spoken now."""
    if told.kind not in ("confirmed", "moved", "cancelled"):
        return ()
    try:
        reservation = load_reservation(told.event_id, code=told.data["code"], holder_id=None)
    except NotFound:
        # It is in no table any more: the letter still says what was so.
        return ()
    return _taken_out(reservation, facts) if told.kind == "cancelled" else _bought(reservation)


def _bought(reservation: ReservationView) -> tuple[Attachment, ...]:
    faces = ticket_faces(reservation) if reservation.status == "confirmed" else []
    if not faces:
        return ()
    entry = calendar_entry(occasion_of(reservation))
    # Last: the first one puts a type face together, for longer than a transaction may be idle on a busy machine.
    pdf = tickets_pdf(faces, language=language())
    return (
        Attachment(f"tickets-{reservation.reference}.pdf", "application/pdf", pdf),
        _calendar_file(reservation.reference, entry, method="PUBLISH"),
    )


def _taken_out(reservation: ReservationView, facts: Facts) -> tuple[Attachment, ...]:
    """The entries that are over. Who keeps other chairs of the evening keeps its entry too."""
    places = facts.places if facts.more["is_over"] else [place for place in facts.places if place.starts_at]
    if not places:
        return ()
    occasion = Occasion(
        reference=facts.reference,
        title=facts.name,
        venue=facts.venue,
        venue_address=facts.address,
        time_zone=facts.time_zone,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        places=places,
        address=facts.reservation_address,
        sequence=load_ticket_matters(reservation.event_id, reservation_id=reservation.id).sequence,
        at=datetime.now(UTC),
    )
    entry = calendar_entry(occasion, is_cancelled=True)
    return (_calendar_file(facts.reference, entry, method="CANCEL"),)


def _calendar_file(reference: str, entry: bytes, *, method: str) -> Attachment:
    return Attachment(f"{reference}.ics", f"text/calendar; method={method}; charset=utf-8", entry)
