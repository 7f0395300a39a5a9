"""What a line of a log is as a message: JSON, in the words and shapes of the API.

A line of the log of places is a message about that place; the lines of one
transaction about one reservation, for one reason, are together a message about the
reservation. Its names are made of the log's ids, so that reading a line again makes
the same message again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from seatbook.domain.reference import format_reference
from seatbook.domain.webhooks.types import OF_REASON, OF_RESERVATION, PENDING

Line = Row[*tuple[Any, ...]]

# What the API calls the states of a seat.
STATUSES = {"available": "available", "held": "locked", "reserved": "reserved", "blocked": "blocked"}
# A message names so many places of a reservation; `seat_count` says how many there are.
MOST_SEATS_NAMED = 100


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same each time it is sent, and for whom. `body` is JSON text; `xid` its transaction."""

    id: str
    type: str
    xid: int
    body: str


def of_seat_changes(session: Session, lines: Sequence[Line]) -> list[Message]:
    """One message for each place, and one for each reservation, transaction and reason, after its places."""
    if not lines:
        return []
    seats = _facts(session, SEATS, [(line.event_id, line.seat_id) for line in lines])
    reservations = _reservations(session, [(line.event_id, line.reservation_id) for line in lines])
    messages = []
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        seat, reservation = (
            seats[line.event_id, line.seat_id],
            reservations.get((line.event_id, line.reservation_id)),
        )
        messages.append(_of_seat(line, seat, reservation))
        if reservation is not None and line.reason in OF_RESERVATION:
            key = (line.xid, line.event_id, line.reservation_id, line.reason)
            groups.setdefault(key, []).append(line)
    for (_, event_id, reservation_id, reason), group in groups.items():
        messages.append(
            _of_reservation(
                f"reservation.{OF_RESERVATION[reason]}",
                group[0],
                reservations[event_id, reservation_id],
                seats=[_seat_name(seats[line.event_id, line.seat_id]) for line in group],
                origin="change",
            )
        )
    return messages


def of_payment_steps(session: Session, lines: Sequence[Line]) -> list[Message]:
    """One message for each step; where paying begins, its reservation has become pending."""
    if not lines:
        return []
    payments = _facts(session, PAYMENTS, [(line.event_id, line.payment_id) for line in lines])
    reservations = _reservations(session, [(row.event_id, row.reservation_id) for row in payments.values()])
    messages = []
    for line in lines:
        payment = payments[line.event_id, line.payment_id]
        reservation = reservations[payment.event_id, payment.reservation_id]
        messages.append(_of_payment(line, payment, reservation))
        if line.step == "begun" and payment.is_first:
            seats = session.execute(
                OPEN_SEATS, {"event": line.event_id, "reservation": payment.reservation_id}
            ).all()
            messages.append(
                _of_reservation(
                    PENDING, line, reservation, seats=[_seat_name(seat) for seat in seats], origin="step"
                )
            )
    return messages


def _of_seat(line: Line, seat: Line, reservation: Line | None) -> Message:
    return _message(
        f"seat-{line.event_id}-{line.id}",
        f"seat.{OF_REASON[line.reason]}",
        line,
        {
            "event_id": line.event_id,
            "change_id": line.id,
            "seat": {
                "id": line.seat_id,
                "seat_number": seat.seat_number,
                "status": STATUSES[line.to_status],
                "area_id": seat.area_id,
                "section_id": seat.section_id,
                "category_id": seat.category_id,
                "starts_at": _instant(seat.starts_at),
                "ends_at": _instant(seat.ends_at),
            },
            "was": STATUSES[line.from_status],
            "reservation_id": _reference(reservation),
        },
    )


def _of_reservation(
    name: str, line: Line, reservation: Line, *, seats: list[dict[str, Any]], origin: str
) -> Message:
    return _message(
        f"reservation-{line.event_id}-{origin}-{line.id}",
        name,
        line,
        {
            "event_id": line.event_id,
            "reservation": {
                "id": _reference(reservation),
                "event_id": line.event_id,
                "status": reservation.status,
                "total_price": _money(reservation.total_minor, reservation.currency),
                "currency": reservation.currency,
                "created_at": _instant(reservation.created_at),
                "confirmed_at": _instant(reservation.confirmed_at),
                "expires_at": _instant(reservation.expires_at),
                "expires_in_seconds": _seconds(reservation.expires_at, since=line.at),
            },
            "seats": seats[:MOST_SEATS_NAMED],
            "seat_count": len(seats),
        },
    )


def _of_payment(line: Line, payment: Line, reservation: Line) -> Message:
    return _message(
        f"payment-{line.event_id}-{line.id}",
        f"payment.{line.step}",
        line,
        {
            "event_id": line.event_id,
            "reservation_id": _reference(reservation),
            "step": line.step,
            "reason": line.reason,
            "payment": {
                "id": line.payment_id,
                "status": payment.status,
                "settlement": payment.settlement,
                "provider": payment.provider,
                "amount": _money(payment.amount_minor, payment.currency),
                "refunded": _money(payment.refunded_minor, payment.currency),
                "currency": payment.currency,
                "due_at": _instant(payment.due_at),
            },
        },
    )


