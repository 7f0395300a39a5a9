"""Making a basket cheaper: a concession for each place, one code for the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.reprice import lock_code, reprice, set_concession
from seatbook.domain.inventory.rows import (
    Locked,
    checked_id,
    clock,
    lock_reservations,
    lock_seats,
    open_hold_of,
    open_lines,
)
from seatbook.domain.transaction import run_transaction, violated_constraint
from seatbook.errors import N_, CodeRefused, HoldExpired, InvalidInput, NotFound
from seatbook.models import Concession, DiscountCode, DiscountUse, Seat


@dataclass(frozen=True, slots=True)
class Repriced:
    """What the basket costs now, and what it would cost without reductions, in minor units; prices by seat."""

    event_id: int
    reservation_id: int
    prices: dict[int, int]
    total_minor: int
    full_minor: int


def apply_code(event_id: int, *, code: str, holder: HolderRef) -> Repriced:
    """Give the holder's basket this code, in the place of any other. Its use counts from now on, while the
    basket, its checkout or its purchase lasts. Repeating it changes nothing.

    Raises CodeRefused (unknown, not_yet, over, used_up), HoldExpired, NotFound (no basket).
    """
    spelled = code.strip().upper()

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        found = lock_code(session, event_id, spelled)
        if found is None or not found.is_active:
            raise CodeRefused(why="unknown")
        of_basket = and_(DiscountUse.event_id == event_id, DiscountUse.reservation_id == basket.id)
        if session.scalar(select(DiscountUse.discount_code_id).where(of_basket)) != found.id:
            if found.is_early or found.is_late:
                raise CodeRefused(why="not_yet" if found.is_early else "over")
            if found.max_uses is not None and found.uses >= found.max_uses:
                raise CodeRefused(why="used_up")
            session.execute(delete(DiscountUse).where(of_basket))
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
        session.execute(
            delete(DiscountUse).where(
                DiscountUse.event_id == event_id, DiscountUse.reservation_id == basket.id
            )
        )
        return _repriced(session, event_id, basket.id)

    return run_transaction(act)


def choose_concessions(event_id: int, *, choices: Mapping[int, int | None], holder: HolderRef) -> Repriced:
    """Say for whom places of the basket are: seat id → concession id, None for the full price.

    Raises HoldExpired, NotFound (no basket, no such place in it, no such concession).
    """

    def act(session: Session) -> Repriced:
        basket = _lock_basket(session, event_id, holder)
        known = set(session.scalars(select(Concession.id).where(Concession.event_id == event_id)))
        for seat_id, concession_id in sorted(choices.items()):
            if concession_id is not None and concession_id not in known:
                raise NotFound(what="concession")
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
    full = sum(line.full_price_minor for line in open_lines(session, event_id, reservation_id))
    return Repriced(event_id, reservation_id, prices, sum(prices.values()), full)


# What staff set up


def create_code(
    event_id: int,
    *,
    code: str,
    percent_off: int | None = None,
    amount_off_minor: int | None = None,
    max_uses: int | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> int:
    """A new code of an event, in capitals; its id. Exactly one of `percent_off` (1 to 100) and
    `amount_off_minor` (of the whole basket). Raises InvalidInput, NotFound."""
    spelled = code.strip().upper()
    if not spelled:
        raise InvalidInput(field="code", reason=N_("Please type a code."))
    if (percent_off is None) == (amount_off_minor is None):
        raise InvalidInput(field="reduction", reason=N_("A code takes off a percentage, or an amount."))
    values = {
        "event_id": event_id,
        "code": spelled,
        "percent_off": percent_off,
        "amount_off_minor": amount_off_minor,
        "max_uses": max_uses,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    return _made(
        lambda session: session.execute(
            insert(DiscountCode).values(values).returning(DiscountCode.id)
        ).scalar_one()
    )


def create_concession(event_id: int, *, name: str, percent_off: int) -> int:
    """Who pays less at this event, and how much less (0 to 100 %); its id. Raises InvalidInput, NotFound."""
    spelled = " ".join(name.split())
    if not spelled:
        raise InvalidInput(field="name", reason=N_("Please say who pays less."))
    return _made(
        lambda session: session.execute(
            insert(Concession)
            .values(event_id=event_id, name=spelled, percent_off=percent_off)
            .returning(Concession.id)
        ).scalar_one()
    )


def _made(act: Callable[[Session], int]) -> int:
    """The schema knows the limits; what it refuses is told in words."""
    try:
        return run_transaction(act)
    except IntegrityError as error:
        constraint = violated_constraint(error) or ""
        if constraint.startswith("fk_"):
            raise NotFound(what="event") from error
        if constraint.startswith("uq_"):
            raise InvalidInput(field="code", reason=N_("This event has that already.")) from error
        raise InvalidInput(
            field="reduction",
            reason=N_(
                "A reduction is a percentage from 1 to 100, or an amount above 0. Limits are above 0, too."
            ),
        ) from error
