"""Proves that the books are right: seats, claims, reservations and the log tell one story.

Each check is one statement that finds rows which contradict each other. They
read one moment of the database, so they may run while the box office is open.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from seatbook.errors import NotFound
from seatbook.extensions import db

# Reading whole tables may take longer than a request is allowed to.
STATEMENT_TIMEOUT = "10min"
MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that break one rule: how many, and the first few as "event/id"."""

    rule: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """The verdict over `seats` seats and `changes` log entries; no findings: the books are right."""

    seats: int
    changes: int
    findings: tuple[Finding, ...]


def audit_books(event_id: int | None = None) -> Audit:
    """Check one event, or all of them. Raises NotFound when there is no such event."""
    session = db.session
    session.rollback()
    try:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        session.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
        session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{STATEMENT_TIMEOUT}'"))
        if event_id is not None and not session.execute(text(EXISTS), {"event": event_id}).scalar_one():
            raise NotFound(what=f"event as {event_id}")
        findings = []
        for rule, statement in RULES.items():
            rows = session.execute(text(statement), {"event": event_id}).all()
            if rows:
                examples = tuple(f"{row.event_id}/{row.id}" for row in rows[:MAX_EXAMPLES])
                findings.append(Finding(rule, len(rows), examples))
        seats, changes = session.execute(text(COUNTS), {"event": event_id}).one()
        return Audit(seats, changes, tuple(findings))
    finally:
        session.rollback()


EXISTS = "SELECT EXISTS (SELECT FROM event WHERE id = :event)"

COUNTS = """
    SELECT (SELECT count(*) FROM seat WHERE event_id = coalesce(:event, event_id)),
           (SELECT count(*) FROM seat_change WHERE event_id = coalesce(:event, event_id))
"""

