"""What a ticket says beside its code."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, exists, func, select

from seatbook.extensions import db
from seatbook.models import Event, Payment, Reservation, ReservationSeat


@dataclass(frozen=True, slots=True)
class TicketMatters:
    """`to_pay_minor`: what a reservation still costs at the box office, in minor units; 0: nothing.

    `sequence` counts how often the reservation changed after it was bought: a calendar takes the entry with
    the highest one.
    """

    to_pay_minor: int
    sequence: int


def load_ticket_matters(event_id: int, *, reservation_id: int) -> TicketMatters:
    """Of a reservation that is there."""
    is_paid = exists().where(
        Payment.event_id == Reservation.event_id,
        Payment.settled_reservation_id == Reservation.id,
        Payment.settlement == "confirmed",
    )
    changes = (
        select(func.count())
        .where(
            ReservationSeat.event_id == Reservation.event_id,
            ReservationSeat.reservation_id == Reservation.id,
            ReservationSeat.ended_at >= Reservation.confirmed_at,
        )
        .correlate(Reservation)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            Reservation.total_minor,
            Event.payment,
            is_paid.label("is_paid"),
            changes.label("changes"),
        )
        .join(Event, Event.id == Reservation.event_id)
        .where(and_(Reservation.event_id == event_id, Reservation.id == reservation_id))
    ).one()
    owes = row.payment == "counter" and not row.is_paid
    return TicketMatters(to_pay_minor=(row.total_minor or 0) if owes else 0, sequence=row.changes)
