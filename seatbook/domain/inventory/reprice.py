"""The prices of a basket's lines: written while it is held, and never after.

The basket's reservation is locked; a code's row is locked after it, so that its
uses come one after the other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.reductions import Reduction, reduced, without
from seatbook.models import Concession, DiscountCode, DiscountUse, Reservation, ReservationSeat


def reprice(session: Session, event_id: int, *, reservation_id: int) -> dict[int, int]:
    """What each place of a held basket costs with its concession and the basket's code; by seat, minor units."""
    lines = session.execute(
        select(
            ReservationSeat.id,
            ReservationSeat.seat_id,
            ReservationSeat.price_minor,
            ReservationSeat.full_price_minor,
            Concession.percent_off,
        )
        .outerjoin(
            Concession,
            and_(
                Concession.event_id == ReservationSeat.event_id,
                Concession.id == ReservationSeat.concession_id,
            ),
        )
        .where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            ReservationSeat.ended_at.is_(None),
        )
        .order_by(ReservationSeat.seat_id)
    ).all()
    full = [line.price_minor if line.full_price_minor is None else line.full_price_minor for line in lines]
    conceded = [
        without(price, percent=line.percent_off or 0) for price, line in zip(full, lines, strict=True)
    ]
    prices = reduced(conceded, _code_of(session, event_id, reservation_id))
    changed = [
        (line.id, price, whole)
        for line, price, whole in zip(lines, prices, full, strict=True)
        if price != line.price_minor
    ]
    if changed:
        session.execute(
            SET_PRICES,
            {
                "event": event_id,
                "lines": [line for line, _, _ in changed],
                "prices": [price for _, price, _ in changed],
                "full": [whole if whole != price else None for _, price, whole in changed],
            },
        )
    return {line.seat_id: price for line, price in zip(lines, prices, strict=True)}


SET_PRICES = text("""
    UPDATE reservation_seat SET price_minor = new.price, full_price_minor = new.full_price
      FROM unnest(CAST(:lines AS bigint[]), CAST(:prices AS bigint[]), CAST(:full AS bigint[]))
        AS new(id, price, full_price)
     WHERE reservation_seat.event_id = :event AND reservation_seat.id = new.id
""")


def _code_of(session: Session, event_id: int, reservation_id: int) -> Reduction | None:
    row = session.execute(
        select(DiscountCode.percent_off, DiscountCode.amount_off_minor)
        .join(
            DiscountUse,
            and_(
                DiscountUse.event_id == DiscountCode.event_id, DiscountUse.discount_code_id == DiscountCode.id
            ),
        )
        .where(DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation_id)
    ).one_or_none()
    return None if row is None else Reduction(row.percent_off, row.amount_off_minor)


def set_concession(
    session: Session, event_id: int, *, reservation_id: int, seat_id: int, concession_id: int | None
) -> bool:
    """Whether the basket has that place; it is for somebody of this concession then, and `reprice` is due."""
    row = session.execute(
        SET_CONCESSION,
        {
            "event": event_id,
            "reservation": reservation_id,
            "seat": seat_id,
            "concession": concession_id,
        },
    ).one_or_none()
    return row is not None


SET_CONCESSION = text("""
    UPDATE reservation_seat SET concession_id = :concession
     WHERE event_id = :event AND reservation_id = :reservation AND seat_id = :seat AND ended_at IS NULL
    RETURNING id
""")


def lock_code(session: Session, event_id: int, code: str) -> Any:
    """The code's row and `uses`, how many others have it now; None: there is none. Locked after a reservation."""
    row = session.execute(
        select(DiscountCode.id)
        .where(DiscountCode.event_id == event_id, DiscountCode.code == code)
        .with_for_update(key_share=True)
    ).one_or_none()
    return None if row is None else session.execute(CODE_NOW, {"event": event_id, "code": row.id}).one()


CODE_NOW = text("""
    SELECT code.id, code.max_uses, code.is_active,
           code.valid_from > clock_timestamp() AS is_early, code.valid_until <= clock_timestamp() AS is_late,
           (SELECT count(*) FROM discount_use used
              JOIN reservation ON reservation.event_id = used.event_id
                              AND reservation.id = used.reservation_id
             WHERE used.event_id = code.event_id AND used.discount_code_id = code.id
               AND (reservation.status IN ('pending', 'confirmed')
                    OR (reservation.status = 'held' AND reservation.expires_at > clock_timestamp()))) AS uses
      FROM discount_code code
     WHERE code.event_id = :event AND code.id = :code
""")


def code_is_left(session: Session, event_id: int, *, reservation_id: int) -> bool:
    """Whether the code of a reservation that ended may be used for another one in its stead; True without a code."""
    code = session.execute(
        select(DiscountCode.code, Reservation.status)
        .join(
            DiscountUse,
            and_(
                DiscountUse.event_id == DiscountCode.event_id, DiscountUse.discount_code_id == DiscountCode.id
            ),
        )
        .join(
            Reservation,
            and_(Reservation.event_id == DiscountUse.event_id, Reservation.id == DiscountUse.reservation_id),
        )
        .where(DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation_id)
    ).one_or_none()
    if code is None:
        return True
    now = lock_code(session, event_id, code.code)
    # One that is still written down as pending counts itself.
    own = code.status in ("pending", "confirmed")
    return now.max_uses is None or now.uses - own < now.max_uses


def hand_code_on(session: Session, event_id: int, *, from_id: int, to_id: int) -> None:
    """The new reservation has the code of the one that ended."""
    session.execute(HAND_ON, {"event": event_id, "from": from_id, "to": to_id})


HAND_ON = text("""
    INSERT INTO discount_use (event_id, reservation_id, discount_code_id)
    SELECT event_id, :to, discount_code_id FROM discount_use
     WHERE event_id = :event AND reservation_id = :from
""")
