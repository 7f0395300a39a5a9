"""Buying what is held, and undoing a purchase."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, select, text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.party import refuse_unfit_parties
from seatbook.domain.inventory.reprice import reprice
from seatbook.domain.inventory.rows import (
    Locked,
    checked_id,
    checked_ids,
    clock,
    free_seats,
    lock_seats,
    open_lines,
    own_reservation,
)
from seatbook.domain.inventory.singles import refuse_stranding
from seatbook.domain.letters import tell_cancelled, tell_confirmed
from seatbook.domain.transaction import run_transaction
from seatbook.errors import (
    BasketChanged,
    HoldExpired,
    NotFound,
    PaymentNeeded,
    SaleClosed,
    TooLateToCancel,
    WrongState,
)
from seatbook.models import DiscountUse, Event, ReservationSeat, Seat


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """A confirmed reservation. `total_minor` is in minor units of the event's currency."""

    event_id: int
    reservation_id: int
    code: str
    seat_ids: tuple[int, ...]
    total_minor: int


@dataclass(frozen=True, slots=True)
class CancelResult:
    """The seats that are on sale again, what they had cost, and whether the whole reservation ended."""

    event_id: int
    reservation_id: int
    seat_ids: tuple[int, ...]
    value_minor: int = 0
    is_over: bool = True


def confirm_reservation(
    event_id: int, *, reservation_id: int, holder: HolderRef, seat_ids: Collection[int] | None = None
) -> ConfirmResult:
    """Buy what is held and costs nothing now. `seat_ids` is what the person saw: other contents are refused.

    Repeating it after success answers the same. Raises HoldExpired, BasketChanged, LeavesSingle,
    SaleClosed, PaymentNeeded (the event is paid online: `orders.begin_checkout`), WrongState, NotFound.
    """

    def act(session: Session) -> ConfirmResult:
        seats = lock_seats(session, event_id, Seat.reservation_id == checked_id(reservation_id))
        reservation = own_reservation(session, event_id, reservation_id, holder)
        if reservation.status == "confirmed":
            bought = tuple(seat.id for seat in seats)
            return ConfirmResult(event_id, reservation_id, reservation.code, bought, reservation.total_minor)
        if reservation.status == "pending":
            raise WrongState(state="pending")
        now = clock(session)
        basket = judge_basket(session, event_id, seats=seats, reservation=reservation, seen=seat_ids, at=now)
        total_minor = sum(basket.prices.values())
        if total_minor > 0 and basket.is_paid_online:
            raise PaymentNeeded()
        sell_locked(
            session,
            event_id,
            reservation_id=reservation_id,
            seat_ids=basket.prices,
            total_minor=total_minor,
            at=now,
            actor=holder.user_id,
        )
        sold = tuple(seat.id for seat in seats)
        return ConfirmResult(event_id, reservation_id, reservation.code, sold, total_minor)

    return run_transaction(act)


class JudgedBasket(NamedTuple):
    """What may be bought: the price of each seat, in minor units, and whether it has to be paid online."""

    prices: dict[int, int]
    is_paid_online: bool


def judge_basket(
    session: Session,
    event_id: int,
    *,
    seats: Sequence[Locked],
    reservation: Locked,
    seen: Collection[int] | None,
    at: datetime,
) -> JudgedBasket:
    """Whether a locked hold may be bought as it was seen.

    Raises HoldExpired, BasketChanged, LeavesSingle, PartyDoesNotFit, SaleClosed.
    """
    if reservation.status != "held" or reservation.expires_at <= at or not seats:
        raise HoldExpired(expired_at=reservation.expires_at.isoformat())
    prices = {line.seat_id: line.price_minor for line in open_lines(session, event_id, reservation.id)}
    # Another tab may have added or given back a seat between the page and this click, or between
    # our two locks; what is sold must be what was seen.
    chosen = set(prices) if seen is None else set(seen)
    if {seat.id for seat in seats} != chosen or set(prices) != chosen:
        raise BasketChanged()
    event = session.execute(
        select(
            Event.status,
            Event.leave_no_single,
            Event.payment,
            Event.fee_per_order_minor,
            exists()
            .where(DiscountUse.event_id == event_id, DiscountUse.reservation_id == reservation.id)
            .label("has_code"),
        ).where(Event.id == event_id)
    ).one()
    if event.status == "cancelled":
        raise SaleClosed(state="cancelled")
    if event.leave_no_single:
        refuse_stranding(session, event_id, chosen=chosen, at=at)
    if any(seat.starts_at is not None for seat in seats):
        refuse_unfit_parties(session, event_id, reservation_id=reservation.id)
    if event.has_code or event.fee_per_order_minor:
        # Written again for whatever way a seat may have come or gone.
        prices = reprice(session, event_id, reservation_id=reservation.id)
    return JudgedBasket(prices, is_paid_online=event.payment == "online")


def sell_locked(
    session: Session,
    event_id: int,
    *,
    reservation_id: int,
    seat_ids: Collection[int],
    total_minor: int,
    at: datetime,
    actor: int | None,
    late: str = "",
) -> None:
    """Write the purchase of locked seats that were judged to be this reservation's, and tell the buyer.

    `late`: how it was bought after its time was over ("same_places", "accepted"), for the letter.
    """
    note_changed(session, [event_id])
    session.execute(
        CONFIRM,
        {
            "event": event_id,
            "reservation": reservation_id,
            "seats": list(seat_ids),
            "total": total_minor,
            "at": at,
            "actor": actor,
        },
    )
    tell_confirmed(session, event_id, reservation_id, late=late)


