"""The sweep: the background work that writes down what time has already decided.

Nothing depends on it for being right: a hold that is over is over. It keeps the
record, frees rows for others' indexes and lets open pages show the change.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from seatbook.domain.inventory import ExpiredSeat, due_holds, expire_due_holds, expire_reservation
from seatbook.domain.inventory.rows import clock
from seatbook.domain.transaction import run_transaction
from seatbook.errors import SeatbookError
from seatbook.models import SweepRun

log = logging.getLogger("seatbook.sweep")

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What one run did. `oldest_lag_ms`: how late the oldest due seat was, None when nothing was due.
    `stopped`: the run was asked to stop and ended after the batch in hand."""

    seats: int
    reservations: int
    failed: tuple[Key, ...]
    oldest_lag_ms: int | None
    seconds: float
    dry_run: bool
    stopped: bool


def sweep_expired_holds(
    *,
    batch: int,
    trigger: str,
    dry_run: bool = False,
    on_batch: Callable[[list[ExpiredSeat]], None] = lambda seats: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Write down every hold that is over, `batch` seats a transaction; safe to run any number of times at once.

    One reservation that cannot be expired is logged, counted and passed over.
    `trigger` says who asked ("command", "schedule"). `should_stop` is asked
    between batches, so that a signal never leaves half a batch. A dry run
    writes nothing, not even itself into the history.
    """
    started = time.monotonic()
    if dry_run:
        return _dry_run(on_batch, started=started)

    run_id, started_at = _begin_run(trigger)
    done: list[ExpiredSeat] = []
    failed: list[Key] = []
    stopped = False
    while not stopped:
        expired = _expire_batch(batch, failed)
        for seat in expired:
            log.info(
                "Released %s (event %s, was held by %s)",
                seat.label,
                seat.event_id,
                seat.holder or "a visitor",
            )
        on_batch(expired)
        done += expired
        if not expired:
            break
        stopped = should_stop()

    lag = _oldest_lag_ms(done, at=started_at)
    reservations = len({(seat.event_id, seat.reservation_id) for seat in done})
    _finish_run(run_id, seats=len(done), reservations=reservations, failed=len(failed), lag=lag)
    if done or failed:
        log.info("Released %d seats of %d holds; %d holds failed", len(done), reservations, len(failed))
    return SweepResult(
        seats=len(done),
        reservations=reservations,
        failed=tuple(failed),
        oldest_lag_ms=lag,
        seconds=time.monotonic() - started,
        dry_run=False,
        stopped=stopped,
    )


def _expire_batch(batch: int, failed: list[Key]) -> list[ExpiredSeat]:
    """One batch in one transaction; when that fails, hold by hold, so that only the bad one is left behind.

    Returns an empty list only when nothing but failed holds is due. New failures are added to `failed`.
    """
    while True:
        try:
            return expire_due_holds(batch=batch, skip=failed)
        except (DBAPIError, SeatbookError) as error:
            log.warning("A batch failed and is done hold by hold: %s", _first_line(error))
        due = due_holds(batch=batch, skip=failed)
        expired: list[ExpiredSeat] = []
        for event_id, reservation_id in dict.fromkeys((seat.event_id, seat.reservation_id) for seat in due):
            try:
                expired += expire_reservation(event_id, reservation_id=reservation_id)
            except (DBAPIError, SeatbookError) as error:
                failed.append((event_id, reservation_id))
                log.error("Hold %s of event %s was skipped: %s", reservation_id, event_id, _first_line(error))
        if expired or not due:
            return expired


def _dry_run(on_batch: Callable[[list[ExpiredSeat]], None], *, started: float) -> SweepResult:
    at = _clock()
    due = due_holds()
    on_batch(due)
    return SweepResult(
        seats=len(due),
        reservations=len({(seat.event_id, seat.reservation_id) for seat in due}),
        failed=(),
        oldest_lag_ms=_oldest_lag_ms(due, at=at),
        seconds=time.monotonic() - started,
        dry_run=True,
        stopped=False,
    )


def _begin_run(trigger: str) -> tuple[int, datetime]:
    def act(session: Session) -> tuple[int, datetime]:
        run = SweepRun(trigger=trigger, host=socket.gethostname())
        session.add(run)
        session.flush()
        return run.id, session.execute(select(SweepRun.started_at).where(SweepRun.id == run.id)).scalar_one()

    return run_transaction(act)


def _finish_run(run_id: int, *, seats: int, reservations: int, failed: int, lag: int | None) -> None:
    run_transaction(
        lambda session: session.execute(
            update(SweepRun)
            .where(SweepRun.id == run_id)
            .values(
                finished_at=func.clock_timestamp(),
                released_seats=seats,
                expired_reservations=reservations,
                failed_reservations=failed,
                oldest_lag_ms=lag,
            )
        )
    )


def _clock() -> datetime:
    return run_transaction(clock)


def _oldest_lag_ms(seats: list[ExpiredSeat], *, at: datetime) -> int | None:
    """Milliseconds from the oldest end of hold to `at`, the start of the run; 0 for what ended during it."""
    if not seats:
        return None
    return max(0, round((at - min(seat.held_until for seat in seats)).total_seconds() * 1000))


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
