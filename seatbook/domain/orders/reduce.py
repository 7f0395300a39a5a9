"""Making a basket cheaper: a concession for each place, one code for the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
from seatbook.errors import N_, CodeRefused, HoldExpired, InvalidInput, NotFound, SeatbookError
from seatbook.models import Area, Concession, DiscountUse, Seat


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
    """Say for whom places of the basket are: seat id → concession id, None for the full price.

    A concession that was stopped stays where it is, and cannot be chosen. Raises HoldExpired, NotFound (no basket,
    no such place in it, no such concession), InvalidInput (it costs the same for everybody, or is stopped).
    """

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        offered = set(
            session.scalars(
                select(Concession.id).where(Concession.event_id == event_id, Concession.is_active)
            )
        )
        kept = {
            (line.seat_id, line.concession_id) for line in open_lines(session, event_id, basket.id) if choices
        }
        reduced = [
            checked_id(seat_id) for seat_id, concession_id in choices.items() if concession_id is not None
        ]
        if reduced and _has_one_price_for_all(session, event_id, seat_ids=reduced):
            raise InvalidInput(
                field="concession",
                reason=N_("Stock, and a time slot for all who come, cost the same for everybody."),
            )
        for seat_id, concession_id in sorted(choices.items()):
            if (
                concession_id is not None
                and concession_id not in offered
                and (checked_id(seat_id), concession_id) not in kept
            ):
                raise _not_offered(session, event_id, concession_id)
            if not set_concession(
                session,
                event_id,
                reservation_id=basket.id,
                seat_id=checked_id(seat_id),
                concession_id=concession_id,
            ):
                raise NotFound(what="seat")
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


def _not_offered(session: Session, event_id: int, concession_id: int) -> SeatbookError:
    """Why nobody can choose this concession: it was stopped, or there never was such a one."""
    name = session.scalar(
        select(Concession.name).where(
            Concession.event_id == event_id, Concession.id == checked_id(concession_id)
        )
    )
    if name is None:
        return NotFound(what="concession")
    return InvalidInput(field="concession", reason=N_("“%(name)s” is not offered any more."), name=name)


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


def choose_parties(event_id: int, *, choices: Mapping[int, int], holder: HolderRef) -> Repriced:
    """Say how many people come to time slots of the basket: seat id → number.

    Where the room's price is for each person, the slot costs so many times as much; a concession and a code are
    taken off that. Repeating it changes nothing. Raises PartyDoesNotFit, HoldExpired, NotFound (no basket, no
    such slot in it), InvalidInput (nobody is asked how many come there).
    """

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        for seat_id, size in sorted(choices.items()):
            set_party(
                session, event_id, reservation_id=basket.id, seat_id=checked_id(seat_id), party_size=size
            )
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


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