CONFIRM = text("""
    WITH confirmed AS (
        UPDATE reservation SET status = 'confirmed', confirmed_at = :at, total_minor = :total
         WHERE event_id = :event AND id = :reservation
    ), sold AS (
        UPDATE seat SET status = 'reserved', held_until = NULL
         WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[]))
        RETURNING id
    )
    INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id, actor_user_id)
    SELECT :event, id, 'held', 'reserved', 'reserve', :reservation, :actor FROM sold ORDER BY id
""")


def cancel_reservation(
    event_id: int, *, reservation_id: int, holder: HolderRef | None, actor_user_id: int | None = None
) -> CancelResult:
    """Undo a purchase that nobody paid for online; its seats are on sale again at once.

    For one that was paid it is `orders.cancel_order`, which gives the money back in the same
    transaction: the schema refuses one without the other. `holder` None: staff, without a deadline.
    Repeating it answers the same. Raises TooLateToCancel (for one of its places), WrongState (never bought), NotFound.
    """

    def act(session: Session) -> CancelResult:
        cancelled = cancel_places(
            session, event_id, reservation_id=reservation_id, holder=holder, actor_user_id=actor_user_id
        )
        if cancelled.seat_ids:
            tell_cancelled(
                session,
                event_id,
                reservation_id,
                seat_ids=cancelled.seat_ids,
                refund_minor=0,
                is_over=cancelled.is_over,
                reason="cancelled",
                is_by_buyer=holder is not None,
                provider=None,
            )
        return cancelled

    return run_transaction(act)


def cancel_places(
    session: Session,
    event_id: int,
    *,
    reservation_id: int,
    holder: HolderRef | None,
    actor_user_id: int | None = None,
    seat_ids: Collection[int] | None = None,
) -> CancelResult:
    """Cancel a purchase within the open transaction: all of it, or only `seat_ids`.

    Locks the seats, then the reservation. What is cancelled already stays so, and is worth nothing more.
    """
    seats = lock_seats(session, event_id, Seat.reservation_id == checked_id(reservation_id))
    reservation = own_reservation(session, event_id, reservation_id, holder)
    if reservation.status == "cancelled":
        return CancelResult(event_id, reservation_id, ())
    if reservation.status != "confirmed":
        raise WrongState(state=reservation.status)
    now = clock(session)
    prices = {line.seat_id: line.price_minor for line in open_lines(session, event_id, reservation_id)}
    going = seats
    if seat_ids is not None:
        going = _of_this_purchase(session, event_id, reservation_id, seats, set(checked_ids(list(seat_ids))))
    if holder is not None:
        _refuse_after_deadline(session, event_id, seats=going, at=now)
    actor = holder.user_id if holder else actor_user_id
    free_seats(session, going, outcome="cancelled", reason="cancel", at=now, actor=actor)
    if going:
        session.execute(WRITE_TOTAL, {"event": event_id, "reservation": reservation_id})
    return CancelResult(
        event_id,
        reservation_id,
        tuple(seat.id for seat in going),
        value_minor=sum(prices[seat.id] for seat in going),
        is_over=len(going) == len(seats),
    )


def _of_this_purchase(
    session: Session, event_id: int, reservation_id: int, seats: Sequence[Locked], wanted: set[int]
) -> list[Locked]:
    """The wanted seats that are still bought; those that were never bought here are not there."""
    present = {seat.id for seat in seats}
    if missing := wanted - present:
        cancelled = session.scalars(
            select(ReservationSeat.seat_id).where(
                and_(
                    ReservationSeat.event_id == event_id,
                    ReservationSeat.reservation_id == reservation_id,
                    ReservationSeat.outcome == "cancelled",
                    ReservationSeat.seat_id.in_(missing),
                )
            )
        ).all()
        if missing - set(cancelled):
            raise NotFound(what="seat")
    return [seat for seat in seats if seat.id in wanted]


# What is still bought is what it costs; of one that is over, what it had cost.
WRITE_TOTAL = text("""
    UPDATE reservation SET total_minor = (
            SELECT coalesce(sum(line.price_minor), 0) FROM reservation_seat line
             WHERE line.event_id = :event AND line.reservation_id = :reservation
               AND CASE reservation.status WHEN 'confirmed' THEN line.ended_at IS NULL
                                           ELSE line.outcome = 'cancelled' END)
     WHERE event_id = :event AND id = :reservation
""")


def _refuse_after_deadline(session: Session, event_id: int, *, seats: Sequence[Locked], at: datetime) -> None:
    """Each of the seats has a deadline of its own: a time slot's counts from its start, any other from the event's."""
    event = session.execute(
        select(Event.starts_at, Event.cancel_seconds_before_start).where(Event.id == event_id)
    ).one()
    seconds = event.cancel_seconds_before_start
    starts_at = min((seat.starts_at or event.starts_at for seat in seats), default=event.starts_at)
    if seconds is None or (starts_at - at).total_seconds() < seconds:
        raise TooLateToCancel()
