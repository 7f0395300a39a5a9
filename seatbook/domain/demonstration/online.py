"""Places that were paid online before: a crowd's purchases get their payments all at once, a user's one by one.

A purchase by the acts that everybody uses is a conversation with the provider.
A thousand of them would take longer than anybody waits for a demonstration, so
the crowd buys first, and its payments are written after it; what is true in the
end is the same, and `flask audit` proves it.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from seatbook.domain.holders import HolderRef
from seatbook.domain.orders import ask_payment, begin_checkout
from seatbook.domain.reference import format_reference
from seatbook.domain.transaction import run_transaction
from seatbook.payments import Charge
from seatbook.payments.sandbox import Sandbox
from seatbook.payments.till import Till


def sandbox_till(till: Till) -> Till:
    """The demonstration's money is the sandbox's, whoever takes that of other events."""
    return Till(online=till.of(Sandbox.name), others=till.others)


def pay_online_from_now_on(event_id: int, *, till: Till) -> int:
    """The event is paid online, and so was all that was bought of it; how many purchases."""
    charges = run_transaction(lambda session: _write_payments(session, event_id))
    sandbox = till.online
    if isinstance(sandbox, Sandbox):
        names = sandbox.note_paid_before(charges)
        run_transaction(lambda session: _name_sessions(session, event_id, charges, names))
    return len(charges)


def buy_online(event_id: int, *, reservation_id: int, holder: HolderRef, till: Till) -> None:
    """Pay for a basket as a buyer does."""
    begun = begin_checkout(event_id, reservation_id=reservation_id, holder=holder, till=till)
    if begun.payment_id is None or begun.pay_url is None or not isinstance(till.online, Sandbox):
        return
    till.online.decide(begun.pay_url.rsplit("/", 1)[1], becomes="paid", copies=0)
    ask_payment(event_id, payment_id=begun.payment_id, till=till)


def _write_payments(session: Session, event_id: int) -> list[Charge]:
    rows = session.execute(WRITE_PAYMENTS, {"event": event_id, "provider": Sandbox.name}).all()
    session.execute(WRITE_STEPS, {"event": event_id, "provider": Sandbox.name})
    return [
        Charge(
            event_id=event_id,
            payment_id=row.id,
            amount_minor=row.amount_minor,
            currency=row.currency,
            description=format_reference(event_id, row.code),
            seconds=0.0,
            return_url="",
        )
        for row in rows
    ]


WRITE_PAYMENTS = text("""
    WITH online AS (
        UPDATE event SET payment = 'online' WHERE id = :event RETURNING currency
    ), paid AS (
        INSERT INTO payment (event_id, reservation_id, provider, amount_minor, currency, status, created_at,
                             due_at, paid_at, settlement, settled_reservation_id)
        SELECT bought.event_id, bought.id, :provider, bought.total_minor, online.currency, 'paid',
               bought.created_at, bought.confirmed_at, bought.confirmed_at, 'confirmed', bought.id
          FROM reservation bought CROSS JOIN online
         WHERE bought.event_id = :event AND bought.status = 'confirmed' AND bought.total_minor > 0
        RETURNING id, reservation_id, amount_minor, currency
    )
    SELECT paid.id, paid.amount_minor, paid.currency, bought.code
      FROM paid JOIN reservation bought ON bought.event_id = :event AND bought.id = paid.reservation_id
     ORDER BY paid.id
""")
WRITE_STEPS = text("""
    INSERT INTO payment_step (event_id, payment_id, at, step, reason)
    SELECT event_id, id, paid_at, step, reason
      FROM payment CROSS JOIN (VALUES (1, 'begun', :provider), (2, 'paid', ''), (3, 'confirmed', 'in_time'))
           AS said(place, step, reason)
     WHERE event_id = :event
     ORDER BY id, place
""")


def _name_sessions(session: Session, event_id: int, charges: list[Charge], names: dict[str, str]) -> None:
    session.execute(
        NAME_SESSIONS,
        {
            "event": event_id,
            "payments": [charge.payment_id for charge in charges],
            "refs": [names[charge.key] for charge in charges],
        },
    )


NAME_SESSIONS = text("""
    UPDATE payment SET provider_ref = said.ref
      FROM unnest(CAST(:payments AS bigint[]), CAST(:refs AS text[])) AS said(id, ref)
     WHERE payment.event_id = :event AND payment.id = said.id
""")
