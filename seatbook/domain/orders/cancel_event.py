"""Cancelling an event: at once for whoever would buy, and order by order for those who have.

What is left to do and how far it is stands in the database, so a worker that is
killed, or a Redis that forgets, costs nothing but time: whoever comes next goes
on. Any number may work on it at once; an order is cancelled, and its money owed,
once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import Row, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.domain.orders.called_off import checkouts_left, end_checkout, has_time_to_pay
from seatbook.domain.orders.cancel import cancel_in_transaction
from seatbook.domain.orders.offers import end_offers_of
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.transaction import run_transaction
from seatbook.errors import NotFound, SeatbookError, WrongState
from seatbook.models import Event, EventCancellation, Reservation

log = logging.getLogger("seatbook.orders")

PAGE = 500
# How long to wait for purchases that began before the event was closed; no transaction of ours is longer.
MAX_WAIT_SECONDS = 15.0
LOOK_EVERY_SECONDS = 0.05
# A job does a part and makes room for others; the schedule asks for it again.
MAX_SECONDS = 20.0

Report = Callable[[int, int], None]


def request_event_cancellation(event_id: int, *, actor_user_id: int | None = None) -> bool:
    """Close an event for good; its purchases are undone after that, by the worker or `run_event_cancellation`.

    From its commit on nobody can buy, and late money goes back. True when this act did it; repeating it
    changes nothing. Raises NotFound.
    """

    def act(session: Session) -> bool:
        closed = session.execute(
            update(Event).where(Event.id == event_id).values(status="cancelled").returning(Event.id)
        ).one_or_none()
        if closed is None:
            raise NotFound(what="event")
        asked = session.execute(
            insert(EventCancellation)
            .values(
                event_id=event_id,
                requested_by_user_id=actor_user_id,
                orders=_orders_left(event_id),
            )
            .on_conflict_do_nothing()
            .returning(EventCancellation.event_id)
        ).one_or_none()
        if asked is not None:
            note_staff_act(session, event_id, "cancelled_event", actor=actor_user_id)
        return asked is not None

    return run_transaction(act)


def cancel_event_orders(
    event_id: int,
    *,
    actor_user_id: int | None = None,
    on_progress: Report = lambda done, of: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Cancel an event and every purchase of it now, and owe everybody their money; how many purchases this call
    undid. May be stopped and begun again anywhere; `on_progress(done, of)`. Raises NotFound."""
    request_event_cancellation(event_id, actor_user_id=actor_user_id)
    return run_event_cancellation(event_id, on_progress=on_progress, should_stop=should_stop)


