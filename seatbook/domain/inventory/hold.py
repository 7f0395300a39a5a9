"""Holding places: given seats, or any N of an area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import BindParameter, ScalarSelect, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef, sells_at_window
from seatbook.domain.inventory.expire import expire_reservation
from seatbook.domain.inventory.reprice import has_code, reprice
from seatbook.domain.inventory.rows import (
    Locked,
    checked_ids,
    end_claims,
    is_free,
    is_lapsed,
    label,
    lock_named,
    lock_reservations,
    lock_seats,
    open_lines,
    take_seats,
)
from seatbook.domain.inventory.singles import refuse_stranding
from seatbook.domain.reference import new_code
from seatbook.domain.transaction import run_transaction
from seatbook.errors import (
    N_,
    AlreadyYours,
    Busy,
    InvalidInput,
    NotEnoughLeft,
    NotFound,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
)
from seatbook.models import Area, Event, Reservation, ReservationSeat, Seat

T = TypeVar("T")

LIVE_STATUSES = ("held", "pending", "confirmed")
# Between two tries the holder may open another hold in another window; that it lapses too, again and
# again, means that something is wrong.
MAX_LAPSED_HOLDS = 3


@dataclass(frozen=True, slots=True)
class HoldResult:
    """What the holder has now asked for and got. `expires_at` is aware, UTC; `seconds_left` counts from the
    database's clock. `seat_ids` are the seats of this request, also those that were the holder's already."""

    event_id: int
    reservation_id: int
    seat_ids: tuple[int, ...]
    expires_at: datetime
    seconds_left: float


def hold_seats(event_id: int, *, seat_ids: Sequence[int], holder: HolderRef) -> HoldResult:
    """Hold exactly these seats for the event's `hold_ttl`, all or none; they join an open hold of the holder.

    A second request joins the first one's hold and shares its end. Seats that
    are the holder's already are left as they are.

    Raises SeatsTaken, AlreadyYours (bought before), TooManySeats, LeavesSingle, SlotBegun, SaleClosed,
    NotFound.
    """
    wanted = checked_ids(seat_ids)

    def act(session: Session) -> HoldResult | LapsedHold:
        seats = lock_named(session, event_id, wanted)
        return hold_locked(session, event_id, seats=seats, holder=holder)

    return with_own_lapsed_hold_closed(act)


def hold_quantity(event_id: int, *, area_id: int, quantity: int, holder: HolderRef) -> HoldResult:
    """Hold any `quantity` free places of a standing or stock area, all or none.

    Not idempotent by itself: asking twice for two places holds four. Raises
    NotEnoughLeft (left = 0: sold out), TooManySeats, SaleClosed, NotFound, InvalidInput.
    """
    if not 1 <= quantity <= 1_000:
        raise InvalidInput(field="quantity", reason=N_("Please choose a number of places from 1 upwards."))

    def act(session: Session) -> HoldResult | LapsedHold:
        area = session.execute(
            select(Area.kind, Area.name).where(Area.event_id == event_id, Area.id == area_id)
        ).one_or_none()
        if area is None:
            raise NotFound(what="area")
        if area.kind not in ("standing", "stock"):
            raise InvalidInput(field="area", reason=N_("Places of this area are picked one by one."))
        seats = _lock_any_free(session, event_id, area_id=area_id, quantity=quantity)
        if len(seats) < quantity:
            raise NotEnoughLeft(area=area.name, wanted=quantity, left=len(seats))
        return hold_locked(session, event_id, seats=seats, holder=holder)

    return with_own_lapsed_hold_closed(act)


@dataclass(frozen=True, slots=True)
class LapsedHold:
    """The holder's own open hold has ended, and no sweep has written it down yet."""

    event_id: int
    reservation_id: int


def with_own_lapsed_hold_closed(act: Callable[[Session], T | LapsedHold]) -> T:
    """Run an act; where the holder's old hold is in the way, write down its end first and run it again.

    It is a transaction of its own because it locks seats, and inside the act
    the reservation is locked already: seats come before reservations.
    """
    for _ in range(MAX_LAPSED_HOLDS):
        result = run_transaction(act)
        if not isinstance(result, LapsedHold):
            return result
        expire_reservation(result.event_id, reservation_id=result.reservation_id)
    raise Busy()


