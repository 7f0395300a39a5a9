"""Places while they are being paid for: kept, bought, given back, bought again, or others in their stead.

Parts of transactions which `domain/orders/` puts together; each takes what
`lock_checkout` locked and judged. Like everywhere, seats are locked first, by
id, then reservations, by id; payments come after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.confirm import judge_basket, sell_locked
from seatbook.domain.inventory.hold import places_of
from seatbook.domain.inventory.reprice import code_is_left, hand_code_on
from seatbook.domain.inventory.rows import (
    Locked,
    clock,
    end_claims,
    free_seats,
    is_free,
    lock_reservations,
    lock_seats,
    take_seats,
)
from seatbook.domain.reference import new_code
from seatbook.domain.seating import Place, best_together
from seatbook.errors import NotFound
from seatbook.models import Area, Category, Event, Reservation, ReservationSeat, Seat

# Places that are bought in the same transaction that takes them need an end all the same.
MOMENT = timedelta(minutes=1)
MAX_BLOCKS_TRIED = 20


@dataclass(frozen=True, slots=True)
class Checkout:
    """A reservation and all places that it had when its checkout began, locked; `now` was read after that.

    `prices` are by seat, in minor units. Some of the seats may be somebody else's by now.
    """

    event_id: int
    reservation: Locked
    seats: tuple[Locked, ...]
    prices: dict[int, int]
    now: datetime

    @property
    def own(self) -> list[Locked]:
        """The places that are still held for this reservation, whether its time is over or not."""
        return [
            seat
            for seat in self.seats
            if seat.reservation_id == self.reservation.id and seat.status == "held"
        ]

    @property
    def is_whole(self) -> bool:
        """Nobody took a place of it: it can be bought as it is, also a moment after its end."""
        return self.reservation.status == "pending" and len(self.own) == len(self.seats)

    @property
    def total_minor(self) -> int:
        return sum(self.prices.values())


def lock_checkout(session: Session, event_id: int, *, reservation_id: int) -> Checkout:
    """Lock what a payment is for. Raises NotFound."""
    # The lines of a reservation that is being paid for never get more, so they may be read before the locks.
    lines = session.execute(
        select(ReservationSeat.seat_id, ReservationSeat.price_minor)
        .join(
            Reservation,
            and_(
                Reservation.event_id == ReservationSeat.event_id,
                Reservation.id == ReservationSeat.reservation_id,
            ),
        )
        .where(
            ReservationSeat.event_id == event_id,
            ReservationSeat.reservation_id == reservation_id,
            or_(
                ReservationSeat.ended_at.is_(None),
                ReservationSeat.ended_at >= Reservation.checkout_at,
            ),
        )
    ).all()
    seats = lock_seats(session, event_id, Seat.id.in_([line.seat_id for line in lines]))
    owners = {seat.reservation_id for seat in seats if seat.status == "held"}
    reservations = lock_reservations(session, event_id, owners | {reservation_id})
    if reservation_id not in reservations:
        raise NotFound(what="reservation")
    return Checkout(
        event_id,
        reservations[reservation_id],
        tuple(seats),
        {line.seat_id: line.price_minor for line in lines},
        clock(session),
    )


def begin_pending(
    session: Session, checkout: Checkout, *, seen: Collection[int] | None, ttl: timedelta, grace: timedelta
) -> tuple[Checkout, datetime]:
    """A held basket is being paid for from now on: at these prices, until this deadline, and kept for `grace` more.

    Raises HoldExpired, BasketChanged, LeavesSingle, SaleClosed.
    """
    basket = judge_basket(
        session,
        checkout.event_id,
        seats=checkout.own,
        reservation=checkout.reservation,
        seen=seen,
        at=checkout.now,
    )
    due = checkout.now + ttl
    _set_end(session, checkout, due=due, end=due + grace, at=checkout.now, status="pending")
    return replace(checkout, prices=basket.prices), due


def set_end(session: Session, checkout: Checkout, *, due: datetime, end: datetime) -> None:
    """Until when a pending reservation must be paid, and until when its places are kept."""
    if checkout.reservation.status == "pending":
        _set_end(session, checkout, due=due, end=end, at=checkout.now, status="pending")


def _set_end(
    session: Session, checkout: Checkout, *, due: datetime, end: datetime, at: datetime, status: str
) -> None:
    note_changed(session, [checkout.event_id])
    session.execute(
        SET_END,
        {
            "event": checkout.event_id,
            "reservation": checkout.reservation.id,
            "seats": [seat.id for seat in checkout.own],
            "due": due,
            "end": end,
            "at": at,
            "status": status,
        },
    )


SET_END = text("""
    WITH pending AS (
        UPDATE reservation
           SET status = :status, checkout_at = coalesce(checkout_at, :at), payment_due_at = :due, expires_at = :end
         WHERE event_id = :event AND id = :reservation
    )
    UPDATE seat SET held_until = :end
     WHERE event_id = :event AND id = ANY(CAST(:seats AS bigint[])) AND reservation_id = :reservation
