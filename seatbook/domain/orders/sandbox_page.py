"""What the page of the trial payment service asks and does. It is there only while that service takes payments."""

from __future__ import annotations

from seatbook.errors import NotFound, PaymentUnavailable
from seatbook.payments import ProviderAway, ProviderRefused
from seatbook.payments.sandbox import Sandbox, SessionView
from seatbook.payments.till import Till


def show_sandbox_session(ref: str, *, till: Till) -> SessionView:
    """How it stands and what it is for. Raises NotFound (no such session, or real money is taken here),
    PaymentUnavailable."""
    try:
        return _sandbox(till).show(ref)
    except ProviderAway as error:
        raise PaymentUnavailable() from error
    except ProviderRefused as error:
        raise NotFound(what="payment") from error


def decide_in_sandbox(
    ref: str, *, till: Till, becomes: str, after_seconds: int, copies: int, told_after_seconds: int
) -> None:
    """What the buyer does there, as `Sandbox.decide` has it. Raises NotFound, PaymentUnavailable."""
    try:
        _sandbox(till).decide(
            ref,
            becomes=becomes,
            after_seconds=after_seconds,
            copies=copies,
            told_after_seconds=told_after_seconds,
        )
    except ProviderAway as error:
        raise PaymentUnavailable() from error
    except ProviderRefused as error:
        raise NotFound(what="payment") from error


def _sandbox(till: Till) -> Sandbox:
    if not isinstance(till.online, Sandbox):
        raise NotFound(what="payment")
    return till.online