def hold_locked(
    session: Session, event_id: int, *, seats: Sequence[Locked], holder: HolderRef
) -> HoldResult | LapsedHold:
    """Judge and write a hold of seats that are locked already."""
    if any(seat.status in ("reserved", "blocked") for seat in seats):
        _refuse_taken(session, event_id, [s for s in seats if s.status in ("reserved", "blocked")], holder)

    hold = session.execute(
        JOIN_OR_OPEN_HOLD, {"event": event_id, "holder": holder.holder_id, "code": new_code()}
    ).one()
    if hold.expires_at <= hold.now:
        return LapsedHold(event_id, hold.id)

    event = _rules(session, event_id, holder_id=holder.holder_id, reservation_id=hold.id)
    _refuse_off_sale(session, event, holder=holder, at=hold.now)
    mine = [seat for seat in seats if seat.reservation_id == hold.id]
    taken = [seat for seat in seats if not is_free(seat, at=hold.now) and seat.reservation_id != hold.id]
    if taken:
        _refuse_taken(session, event_id, taken, holder)
    new = [seat for seat in seats if seat.reservation_id != hold.id]
    if any(seat.starts_at is not None and seat.starts_at <= hold.now for seat in new):
        raise SlotBegun()
    if new:
        if event.places + len(new) > event.max_seats:
            raise TooManySeats(max_seats=event.max_seats)
        if event.leave_no_single:
            held = {line.seat_id for line in open_lines(session, event_id, hold.id)}
            refuse_stranding(session, event_id, chosen=held | {seat.id for seat in new}, at=hold.now)
        lapsed = [seat for seat in new if seat.status == "held"]
        lock_reservations(session, event_id, {seat.reservation_id for seat in lapsed})
        end_claims(session, lapsed, at=hold.now)
        take_seats(
            session,
            event_id,
            new,
            reservation_id=hold.id,
            until=hold.expires_at,
            reason="hold",
            actor=holder.user_id,
        )
        if event.fee_per_order_minor or event.has_code:
            reprice(session, event_id, reservation_id=hold.id)
    return HoldResult(
        event_id=event_id,
        reservation_id=hold.id,
        seat_ids=tuple(seat.id for seat in [*mine, *new]),
        expires_at=hold.expires_at,
        seconds_left=(hold.expires_at - hold.now).total_seconds(),
    )


# Whoever adds to what a holder has of an event counts it first, one after the other: two windows, and money
# that comes late. It waits for nobody else.
_TURN = "pg_advisory_xact_lock(hashtextextended('places of ' || :holder || ' at ' || :event, 0))"

# The no-op update locks the open hold, so that two tabs of one holder come one after the other; RETURNING
# is computed after that wait, so `now` is later than every lock we took.
JOIN_OR_OPEN_HOLD = text(f"""
    INSERT INTO reservation (event_id, holder_id, code, status, expires_at)
    SELECT id, :holder, :code, 'held', clock_timestamp() + make_interval(secs => hold_ttl_seconds)
      FROM event WHERE id = :event AND {_TURN} IS NOT NULL
    ON CONFLICT (event_id, holder_id) WHERE status = 'held'
       DO UPDATE SET holder_id = excluded.holder_id
    RETURNING id, expires_at, clock_timestamp() AS now
""")  # noqa: S608


def one_count_at_a_time(session: Session, event_id: int, *, holder_id: int) -> None:
    """Wait until nobody else adds places to what this holder has of the event. Call it before `places_of`."""
    session.execute(text(f"SELECT {_TURN}"), {"event": event_id, "holder": holder_id})


