"""The only statements that lock, judge and change seats; every act is made of these.

Locks are taken in one order: seats by id, then reservations by id. Writes take
rows that are locked and judged; each changes the seats, the reservation's lines
and the log in one statement, so that none of the three is ever without the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CollectionAggregate,
    ColumnElement,
    Row,
    Select,
    TextClause,
    and_,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.letters import tell_lapsed
from seatbook.domain.party_concessions import PeopleWhoPayLess, party_concessions
from seatbook.domain.prices import PLACE_FEE, TIMES_PAID
from seatbook.errors import N_, InvalidInput, NotFound
from seatbook.models import Reservation, ReservationSeat, Seat

MAX_ID = 2**63 - 1
MAX_SEATS_A_REQUEST = 1_000
# Rows of a select; their columns are those of SEAT_COLUMNS, or of `lock_reservations`.
Locked = Row[*tuple[Any, ...]]

OPEN_STATUSES = ("held", "pending")


def lock_seats(
    session: Session,
    event_id: int,
    which: ColumnElement[bool],
    *,
    limit: int | None = None,
    skip_locked: bool = False,
) -> list[Locked]:
    """Lock seats of one event in the order of their ids and return them as they are now."""
    return list(
        session.execute(
            select(*SEAT_COLUMNS)
            .where(Seat.event_id == event_id, which)
            .order_by(Seat.id)
            .limit(limit)
            .with_for_update(key_share=True, skip_locked=skip_locked)
        )
    )


def lock_named(session: Session, event_id: int, seat_ids: Sequence[int]) -> list[Locked]:
    """Lock exactly these seats. Raises NotFound when one of them is not the event's."""
    seats = session.execute(LOCK_NAMED, {"event_id": event_id, "seat_ids": list(seat_ids)}).all()
    if len(seats) != len(seat_ids):
        raise NotFound(what="seat")
    return list(seats)


def one_of(ids: str) -> CollectionAggregate[Any]:
    """Any id of the list that is given to the statement under this name: one text for lists of all lengths."""
    return any_(bindparam(ids, type_=ARRAY(BigInteger)))


SEAT_COLUMNS = (
    Seat.event_id,
    Seat.id,
    Seat.label,
    Seat.status,
    Seat.reservation_id,
    Seat.held_until,
    Seat.starts_at,
)
# Made once, as every click runs it.
LOCK_NAMED = (
    select(*SEAT_COLUMNS)
    .where(Seat.event_id == bindparam("event_id"), Seat.id == one_of("seat_ids"))
    .order_by(Seat.id)
    .with_for_update(key_share=True)
)


def lock_reservations(session: Session, event_id: int, ids: Iterable[int]) -> dict[int, Locked]:
    """Lock reservations of one event in the order of their ids; call it after `lock_seats`."""
    ids = sorted(ids)
    if not ids:
        return {}
    rows = session.execute(LOCK_RESERVATIONS, {"event_id": event_id, "ids": ids})
    return {row.id: row for row in rows}


LOCK_RESERVATIONS = (
    select(
        Reservation.id,
        Reservation.holder_id,
        Reservation.code,
        Reservation.status,
        Reservation.expires_at,
        Reservation.payment_due_at,
        Reservation.ended_at,
        Reservation.total_minor,
    )
    .where(Reservation.event_id == bindparam("event_id"), Reservation.id == one_of("ids"))
    .order_by(Reservation.id)
    .with_for_update(key_share=True)
)


def own_reservation(session: Session, event_id: int, reservation_id: int, holder: HolderRef | None) -> Locked:
    """Lock one reservation; somebody else's is not there."""
    reservation = lock_reservations(session, event_id, [reservation_id]).get(reservation_id)
    if reservation is None or (holder is not None and reservation.holder_id != holder.holder_id):
        raise NotFound(what="reservation")
    return reservation


def open_hold_of(event_id: int, holder_id: int) -> Select[int]:
    return select(Reservation.id).where(
        Reservation.event_id == event_id, Reservation.holder_id == holder_id, Reservation.status == "held"
    )


def open_lines(session: Session, event_id: int, reservation_id: int) -> Sequence[Locked]:
    return session.execute(
        select(
            ReservationSeat.seat_id,
            ReservationSeat.price_minor,
            ReservationSeat.fee_minor,
            full_price().label("full_price_minor"),
            ReservationSeat.concession_id,
            ReservationSeat.party_size,
            party_concessions(),
        ).where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            ReservationSeat.ended_at.is_(None),
        )
    ).all()


def full_price() -> ColumnElement[int]:
    """What a line's place costs without concession, code and fee."""
    return func.coalesce(
        ReservationSeat.full_price_minor, ReservationSeat.price_minor - ReservationSeat.fee_minor
    )