def run_event_cancellation(
    event_id: int,
    *,
    on_progress: Report = lambda done, of: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Undo the purchases of an event that is being cancelled, one a transaction; how many this call undid.
    Checkouts that wait for money end now, too: their providers are asked next (`ask_due_payments`).

    One that fails stays for the next run and never stops the rest. Finished is what is finished: every
    purchase that had begun before the event was closed is looked at too. Raises NotFound (nobody asked for it).
    """
    wanted = run_transaction(partial(_start, event_id=event_id))
    undone = 0
    for is_last in (False, True):
        if is_last and not _earlier_purchases_are_over(should_stop=should_stop):
            return undone
        for reservation_id in _orders_of(event_id):
            if should_stop():
                return undone
            try:
                done, of = run_transaction(
                    partial(
                        _undo,
                        event_id=event_id,
                        reservation_id=reservation_id,
                        actor_user_id=wanted.requested_by_user_id,
                    )
                )
            except SeatbookError as error:
                log.warning(
                    "Order %s of event %s waits for the next run: %s", reservation_id, event_id, error
                )
                run_transaction(partial(_note_error, event_id=event_id, error=str(error)))
                continue
            if done:
                undone += 1
                on_progress(done, of)
        for reservation_id in checkouts_left(event_id):
            if should_stop():
                return undone
            try:
                end_checkout(event_id, reservation_id=reservation_id)
            except SeatbookError as error:
                log.warning(
                    "Checkout %s of event %s waits for the next run: %s", reservation_id, event_id, error
                )
                run_transaction(partial(_note_error, event_id=event_id, error=str(error)))
    end_offers_of(event_id)
    run_transaction(partial(_finish, event_id=event_id))
    return undone


def continue_event_cancellations(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Go on with every cancellation that is not finished, for about MAX_SECONDS; how many purchases were undone."""
    ends_at = time.monotonic() + MAX_SECONDS

    def is_over() -> bool:
        return should_stop() or time.monotonic() > ends_at

    unfinished = run_transaction(
        lambda session: session.scalars(
            select(EventCancellation.event_id)
            .where(EventCancellation.finished_at.is_(None))
            .order_by(EventCancellation.requested_at)
        ).all()
    )
    undone = 0
    for event_id in unfinished:
        if is_over():
            break
        undone += run_event_cancellation(event_id, should_stop=is_over)
    return undone


def _start(session: Session, *, event_id: int) -> Row[int | None]:
    """Count what is left: a buyer may have cancelled since, or bought at the last moment."""
    row = session.execute(
        update(EventCancellation)
        .where(EventCancellation.event_id == event_id)
        .values(
            started_at=func.coalesce(EventCancellation.started_at, func.clock_timestamp()),
            orders=EventCancellation.done + _orders_left(event_id),
        )
        .returning(EventCancellation.requested_by_user_id)
    ).one_or_none()
    if row is None:
        raise NotFound(what="event")
    return row


def _orders_left(event_id: int) -> object:
    return (
        select(func.count())
        .select_from(Reservation)
        .where(Reservation.event_id == event_id, Reservation.status == "confirmed")
        .scalar_subquery()
    )


def _orders_of(event_id: int) -> Iterator[int]:
    """The purchases that stand, by id, read page by page."""
    last = 0
    while True:
        page = run_transaction(
            lambda session, last=last: session.scalars(  # type: ignore[misc]
                select(Reservation.id)
                .where(
                    Reservation.event_id == event_id,
                    Reservation.status == "confirmed",
                    Reservation.id > last,
                )
                .order_by(Reservation.id)
                .limit(PAGE)
            ).all()
        )
        if not page:
            return
        yield from page
        last = page[-1]


def _undo(
    session: Session, *, event_id: int, reservation_id: int, actor_user_id: int | None
) -> tuple[int, int]:
    """How many are done, of how many; (0, 0) when somebody else undid this one."""
    try:
        cancelled = cancel_in_transaction(
            session,
            event_id=event_id,
            reservation_id=reservation_id,
            holder=None,
            actor_user_id=actor_user_id,
            seat_ids=None,
            reason="event_cancelled",
        )
    except WrongState:
        return 0, 0
    if not cancelled.seat_ids:
        return 0, 0
    done, of = session.execute(COUNT_ONE, {"event": event_id}).one()
    return done, of


COUNT_ONE = text("""
    UPDATE event_cancellation SET done = done + 1, orders = greatest(orders, done + 1) WHERE event_id = :event
    RETURNING done, orders
""")


def _note_error(session: Session, *, event_id: int, error: str) -> None:
    session.execute(
        update(EventCancellation)
        .where(EventCancellation.event_id == event_id)
        .values(last_error=error[:1_000])
    )


def _finish(session: Session, *, event_id: int) -> None:
    """Unless one failed and is still to be done."""
    is_left = exists().where(
        Reservation.event_id == event_id, or_(Reservation.status == "confirmed", has_time_to_pay())
    )
    session.execute(
        update(EventCancellation)
        .where(EventCancellation.event_id == event_id, ~is_left)
        .values(
            finished_at=func.coalesce(EventCancellation.finished_at, func.clock_timestamp()),
            orders=EventCancellation.done,
            last_error=None,
        )
        .execution_options(synchronize_session=False)
    )


def _earlier_purchases_are_over(*, should_stop: Callable[[], bool]) -> bool:
    """Wait until nobody is at work who may have seen the event before it was closed; False: not yet.

    A purchase takes its transaction's number with its first lock, before it looks at the event. So when every
    number that was given by now is done with, whatever they bought can be seen.
    """
    given = run_transaction(lambda session: session.execute(NUMBERS).one()).given
    ends_at = time.monotonic() + MAX_WAIT_SECONDS
    while run_transaction(lambda session: session.execute(NUMBERS).one()).in_use < given:
        if should_stop() or time.monotonic() > ends_at:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True


NUMBERS = text("""
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS given,
           pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS in_use
""")
