"""Which events' places a transaction changes: noted within it, and told to others once it is committed.

An act only notes. Whoever tells, over whatever wire, takes the notes after the
commit (`live/announce.py`), so that no act waits for anything but the database.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

_NOTES = "seatbook changed events"


def note_changed(session: Session, event_ids: Iterable[int]) -> None:
    """Remember, in the open transaction, that places of these events change."""
    session.info.setdefault(_NOTES, set()).update(event_ids)


def take_changed(session: Session) -> frozenset[int]:
    """The events noted since the last look; the notes are gone then. For the end of a transaction."""
    return frozenset(session.info.pop(_NOTES, ()))
