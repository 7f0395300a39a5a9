"""What somebody at the box office has to look at: payments without a result, and money that found no way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from seatbook.domain.orders import decisions_about
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
    Under review `amount_minor` was due, and `received_minor` of `came_currency` came; `decisions` are those that
    `orders.decide_review` takes about it.
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
    received_minor: int | None = None
    came_currency: str = ""
    decisions: tuple[str, ...] = ()


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
            currency=row.came_currency if row.kind == "refund" else row.currency,
            since=row.since,
            note=row.note or "",
            received_minor=row.received_minor,
            came_currency=row.came_currency,
            decisions=_decisions(row),
        )
        for row in rows
    ]


def _decisions(row: Any) -> tuple[str, ...]:
    if row.kind != "review":
        return ()
    return decisions_about(
        due_minor=row.amount_minor,
        received_minor=row.received_minor,
        is_other_currency=row.why == "other_currency",
    )


def count_open_matters() -> int:
    """How many there are, up to MAX_LISTED. Three small indexes know."""
    return int(db.session.execute(COUNT_MATTERS, {"most": MAX_LISTED}).scalar_one())


COUNT_MATTERS = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM payment WHERE stuck_at IS NOT NULL AND status IN ('open', 'processing')
         UNION ALL
        SELECT 1 FROM payment WHERE settlement = 'review'
         UNION ALL
        SELECT 1 FROM refund WHERE status = 'failed'
         LIMIT :most
    ) AS matter
""")

OPEN_MATTERS = text("""
    WITH matter AS (
        SELECT 'stuck' AS kind, event_id, id AS payment_id, NULL::bigint AS refund_id, amount_minor,
               stuck_at AS since, status AS note, NULL AS why, NULL::bigint AS received_minor
          FROM payment WHERE status IN ('open', 'processing') AND stuck_at IS NOT NULL
         UNION ALL
        SELECT 'review', payment.event_id, payment.id, NULL, payment.amount_minor, payment.paid_at,
               asked.note, asked.reason, payment.received_minor
          FROM payment LEFT JOIN LATERAL (
               SELECT note, reason FROM payment_step step
                WHERE step.event_id = payment.event_id AND step.payment_id = payment.id AND step.step = 'review'
                ORDER BY step.id DESC LIMIT 1) AS asked ON true
         WHERE payment.settlement = 'review'
         UNION ALL
        SELECT 'refund', event_id, payment_id, id, amount_minor, created_at, last_error, NULL, NULL
          FROM refund WHERE status = 'failed'
    )
    SELECT matter.*, payment.provider, payment.currency, reservation.code,
           coalesce(payment.received_currency, payment.currency) AS came_currency
      FROM matter
      JOIN payment ON payment.event_id = matter.event_id AND payment.id = matter.payment_id
      JOIN reservation ON reservation.event_id = payment.event_id AND reservation.id = payment.reservation_id
     WHERE matter.event_id = coalesce(:event, matter.event_id)
     ORDER BY since LIMIT :most
""")
