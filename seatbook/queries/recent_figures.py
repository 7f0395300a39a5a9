"""How many places events have left, without counting the halls again in which nothing happened.

A count is kept together with the moment at which it was made. It is still true while the event's log
has nothing at or after that moment's `xmin`, and no hold ended since: one statement asks that for all
events of a list. What the log does not tell, such as seats that a new plan brings, is seen after half a minute.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text

from seatbook.extensions import db
from seatbook.queries.figures import NOBODY, Figures, figures_of_events
from seatbook.queries.moment import read_moment

MAX_KEPT = 5_000
# A count that nothing in the log contradicts is made again after this.
COUNT_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Count:
    figures: Figures
    xmin: int
    at: datetime
    counted: float


_kept: WeakKeyDictionary[Engine, dict[int, _Count]] = WeakKeyDictionary()
_lock = Lock()


def recent_figures(event_ids: Collection[int]) -> dict[int, Figures]:
    """Figures by event id, true at this moment as far as the log knows. Two statements; one more where
    something happened."""
    with _lock:
        kept = _kept.setdefault(db.engine, {})
    oldest = time.monotonic() - COUNT_AGAIN_SECONDS
    known = {i: count for i in event_ids if (count := kept.get(i)) is not None and count.counted > oldest}
    for event_id in _changed(known):
        del known[event_id]
    missing = [event_id for event_id in event_ids if event_id not in known]
    if missing:
        moment = read_moment()
        counted = figures_of_events(missing)
        for event_id in missing:
            figures = counted.get(event_id, NOBODY)
            known[event_id] = _Count(figures, moment.xmin, moment.now, time.monotonic())
        with _lock:
            if len(kept) > MAX_KEPT:
                kept.clear()
            kept.update((event_id, known[event_id]) for event_id in missing)
    return {event_id: count.figures for event_id, count in known.items()}


CHANGED = text("""
    SELECT seen.event_id
      FROM unnest(CAST(:ids AS bigint[]), CAST(:xmins AS text[]), CAST(:ats AS timestamptz[]))
           AS seen (event_id, xmin, at)
     WHERE EXISTS (SELECT FROM seat_change c
                    WHERE c.event_id = seen.event_id AND c.xid >= CAST(seen.xmin AS xid8))
        OR EXISTS (SELECT FROM seat s
                    WHERE s.event_id = seen.event_id AND s.status = 'held'
                      AND s.held_until > seen.at AND s.held_until <= statement_timestamp())
""")


def _changed(known: dict[int, _Count]) -> list[int]:
    if not known:
        return []
    return list(
        db.session.scalars(
            CHANGED,
            {
                "ids": list(known),
                "xmins": [str(count.xmin) for count in known.values()],
                "ats": [count.at for count in known.values()],
            },
        )
    )
