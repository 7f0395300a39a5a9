"""Making a basket cheaper: a concession for each place or person, one code for the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import and_, insert, or_, select
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.party import set_party
from seatbook.domain.inventory.reprice import lock_code, reprice, set_concession, take_code_off
from seatbook.domain.inventory.rows import (
    Locked,
    checked_id,
    clock,
    lock_reservations,
    lock_seats,
    open_hold_of,
    open_lines,
)
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, CodeRefused, HoldExpired, InvalidInput, NotFound
from seatbook.models import Area, Concession, DiscountUse, Seat

NOTHING: Mapping[int, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Repriced:
    """What the basket costs now, fees included, in minor units; prices by seat. `fees_minor` is how much of the
    total is fees, and `full_minor` what the places would cost without reductions and fees."""

    event_id: int
    reservation_id: int
    prices: dict[int, int]
    total_minor: int
    full_minor: int
    fees_minor: int


def apply_code(event_id: int, *, code: str, holder: HolderRef) -> Repriced:
    """Give the holder's basket this code, in the place of any other. Its use counts from now on, while the
    basket, its checkout or its purchase lasts. Repeating it changes nothing.

    Raises CodeRefused (unknown, not_yet, over, used_up, used_by_you), HoldExpired, NotFound (no basket).
    """
    spelled = code.strip().upper()

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        found = lock_code(session, event_id, spelled, holder_id=holder.holder_id, besides=basket.id)
        if found is None or not found.is_active:
            raise CodeRefused(why="unknown")
        of_basket = and_(DiscountUse.event_id == event_id, DiscountUse.reservation_id == basket.id)
        if session.scalar(select(DiscountUse.discount_code_id).where(of_basket)) != found.id:
            if found.is_early or found.is_late:
                raise CodeRefused(why="not_yet" if found.is_early else "over")
            if found.is_used_up:
                raise CodeRefused(why="used_up")
            if found.is_used_up_by_holder:
                raise CodeRefused(why="used_by_you")
            take_code_off(session, event_id, reservation_id=basket.id)
            session.execute(
                insert(DiscountUse).values(
                    event_id=event_id, reservation_id=basket.id, discount_code_id=found.id
                )
            )
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


def remove_code(event_id: int, *, holder: HolderRef) -> Repriced:
    """Take the code off the basket again. Raises HoldExpired, NotFound (no basket)."""

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        take_code_off(session, event_id, reservation_id=basket.id)
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


def choose_concessions(event_id: int, *, choices: Mapping[int, int | None], holder: HolderRef) -> Repriced:
    """Say for whom places of the basket are: seat id → concession id, None for the full price. Of a slot where a
    party comes, it is for everybody of the party.

    A concession that was stopped stays where it is, and cannot be chosen. Raises HoldExpired, NotFound (no basket,
    no such place in it, no such concession), InvalidInput (it costs the same for everybody, or is stopped).
    """
    return choose_for_whom(event_id, concessions=choices, holder=holder)


def choose_parties(
    event_id: int,
    *,
    choices: Mapping[int, int],
    people: Mapping[int, Mapping[int, int]] | None = None,
    holder: HolderRef,
) -> Repriced:
    """Say how many people come to time slots of the basket: seat id → number; and how many of them pay by which
    concession: seat id → concession id → number, where those that are not named have none. What is not named as a
    seat stays as it is.

    Where the room's price is for each person, the slot costs so many times as much; concessions are taken off the
    price of each who has one, and a code off that. Repeating it changes nothing. Raises PartyDoesNotFit, HoldExpired,
    NotFound (no basket, no such slot in it, no such concession), InvalidInput (nobody is asked how many come there,
    the price is for the slot, a concession is stopped, or more would pay less than come: also where only the party is
    said, as nobody is told to pay more than they have chosen).
    """
    return choose_for_whom(event_id, parties=choices, people=people or {}, holder=holder)


def choose_for_whom(
    event_id: int,
    *,
    concessions: Mapping[int, int | None] = NOTHING,
    parties: Mapping[int, int] = NOTHING,
    people: Mapping[int, Mapping[int, int]] = NOTHING,
    holder: HolderRef,
) -> Repriced:
    """All of it at once, all or none: see `choose_concessions`, and `choose_parties` for parties and their people."""

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        chosen = {checked_id(seat_id) for seat_id in {*concessions, *parties, *people}}
        lines = {line.seat_id: line for line in open_lines(session, event_id, basket.id)} if chosen else {}
        if not chosen <= lines.keys():
            raise NotFound(what="seat")
        of_places = {id_: one for id_, one in concessions.items() if lines[id_].party_size is None}
        of_parties = dict(people) | {
            id_: {one: parties.get(id_, lines[id_].party_size)} if one is not None else {}
            for id_, one in concessions.items()
            if id_ not in of_places
        }
        _refuse_concessions(session, event_id, lines, of_places=of_places, of_parties=of_parties)
        for seat_id in sorted({*parties, *of_parties}):
            set_party(
                session,
                event_id,
                lines[seat_id],
                reservation_id=basket.id,
                party_size=parties.get(seat_id),
                people=of_parties.get(seat_id),
            )
        for seat_id, concession_id in sorted(of_places.items()):
            set_concession(
                session, event_id, reservation_id=basket.id, seat_id=seat_id, concession_id=concession_id
            )
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


def _refuse_concessions(
    session: Session,
    event_id: int,
    lines: Mapping[int, Locked],
    *,
    of_places: Mapping[int, int | None],
    of_parties: Mapping[int, Mapping[int, int]],
) -> None:
    """Raise InvalidInput or NotFound where a concession makes no difference, or is not offered: nobody has it who
    had it not."""
    wanted = {(seat_id, one): 1 for seat_id, one in of_places.items() if one is not None}
    kept: dict[tuple[int, int | None], int] = {
        (seat_id, line.concession_id): 1 for seat_id, line in lines.items()
    }
    for seat_id, said in of_parties.items():
        if any(count < 0 for count in said.values()):
            raise no_number_of_people(seat_id)
        wanted |= {(seat_id, one): count for one, count in said.items()}
        kept |= {(seat_id, one.concession_id): one.people for one in lines[seat_id].party_concessions}
    if not wanted:
        return
    fewer = {seat_id for (seat_id, _), count in wanted.items() if count}
    if fewer and _has_one_price_for_all(session, event_id, seat_ids=fewer):
        raise InvalidInput(
            field="concession",
            reason=N_("Stock, and a time slot for all who come, cost the same for everybody."),
        )
    rows = session.execute(
        select(Concession.id, Concession.name, Concession.is_active).where(Concession.event_id == event_id)
    )
    known = {row.id: row for row in rows}
    for (seat_id, concession_id), count in sorted(wanted.items()):
        if concession_id not in known:
            raise NotFound(what="concession")
        concession = known[concession_id]
        if count > kept.get((seat_id, concession_id), 0) and not concession.is_active:
            of_party = {"seat_id": seat_id} if seat_id in of_parties else {}
            reason = N_("“%(name)s” is not offered any more.")
            raise InvalidInput(field="concession", reason=reason, name=concession.name, **of_party)


def no_number_of_people(seat_id: int) -> InvalidInput:
    """What was said of the party of this slot is none."""
    reason = N_("Please say with a whole number, 0 or more, how many people pay less.")
    return InvalidInput(field="people", reason=reason, seat_id=seat_id)


def _has_one_price_for_all(session: Session, event_id: int, *, seat_ids: Collection[int]) -> bool:
    """Whether one of these is a thing of a stock, or a slot that is priced as a whole."""
    return bool(
        session.scalar(
            select(Seat.id)
            .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
            .where(
                Seat.event_id == event_id,
                Seat.id.in_(seat_ids),
                or_(Area.kind == "stock", and_(Area.kind == "slots", Area.price_per == "slot")),
            )
            .limit(1)
        )
    )


def _lock_basket(session: Session, event_id: int, holder: HolderRef) -> Locked:
    """The holder's open hold, locked after its seats. Raises HoldExpired, NotFound."""
    own_hold = open_hold_of(event_id, holder.holder_id).scalar_subquery()
    seats = lock_seats(session, event_id, and_(Seat.status == "held", Seat.reservation_id == own_hold))
    if not seats:
        raise NotFound(what="reservation")
    (basket,) = lock_reservations(session, event_id, {seats[0].reservation_id}).values()
    if basket.status != "held" or basket.expires_at <= clock(session):
        raise HoldExpired(expired_at=basket.expires_at.isoformat())
    return basket


def _repriced(session: Session, event_id: int, reservation_id: int) -> Repriced:
    prices = reprice(session, event_id, reservation_id=reservation_id)
    lines = open_lines(session, event_id, reservation_id)
    return Repriced(
        event_id,
        reservation_id,
        prices,
        total_minor=sum(prices.values()),
        full_minor=sum(line.full_price_minor for line in lines),
        fees_minor=sum(line.fee_minor for line in lines),
    )