def _message(message_id: str, name: str, line: Line, data: dict[str, Any]) -> Message:
    body = {"id": message_id, "type": name, "timestamp": _instant(line.at), "data": data}
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Message(message_id, name, int(line.xid), written)


def _seat_name(seat: Line) -> dict[str, Any]:
    return {"id": seat.id, "seat_number": seat.seat_number}


def _reference(reservation: Line | None) -> str | None:
    return None if reservation is None else format_reference(reservation.event_id, reservation.code)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def _seconds(until: datetime | None, *, since: datetime) -> float | None:
    return None if until is None else round(max(0.0, (until - since).total_seconds()), 3)


def _money(minor: int, currency: str) -> str:
    digits: int = get_currency_precision(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def _reservations(
    session: Session, pairs: Sequence[tuple[int, int | None]]
) -> dict[tuple[int, int | None], Line]:
    found = _facts(session, RESERVATIONS, [(event, one) for event, one in pairs if one is not None])
    return {(event_id, reservation_id): row for (event_id, reservation_id), row in found.items()}


def _facts(session: Session, facts: Any, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Line]:
    """What is known of these (event id, id), by them."""
    given = sorted(set(pairs))
    if not given:
        return {}
    rows = session.execute(
        facts, {"events": [event_id for event_id, _ in given], "ids": [row_id for _, row_id in given]}
    )
    return {(row.event_id, row.id): row for row in rows}


_GIVEN = "unnest(CAST(:events AS bigint[]), CAST(:ids AS bigint[])) AS given(event_id, id)"
_SEAT = """
    SELECT seat.event_id, seat.id, coalesce(seat.label, area.name) AS seat_number, seat.area_id, seat.section_id,
           seat.category_id, seat.starts_at, seat.ends_at
"""
_SEATS = """{seat}
      FROM {given}
      JOIN seat ON seat.event_id = given.event_id AND seat.id = given.id
      JOIN area ON area.event_id = seat.event_id AND area.id = seat.area_id
"""
SEATS = text(_SEATS.format(given=_GIVEN, seat=_SEAT))
_OPEN_SEATS = """{seat}
      FROM reservation_seat line
      JOIN seat ON seat.event_id = line.event_id AND seat.id = line.seat_id
      JOIN area ON area.event_id = seat.event_id AND area.id = seat.area_id
     WHERE line.event_id = :event AND line.reservation_id = :reservation AND line.ended_at IS NULL
     ORDER BY seat.id
"""
OPEN_SEATS = text(_OPEN_SEATS.format(given=_GIVEN, seat=_SEAT))
# An open one whose time has passed is expired, whether or not that is written down. What one that is over had cost is
# told as queries/reservations.py counts it.
_RESERVATIONS = """
    SELECT reservation.event_id, reservation.id, reservation.code, reservation.created_at,
           reservation.confirmed_at, event.currency,
           CASE WHEN reservation.status IN ('held', 'pending') AND reservation.expires_at <= clock_timestamp()
                THEN 'expired' ELSE reservation.status END AS status,
           CASE reservation.status WHEN 'held' THEN reservation.expires_at
                WHEN 'pending' THEN coalesce(reservation.payment_due_at, reservation.expires_at) END AS expires_at,
           CAST(coalesce(reservation.total_minor,
                         (SELECT sum(line.price_minor) FROM reservation_seat line
                           WHERE line.event_id = reservation.event_id AND line.reservation_id = reservation.id
                             AND (line.ended_at IS NULL
                                  OR (reservation.status = 'cancelled' AND line.outcome = 'cancelled')
                                  OR (reservation.status IN ('expired', 'released')
                                      AND line.ended_at >= reservation.checkout_at))), 0) AS bigint) AS total_minor
      FROM {given}
      JOIN reservation ON reservation.event_id = given.event_id AND reservation.id = given.id
      JOIN event ON event.id = reservation.event_id
"""
RESERVATIONS = text(_RESERVATIONS.format(given=_GIVEN, seat=_SEAT))
_PAYMENTS = """
    SELECT payment.event_id, payment.id, payment.reservation_id, payment.status, payment.settlement,
           payment.provider, payment.amount_minor, payment.currency, payment.due_at,
           CAST((SELECT coalesce(sum(refund.amount_minor), 0) FROM refund
                  WHERE refund.event_id = payment.event_id AND refund.payment_id = payment.id
                    AND refund.status <> 'failed') AS bigint) AS refunded_minor,
           NOT EXISTS (SELECT FROM payment earlier
                        WHERE earlier.event_id = payment.event_id
                          AND earlier.reservation_id = payment.reservation_id
                          AND earlier.id < payment.id) AS is_first
      FROM {given}
      JOIN payment ON payment.event_id = given.event_id AND payment.id = given.id
"""
PAYMENTS = text(_PAYMENTS.format(given=_GIVEN, seat=_SEAT))
