"""What buyers are told by mail: written down in the transaction that makes it true.

A letter is stored as its facts, with the amounts, places and times of that very
moment; it gets its words when it is sent, in the language of its recipient. So a
letter exists exactly when what it tells was committed, and no rule waits for a
template. `fact` names what is told: there is one letter for it, however often an
act is repeated. Somebody without an account has no address, and gets none.

| kind | tells |
|---|---|
| confirmed | the places are yours; `late`: after the time was over ("same_places", "accepted"), else "" |
| cancelled | places went back on sale; what comes back, and how |
| refunded | the money is on its way; `by_hand`: the payment service could not, the box office does |
| lapsed | the time to pay is over, the places are free; `is_called_off`: there is no event any more |
| offered | money came late: equal places are kept until `until` |
| returned | money came for what cannot be bought any more: it goes back |
| review | another amount came than was due: a person decides |
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from seatbook.domain.party_concessions import PARTY_CONCESSIONS
from seatbook.domain.prices import TIMES_PAID

KINDS = ("confirmed", "moved", "cancelled", "refunded", "lapsed", "offered", "returned", "review")


def tell_confirmed(session: Session, event_id: int, reservation_id: int, *, late: str = "") -> None:
    """The places are bought. Call it when that is written."""
    fact = f"confirmed:{event_id}:{reservation_id}"
    _tell(session, "confirmed", event_id, reservation_id, fact=fact, late=late)


def tell_moved(session: Session, event_id: int, reservation_id: int) -> None:
    """The purchase has other places than before. Call it when that is written."""
    fact = f"moved:{event_id}:{reservation_id}"
    _tell(session, "moved", event_id, reservation_id, fact=fact, one_of_lines=True)


def tell_cancelled(
    session: Session,
    event_id: int,
    reservation_id: int,
    *,
    seat_ids: Collection[int],
    refund_minor: int,
    is_over: bool,
    reason: str,
    is_by_buyer: bool,
    provider: str | None,
    currency: str | None = None,
) -> None:
    """These places are cancelled. `refund_minor` of `currency` comes back by `provider`; `is_over`: nothing is
    left of it."""
    _tell(
        session,
        "cancelled",
        event_id,
        reservation_id,
        # With the last of its lines: a reservation may be cancelled place by place.
        fact=f"cancelled:{event_id}:{reservation_id}",
        one_of_lines=True,
        seat_ids=seat_ids,
        refund_minor=refund_minor,
        is_over=is_over,
        reason=reason,
        is_by_buyer=is_by_buyer,
        provider=provider,
        money_currency=currency,
    )


def tell_refunded(
    session: Session,
    event_id: int,
    reservation_id: int,
    *,
    refund_id: int,
    amount_minor: int,
    currency: str,
    provider: str,
    is_done: bool,
) -> None:
    """The money of a refund went back; not done: the payment service refused, so the box office pays it out."""
    fact = f"{'refunded' if is_done else 'refund_by_hand'}:{event_id}:{refund_id}"
    _tell(
        session,
        "refunded",
        event_id,
        reservation_id,
        fact=fact,
        refund_minor=amount_minor,
        money_currency=currency,
        provider=provider,
        is_done=is_done,
    )


def tell_offered(
    session: Session,
    event_id: int,
    reservation_id: int,
    *,
    payment_id: int,
    paid_minor: int,
    currency: str,
    until: datetime,
) -> None:
    """`reservation_id` keeps equal places for somebody who paid too late."""
    _tell(
        session,
        "offered",
        event_id,
        reservation_id,
        fact=f"offered:{event_id}:{payment_id}",
        payment_id=payment_id,
        paid_minor=paid_minor,
        money_currency=currency,
        until=until.isoformat(),
    )


def tell_returned(
    session: Session,
    event_id: int,
    reservation_id: int,
    *,
    payment_id: int,
    paid_minor: int,
    currency: str,
    reason: str,
) -> None:
    """Money came, and what it was for cannot be bought: all of it goes back."""
    fact = f"returned:{event_id}:{payment_id}"
    _tell(
        session,
        "returned",
        event_id,
        reservation_id,
        fact=fact,
        refund_minor=paid_minor,
        money_currency=currency,
        reason=reason,
    )


def tell_review(
    session: Session,
    event_id: int,
    reservation_id: int,
    *,
    payment_id: int,
    came_minor: int | None,
    came_currency: str | None,
    due_minor: int,
    due_currency: str,
) -> None:
    """Another amount came than was due, and the box office decides what becomes of it."""
    _tell(
        session,
        "review",
        event_id,
        reservation_id,
        fact=f"review:{event_id}:{payment_id}",
        came_minor=came_minor,
        came_currency=came_currency,
        due_minor=due_minor,
        money_currency=due_currency,
    )


def tell_lapsed(session: Session, pairs: Iterable[tuple[int, int]], *, at: datetime) -> None:
    """Of these (event_id, reservation_id): who began to pay and whose time ended at `at` is told.

    Call it when that is written. A reservation that money came for has a letter of its own about that.
    """
    given = sorted(set(pairs))
    if given:
        session.execute(
            TELL_LAPSED,
            {
                "events": [event_id for event_id, _ in given],
                "reservations": [reservation_id for _, reservation_id in given],
                "at": at,
            },
        )


def _tell(
    session: Session,
    kind: str,
    event_id: int,
    reservation_id: int,
    *,
    fact: str,
    one_of_lines: bool = False,
    seat_ids: Collection[int] | None = None,
    **more: Any,
) -> None:
    session.execute(
        TELL,
        {
            "kind": kind,
            "fact": fact,
            "one_of_lines": one_of_lines,
            "event": event_id,
            "reservation": reservation_id,
            "seats": None if seat_ids is None else list(seat_ids),
            "more": json.dumps(more),
        },
    )


FEWER = PARTY_CONCESSIONS.format(line="line")
# One statement, so that a letter costs a purchase as little as can be. What is told about the event is kept as
# well: a letter that goes out tomorrow tells what was true when it was written.
_FACTS = """
    SELECT reservation.event_id, reservation.id AS reservation_id, buyer.email, buyer.language, places.last_line,
           jsonb_build_object(
               'username', buyer.username,
               'code', reservation.code,
               'status', reservation.status,
               'title', show.title,
               'event_name', event.name,
               'venue', venue.name,
               'address', venue.address,
               'time_zone', venue.time_zone,
               'starts_at', event.starts_at,
               'ends_at', event.ends_at,
               'currency', event.currency,
               'payment', event.payment,
               'total_minor', coalesce(reservation.total_minor, places.total_minor),
               'places', places.places) AS data
      FROM reservation
      JOIN holder ON holder.id = reservation.holder_id
      JOIN user_account buyer ON buyer.id = holder.user_id AND buyer.email <> ''
      JOIN event ON event.id = reservation.event_id
      JOIN show ON show.id = event.show_id
      JOIN venue ON venue.id = event.venue_id
     CROSS JOIN LATERAL (
        SELECT max(line.id) AS last_line,
               coalesce(sum(line.price_minor), 0) AS total_minor,
               coalesce(jsonb_agg(jsonb_build_object(
                   'seat_id', seat.id,
                   'area', area.name,
                   'area_kind', area.kind,
                   'section', section.name,
                   'category', category.name,
                   'colour', category.colour,
                   'row_label', seat.row_label,
                   'number', seat.number,
                   'label', seat.label,
                   'starts_at', seat.starts_at,
                   'ends_at', seat.ends_at,
                   'price_minor', line.price_minor,
                   'full_price_minor', line.full_price_minor,
                   'party_size', line.party_size,
                   'party_concessions', {fewer},
                   'concession', concession.name,
                   'fee_minor', line.fee_minor,
                   'order_fee_minor', greatest(line.fee_minor - event.fee_per_place_minor
                                               * {times}, 0))
                   ORDER BY area.position, area.id, section.band, section.position, seat.y, seat.x,
                            seat.starts_at, seat.id), '[]') AS places
          FROM reservation_seat line
          JOIN seat ON seat.event_id = line.event_id AND seat.id = line.seat_id
          JOIN area ON area.event_id = seat.event_id AND area.id = seat.area_id
          JOIN category ON category.event_id = seat.event_id AND category.id = seat.category_id
          LEFT JOIN concession ON concession.event_id = line.event_id AND concession.id = line.concession_id
          LEFT JOIN section ON section.event_id = seat.event_id AND section.id = seat.section_id
         WHERE line.event_id = reservation.event_id AND line.reservation_id = reservation.id
           AND {lines}
     ) places
     WHERE {which}
