"""A reservation's tickets, each as one face with everything that is printed on it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from seatbook.domain.tickets import tickets_of
from seatbook.queries.reservations import ReservationView, ReservedPlace
from seatbook.queries.tickets import load_ticket_matters
from seatbook.web.basket_lines import people, place_lines
from seatbook.web.formats import long_span, money, zone_name
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class TicketFace:
    """One ticket. `concession` is who pays less for it, or ""; `use` says for whom the code is good. `note` is what the
    box office still wants, or ""; `number` counts from 1 of `count`."""

    ticket: int
    version: int
    code: str
    number: int
    count: int
    title: str
    place: str
    where: str
    concession: str
    when: str
    zone: str
    venue: str
    address: str
    reference: str
    use: str
    note: str


def ticket_faces(reservation: ReservationView) -> list[TicketFace]:
    """The tickets of a bought reservation, in the order of its places; none of one that is not bought."""
    config = current_app.extensions["seatbook"]
    tickets = tickets_of(reservation.event_id, reservation_id=reservation.id, config=config)
    if not tickets or reservation.event_is_cancelled:
        return []
    to_pay = load_ticket_matters(reservation.event_id, reservation_id=reservation.id).to_pay_minor
    note = (
        _(
            "Please pay %(amount)s for the whole order at the box office.",
            amount=money(to_pay, reservation.currency),
        )
        if to_pay
        else ""
    )
    of_seat = {ticket.seat_id: ticket for ticket in tickets}
    places = [place for place in reservation.places if place.seat_id in of_seat]
    faces = []
    for number, place in enumerate(places, start=1):
        (line,) = place_lines([place], time_zone=reservation.time_zone)
        ticket = of_seat[place.seat_id]
        # Of a room's fortnight, the hours of this slot.
        starts_at, ends_at = place.starts_at or reservation.starts_at, place.ends_at or reservation.ends_at
        faces.append(
            TicketFace(
                ticket=ticket.ticket,
                version=ticket.version,
                code=ticket.code,
                number=number,
                count=len(places),
                title=_title_of(reservation),
                # A slot's own hours stand where every ticket's do.
                place=place.area if place.starts_at else line.name,
                where=_party(place) if place.starts_at else line.where,
                concession=line.concession,
                when=long_span(starts_at, ends_at, reservation.time_zone),
                zone=zone_name(reservation.time_zone),
                venue=reservation.venue,
                address=reservation.address,
                reference=reservation.reference,
                use=_use(place),
                note=note,
            )
        )
    return faces


def _use(place: ReservedPlace) -> str:
    """A tour lets in all who come along, a shirt nobody."""
    if place.area_kind == "stock":
        return _(
            "Show the code where it is handed out, printed or on a phone. It is good once: "
            "whoever has a copy of it can use it, so keep it to yourself."
        )
    if place.area_kind == "slots":
        return _(
            "Show the code at the door, printed or on a phone. It lets all of you in together, once: "
            "whoever has a copy of it can use it, so keep it to yourself."
        )
    return _(
        "Show the code at the door, printed or on a phone. It lets one person in, once: "
        "whoever has a copy of it can use it, so keep it to yourself."
    )


def _party(place: ReservedPlace) -> str:
    return people(place.party_size) if place.party_size else ""


def _title_of(reservation: ReservationView) -> str:
    if reservation.event_name:
        return f"{reservation.title} · {reservation.event_name}"
    return reservation.title
