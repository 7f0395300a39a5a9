"""What tests about money share: buyers on their way, a provider with faults, and time that ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as OurSession

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_seats
from seatbook.domain.inventory.checkout import lock_checkout
from seatbook.domain.orders import BegunCheckout, Till, begin_checkout
from seatbook.domain.transaction import run_transaction
from seatbook.extensions import db
from seatbook.models import Payment, PaymentStep, Refund, Reservation, SandboxSession, Seat
from seatbook.payments import Answer, Charge, Notice, ProviderAway, Receipt, Session
from seatbook.payments.counter import Counter
from seatbook.payments.sandbox import Message, Sandbox
from tests.factories import Hall, make_event

T = TypeVar("T")

SECRET = "what the sandbox signs with"


@dataclass
class Moody:
    """The sandbox behind a bad line. `faults` names calls that fail: "look" is never heard, "look!" is
    done, and its answer is lost. `kills` does the same to the process that asks. `during` is called in the
    middle of each call."""

    sandbox: Sandbox = field(default_factory=lambda: Sandbox(secret=SECRET))
    faults: set[str] = field(default_factory=set)
    kills: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    during: Callable[[str], None] = lambda call: None
    name: str = "sandbox"

    def open_session(self, charge: Charge) -> Session:
        return self._through("open_session", lambda: self.sandbox.open_session(charge))

    def look(self, session_ref: str) -> Answer:
        return self._through("look", lambda: self.sandbox.look(session_ref))

    def end_session(self, session_ref: str) -> Answer:
        return self._through("end_session", lambda: self.sandbox.end_session(session_ref))

    def refund(self, session_ref: str, *, amount_minor: int, key: str) -> Receipt:
        return self._through(
            "refund", lambda: self.sandbox.refund(session_ref, amount_minor=amount_minor, key=key)
        )

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        return self.sandbox.read_notice(body, headers)

    def _through(self, call: str, do: Callable[[], T]) -> T:
        # A provider takes its time: nothing of ours may be open or locked meanwhile.
        assert not db.session().in_transaction(), f"{call} was called inside a transaction"
        self.calls.append(call)
        self.during(call)
        if call in self.kills:
            raise KeyboardInterrupt
        if call in self.faults:
            raise ProviderAway("no answer")
        done = do()
        if f"{call}!" in self.kills:
            raise KeyboardInterrupt
        if f"{call}!" in self.faults:
            raise ProviderAway("the answer was lost")
        return done


def make_till() -> Till:
    return Till(online=Moody(), others={"counter": Counter()})


def moody(till: Till) -> Moody:
    assert isinstance(till.online, Moody)
    return till.online


def make_online_event(*, seats: int = 4, **fields: Any) -> Hall:
    """An event of which every place is paid online."""
    return make_event(seats=seats, **{"payment": "online", **fields})


def go_to_checkout(
    hall: Hall, *, holder: HolderRef, till: Till, places: Sequence[int] = (0,)
) -> BegunCheckout:
    """Hold these seats of the hall, and begin to pay for them."""
    seat_ids = [hall.seat_ids[place] for place in places]
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
    return begin_checkout(hall.event_id, reservation_id=held.reservation_id, holder=holder, till=till)


def pay(till: Till, begun: BegunCheckout, *, becomes: str = "paid", **how: Any) -> Answer:
    """What the buyer does on the sandbox's page."""
    return moody(till).sandbox.decide(session_ref(begun), becomes=becomes, **how)


def session_ref(begun: BegunCheckout) -> str:
    assert begun.payment_id is not None
    ref: str = payment_row(begun).provider_ref
    return ref


def messages(till: Till) -> list[Message]:
    """The notices that are due now, taken out of the post."""
    taken = []
    while message := moody(till).sandbox.next_message():
        taken.append(message)
    return taken


def let_deadline_pass(begun: BegunCheckout, *, grace_too: bool = False) -> None:
    """Move the buyer's deadline a second into the past; `grace_too`: also the time to wait for the provider."""
    run_transaction(partial(_move_deadline, begun=begun, grace_too=grace_too))


