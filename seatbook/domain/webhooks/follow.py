"""Reads the logs of places and of payments, and writes a delivery for everyone who asked to hear of it.

Both are followed as `queries/changes.py` explains: by (xid, id), only up to the
oldest transaction that still runs, so what was written early and committed late is
told when it commits. The cursor and the deliveries are written in one transaction:
a follower that dies has done all of it or nothing.

For those who sell it costs nothing. The log of places is read by the index that it has,
event by event. And one follower is kept from another by an advisory lock, not by a
row's: so its transaction gets a number only when it writes, at its end, and open pages,
which wait for the oldest transaction that has one, hardly wait for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from seatbook.domain.transaction import run_transaction
from seatbook.domain.webhooks.messages import Message, of_payment_steps, of_seat_changes
from seatbook.domain.webhooks.switch_off import switch_off
from seatbook.domain.webhooks.types import TRIED_FOR, is_subscribed
from seatbook.models import WebhookCursor

log = logging.getLogger(__name__)

# Lines of each log that one transaction reads, and how long one turn goes on.
LINES_AT_ONCE = 500
MAX_SECONDS = 5.0
# Who lets more than this wait is told nothing more, until somebody looks after it.
MOST_WAITING = 20_000

Place = tuple[int, int]
NOWHERE: Place = (0, 0)
Line = Row[*tuple[Any, ...]]


def follow_logs(*, limit: int = LINES_AT_ONCE, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Write deliveries for all that happened since the last turn; how many. Safe to run any number at once."""
    written, ends_at = 0, time.monotonic() + MAX_SECONDS
    is_more = True
    while is_more and not should_stop() and time.monotonic() < ends_at:
        added, is_more = run_transaction(lambda session: _follow(session, limit=limit))
        written += added
    return written


def _follow(session: Session, *, limit: int) -> tuple[int, bool]:
    """One step of one follower: (deliveries written, whether there is more to read)."""
    if not session.scalar(ONLY_ONE):
        return 0, False
    cursor = session.execute(select(*WebhookCursor.__table__.columns)).one_or_none()
    places = steps = NOWHERE
    if cursor is not None:
        places, steps = (cursor.seat_xid, cursor.seat_change_id), (cursor.step_xid, cursor.payment_step_id)
    # An endpoint that is not seen here is not there yet, and hears only of what commits after it is.
    first = session.execute(WHERE_TO_BEGIN).one()
    xmin = int(first.xmin)
    if max(places, steps)[0] > xmin:
        log.warning("Webhooks begin anew: the place in the log is not of this database, as after a restore")
        session.execute(FORGET_PLACES)
        places = steps = NOWHERE
        first = session.execute(WHERE_TO_BEGIN).one()
    if first.from_xid is None:
        _note(session, (xmin, 0), (xmin, 0))
        return 0, False
    begin = (int(first.from_xid), 0)
    change_lines, places, more_changes = _read(session, SEAT_CHANGES, max(places, begin), limit=limit)
    step_lines, steps, more_steps = _read(session, PAYMENT_STEPS, max(steps, begin), limit=limit)
    messages = [*of_seat_changes(session, change_lines), *of_payment_steps(session, step_lines)]
    added = _write(session, messages)
    _note(session, places, steps)
    return added, more_changes or more_steps


def _read(session: Session, lines_after: Any, place: Place, *, limit: int) -> tuple[list[Line], Place, bool]:
    """The next lines, whole transactions as long as one fits; the place after them; whether there are more."""
    xid, line_id = place
    rows = session.execute(lines_after, {"xid": str(xid), "id": line_id, "limit": limit}).all()
    lines = [row for row in rows if row.id is not None]
    if len(lines) < limit:
        return lines, max(place, (int(rows[0].xmin), 0)), False
    last = lines[-1].xid
    whole = [line for line in lines if line.xid != last] or lines
    return whole, (int(whole[-1].xid), whole[-1].id), True


def _write(session: Session, messages: Sequence[Message]) -> int:
    if not messages:
        return 0
    added = 0
    # Read after the lines: whoever is not there yet came after all that they tell of.
    for endpoint in session.execute(LISTENING).all():
        heard = [
            message
            for message in messages
            if message.xid >= int(endpoint.from_xid) and is_subscribed(endpoint.types, message.type)
        ]
        if not heard:
            continue
        if endpoint.waiting >= MOST_WAITING:
            switch_off(session, endpoint.id, reason="too_many")
            continue
        added += len(
            session.scalars(
                ADD_DELIVERIES,
                {
                    "endpoint": endpoint.id,
                    "messages": [message.id for message in heard],
                    "types": [message.type for message in heard],
                    "bodies": [message.body for message in heard],
                    "tried_for": TRIED_FOR,
                },
            ).all()
        )
    return added


