"""What somebody at the box office has to look at: payments without a result, and money that found no way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from seatbook.domain.reference import format_reference
from seatbook.extensions import db

MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """One matter for a person. `kind`:

    stuck       the provider has no result, and the time to wait is over; its places are free
    review      money came that was not what was asked for; nothing was sold for it
    refund      the provider refuses to give this back: pay it out, then note it

    `since` is aware, UTC; `amount_minor` in minor units of `currency`; `note` is for staff, as the provider said it.
    """

    kind: str
    event_id: int
    payment_id: int
    refund_id: int | None
    reference: str
    provider: str
    amount_minor: int
    currency: str
    since: datetime
    note: str


def open_matters(event_id: int | None = None) -> list[OpenMatter]:
    """Of one event or of all, the oldest first."""
    rows = db.session.execute(OPEN_MATTERS, {"event": event_id, "most": MAX_LISTED})
    return [
        OpenMatter(
            kind=row.kind,
            event_id=row.event_id,
            payment_id=row.payment_id,
            refund_id=row.refund_id,
            reference=format_reference(row.event_id, row.code),
            provider=row.provider,
            amount_minor=row.amount_minor,
            currency=row.currency,
            since=row.since,
            note=row.note or "",
        )
        for row in rows
    ]


OPEN_MATTERS = text("""
    WITH matter AS (
        SELECT 'stuck' AS kind, event_id, id AS payment_id, NULL::bigint AS refund_id, amount_minor,
               stuck_at AS since, status AS note
          FROM payment WHERE status IN ('open', 'processing') AND stuck_at IS NOT NULL
         UNION ALL
        SELECT 'review', event_id, id, NULL, amount_minor, paid_at,
               (SELECT note FROM payment_step step
                 WHERE step.event_id = payment.event_id AND step.payment_id = payment.id AND step.step = 'review'
                 ORDER BY step.id DESC LIMIT 1)
          FROM payment WHERE settlement = 'review'
         UNION ALL
        SELECT 'refund', event_id, payment_id, id, amount_minor, created_at, last_error
          FROM refund WHERE status = 'failed'
    )
    SELECT matter.*, payment.provider, payment.currency, reservation.code
      FROM matter
      JOIN payment ON payment.event_id = matter.event_id AND payment.id = matter.payment_id
      JOIN reservation ON reservation.event_id = payment.event_id AND reservation.id = payment.reservation_id
     WHERE matter.event_id = coalesce(:event, matter.event_id)
     ORDER BY since LIMIT :most
""")