def clock(session: Session) -> datetime:
    """The one clock of every rule, in a statement of its own so that it is read after the locks."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def is_free(seat: Locked, *, at: datetime) -> bool:
    return bool(seat.status == "available" or (seat.status == "held" and seat.held_until <= at))


def is_lapsed() -> ColumnElement[bool]:
    """A hold that was over when the statement began, for finding rows. Unlike the clock that judges them
    under the lock, the statement's own time is one value, so that an index on `held_until` serves it."""
    return and_(Seat.status == "held", Seat.held_until <= func.statement_timestamp())


def label(seat: Locked) -> str:
    return seat.label or f"place {seat.id}"


def checked_id(number: int) -> int:
    """An id that no row can have is unknown, and must not reach the database as an overflow."""
    if not 0 < number <= MAX_ID:
        raise NotFound(what="seat")
    return number


def checked_ids(numbers: Sequence[int]) -> list[int]:
    if not numbers:
        raise InvalidInput(field="seat_ids", reason=N_("Please pick at least one seat."))
    if len(numbers) > MAX_SEATS_A_REQUEST:
        raise InvalidInput(
            field="seat_ids",
            reason=N_("At most %(most)s seats fit into one request."),
            most=MAX_SEATS_A_REQUEST,
        )
    return sorted({checked_id(number) for number in numbers})


@dataclass(frozen=True, slots=True)
class LinePrice:
    """What a place costs its buyer, as its line says it: minor units, `full_price_minor` without reductions and fee."""

    price_minor: int
    fee_minor: int
    full_price_minor: int
    concession_id: int | None
    # How many it was made for, where the room asks, and who of them pays less.
    party_size: int | None
    party_concessions: tuple[PeopleWhoPayLess, ...]

    @classmethod
    def of(cls, line: Locked) -> LinePrice:
        return cls(
            line.price_minor,
            line.fee_minor,
            line.full_price_minor,
            line.concession_id,
            line.party_size,
            line.party_concessions,
        )


def take_seats(
    session: Session,
    event_id: int,
    seats: Sequence[Locked],
    *,
    reservation_id: int,
    until: datetime,
    reason: str,
    actor: int | None,
    prices: Sequence[LinePrice] | None = None,
) -> None:
    """Write the hold of locked seats that were judged free and whose old claims are ended.

    `prices`, in the order of the seats, are those of seats that move from another reservation; else each
    seat has the price of its category now, with the event's fee, and a slot of a room that asks how many come
    is for as few as the room takes.
    """
    note_changed(session, [event_id])
    session.execute(
        TAKE_SEATS,
        {
            "event": event_id,
            "seats": [seat.id for seat in seats],
            "reservation": reservation_id,
            "until": until,
            "reason": reason,
            "actor": actor,
            "prices": None if prices is None else [price.price_minor for price in prices],
            "fees": None if prices is None else [price.fee_minor for price in prices],
            "full": None if prices is None else [price.full_price_minor for price in prices],
            "concessions": None if prices is None else [price.concession_id for price in prices],
            "parties": None if prices is None else [price.party_size for price in prices],
        },
    )
    for seat, price in () if prices is None else zip(seats, prices, strict=True):
        if price.party_concessions:
            people = {one.concession_id: one.people for one in price.party_concessions}
            write_party_concessions(session, event_id, seat_id=seat.id, people=people)


def write_party_concessions(
    session: Session, event_id: int, *, seat_id: int, people: Mapping[int, int]
) -> None:
    """The open line of a locked place, which says nothing of it yet, says how many of its party pay by which
    concession (by id)."""
    session.execute(
        WRITE_PARTY_CONCESSIONS,
        {
            "event": event_id,
            "seat": seat_id,
            "concessions": list(people),
            "people": list(people.values()),
        },
    )


WRITE_PARTY_CONCESSIONS = text("""
    INSERT INTO party_concession (event_id, reservation_seat_id, concession_id, people)
    SELECT line.event_id, line.id, said.concession_id, said.people
      FROM reservation_seat line
      CROSS JOIN unnest(CAST(:concessions AS bigint[]), CAST(:people AS integer[])) AS said(concession_id, people)
     WHERE line.event_id = :event AND line.seat_id = :seat AND line.ended_at IS NULL
""")


