"""Brings messages to those who asked for them, in three steps like mail, and many at once:

1. a short transaction takes due messages (SKIP LOCKED, so any number of workers may
   do this) and says when each counts as lost;
2. they are sent, side by side, with no transaction open and no lock held;
3. a short transaction writes down what became of them.

A process that dies between 2 and 3 leaves messages that are sent a second time when
they count as lost: twice is better than never, and both have the same id.

A receiver that fails is left alone for a while, longer each time, and then gets one
message to show that it is back: so a dead one costs hardly anything, whatever waits
for it. It holds up no other receiver.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from seatbook import __version__
from seatbook.domain.transaction import run_transaction
from seatbook.domain.webhooks.outside import DEADLINE_SECONDS, Sender, Sent
from seatbook.domain.webhooks.signature import secret_of, signed_headers
from seatbook.domain.webhooks.switch_off import switch_off

log = logging.getLogger(__name__)

# After each failure of a message the pause doubles: 5, 10, 20 s … 6 h. It is given up three days after it was made.
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 6 * 3_600
# A receiver that fails is asked again after 5, 10, 20 s … 5 min, by one message; after so many days no more.
LONGEST_SILENCE_SECONDS = 300
FAILS_FOR_DAYS = 3
# At once, and to one receiver. A turn begins nothing new after MAX_SECONDS: the worker has other jobs.
MESSAGES_AT_ONCE = 40
OF_ONE_ENDPOINT = 10
MAX_SECONDS = 4.0
# Well above the time that an attempt may take, with looking up a name.
LOST_AFTER = timedelta(seconds=60)
KEPT_DAYS = 30
PURGED_AT_ONCE = 1_000
NO_ANSWER = Sent(None, "no answer in time", round(DEADLINE_SECONDS * 1000))


@dataclass(frozen=True, slots=True)
class Brought:
    """What one turn did: messages that were taken in, and attempts that failed."""

    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Taken:
    id: int
    endpoint_id: int
    attempt: int
    # Names whoever has it in hand: a message that was taken anew since has another.
    lost_at: datetime
    url: str
    headers: dict[str, str]
    body: bytes


def bring_messages(
    *, sender: Sender, secret_key: str, should_stop: Callable[[], bool] = lambda: False
) -> Brought:
    """Send what is due, for about MAX_SECONDS and one attempt. Safe to run any number at once."""
    done = failed = 0
    ends_at = time.monotonic() + MAX_SECONDS
    while time.monotonic() < ends_at and not should_stop():
        taken = run_transaction(partial(_take_due, secret_key=secret_key))
        if not taken:
            break
        results = _send(taken, sender)
        run_transaction(partial(_note, taken=taken, results=results))
        good = sum(not result.error for result in results)
        done, failed = done + good, failed + len(taken) - good
    return Brought(done, failed)


def _send(taken: Sequence[_Taken], sender: Sender) -> list[Sent]:
    """All at once; whoever answers nothing in time is not waited for."""
    pool = ThreadPoolExecutor(len(taken), thread_name_prefix="webhook")
    sends = [pool.submit(sender.send, one.url, body=one.body, headers=one.headers) for one in taken]
    wait(sends, timeout=DEADLINE_SECONDS + 5)
    # What hangs, as looking up a name may, ends by itself; what it was about is tried again.
    pool.shutdown(wait=False, cancel_futures=True)
    return [send.result() if send.done() and not send.cancelled() else NO_ANSWER for send in sends]


def _take_due(session: Session, *, secret_key: str) -> list[_Taken]:
    rows = session.execute(
        TAKE_DUE,
        {"of_one": OF_ONE_ENDPOINT, "limit": MESSAGES_AT_ONCE, "lost_after": LOST_AFTER},
    ).all()
    taken = []
    for row in rows:
        salts = [row.salt] if row.salt_before is None else [row.salt, row.salt_before]
        body = row.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"seatbook/{__version__}",
            **signed_headers(
                row.message_id,
                at=int(row.now.timestamp()),
                body=body,
                secrets=[secret_of(bytes(salt), secret_key=secret_key) for salt in salts],
            ),
        }
        taken.append(_Taken(row.id, row.endpoint_id, row.attempts, row.lost_at, row.url, headers, body))
    return taken


def _note(session: Session, *, taken: Sequence[_Taken], results: Sequence[Sent]) -> None:
    """Write down what became of these, unless somebody took them anew meanwhile; then how their receivers do."""
    pairs = sorted(zip(taken, results, strict=True), key=lambda pair: (pair[0].endpoint_id, pair[0].id))
    for endpoint_id in dict.fromkeys(one.endpoint_id for one, _ in pairs):
        is_good = any(not result.error for one, result in pairs if one.endpoint_id == endpoint_id)
        _note_endpoint(session, endpoint_id, is_good=is_good)
    for one, result in pairs:
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(one.attempt - 1, 20), LONGEST_PAUSE_SECONDS)
        session.execute(
            NOTE,
            {
                "id": one.id,
                "lost_at": one.lost_at,
                "is_done": not result.error,
                "pause": timedelta(seconds=pause),
                "status": result.status,
                "error": result.error or None,
                "took_ms": result.took_ms,
            },
        )


def _note_endpoint(session: Session, endpoint_id: int, *, is_good: bool) -> None:
    if is_good:
        session.execute(IS_GOOD, {"endpoint": endpoint_id})
        return
    state = session.execute(
        IS_FAILING,
        {
            "endpoint": endpoint_id,
            "first": FIRST_PAUSE_SECONDS,
            "longest": LONGEST_SILENCE_SECONDS,
            "days": timedelta(days=FAILS_FOR_DAYS),
        },
    ).one_or_none()
    if state is not None and state.is_hopeless:
        switch_off(session, endpoint_id, reason="failing")


# A receiver that fails gets one message, the others as many as may be.
TAKE_DUE = text("""
    WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now),
    due AS (
        SELECT due.id
          FROM moment
          CROSS JOIN webhook_endpoint endpoint
          CROSS JOIN LATERAL (
              SELECT delivery.id, delivery.next_attempt_at
                FROM webhook_delivery delivery
               WHERE delivery.endpoint_id = endpoint.id AND delivery.status = 'waiting'
                 AND delivery.next_attempt_at <= moment.now
               ORDER BY delivery.next_attempt_at, delivery.id
               LIMIT CASE WHEN endpoint.failures > 0 THEN 1 ELSE :of_one END
                 FOR NO KEY UPDATE SKIP LOCKED) due
         WHERE endpoint.disabled_at IS NULL AND endpoint.deleted_at IS NULL
           AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= moment.now)
         ORDER BY due.next_attempt_at, due.id
         LIMIT :limit
    )
    UPDATE webhook_delivery delivery
       SET attempts = delivery.attempts + 1, last_attempt_at = moment.now,
           next_attempt_at = moment.now + CAST(:lost_after AS interval)
      FROM due, webhook_endpoint endpoint, moment
     WHERE delivery.id = due.id AND endpoint.id = delivery.endpoint_id
    RETURNING delivery.id, delivery.endpoint_id, delivery.message_id, delivery.body, delivery.attempts,
              delivery.next_attempt_at AS lost_at, endpoint.url, endpoint.salt,
              CASE WHEN endpoint.salt_before_until > moment.now THEN endpoint.salt_before END AS salt_before,
              moment.now