def _lock_any_free(session: Session, event_id: int, *, area_id: int, quantity: int) -> list[Locked]:
    """Lock up to `quantity` free places of an area without waiting; wait only before saying "sold out".

    Whoever buys at the same moment locks other places of the same kind, so most
    buyers pass each other. Places that look gone may come back when a
    transaction fails, so the last word is spoken after waiting for it.
    """
    in_area = Seat.area_id == area_id
    available = and_(in_area, Seat.status == "available")
    lapsed = and_(in_area, is_lapsed())
    seats = lock_seats(session, event_id, available, limit=quantity, skip_locked=True)
    if len(seats) < quantity:
        seats += lock_seats(session, event_id, lapsed, limit=quantity - len(seats), skip_locked=True)
    if len(seats) < quantity:
        # Waiting with locks in hand would break the order of locking: give them back first.
        session.rollback()
        free = or_(available, lapsed)
        seats = lock_seats(session, event_id, free, limit=quantity)
    return seats


def _refuse_taken(session: Session, event_id: int, seats: Sequence[Locked], holder: HolderRef) -> None:
    """Say who was faster: somebody else, or the holder's own purchase a moment ago."""
    bought = set(
        session.scalars(
            select(ReservationSeat.seat_id)
            .join(
                Reservation,
                and_(
                    Reservation.event_id == ReservationSeat.event_id,
                    Reservation.id == ReservationSeat.reservation_id,
                ),
            )
            .where(
                ReservationSeat.event_id == event_id,
                ReservationSeat.seat_id.in_([seat.id for seat in seats]),
                ReservationSeat.ended_at.is_(None),
                Reservation.holder_id == holder.holder_id,
            )
        )
    )
    others = [seat for seat in seats if seat.id not in bought]
    if not others:
        raise AlreadyYours(seat_ids=[s.id for s in seats], labels=[label(s) for s in seats])
    raise SeatsTaken(seat_ids=[s.id for s in others], labels=[label(s) for s in others])


def _rules(session: Session, event_id: int, *, holder_id: int, reservation_id: int) -> Locked:
    """What the event allows, how many `places` of it the holder has, and whether the hold `has_code`; read after
    the holder's hold is locked."""
    values = {"event_id": event_id, "holder_id": holder_id, "reservation_id": reservation_id}
    return session.execute(RULES, values).one()


def _refuse_off_sale(session: Session, event: Locked, *, holder: HolderRef, at: datetime) -> None:
    """Whoever sells at the window goes on when the online sale has ended, until the event does."""
    if event.status == "draft":
        raise NotFound(what="event")
    if event.status == "cancelled":
        raise SaleClosed(state="cancelled")
    if at < event.on_sale_from:
        raise SaleClosed(state="not_yet", opens_at=event.on_sale_from.isoformat())
    is_over = at >= event.on_sale_until
    if is_over and not (at < event.ends_at and sells_at_window(session, holder)):
        raise SaleClosed(state="ended")


def places_of(event_id: int | BindParameter[int], holder_id: int | BindParameter[int]) -> ScalarSelect[int]:
    """How many places of the event the holder has: held, being paid for, or bought."""
    return (
        select(func.count())
        .select_from(Reservation)
        .join(
            ReservationSeat,
            and_(
                ReservationSeat.event_id == Reservation.event_id,
                ReservationSeat.reservation_id == Reservation.id,
            ),
        )
        .where(
            Reservation.event_id == event_id,
            Reservation.holder_id == holder_id,
            Reservation.status.in_(LIVE_STATUSES),
            # A basket whose time is over is nobody's; what is paid for may still be bought until that is decided.
            or_(Reservation.status != "held", Reservation.expires_at > func.clock_timestamp()),
            ReservationSeat.ended_at.is_(None),
        )
        .scalar_subquery()
    )


# Made once, as every click runs it.
RULES = select(
    Event.status,
    Event.on_sale_from,
    Event.on_sale_until,
    Event.ends_at,
    Event.max_seats,
    Event.leave_no_single,
    Event.fee_per_order_minor,
    places_of(bindparam("event_id"), bindparam("holder_id")).label("places"),
    has_code(bindparam("event_id"), bindparam("reservation_id")).label("has_code"),
).where(Event.id == bindparam("event_id"))