RULES = {
    "A held or reserved seat has one open claim, by the reservation that the seat names.": """
        SELECT seat.event_id, seat.id FROM seat
          LEFT JOIN reservation_seat line
            ON line.event_id = seat.event_id AND line.seat_id = seat.id AND line.ended_at IS NULL
         WHERE seat.event_id = coalesce(:event, seat.event_id)
           AND seat.status IN ('held', 'reserved')
         GROUP BY seat.event_id, seat.id, seat.reservation_id
        HAVING count(line.id) <> 1 OR min(line.reservation_id) <> seat.reservation_id
    """,
    "A free or blocked seat has no open claim.": """
        SELECT seat.event_id, seat.id FROM seat
          JOIN reservation_seat line
            ON line.event_id = seat.event_id AND line.seat_id = seat.id AND line.ended_at IS NULL
         WHERE seat.event_id = coalesce(:event, seat.event_id)
           AND seat.status IN ('available', 'blocked')
    """,
    "A reserved seat is of a confirmed reservation, a held one of an open one that ends at the same instant.": """
        SELECT seat.event_id, seat.id FROM seat
          JOIN reservation ON reservation.event_id = seat.event_id AND reservation.id = seat.reservation_id
         WHERE seat.event_id = coalesce(:event, seat.event_id)
           AND NOT CASE seat.status
               WHEN 'reserved' THEN reservation.status = 'confirmed'
               ELSE reservation.status IN ('held', 'pending') AND reservation.expires_at = seat.held_until END
    """,
    "An open or confirmed reservation has at least one seat, an ended one has none.": """
        SELECT reservation.event_id, reservation.id FROM reservation
         WHERE reservation.event_id = coalesce(:event, reservation.event_id)
           AND (reservation.status IN ('held', 'pending', 'confirmed')) <>
               EXISTS (SELECT FROM reservation_seat line
                        WHERE line.event_id = reservation.event_id AND line.reservation_id = reservation.id
                          AND line.ended_at IS NULL)
    """,
    "A confirmed reservation's total is the sum of its seats' prices.": """
        SELECT reservation.event_id, reservation.id FROM reservation
         WHERE reservation.event_id = coalesce(:event, reservation.event_id)
           AND reservation.status = 'confirmed'
           AND reservation.total_minor IS DISTINCT FROM
               (SELECT sum(line.price_minor) FROM reservation_seat line
                 WHERE line.event_id = reservation.event_id AND line.reservation_id = reservation.id
                   AND line.ended_at IS NULL)
    """,
    "What was paid for a reservation, less what goes back, is what its places cost.": """
        SELECT payment.event_id, payment.id FROM payment
          JOIN reservation ON reservation.event_id = payment.event_id
                          AND reservation.id = payment.settled_reservation_id
         WHERE payment.event_id = coalesce(:event, payment.event_id) AND payment.settlement = 'confirmed'
           AND coalesce(payment.received_minor, payment.amount_minor)
               - (SELECT coalesce(sum(refund.amount_minor), 0) FROM refund
                                        WHERE refund.event_id = payment.event_id
                                          AND refund.payment_id = payment.id)
               IS DISTINCT FROM CASE reservation.status WHEN 'confirmed' THEN reservation.total_minor ELSE 0 END
    """,
    "Money that bought nothing goes back, all of it, and none of what is not decided or not paid.": """
        SELECT payment.event_id, payment.id FROM payment
         WHERE payment.event_id = coalesce(:event, payment.event_id)
           AND payment.settlement IS DISTINCT FROM 'confirmed'
           AND (SELECT coalesce(sum(refund.amount_minor), 0) FROM refund
                 WHERE refund.event_id = payment.event_id AND refund.payment_id = payment.id)
               <> CASE payment.settlement WHEN 'refunded' THEN coalesce(payment.received_minor, payment.amount_minor)
                                         ELSE 0 END
    """,
    "What was bought at an event that is paid online, and costs something, was paid once.": """
        SELECT reservation.event_id, reservation.id FROM reservation
          JOIN event ON event.id = reservation.event_id
         WHERE reservation.event_id = coalesce(:event, reservation.event_id)
           AND event.payment = 'online' AND reservation.status = 'confirmed' AND reservation.total_minor > 0
           AND (SELECT count(*) FROM payment
                 WHERE payment.event_id = reservation.event_id
                   AND payment.settled_reservation_id = reservation.id
                   AND payment.settlement = 'confirmed') <> 1
    """,
    "A code is in no more purchases than it may be.": """
        SELECT code.event_id, code.id FROM discount_code code
          JOIN discount_use used ON used.event_id = code.event_id AND used.discount_code_id = code.id
          JOIN reservation ON reservation.event_id = used.event_id AND reservation.id = used.reservation_id
         WHERE code.event_id = coalesce(:event, code.event_id)
           AND reservation.status IN ('pending', 'confirmed')
         GROUP BY code.event_id, code.id, code.max_uses HAVING count(*) > code.max_uses
    """,
    "No more of a party pay less than come, and one place says who does.": """
        SELECT line.event_id, line.id FROM reservation_seat line
          JOIN (SELECT event_id, reservation_seat_id, sum(people) AS people FROM party_concession
                 WHERE event_id = coalesce(:event, event_id) GROUP BY 1, 2) fewer
            ON fewer.event_id = line.event_id AND fewer.reservation_seat_id = line.id
         WHERE line.concession_id IS NOT NULL OR line.party_size IS NULL OR fewer.people > line.party_size
    """,
    "The log leads, step by step, to each seat's present status.": """
        WITH step AS (
            SELECT event_id, seat_id, from_status, to_status,
                   lag(to_status) OVER seat_log AS before,
                   lead(id) OVER seat_log IS NULL AS is_last
              FROM seat_change
             WHERE event_id = coalesce(:event, event_id)
            WINDOW seat_log AS (PARTITION BY event_id, seat_id ORDER BY id)
        )
        SELECT DISTINCT seat.event_id, seat.id FROM step
          JOIN seat ON seat.event_id = step.event_id AND seat.id = step.seat_id
         WHERE step.before <> step.from_status OR (step.is_last AND step.to_status <> seat.status)
    """,
    "A seat that is not free has an entry in the log.": """
        SELECT seat.event_id, seat.id FROM seat
         WHERE seat.event_id = coalesce(:event, seat.event_id) AND seat.status IN ('held', 'reserved')
           AND NOT EXISTS (SELECT FROM seat_change change
                            WHERE change.event_id = seat.event_id AND change.seat_id = seat.id)
    """,
}
