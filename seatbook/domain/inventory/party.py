"""How many people come to a time slot: written while the basket is held, within what the room takes.

A line never says another party than it once did, nor another full price. So
another party is another line: the old one has ended, moved to the new one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.inventory.rows import Locked, open_lines
from seatbook.errors import N_, InvalidInput, NotFound, PartyDoesNotFit
from seatbook.models import Area, ReservationSeat, Seat

# More than any room takes; what is beyond must not reach the database as an overflow.
MOST_PEOPLE = 1_000


def set_party(session: Session, event_id: int, *, reservation_id: int, seat_id: int, party_size: int) -> None:
    """So many people come to this slot of a locked basket; `reprice` is due then, in the same transaction.

    Raises PartyDoesNotFit, InvalidInput (nobody asks there), NotFound.
    """
    lines = {line.seat_id: line for line in open_lines(session, event_id, reservation_id)}
    if seat_id not in lines:
        raise NotFound(what="seat")
    line = lines[seat_id]
    room = session.execute(
        select(Area.name, Area.min_party, Area.max_party, Area.price_per)
        .join(Seat, and_(Seat.event_id == Area.event_id, Seat.area_id == Area.id))
        .where(Seat.event_id == event_id, Seat.id == seat_id)
    ).one()
    if line.party_size is None or room.min_party is None:
        raise InvalidInput(field="party", reason=N_("Nobody has to say here how many people come."))
    if not room.min_party <= party_size <= min(room.max_party, MOST_PEOPLE):
        raise _unfit(room)
    if party_size == line.party_size:
        return
    full = line.full_price_minor
    if room.price_per == "person":
        full = full // line.party_size * party_size
    values = {"event": event_id, "reservation": reservation_id, "seat": seat_id}
    session.execute(END_LINE, values)
    session.execute(NEW_LINE, values | {"price": full, "party": party_size, "concession": line.concession_id})


END_LINE = text("""
    UPDATE reservation_seat SET ended_at = clock_timestamp(), outcome = 'moved'
     WHERE event_id = :event AND reservation_id = :reservation AND seat_id = :seat AND ended_at IS NULL
""")
NEW_LINE = text("""
    INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor, party_size, concession_id)
    VALUES (:event, :reservation, :seat, :price, :party, :concession)
""")


def refuse_unfit_parties(session: Session, event_id: int, *, reservation_id: int) -> None:
    """Raise PartyDoesNotFit when a room takes other parties by now than the basket has."""
    unfit = session.execute(
        select(Area.name, Area.min_party, Area.max_party)
        .join(Seat, and_(Seat.event_id == Area.event_id, Seat.area_id == Area.id))
        .join(
            ReservationSeat,
            and_(ReservationSeat.event_id == Seat.event_id, ReservationSeat.seat_id == Seat.id),
        )
        .where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            ReservationSeat.ended_at.is_(None),
            or_(
                ReservationSeat.party_size < Area.min_party,
                ReservationSeat.party_size > Area.max_party,
            ),
        )
        .limit(1)
    ).one_or_none()
    if unfit is not None:
        raise _unfit(unfit)


def why_unfit(
    session: Session, event_id: int, *, parties: Mapping[int, int | None]
) -> PartyDoesNotFit | None:
    """Why a new line cannot say these parties, by seat id, as its guard would refuse it; None: it can."""
    rooms = session.execute(
        select(Seat.id, Area.name, Area.min_party, Area.max_party)
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .where(Seat.event_id == event_id, Seat.id.in_(parties))
    )
    for room in rooms:
        party = parties[room.id]
        if party is None and room.min_party is None:
            continue
        if party is None or room.min_party is None or not room.min_party <= party <= room.max_party:
            return _unfit(room)
    return None


def _unfit(room: Locked) -> PartyDoesNotFit:
    return PartyDoesNotFit(room=room.name, least=room.min_party, most=room.max_party)