""")


def buy(session: Session, checkout: Checkout, *, actor: int | None) -> None:
    """Sell a checkout that is whole."""
    sell_locked(
        session,
        checkout.event_id,
        reservation_id=checkout.reservation.id,
        seat_ids=checkout.prices,
        total_minor=checkout.total_minor,
        at=checkout.now,
        actor=actor,
    )


def give_back(session: Session, checkout: Checkout, *, by_time: bool, actor: int | None = None) -> None:
    """What is still held for it goes back on sale: expired, or released by its buyer."""
    if checkout.reservation.status == "pending":
        outcome, reason = ("expired", "expire") if by_time else ("released", "release")
        free_seats(session, checkout.own, outcome=outcome, reason=reason, at=checkout.now, actor=actor)


def buy_again(session: Session, checkout: Checkout, *, holder: HolderRef) -> int | None:
    """Sell the same places after the end, when all of them are free; the new reservation, or None."""
    others = [seat for seat in checkout.seats if seat not in checkout.own]
    if not all(is_free(seat, at=checkout.now) for seat in others):
        return None
    if not _has_room(session, checkout, holder=holder, places=len(checkout.seats)):
        return None
    if not code_is_left(session, checkout.event_id, reservation_id=checkout.reservation.id):
        return None
    give_back(session, checkout, by_time=True)
    end_claims(session, [seat for seat in others if seat.status == "held"], at=checkout.now)
    prices = [checkout.prices[seat.id] for seat in checkout.seats]
    end = checkout.now + MOMENT
    new_id = _hold_for_paid(session, checkout, seats=checkout.seats, prices=prices, end=end, holder=holder)
    hand_code_on(session, checkout.event_id, from_id=checkout.reservation.id, to_id=new_id)
    sell_locked(
        session,
        checkout.event_id,
        reservation_id=new_id,
        seat_ids=checkout.prices,
        total_minor=checkout.total_minor,
        at=checkout.now,
        actor=holder.user_id,
    )
    return new_id


def hold_equal_places(
    session: Session, checkout: Checkout, *, holder: HolderRef, ttl: timedelta
) -> int | None:
    """Hold places as good as those that are lost: of the same areas at the same prices, seats side by side.

    Waits for nobody. The new reservation, or None: a time slot has no equal, and
    seats of several prices are not looked for.
    """
    if not _has_room(session, checkout, holder=holder, places=len(checkout.seats)):
        return None
    found: list[Locked] = []
    for (area_id, kind, price), lost in _wanted(session, checkout).items():
        if kind == "slots":
            return None
        if kind == "seated":
            seats = _lock_side_by_side(session, checkout, area_id=area_id, price=price, count=lost)
        else:
            of_price = and_(*_free_of_price(area_id, price))
            seats = lock_seats(session, checkout.event_id, of_price, limit=lost, skip_locked=True)
        if len(seats) < lost:
            return None
        found += seats
    prices = _prices_now(session, checkout.event_id, found)
    if sum(prices) != checkout.total_minor:
        return None
    give_back(session, checkout, by_time=True)
    end = checkout.now + ttl
    return _hold_for_paid(session, checkout, seats=found, prices=prices, end=end, holder=holder)


def _wanted(session: Session, checkout: Checkout) -> Counter[tuple[int, str, int]]:
    """How many places of which area (id, kind) and price were lost."""
    rows = session.execute(
        select(Seat.id, Area.id.label("area_id"), Area.kind)
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .where(Seat.event_id == checkout.event_id, Seat.id.in_(checkout.prices))
        .order_by(Seat.id)
    )
    return Counter((row.area_id, row.kind, checkout.prices[row.id]) for row in rows)


def _free_of_price(area_id: int, price: int) -> tuple[Any, ...]:
    """Only what is written down as free: a lapsed hold's reservation would have to be locked after ours."""
    of_price = select(Category.id).where(Category.event_id == Seat.event_id, Category.price_minor == price)
    return Seat.area_id == area_id, Seat.status == "available", Seat.category_id.in_(of_price)


