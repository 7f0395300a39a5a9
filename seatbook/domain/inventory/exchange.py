"""Other seats instead of some of those one holds, such as the better choice that a refusal offered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.hold import HoldResult, LapsedHold, hold_locked, with_own_lapsed_hold_closed
from seatbook.domain.inventory.release import release_locked
from seatbook.domain.inventory.rows import checked_ids, lock_named


def exchange_seats(
    event_id: int, *, give_back: Sequence[int], take: Sequence[int], holder: HolderRef
) -> HoldResult:
    """Give some held seats back and hold others, in one transaction: all of it or nothing.

    The rules judge what the holder has afterwards. A seat in both lists is kept. Whoever gives all
    back begins a new hold with a new end. Raises what `hold_seats` and `release_seats` raise.
    """
    taken = checked_ids(take)
    given = sorted(set(checked_ids(give_back)) - set(taken))

    def act(session: Session) -> HoldResult | LapsedHold:
        seats = lock_named(session, event_id, [*given, *taken])
        release_locked(
            session, event_id, seats=[seat for seat in seats if seat.id in set(given)], holder=holder
        )
        return hold_locked(
            session, event_id, seats=[seat for seat in seats if seat.id in set(taken)], holder=holder
        )

    return with_own_lapsed_hold_closed(act)