""")
NOTE = text("""
    UPDATE webhook_delivery
       SET status = CASE WHEN :is_done THEN 'done' WHEN clock_timestamp() >= give_up_at THEN 'failed'
                         ELSE 'waiting' END,
           next_attempt_at = CASE WHEN NOT :is_done AND clock_timestamp() < give_up_at
                                  THEN clock_timestamp() + CAST(:pause AS interval) END,
           done_at = CASE WHEN :is_done THEN clock_timestamp() END,
           response_status = :status, last_error = :error, took_ms = :took_ms
     WHERE id = :id AND status = 'waiting' AND next_attempt_at = :lost_at
""")
IS_GOOD = text("""
    UPDATE webhook_endpoint SET failures = 0, failing_since = NULL, paused_until = NULL
     WHERE id = :endpoint AND failures > 0
""")
IS_FAILING = text("""
    UPDATE webhook_endpoint
       SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
           paused_until = clock_timestamp()
                          + make_interval(secs => least(:first * 2.0 ^ least(failures, 20), :longest))
     WHERE id = :endpoint
    RETURNING failing_since < clock_timestamp() - CAST(:days AS interval) AS is_hopeless
""")


def purge_deliveries(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Forget deliveries KEPT_DAYS after they were made, and all of endpoints that were deleted; how many.

    Safe to run any number at once.
    """
    purged = 0
    for some in (FORGET_OLD, FORGET_OF_NOBODY):
        gone = PURGED_AT_ONCE
        while gone == PURGED_AT_ONCE and not should_stop():
            gone = run_transaction(partial(_purge, some=some))
            purged += gone
    run_transaction(lambda session: session.execute(FORGET_ENDPOINTS))
    return purged


def _purge(session: Session, *, some: TextClause) -> int:
    values = {"limit": PURGED_AT_ONCE, "kept": timedelta(days=KEPT_DAYS)}
    return len(session.scalars(some, values).all())


FORGET_OLD = text("""
    DELETE FROM webhook_delivery WHERE id IN (
        SELECT id FROM webhook_delivery WHERE created_at < clock_timestamp() - CAST(:kept AS interval)
         ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id
""")
FORGET_OF_NOBODY = text("""
    DELETE FROM webhook_delivery WHERE id IN (
        SELECT delivery.id FROM webhook_endpoint endpoint
          JOIN webhook_delivery delivery ON delivery.endpoint_id = endpoint.id
         WHERE endpoint.deleted_at IS NOT NULL
         LIMIT :limit FOR UPDATE OF delivery SKIP LOCKED)
    RETURNING id
""")
FORGET_ENDPOINTS = text("""
    DELETE FROM webhook_endpoint endpoint
     WHERE deleted_at < clock_timestamp() - interval '1 minute'
       AND NOT EXISTS (SELECT FROM webhook_delivery WHERE endpoint_id = endpoint.id)
""")
