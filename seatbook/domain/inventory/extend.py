"""More time to choose, within a limit: nobody holds for ever."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, select, text
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import note_changed
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory.hold import HoldResult
from seatbook.domain.inventory.rows import clock, lock_reservations, lock_seats, open_hold_of
from seatbook.domain.transaction import run_transaction
from seatbook.errors import HoldExpired, NotFound
from seatbook.models import Event, Reservation, Seat


def extend_hold(event_id: int, *, holder: HolderRef) -> HoldResult:
    """The holder's open hold lasts another `hold_ttl` from now, but ends `hold_cap_seconds` after its beginning.

    It never ends earlier than before; once the cap is reached, asking changes nothing. Raises HoldExpired, NotFound.
    """

    def act(session: Session) -> HoldResult:
        own_hold = open_hold_of(event_id, holder.holder_id).scalar_subquery()
        seats = lock_seats(session, event_id, and_(Seat.status == "held", Seat.reservation_id == own_hold))
        if not seats:
            raise NotFound(what="reservation")
        (reservation,) = lock_reservations(session, event_id, {seats[0].reservation_id}).values()
        now = clock(session)
        if reservation.status != "held" or reservation.expires_at <= now:
            raise HoldExpired(expired_at=reservation.expires_at.isoformat())
        begun_at, ttl, cap = session.execute(
            select(Reservation.created_at, Event.hold_ttl_seconds, Event.hold_cap_seconds)
            .join(Event, Event.id == Reservation.event_id)
            .where(Reservation.event_id == event_id, Reservation.id == reservation.id)
        ).one()
        latest = min(now + timedelta(seconds=ttl), begun_at + timedelta(seconds=cap))
        end = max(reservation.expires_at, latest)
        note_changed(session, [event_id])
        # Also a seat that another window added between our two locks: all of a hold have one end.
        session.execute(EXTEND, {"event": event_id, "reservation": reservation.id, "end": end})
        return HoldResult(
            event_id=event_id,
            reservation_id=reservation.id,
            seat_ids=tuple(seat.id for seat in seats),
            expires_at=end,
            seconds_left=(end - now).total_seconds(),
        )

    return run_transaction(act)


EXTEND = text("""
    WITH longer AS (
        UPDATE reservation SET expires_at = :end WHERE event_id = :event AND id = :reservation
    )
    UPDATE seat SET held_until = :end
     WHERE event_id = :event AND reservation_id = :reservation AND status = 'held'
""")
