"""Selling at the window: what one of the staff picked becomes a walk-in buyer's, and is paid at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from secrets import token_hex

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from seatbook.domain.holders import WALK_IN, HolderRef
from seatbook.domain.inventory.checkout import lock_checkout
from seatbook.domain.inventory.confirm import judge_basket, sell_locked
from seatbook.domain.inventory.rows import checked_id
from seatbook.domain.orders.counter import HOW, add_counter_payment
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, AmountChanged, InvalidInput, NotFound
from seatbook.models import Event, Holder, Reservation


@dataclass(frozen=True, slots=True)
class SoldAtWindow:
    """What was sold. `total_minor` is in minor units; not `is_paid`: nothing had to be."""

    event_id: int
    reservation_id: int
    code: str
    total_minor: int
    is_paid: bool


def sell_at_window(
    event_id: int,
    *,
    reservation_id: int,
    seller: HolderRef,
    how: str,
    seen_minor: int | None = None,
    seat_ids: Collection[int] | None = None,
) -> SoldAtWindow:
    """Sell the seller's own basket to whoever stands at the window, who pays `how` (cash or card) at once.

    Each buyer is a holder of their own, so the next sale is not counted towards what this one may have. Once:
    repeating it after success raises NotFound, or answers the same under its key. `seen_minor` and `seat_ids` are
    what the seller saw. Raises HoldExpired, BasketChanged, AmountChanged, LeavesSingle, SaleClosed, InvalidInput,
    NotFound.
    """
    if how not in HOW:
        raise InvalidInput(field="how", reason=N_("Money at the window is cash or by card."))
    return run_transaction(
        partial(
            _sell,
            event_id=event_id,
            reservation_id=checked_id(reservation_id),
            seller=seller,
            how=how,
            seen_minor=seen_minor,
            seat_ids=seat_ids,
        )
    )


def _sell(
    session: Session,
    *,
    event_id: int,
    reservation_id: int,
    seller: HolderRef,
    how: str,
    seen_minor: int | None,
    seat_ids: Collection[int] | None,
) -> SoldAtWindow:
    checkout = lock_checkout(session, event_id, reservation_id=reservation_id)
    reservation = checkout.reservation
    if reservation.holder_id != seller.holder_id:
        raise NotFound(what="reservation")
    basket = judge_basket(
        session, event_id, seats=checkout.own, reservation=reservation, seen=seat_ids, at=checkout.now
    )
    total_minor = sum(basket.prices.values())
    if seen_minor not in (None, total_minor):
        raise AmountChanged()
    walk_in = session.execute(
        insert(Holder).values(browser_key=f"{WALK_IN}{token_hex(12)}").returning(Holder.id)
    ).scalar_one()
    session.execute(
        update(Reservation)
        .where(Reservation.event_id == event_id, Reservation.id == reservation_id)
        .values(holder_id=walk_in)
        .execution_options(synchronize_session=False)
    )
    sell_locked(
        session,
        event_id,
        reservation_id=reservation_id,
        seat_ids=basket.prices,
        total_minor=total_minor,
        at=checkout.now,
        actor=seller.user_id,
    )
    payment = session.scalar(select(Event.payment).where(Event.id == event_id))
    is_paid = total_minor > 0 and payment != "none"
    if is_paid:
        add_counter_payment(session, checkout, amount_minor=total_minor, actor=seller.user_id, how=how)
    return SoldAtWindow(event_id, reservation_id, reservation.code, total_minor, is_paid)
