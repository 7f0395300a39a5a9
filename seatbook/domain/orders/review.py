"""Money that was not what was asked for: a person decides what it buys.

    accept              less came, and the places are sold for it; or nothing is known to be wrong with it
    refund_difference   more came: the places are sold, and what is too much goes back
    refund_all          nothing is sold, and all of it goes back

Until then nothing is sold, and the places are kept no longer than the buyer's
deadline; after it they are sold only where they are still free.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from seatbook.domain.inventory.checkout import (
    Checkout,
    buy,
    give_back,
    lock_checkout,
    sell_again,
    why_not_again,
)
from seatbook.domain.inventory.rows import checked_id
from seatbook.domain.letters import tell_returned
from seatbook.domain.orders.rows import (
    PaymentRow,
    change_payment,
    currency_that_came,
    find_payment,
    holder_of_reservation,
    lock_payment,
    note_step,
    owe_refund,
)
from seatbook.domain.orders.settle import PaymentState, state_of, terms_of, why_not_for_sale
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, InvalidInput, SaleClosed, WrongState
from seatbook.models import PaymentStep

DECISIONS = ("accept", "refund_difference", "refund_all")


def decisions_about(
    *, due_minor: int, received_minor: int | None, is_other_currency: bool
) -> tuple[str, ...]:
    """What may be decided about money under review, the likeliest first."""
    if is_other_currency:
        return ("refund_all",)
    if received_minor is not None and received_minor > due_minor:
        return "refund_difference", "refund_all"
    return "accept", "refund_all"


def decide_review(
    event_id: int, *, payment_id: int, decision: str, actor_user_id: int | None, note: str = ""
) -> PaymentState:
    """Decide about a payment whose settlement is `review`, with a record of who did and why. `decision`: one of
    `decisions_about` it.

    Safe to repeat: what is decided stays, and is answered. Raises SeatsTaken, TooManySeats or CodeRefused (the
    places cannot be sold any more: give the money back), SaleClosed, WrongState (it was never under review),
    InvalidInput (no such decision here), NotFound.
    """
    return run_transaction(
        partial(
            _decide,
            event_id=event_id,
            payment_id=checked_id(payment_id),
            decision=decision,
            actor=actor_user_id,
            note=note,
        )
    )


def _decide(
    session: Session, *, event_id: int, payment_id: int, decision: str, actor: int | None, note: str
) -> PaymentState:
    found = find_payment(session, event_id, payment_id)
    checkout = lock_checkout(session, event_id, reservation_id=found.reservation_id)
    payment = lock_payment(session, event_id, payment_id)
    why = _why_under_review(session, payment)
    if why is None:
        raise WrongState(state=payment.status)
    if payment.settlement != "review":
        return state_of(payment)
    possible = decisions_about(
        due_minor=payment.amount_minor,
        received_minor=payment.received_minor,
        is_other_currency=why == "other_currency",
    )
    if decision not in possible:
        raise InvalidInput(field="decision", reason=N_("That cannot be decided about this payment."))
    if decision == "refund_all":
        _refund_all(session, checkout, payment, actor=actor, note=note)
    else:
        _sell(session, checkout, payment, decision=decision, actor=actor, note=note)
    return state_of(find_payment(session, event_id, payment_id))


def _why_under_review(session: Session, payment: PaymentRow) -> str | None:
    """The reason that it was given to a person with; None: it never was."""
    return session.scalar(
        select(PaymentStep.reason).where(
            PaymentStep.event_id == payment.event_id,
            PaymentStep.payment_id == payment.id,
            PaymentStep.step == "review",
        )
    )


def _refund_all(
    session: Session, checkout: Checkout, payment: PaymentRow, *, actor: int | None, note: str
) -> None:
    change_payment(session, payment, settlement="refunded")
    came = payment.received_minor or payment.amount_minor
    owe_refund(session, payment, amount_minor=came, reason="review_refund_all", actor=actor, note=note)
    tell_returned(
        session,
        payment.event_id,
        payment.reservation_id,
        payment_id=payment.id,
        paid_minor=came,
        currency=currency_that_came(payment),
        reason="review_refund_all",
    )
    is_over = checkout.reservation.expires_at is None or checkout.reservation.expires_at <= checkout.now
    give_back(session, checkout, by_time=is_over, actor=actor)


def _sell(
    session: Session,
    checkout: Checkout,
    payment: PaymentRow,
    *,
    decision: str,
    actor: int | None,
    note: str,
) -> None:
    _refuse_what_is_not_for_sale(session, checkout)
    buyer = holder_of_reservation(session, checkout.reservation)
    came = payment.received_minor or payment.amount_minor
    if checkout.is_whole and came >= payment.amount_minor:
        bought = checkout.reservation.id
        buy(session, checkout, actor=buyer.user_id)
    else:
        if refusal := why_not_again(session, checkout, holder=buyer):
            raise refusal
        # A price that was agreed stays: less money buys the places anew, for less.
        total_minor = min(came, payment.amount_minor)
        bought = sell_again(session, checkout, holder=buyer, total_minor=total_minor)
    change_payment(session, payment, settlement="confirmed", settled_reservation_id=bought)
    note_step(
        session,
        payment.event_id,
        payment.id,
        "confirmed",
        reason=f"review_{decision}",
        note=note,
        actor=actor,
    )
    if came > payment.amount_minor:
        too_much = came - payment.amount_minor
        owe_refund(session, payment, amount_minor=too_much, reason="review_refund_difference", actor=actor)


def _refuse_what_is_not_for_sale(session: Session, checkout: Checkout) -> None:
    match why_not_for_sale(checkout, terms_of(session, checkout.event_id)):
        case "":
            return
        case "bought_already":
            raise WrongState(state=checkout.reservation.status)
        case "event_cancelled":
            raise SaleClosed(state="cancelled")
        case _:
            raise SaleClosed(state="ended")