def _note(session: Session, places: Place, steps: Place) -> None:
    session.execute(
        NOTE,
        {"seat_xid": str(places[0]), "change": places[1], "step_xid": str(steps[0]), "step": steps[1]},
    )


# The number means nothing, and is nobody else's in this program.
ONLY_ONE = text("SELECT pg_try_advisory_xact_lock(7302190411)")
# Aggregates over xid8 are not in every PostgreSQL that we run on.
WHERE_TO_BEGIN = text("""
    SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS xmin,
           (SELECT CAST(from_xid AS text) FROM webhook_endpoint
             WHERE disabled_at IS NULL AND deleted_at IS NULL
             ORDER BY webhook_endpoint.from_xid LIMIT 1) AS from_xid
""")
FORGET_PLACES = text("""
    UPDATE webhook_endpoint SET from_xid = pg_snapshot_xmin(pg_current_snapshot())
     WHERE from_xid > pg_snapshot_xmin(pg_current_snapshot())
""")
_AFTER = "(line.xid, line.id) > (CAST(CAST(:xid AS text) AS xid8), :id) AND line.xid < moment.xmin"
_SEAT_CHANGES = """
    WITH moment AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin)
    SELECT CAST(moment.xmin AS text) AS xmin, line.*
      FROM moment
      LEFT JOIN LATERAL (
          SELECT line.*
            FROM event
            CROSS JOIN LATERAL (
                SELECT line.event_id, line.xid, line.id, line.at, line.seat_id, line.from_status, line.to_status,
                       line.reason, line.reservation_id
                  FROM seat_change line
                 WHERE line.event_id = event.id AND {after}
                 ORDER BY line.xid, line.id
                 LIMIT :limit) line
           ORDER BY line.xid, line.id
           LIMIT :limit) line ON true
     ORDER BY line.xid, line.id
"""
SEAT_CHANGES = text(_SEAT_CHANGES.format(after=_AFTER, most=MOST_WAITING))
_PAYMENT_STEPS = """
    WITH moment AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin)
    SELECT CAST(moment.xmin AS text) AS xmin, line.*
      FROM moment
      LEFT JOIN LATERAL (
          SELECT line.event_id, line.xid, line.id, line.at, line.payment_id, line.step, line.reason
            FROM payment_step line
           WHERE {after}
           ORDER BY line.xid, line.id
           LIMIT :limit) line ON true
     ORDER BY line.xid, line.id
"""
PAYMENT_STEPS = text(_PAYMENT_STEPS.format(after=_AFTER, most=MOST_WAITING))
_LISTENING = """
    SELECT id, types, CAST(from_xid AS text) AS from_xid,
           (SELECT count(*) FROM (SELECT FROM webhook_delivery
                                   WHERE endpoint_id = webhook_endpoint.id AND status = 'waiting'
                                   LIMIT {most}) waiting) AS waiting
      FROM webhook_endpoint
     WHERE disabled_at IS NULL AND deleted_at IS NULL
     ORDER BY id
"""
LISTENING = text(_LISTENING.format(after=_AFTER, most=MOST_WAITING))
ADD_DELIVERIES = text("""
    INSERT INTO webhook_delivery (endpoint_id, message_id, type, body, give_up_at)
    SELECT :endpoint, message.id, message.type, message.body, clock_timestamp() + CAST(:tried_for AS interval)
      FROM unnest(CAST(:messages AS text[]), CAST(:types AS text[]), CAST(:bodies AS text[]))
           WITH ORDINALITY AS message(id, type, body, nth)
     ORDER BY nth
    ON CONFLICT (endpoint_id, message_id) DO NOTHING
    RETURNING id
""")
NOTE = text("""
    INSERT INTO webhook_cursor (id, seat_xid, seat_change_id, step_xid, payment_step_id)
    VALUES (1, CAST(CAST(:seat_xid AS text) AS xid8), :change, CAST(CAST(:step_xid AS text) AS xid8), :step)
    ON CONFLICT (id) DO UPDATE
       SET seat_xid = excluded.seat_xid, seat_change_id = excluded.seat_change_id,
           step_xid = excluded.step_xid, payment_step_id = excluded.payment_step_id
""")