def _move_deadline(session: OurSession, *, begun: BegunCheckout, grace_too: bool) -> None:
    event_id, reservation_id = begun.event_id, begun.reservation_id
    # In the order of everybody's locks, so that it may happen in the middle of anything.
    reservation = lock_checkout(session, event_id, reservation_id=reservation_id).reservation
    of_reservation = (Payment.event_id == event_id, Payment.reservation_id == reservation_id)
    statuses = session.scalars(
        select(Payment.status).where(*of_reservation).order_by(Payment.id).with_for_update(key_share=True)
    ).all()
    past = func.statement_timestamp() - timedelta(seconds=1)
    session.execute(update(Payment).where(*of_reservation).values(due_at=func.least(Payment.due_at, past)))
    is_to_be_asked = Payment.next_ask_at.is_not(None)
    session.execute(update(Payment).where(*of_reservation, is_to_be_asked).values(next_ask_at=past))
    if reservation.status != "pending":
        return
    values: dict[str, Any] = {"payment_due_at": func.least(Reservation.payment_due_at, past)}
    # With no payment under way the deadline is the end.
    if grace_too or not {"open", "processing"} & set(statuses):
        values["expires_at"] = past
    of_event = (Reservation.event_id == event_id, Reservation.id == reservation_id)
    session.execute(update(Reservation).where(*of_event).values(values))
    end = select(Reservation.expires_at).where(*of_event).scalar_subquery()
    session.execute(
        update(Seat)
        .where(Seat.event_id == event_id, Seat.reservation_id == reservation_id, Seat.status == "held")
        .values(held_until=end)
    )


def let_processing_end(begun: BegunCheckout) -> None:
    """What the sandbox is slow about is decided a second ago."""
    past = func.statement_timestamp() - timedelta(seconds=1)
    db.session.execute(
        update(SandboxSession).where(SandboxSession.ref == session_ref(begun)).values(settles_at=past)
    )
    db.session.commit()


def ask_again_now() -> None:
    """Whoever waits for their next question is asked now."""
    past = func.statement_timestamp() - timedelta(seconds=1)
    db.session.execute(
        update(Payment)
        .where(Payment.next_ask_at.is_not(None), Payment.due_at <= past)
        .values(next_ask_at=past)
    )
    db.session.execute(update(Refund).where(Refund.status == "due").values(next_attempt_at=past))
    db.session.commit()


def payment_row(begun: BegunCheckout) -> Any:
    """The payment as the table has it now."""
    db.session.rollback()
    return db.session.execute(
        select(*Payment.__table__.columns).where(
            Payment.event_id == begun.event_id, Payment.id == begun.payment_id
        )
    ).one()


def payments_of(hall: Hall) -> list[Any]:
    db.session.rollback()
    return list(
        db.session.execute(
            select(*Payment.__table__.columns).where(Payment.event_id == hall.event_id).order_by(Payment.id)
        )
    )


def refunds_of(hall: Hall) -> list[tuple[int, str, str]]:
    """(amount, reason, status) of every refund of the event, oldest first."""
    db.session.rollback()
    rows = db.session.execute(
        select(Refund.amount_minor, Refund.reason, Refund.status)
        .where(Refund.event_id == hall.event_id)
        .order_by(Refund.id)
    )
    return [(row.amount_minor, row.reason, row.status) for row in rows]


def refund_ids_of(hall: Hall) -> list[int]:
    """The event's refunds, oldest first."""
    db.session.rollback()
    return list(
        db.session.scalars(select(Refund.id).where(Refund.event_id == hall.event_id).order_by(Refund.id))
    )


def steps_of(begun: BegunCheckout) -> list[tuple[str, str]]:
    """(step, reason) of everything that happened to a payment, in its order."""
    db.session.rollback()
    rows = db.session.execute(
        select(PaymentStep.step, PaymentStep.reason)
        .where(PaymentStep.event_id == begun.event_id, PaymentStep.payment_id == begun.payment_id)
        .order_by(PaymentStep.id)
    )
    return [(row.step, row.reason) for row in rows]


def sandbox_balance() -> int:
    """What the sandbox took for us, less what it gave back."""
    db.session.rollback()
    paid = db.session.scalar(
        select(func.coalesce(func.sum(SandboxSession.amount_minor), 0)).where(SandboxSession.status == "paid")
    )
    refunded = db.session.scalar(select(func.coalesce(func.sum(SandboxSession.refunded_minor), 0)))
    return int(paid or 0) - int(refunded or 0)
