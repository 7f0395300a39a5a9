"""How many people come to a time slot, and who of them pays less: written while the basket is held, within what the
room takes.

A line never says another party than it once did, nor another full price. So
another party is another line: the old one has ended, moved to the new one. Who
pays less comes along, or is said anew together with it, and is never more than come.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.inventory.rows import Locked, write_party_concessions
from seatbook.errors import N_, InvalidInput, PartyDoesNotFit
from seatbook.models import Area, ReservationSeat, Seat

# More than any room takes; what is beyond must not reach the database as an overflow.
MOST_PEOPLE = 1_000


def set_party(
    session: Session,
    event_id: int,
    line: Locked,
    *,
    reservation_id: int,
    party_size: int | None = None,
    people: Mapping[int, int] | None = None,
) -> None:
    """So many people come to the slot of this open line of a locked basket, and so many of them pay by each
    concession (by its id); None: as until now. `reprice` is due then, in the same transaction.

    Raises PartyDoesNotFit, InvalidInput (nobody asks there; more pay less than come).
    """
    seat_id = line.seat_id
    room = session.execute(
        select(Area.name, Area.min_party, Area.max_party, Area.price_per)
        .join(Seat, and_(Seat.event_id == Area.event_id, Seat.area_id == Area.id))
        .where(Seat.event_id == event_id, Seat.id == seat_id)
    ).one()
    if line.party_size is None or room.min_party is None:
        raise InvalidInput(field="party", reason=N_("Nobody has to say here how many people come."))
    if party_size is None:
        party_size = line.party_size
    elif not room.min_party <= party_size <= min(room.max_party, MOST_PEOPLE):
        raise _unfit(room)
    until_now = {one.concession_id: one.people for one in line.party_concessions}
    people = {id_: count for id_, count in (until_now if people is None else people).items() if count}
    if sum(people.values()) > party_size:
        raise _more_than_come(people, party_size=party_size, seat_id=seat_id)
    values = {"event": event_id, "reservation": reservation_id, "seat": seat_id}
    if party_size != line.party_size:
        full = line.full_price_minor
        if room.price_per == "person":
            full = full // line.party_size * party_size
        else:
            # It is sold as a whole by now: nobody of another party pays less.
            people = {}
        session.execute(END_LINE, values)
        session.execute(NEW_LINE, values | {"price": full, "party": party_size})
    elif people == until_now:
        return
    elif until_now:
        session.execute(TAKE_BACK, values)
    if people:
        write_party_concessions(session, event_id, seat_id=seat_id, people=people)


END_LINE = text("""
    UPDATE reservation_seat SET ended_at = clock_timestamp(), outcome = 'moved'
     WHERE event_id = :event AND reservation_id = :reservation AND seat_id = :seat AND ended_at IS NULL
""")
NEW_LINE = text("""
    INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor, party_size)
    VALUES (:event, :reservation, :seat, :price, :party)
""")
TAKE_BACK = text("""
    DELETE FROM party_concession said USING reservation_seat line
     WHERE line.event_id = :event AND line.reservation_id = :reservation AND line.seat_id = :seat
       AND line.ended_at IS NULL
       AND said.event_id = line.event_id AND said.reservation_seat_id = line.id
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


def _more_than_come(people: Mapping[int, int], *, party_size: int, seat_id: int) -> InvalidInput:
    return InvalidInput(
        field="people",
        reason=N_(
            "More people pay less (%(fewer)s) than come (%(people)s). "
            "Please say again how many come, and how many of them pay less."
        ),
        fewer=sum(people.values()),
        people=party_size,
        seat_id=seat_id,
    )


def _unfit(room: Locked) -> PartyDoesNotFit:
    return PartyDoesNotFit(room=room.name, least=room.min_party, most=room.max_party)
