"""Places while they are being paid for: kept, bought, given back, bought again, or others in their stead.

Parts of transactions which `domain/orders/` puts together; each takes what
`lock_checkout` locked and judged. Like everywhere, seats are locked first, by
id, then reservations, by id; payments come after them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.confirm import judge_basket, sell_locked
from seatbook.domain.inventory.hold import one_count_at_a_time, places_of
from seatbook.domain.inventory.party import why_unfit
from seatbook.domain.inventory.reprice import code_is_left, hand_code_on
from seatbook.domain.inventory.rows import (
    LinePrice,
    Locked,
    clock,
    end_claims,
    free_seats,
    full_price,
    is_free,
    label,
    lock_reservations,
    lock_seats,
    open_lines,
    take_seats,
)
from seatbook.domain.party_concessions import party_concessions
from seatbook.domain.reductions import spread
from seatbook.domain.reference import new_code
from seatbook.domain.seating import Place, best_together
from seatbook.errors import CodeRefused, NotFound, SeatbookError, SeatsTaken, TooManySeats
from seatbook.models import Area, Category, Event, Reservation, ReservationSeat, Seat

# Places that are bought in the same transaction that takes them need an end all the same.
MOMENT = timedelta(minutes=1)
MAX_BLOCKS_TRIED = 20


@dataclass(frozen=True, slots=True)
class Checkout:
    """A reservation and all places that it had when its checkout began, locked; `now` was read after that.

    `lines` are its prices by seat. Some of the seats may be somebody else's by now.
    """

    event_id: int
    reservation: Locked
    seats: tuple[Locked, ...]
    lines: dict[int, LinePrice]
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
        return sum(line.price_minor for line in self.lines.values())


def lock_checkout(session: Session, event_id: int, *, reservation_id: int) -> Checkout:
    """Lock what a payment is for. Raises NotFound."""
    # The lines of a reservation that is being paid for never get more, so they may be read before the locks.
    lines = session.execute(
        select(
            ReservationSeat.seat_id,
            ReservationSeat.price_minor,
            ReservationSeat.fee_minor,
            full_price().label("full_price_minor"),
            ReservationSeat.concession_id,
            ReservationSeat.party_size,
            party_concessions(),
        )
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
        {line.seat_id: LinePrice.of(line) for line in lines},
        clock(session),
    )


def begin_pending(
    session: Session, checkout: Checkout, *, seen: Collection[int] | None, ttl: timedelta, grace: timedelta
) -> tuple[Checkout, datetime]:
    """A held basket is being paid for from now on: at these prices, until this deadline, and kept for `grace` more.

    Raises HoldExpired, BasketChanged, LeavesSingle, SaleClosed.
    """
    judge_basket(
        session,
        checkout.event_id,
        seats=checkout.own,
        reservation=checkout.reservation,
        seen=seen,
        at=checkout.now,
    )
    due = checkout.now + ttl
    _set_end(session, checkout, due=due, end=due + grace, at=checkout.now, status="pending")
    # Judging wrote the prices that count from now on.
    lines = open_lines(session, checkout.event_id, checkout.reservation.id)
    return replace(checkout, lines={line.seat_id: LinePrice.of(line) for line in lines}), due


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


def buy(session: Session, checkout: Checkout, *, actor: int | None, late: str = "") -> None:
    """Sell a checkout that is whole. `late` is what its letter says, see `sell_locked`."""
    sell_locked(
        session,
        checkout.event_id,
        reservation_id=checkout.reservation.id,
        seat_ids=checkout.lines,
        total_minor=checkout.total_minor,
        at=checkout.now,
        actor=actor,
        late=late,
    )


def give_back(
    session: Session, checkout: Checkout, *, by_time: bool, actor: int | None = None, is_told: bool = True
) -> None:
    """What is still held for it goes back on sale: expired, or released by its buyer.

    Not `is_told`: another letter of the same transaction tells its buyer.
    """
    if checkout.reservation.status == "pending":
        outcome, reason = ("expired", "expire") if by_time else ("released", "release")
        free_seats(
            session,
            checkout.own,
            outcome=outcome,
            reason=reason,
            at=checkout.now,
            actor=actor,
            is_told=is_told,
        )


def why_not_again(session: Session, checkout: Checkout, *, holder: HolderRef) -> SeatbookError | None:
    """Why the same places cannot be sold to their buyer after the end; None: they can, in this transaction."""
    taken = [seat for seat in _others(checkout) if not is_free(seat, at=checkout.now)]
    if taken:
        return SeatsTaken(seat_ids=[seat.id for seat in taken], labels=[label(seat) for seat in taken])
    if not _has_room(session, checkout, holder=holder, places=len(checkout.seats)):
        return TooManySeats(max_seats=_max_seats(session, checkout.event_id))
    if not _may_use_code(session, checkout, holder=holder):
        return CodeRefused(why="used_up")
    parties = {seat_id: line.party_size for seat_id, line in checkout.lines.items()}
    return why_unfit(session, checkout.event_id, parties=parties)


def _others(checkout: Checkout) -> list[Locked]:
    """Places of the checkout that are not held for it any more."""
    return [seat for seat in checkout.seats if seat not in checkout.own]


def _max_seats(session: Session, event_id: int) -> int:
    return session.execute(select(Event.max_seats).where(Event.id == event_id)).scalar_one()


def buy_again(session: Session, checkout: Checkout, *, holder: HolderRef) -> int | None:
    """Sell the same places after the end, when all of them are free; the new reservation, or None."""
    if why_not_again(session, checkout, holder=holder) is not None:
        return None
    return sell_again(session, checkout, holder=holder)


def sell_again(
    session: Session, checkout: Checkout, *, holder: HolderRef, total_minor: int | None = None
) -> int:
    """Sell the same places by a new reservation, which is returned, as `why_not_again` allows it.

    `total_minor`: what they are sold for all together, where less came than they cost.
    """
    is_over = checkout.reservation.expires_at <= checkout.now
    give_back(session, checkout, by_time=is_over, is_told=False)
    _end_lapsed(session, checkout, checkout.seats)
    prices = _sold_for(checkout, total_minor)
    end = checkout.now + MOMENT
    new_id = _hold_for_paid(session, checkout, seats=checkout.seats, prices=prices, end=end, holder=holder)
    sell_locked(
        session,
        checkout.event_id,
        reservation_id=new_id,
        seat_ids=checkout.lines,
        total_minor=sum(price.price_minor for price in prices),
        at=checkout.now,
        actor=holder.user_id,
        late="same_places" if is_over else "",
    )
    return new_id


def _end_lapsed(session: Session, checkout: Checkout, seats: Sequence[Locked]) -> None:
    """Write down that the holds of others, whose time is over, ended: their places are taken again now."""
    lapsed = [seat for seat in seats if seat.status == "held" and seat not in checkout.own]
    end_claims(session, lapsed, at=checkout.now)


def _sold_for(checkout: Checkout, total_minor: int | None) -> list[LinePrice]:
    """The prices of the places, in their order; what is missing of the whole is taken off each in proportion."""
    prices = [checkout.lines[seat.id] for seat in checkout.seats]
    if total_minor is None:
        return prices
    missing = spread(checkout.total_minor - total_minor, [price.price_minor for price in prices])
    return [
        replace(
            price,
            price_minor=price.price_minor - less,
            fee_minor=min(price.fee_minor, price.price_minor - less),
        )
        for price, less in zip(prices, missing, strict=True)
    ]


def hold_equal_places(
    session: Session, checkout: Checkout, *, holder: HolderRef, until: datetime
) -> int | None:
    """Hold places as good as those that are lost: of the same areas at the same prices, seats side by side.

    A time slot is as good as itself alone, as another hour is another promise: the offer has the very same
    ones. Each place costs what the one that it stands for was paid with: reductions, fees and parties stay as they
    were. Waits for nobody. The new reservation, or None.
    """
    if not _has_room(session, checkout, holder=holder, places=len(checkout.seats)):
        return None
    if not _may_use_code(session, checkout, holder=holder):
        return None
    found: list[Locked] = []
    prices: list[LinePrice] = []
    for (area_id, kind, price), lost in _wanted(session, checkout).items():
        if kind == "slots":
            seats = _same_slots(session, checkout, lost)
        elif kind == "seated":
            seats = _lock_side_by_side(session, checkout, area_id=area_id, price=price, count=len(lost))
        else:
            of_price = and_(*_free_of_price(area_id, price))
            seats = lock_seats(session, checkout.event_id, of_price, limit=len(lost), skip_locked=True)
        if len(seats) < len(lost):
            return None
        found += seats
        prices += [checkout.lines[seat.id] for seat in lost]
    give_back(session, checkout, by_time=True, is_told=False)
    _end_lapsed(session, checkout, found)
    return _hold_for_paid(session, checkout, seats=found, prices=prices, end=until, holder=holder)


def _wanted(session: Session, checkout: Checkout) -> dict[tuple[int, str, int], list[Locked]]:
    """The places that the checkout had, by area (id, kind) and full price."""
    areas = session.execute(
        select(Seat.id, Area.id.label("area_id"), Area.kind)
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .where(Seat.event_id == checkout.event_id, Seat.id.in_(checkout.lines))
    )
    area_of = {row.id: (row.area_id, row.kind) for row in areas}
    wanted: dict[tuple[int, str, int], list[Locked]] = {}
    for seat in checkout.seats:
        wanted.setdefault((*area_of[seat.id], checkout.lines[seat.id].full_price_minor), []).append(seat)
    return wanted


def _same_slots(session: Session, checkout: Checkout, slots: list[Locked]) -> list[Locked]:
    """These slots, or none: one is somebody else's, or off sale, or its room takes no such party any more.

    They are locked since `lock_checkout`, together with whoever held them last: nothing is left to wait for.
    """
    others = [slot for slot in slots if slot not in checkout.own]
    if not all(is_free(slot, at=checkout.now) for slot in others):
        return []
    parties = {slot.id: checkout.lines[slot.id].party_size for slot in slots}
    return [] if why_unfit(session, checkout.event_id, parties=parties) else slots


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
            Seat.event_id == checkout.event_id, Seat.id.in_(checkout.lines), Seat.x.is_not(None)
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


def _may_use_code(session: Session, checkout: Checkout, *, holder: HolderRef) -> bool:
    return code_is_left(
        session, checkout.event_id, reservation_id=checkout.reservation.id, holder_id=holder.holder_id
    )


def _has_room(session: Session, checkout: Checkout, *, holder: HolderRef, places: int) -> bool:
    """Whether the event still lets this buyer have so many places more, besides what this checkout holds.

    Nobody adds to what they have until this transaction ends.
    """
    one_count_at_a_time(session, checkout.event_id, holder_id=holder.holder_id)
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
    prices: Sequence[LinePrice],
    end: datetime,
    holder: HolderRef,
) -> int:
    """A new pending reservation of the same buyer with these locked, free places, and the code of the old one."""
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
    hand_code_on(session, checkout.event_id, from_id=checkout.reservation.id, to_id=new_id)
    return new_id


OPEN_PENDING = text("""
    INSERT INTO reservation (event_id, holder_id, code, status, checkout_at, payment_due_at, expires_at)
    VALUES (:event, :holder, :code, 'pending', :at, :end, :end)
    RETURNING id
""")
