"""The prices of a basket's lines: written while it is held, and never after.

The basket's reservation is locked; a code's row is locked after it, so that its
uses come one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Exists, and_, bindparam, delete, exists, func, select, text
from sqlalchemy.orm import Session

from seatbook.domain.inventory.rows import Locked, full_price
from seatbook.domain.party_concessions import PeopleWhoPayLess, may_say_who_pays_less, party_concessions_of
from seatbook.domain.prices import CONCESSION_OF_LINE, times_paid
from seatbook.domain.reductions import Fees, Reduction, fees_of, for_party, reduced, without
from seatbook.models import Area, Concession, DiscountCode, DiscountUse, Event, ReservationSeat, Seat


def reprice(session: Session, event_id: int, *, reservation_id: int) -> dict[int, int]:
    """What each place of a held basket costs with its concession, the basket's code and the event's fees; by
    seat, minor units. To be asked whenever a place comes or goes, as amounts are spread over all of them."""
    lines = session.execute(LINES, {"event_id": event_id, "reservation_id": reservation_id}).all()
    if not lines:
        return {}
    fewer = party_concessions_of(session, event_id, [line.id for line in lines if _may_have_fewer(line)])
    prices = [_without_concessions(line, fewer.get(line.id, ())) for line in lines]
    code, categories = _code_of(session, event_id, reservation_id) if lines[0].has_code else NO_CODE
    meant = [n for n, line in enumerate(lines) if not categories or line.category_id in categories]
    for number, price in zip(meant, reduced([prices[n] for n in meant], code), strict=True):
        prices[number] = price
    of_event = Fees(lines[0].fee_per_place_minor, lines[0].fee_per_order_minor)
    fees = fees_of(prices, of_event, times=[line.times_paid for line in lines])
    new = [
        (line.id, price + fee, fee, None if price == line.full_price_minor else line.full_price_minor)
        for line, price, fee in zip(lines, prices, fees, strict=True)
    ]
    changed = [
        terms
        for terms, line in zip(new, lines, strict=True)
        if terms[1:3] != (line.price_minor, line.fee_minor)
    ]
    if changed:
        ids, with_fee, fee, full = zip(*changed, strict=True)
        session.execute(
            SET_PRICES,
            {"event": event_id, "lines": [*ids], "prices": [*with_fee], "fees": [*fee], "full": [*full]},
        )
    return {line.seat_id: terms[1] for line, terms in zip(lines, new, strict=True)}


def _may_have_fewer(line: Locked) -> bool:
    return may_say_who_pays_less(
        party_size=line.party_size,
        price_per=line.price_per,
        price_minor=line.price_minor - line.fee_minor,
        full_price_minor=line.full_price_minor,
    )


def _without_concessions(line: Locked, of_party: Sequence[PeopleWhoPayLess]) -> int:
    if not of_party:
        return without(line.full_price_minor, percent=line.percent_off)
    fewer = [(one.people, one.percent_off) for one in of_party]
    return for_party(line.full_price_minor, people=line.party_size, fewer=fewer)


def has_code(event_id: BindParameter[int], reservation_id: BindParameter[int]) -> Exists:
    """Whether a code was given for the basket."""
    return exists().where(DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation_id)


# Made once, as many clicks run it.
LINES = (
    select(
        ReservationSeat.id,
        ReservationSeat.seat_id,
        ReservationSeat.price_minor,
        ReservationSeat.fee_minor,
        full_price().label("full_price_minor"),
        func.coalesce(Concession.percent_off, 0).label("percent_off"),
        ReservationSeat.party_size,
        Area.price_per,
        Seat.category_id,
        Event.fee_per_place_minor,
        Event.fee_per_order_minor,
        times_paid().label("times_paid"),
        has_code(bindparam("event_id"), bindparam("reservation_id")).label("has_code"),
    )
    .join(Event, Event.id == ReservationSeat.event_id)
    .join(Seat, and_(Seat.event_id == ReservationSeat.event_id, Seat.id == ReservationSeat.seat_id))
    .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
    .outerjoin(Concession, CONCESSION_OF_LINE)
    .where(
        ReservationSeat.event_id == bindparam("event_id"),
        ReservationSeat.reservation_id == bindparam("reservation_id"),
        ReservationSeat.ended_at.is_(None),
    )
    .order_by(ReservationSeat.seat_id)
)
SET_PRICES = text("""
    UPDATE reservation_seat SET price_minor = new.price, fee_minor = new.fee, full_price_minor = new.full_price
      FROM unnest(CAST(:lines AS bigint[]), CAST(:prices AS bigint[]), CAST(:fees AS bigint[]),
                  CAST(:full AS bigint[])) AS new(id, price, fee, full_price)
     WHERE reservation_seat.event_id = :event AND reservation_seat.id = new.id