TAKE_SEATS = text(f"""
    WITH taken AS (
        UPDATE seat SET status = 'held', reservation_id = :reservation, held_until = :until
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id, category_id, area_id
    ), claimed AS (
        INSERT INTO reservation_seat
               (event_id, reservation_id, seat_id, price_minor, fee_minor, full_price_minor, concession_id,
                party_size)
        SELECT :event, :reservation, taken.id,
               coalesce(moved.price, (category.price_minor + place_fee.minor) * line.times),
               coalesce(moved.fee, place_fee.minor * line.times), nullif(moved.full_price, moved.price - moved.fee),
               moved.concession, coalesce(moved.party_size, area.min_party)
          FROM taken JOIN category ON category.event_id = :event AND category.id = taken.category_id
          JOIN area ON area.event_id = :event AND area.id = taken.area_id
          CROSS JOIN LATERAL (SELECT {PLACE_FEE} AS minor FROM event WHERE event.id = :event) AS place_fee
          CROSS JOIN LATERAL (
              SELECT {TIMES_PAID} AS times FROM (SELECT area.min_party AS party_size) AS line
          ) AS line
          LEFT JOIN unnest(CAST(:seats AS bigint[]), CAST(:prices AS bigint[]), CAST(:fees AS bigint[]),
                           CAST(:full AS bigint[]), CAST(:concessions AS bigint[]),
                           CAST(:parties AS integer[]))
                 AS moved(seat_id, price, fee, full_price, concession, party_size)
            ON moved.seat_id = taken.id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT :event, id, 'available', 'held', :reason, :reservation, :actor FROM taken ORDER BY id
""")  # noqa: S608


def free_seats(
    session: Session,
    seats: Sequence[Locked],
    *,
    outcome: str,
    reason: str,
    at: datetime,
    actor: int | None = None,
    is_told: bool = True,
) -> None:
    """Make locked seats available and end their claims; a reservation ends with its last claim.

    `is_told`: a buyer whose time to pay ends with this is told so by mail.
    """
    _end(FREE_SEATS, session, seats, outcome=outcome, reason=reason, at=at, actor=actor, is_told=is_told)


def end_claims(session: Session, seats: Sequence[Locked], *, at: datetime) -> None:
    """Write down that lapsed claims ended, for seats that somebody else takes in the same transaction."""
    _end(END_CLAIMS, session, seats, outcome="expired", reason="expire", at=at, actor=None, is_told=True)


def _end(
    statement: TextClause,
    session: Session,
    seats: Sequence[Locked],
    *,
    outcome: str,
    reason: str,
    at: datetime,
    actor: int | None,
    is_told: bool,
) -> None:
    if seats:
        note_changed(session, {seat.event_id for seat in seats})
        session.execute(
            statement,
            {
                "events": [seat.event_id for seat in seats],
                "seats": [seat.id for seat in seats],
                "was": "reserved" if outcome == "cancelled" else "held",
                "outcome": outcome,
                "status": {"moved": "released"}.get(outcome, outcome),
                "from": ["confirmed"] if outcome == "cancelled" else list(OPEN_STATUSES),
                "reason": reason,
                "at": at,
                "actor": actor,
            },
        )
        if outcome == "expired" and is_told:
            tell_lapsed(session, ((seat.event_id, seat.reservation_id) for seat in seats), at=at)


# The reservations are locked before this runs, so that of two acts which end the last two claims of one
# reservation the second sees the first one's work and closes it.
_END_CLAIMS = """
    WITH given AS (
        SELECT * FROM unnest(CAST(:events AS bigint[]), CAST(:seats AS bigint[])) AS given(event_id, seat_id)
    ), ended AS (
        UPDATE reservation_seat line SET ended_at = :at, outcome = :outcome
          FROM given
         WHERE line.event_id = given.event_id AND line.seat_id = given.seat_id AND line.ended_at IS NULL
        RETURNING line.event_id, line.seat_id, line.reservation_id
    ), closed AS (
        UPDATE reservation SET status = :status, ended_at = :at
         WHERE (event_id, id) IN (SELECT event_id, reservation_id FROM ended)
           AND status = ANY(:from)
           AND NOT EXISTS (SELECT FROM reservation_seat line
                            WHERE line.event_id = reservation.event_id
                              AND line.reservation_id = reservation.id
                              AND line.ended_at IS NULL
                              AND NOT EXISTS (SELECT FROM given WHERE given.event_id = line.event_id
                                                                 AND given.seat_id = line.seat_id))
    ){freed}
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT event_id, seat_id, :was, 'available', :reason, reservation_id, :actor FROM ended ORDER BY 1, 2
"""
_FREED = """, freed AS (
        UPDATE seat SET status = 'available', reservation_id = NULL, held_until = NULL
          FROM given
         WHERE seat.event_id = given.event_id AND seat.id = given.seat_id AND seat.status = :was
    )"""
END_CLAIMS = text(_END_CLAIMS.format(freed=""))
FREE_SEATS = text(_END_CLAIMS.format(freed=_FREED))