def _lock_side_by_side(
    session: Session, checkout: Checkout, *, area_id: int, price: int, count: int
) -> list[Locked]:
    rows: Iterable[Any] = session.execute(
        select(Seat.id, Seat.section_id, Seat.row_label, Seat.x, Seat.y).where(
            Seat.event_id == checkout.event_id,
            Seat.x.is_not(None),
            ~Seat.features.contains(["wheelchair"]),
            *_free_of_price(area_id, price),
        )
    )
    places = [Place(id_, (section, row), x, y) for id_, section, row, x, y in rows]
    lost = session.execute(
        select(Seat.x, Seat.y).where(
            Seat.event_id == checkout.event_id, Seat.id.in_(checkout.prices), Seat.x.is_not(None)
        )
    ).all()
    # As near as can be to where the buyer wanted to sit.
    focus = (sum(p.x for p in lost) / len(lost), sum(p.y for p in lost) / len(lost)) if lost else (0.0, 0.0)
    for block in best_together(places, count, focus=focus, most=MAX_BLOCKS_TRIED):
        ids = and_(Seat.id.in_(block.seat_ids), Seat.status == "available")
        seats = lock_seats(session, checkout.event_id, ids, skip_locked=True)
        if len(seats) == count:
            return seats
    return []


def _prices_now(session: Session, event_id: int, seats: Sequence[Locked]) -> list[int]:
    rows = session.execute(
        select(Seat.id, Category.price_minor)
        .join(Category, and_(Category.event_id == Seat.event_id, Category.id == Seat.category_id))
        .where(Seat.event_id == event_id, Seat.id.in_([seat.id for seat in seats]))
    )
    prices = {row.id: row.price_minor for row in rows}
    return [prices[seat.id] for seat in seats]


def _has_room(session: Session, checkout: Checkout, *, holder: HolderRef, places: int) -> bool:
    """Whether the event still lets this buyer have so many places more, besides what this checkout holds."""
    most, has = session.execute(
        select(Event.max_seats, places_of(checkout.event_id, holder.holder_id)).where(
            Event.id == checkout.event_id
        )
    ).one()
    of_this = len(checkout.own) if checkout.reservation.status == "pending" else 0
    return bool(has - of_this + places <= most)


def _hold_for_paid(
    session: Session,
    checkout: Checkout,
    *,
    seats: Sequence[Locked],
    prices: Sequence[int],
    end: datetime,
    holder: HolderRef,
) -> int:
    """A new pending reservation of the same buyer with these locked, free places."""
    new_id: int = session.execute(
        OPEN_PENDING,
        {
            "event": checkout.event_id,
            "holder": holder.holder_id,
            "code": new_code(),
            "at": checkout.now,
            "end": end,
        },
    ).scalar_one()
    take_seats(
        session,
        checkout.event_id,
        seats,
        reservation_id=new_id,
        until=end,
        reason="hold",
        actor=holder.user_id,
        prices=prices,
    )
    return new_id


OPEN_PENDING = text("""
    INSERT INTO reservation (event_id, holder_id, code, status, checkout_at, payment_due_at, expires_at)
    VALUES (:event, :holder, :code, 'pending', :at, :end, :end)
    RETURNING id
""")