""")


def _code_of(session: Session, event_id: int, reservation_id: int) -> tuple[Reduction, frozenset[int]]:
    """What the basket's code takes off, and of which categories' places; none: of all."""
    row = session.execute(CODE_OF, {"event": event_id, "reservation": reservation_id}).one()
    return Reduction(row.percent_off, row.amount_off_minor), frozenset(row.categories)


NO_CODE: tuple[None, frozenset[int]] = (None, frozenset())
CODE_OF = text("""
    SELECT code.percent_off, code.amount_off_minor,
           ARRAY(SELECT category_id FROM discount_code_category only_for
                  WHERE only_for.event_id = code.event_id AND only_for.discount_code_id = code.id) AS categories
      FROM discount_use used
      JOIN discount_code code ON code.event_id = used.event_id AND code.id = used.discount_code_id
     WHERE used.event_id = :event AND used.reservation_id = :reservation
""")


def set_concession(
    session: Session, event_id: int, *, reservation_id: int, seat_id: int, concession_id: int | None
) -> None:
    """A place of the held basket is for somebody of this concession, and `reprice` is due."""
    session.execute(
        SET_CONCESSION,
        {
            "event": event_id,
            "reservation": reservation_id,
            "seat": seat_id,
            "concession": concession_id,
        },
    )


SET_CONCESSION = text("""
    UPDATE reservation_seat SET concession_id = :concession
     WHERE event_id = :event AND reservation_id = :reservation AND seat_id = :seat AND ended_at IS NULL
""")


def lock_code(session: Session, event_id: int, code: str, *, holder_id: int, besides: int = 0) -> Any:
    """The code's row with `is_used_up` and `is_used_up_by_holder`, counting everybody's uses but those of the
    reservation `besides`; None: there is none. Locked after a reservation."""
    row = session.execute(
        select(DiscountCode.id)
        .where(DiscountCode.event_id == event_id, DiscountCode.code == code)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return None
    values = {"event": event_id, "code": row.id, "holder": holder_id, "besides": besides}
    return session.execute(CODE_NOW, values).one()


CODE_NOW = text("""
    SELECT code.id, code.is_active,
           code.valid_from > clock_timestamp() AS is_early, code.valid_until <= clock_timestamp() AS is_late,
           coalesce(code.max_uses <= used.by_all, false) AS is_used_up,
           coalesce(code.max_uses_per_holder <= used.by_holder, false) AS is_used_up_by_holder
      FROM discount_code code
      CROSS JOIN LATERAL (
          SELECT count(*) AS by_all, count(*) FILTER (WHERE reservation.holder_id = :holder) AS by_holder
            FROM discount_use used
            JOIN reservation ON reservation.event_id = used.event_id AND reservation.id = used.reservation_id
           WHERE used.event_id = code.event_id AND used.discount_code_id = code.id
             AND reservation.id <> :besides
             AND (reservation.status IN ('pending', 'confirmed')
                  OR (reservation.status = 'held' AND reservation.expires_at > clock_timestamp()))
      ) AS used
     WHERE code.event_id = :event AND code.id = :code
""")


def code_is_left(session: Session, event_id: int, *, reservation_id: int, holder_id: int) -> bool:
    """Whether this holder may use the code of a reservation, for it or for another in its stead; True without one."""
    code = session.scalar(
        select(DiscountCode.code)
        .join(
            DiscountUse,
            and_(
                DiscountUse.event_id == DiscountCode.event_id, DiscountUse.discount_code_id == DiscountCode.id
            ),
        )
        .where(DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation_id)
    )
    if code is None:
        return True
    now = lock_code(session, event_id, code, holder_id=holder_id, besides=reservation_id)
    return not now.is_used_up and not now.is_used_up_by_holder


def take_code_off(session: Session, event_id: int, *, reservation_id: int) -> None:
    """The held basket has no code any more; `reprice` is due."""
    session.execute(
        delete(DiscountUse).where(
            DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation_id
        )
    )


def hand_code_on(session: Session, event_id: int, *, from_id: int, to_id: int) -> None:
    """The new reservation has the code of the one that ended, unless it has one already."""
    session.execute(HAND_ON, {"event": event_id, "from": from_id, "to": to_id})


HAND_ON = text("""
    INSERT INTO discount_use (event_id, reservation_id, discount_code_id)
    SELECT event_id, :to, discount_code_id FROM discount_use
     WHERE event_id = :event AND reservation_id = :from
    ON CONFLICT (event_id, reservation_id) DO NOTHING
""")