"""
_LINES_NOW = """
    CASE WHEN CAST(:seats AS bigint[]) IS NULL THEN line.ended_at IS NULL
         ELSE line.outcome = 'cancelled' AND line.seat_id = ANY(CAST(:seats AS bigint[])) END
"""
_TELL = """
    INSERT INTO mail (kind, fact, event_id, reservation_id, recipient, language, data)
    SELECT :kind, :fact || CASE WHEN :one_of_lines THEN ':' || told.last_line ELSE '' END,
           told.event_id, told.reservation_id, told.email, told.language, told.data || CAST(:more AS jsonb)
      FROM ({facts}) told
    ON CONFLICT (fact) DO NOTHING
"""
_THIS_ONE = "reservation.event_id = :event AND reservation.id = :reservation"
TELL = text(
    _TELL.format(facts=_FACTS.format(lines=_LINES_NOW, which=_THIS_ONE, times=TIMES_PAID, fewer=FEWER))
)
# What it lost to time since its checkout began, also when others took some of it before.
_LINES_LAPSED = "line.outcome = 'expired' AND line.ended_at >= reservation.checkout_at"
_WHICH_LAPSED = """
    (reservation.event_id, reservation.id) IN (
        SELECT * FROM unnest(CAST(:events AS bigint[]), CAST(:reservations AS bigint[])))
    AND reservation.status = 'expired' AND reservation.checkout_at IS NOT NULL AND reservation.ended_at = :at
    AND NOT EXISTS (SELECT FROM payment
                     WHERE payment.event_id = reservation.event_id AND payment.reservation_id = reservation.id
                       AND payment.status = 'paid')
    AND NOT EXISTS (SELECT FROM payment
                     WHERE payment.event_id = reservation.event_id
                       AND payment.settled_reservation_id = reservation.id
                       AND payment.settlement IN ('confirmed', 'offered'))
"""
# A payment without a result may still bring money, which then comes back or buys something.
_TELL_LAPSED = """
    INSERT INTO mail (kind, fact, event_id, reservation_id, recipient, language, data)
    SELECT 'lapsed', 'lapsed:' || told.event_id || ':' || told.reservation_id,
           told.event_id, told.reservation_id, told.email, told.language,
           told.data || jsonb_build_object('is_unclear', EXISTS (
               SELECT FROM payment
                WHERE payment.event_id = told.event_id AND payment.reservation_id = told.reservation_id
                  AND payment.status IN ('open', 'processing')),
               'is_called_off', EXISTS (
               SELECT FROM event WHERE event.id = told.event_id AND event.status = 'cancelled'))
      FROM ({facts}) told
    ON CONFLICT (fact) DO NOTHING
"""
TELL_LAPSED = text(
    _TELL_LAPSED.format(
        facts=_FACTS.format(lines=_LINES_LAPSED, which=_WHICH_LAPSED, times=TIMES_PAID, fewer=FEWER)
    )
)
