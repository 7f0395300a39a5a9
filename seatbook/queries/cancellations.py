"""How far the cancellation of an event is: its purchases, and the money that goes back for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from seatbook.extensions import db


@dataclass(frozen=True, slots=True)
class CancellationProgress:
    """`done` of `orders` purchases are undone. Of `refunds` for them, `refunds_done` are with the provider and
    `refunds_failed` wait for a person. Times are aware, UTC; amounts in minor units of `currency`."""

    event_id: int
    requested_at: datetime
    requested_by: str | None
    started_at: datetime | None
    finished_at: datetime | None
    orders: int
    done: int
    last_error: str | None
    refunds: int
    refunds_done: int
    refunds_failed: int
    refund_minor: int
    currency: str

    @property
    def is_finished(self) -> bool:
        """Every purchase is undone; money may still be on its way."""
        return self.finished_at is not None


def cancellation_progress(event_id: int) -> CancellationProgress | None:
    """None: nobody has asked for it."""
    row = db.session.execute(PROGRESS, {"event": event_id}).one_or_none()
    return None if row is None else CancellationProgress(**row._mapping)


PROGRESS = text("""
    SELECT wanted.event_id, wanted.requested_at, account.username AS requested_by, wanted.started_at,
           wanted.finished_at, wanted.orders, wanted.done, wanted.last_error,
           back.refunds, back.refunds_done, back.refunds_failed, back.refund_minor, event.currency
      FROM event_cancellation wanted
      JOIN event ON event.id = wanted.event_id
      LEFT JOIN user_account account ON account.id = wanted.requested_by_user_id
      CROSS JOIN LATERAL (
          SELECT count(*) AS refunds, count(*) FILTER (WHERE status = 'done') AS refunds_done,
                 count(*) FILTER (WHERE status = 'failed') AS refunds_failed,
                 CAST(coalesce(sum(amount_minor), 0) AS bigint) AS refund_minor
            FROM refund WHERE refund.event_id = wanted.event_id AND refund.reason = 'event_cancelled'
      ) AS back
     WHERE wanted.event_id = :event
""")
