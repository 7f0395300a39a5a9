"""Stripe, by its own library: a hosted checkout page, signed messages, refunds.

A session of Stripe lives for a day, longer than most deadlines of ours, so it is
told to end when ours is over. What it answers is asked of Stripe itself; a
message only says that there is something new.

Stripe forgets an idempotency key after a day or more. So a refund carries our
key in its metadata too, and is looked for before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import stripe
from babel.numbers import get_currency_precision

from seatbook.payments.provider import (
    Answer,
    Charge,
    Notice,
    NoticeRefused,
    ProviderAway,
    ProviderError,
    ProviderRefused,
    Receipt,
    Session,
)

T = TypeVar("T")

TIMEOUT_SECONDS = 8
SIGNATURE_HEADER = "Stripe-Signature"
GOOD_FOR_SECONDS = 300
MESSAGES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
# Stripe counts these in hundredths, although they have no smaller unit any more. (Stripe: "Supported
# currencies", special cases.)
COUNTED_IN_HUNDREDTHS = {"ISK", "UGX"}


class Stripe:
    """`api` is the address of Stripe's interface, for tests; None: the real one."""

    name = "stripe"

    def __init__(self, *, secret_key: str, webhook_secret: str, home: str, api: str | None = None) -> None:
        self._webhook_secret = webhook_secret
        self._home = home
        self._client = stripe.StripeClient(
            secret_key,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            # Whoever asked asks again: after a pause, and with nothing locked.
            max_network_retries=0,
            base_addresses={"api": api} if api else {},
        )

    def open_session(self, charge: Charge) -> Session:
        # Nothing here may differ when the same charge is asked for again: Stripe compares.
        back = charge.return_url or self._home
        session = _asked(
            lambda: self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": charge.key,
                    "metadata": {"seatbook": charge.key},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": charge.currency.lower(),
                                "unit_amount": _to_stripe(charge.amount_minor, charge.currency),
                                "product_data": {"name": charge.description},
                            },
                        }
                    ],
                    "success_url": back,
                    "cancel_url": back,
                },
                {"idempotency_key": f"session-{charge.key}"},
            )
        )
        return Session(session.id, session.url)

    def look(self, session_ref: str) -> Answer:
        return _answer(self._session(session_ref))

    def end_session(self, session_ref: str) -> Answer:
        try:
            return _answer(_asked(lambda: self._client.v1.checkout.sessions.expire(session_ref)))
        except ProviderRefused:
            # Only an open one can be ended; that this one is not is an answer too.
            answer = self.look(session_ref)
            if answer.status == "open":
                raise
            return answer

    def refund(self, session_ref: str, *, amount_minor: int, key: str) -> Receipt:
        session = self._session(session_ref)
        if session.payment_intent is None:
            raise ProviderRefused(f"{session_ref} was never paid")
        payment = str(getattr(session.payment_intent, "id", session.payment_intent))
        made = _asked(lambda: self._client.v1.refunds.list({"payment_intent": payment, "limit": 100}))
        for refund in made.data:
            if getattr(refund.metadata, "seatbook", None) == key and refund.status not in (
                "failed",
                "canceled",
            ):
                return Receipt(refund.id)
        refund = _asked(
            lambda: self._client.v1.refunds.create(
                {
                    "payment_intent": payment,
                    "amount": _to_stripe(amount_minor, str(session.currency).upper()),
                    "metadata": {"seatbook": key},
                },
                {"idempotency_key": f"refund-{key}"},
            )
        )
        if refund.status in ("failed", "canceled"):
            raise ProviderRefused(f"refund {refund.id} is {refund.status}")
        return Receipt(refund.id)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get(SIGNATURE_HEADER), self._webhook_secret, tolerance=GOOD_FOR_SECONDS
            )
        except (ValueError, stripe.SignatureVerificationError) as error:
            raise NoticeRefused(str(error)) from error
        if event.type not in MESSAGES:
            return None
        told: Any = event.data.object
        event_id, _, payment_id = str(told.client_reference_id or "").partition("-")
        if not (event_id.isdigit() and payment_id.isdigit()):
            # Another shop on the same account.
            return None
        answer = _answer(told)
        if event.type == "checkout.session.async_payment_failed":
            answer = Answer("failed")
        return Notice(event.id, int(event_id), int(payment_id), told.id, answer)

    def _session(self, session_ref: str) -> Any:
        expanded: Any = {"expand": ["payment_intent"]}
        return _asked(lambda: self._client.v1.checkout.sessions.retrieve(session_ref, expanded))


def _asked(call: Callable[[], T]) -> T:
    """Stripe's errors as ours: no answer, or no."""
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise ProviderAway(_words(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 500
        kind: type[ProviderError] = ProviderAway if status >= 500 or status in (409, 429) else ProviderRefused
        raise kind(_words(error)) from error


def _words(error: stripe.StripeError) -> str:
    return str(error.user_message or error)


def _answer(session: Any) -> Answer:
    """How a checkout session stands. One that is complete and unpaid waits for a slow method, or failed by it."""
    currency = str(session.currency or "").upper()
    if session.payment_status == "paid":
        return Answer("paid", _from_stripe(session.amount_total, currency), currency)
    if session.status == "expired":
        return Answer("expired")
    if session.status != "complete":
        return Answer("open")
    intent = getattr(session.payment_intent, "status", None)
    return Answer("failed" if intent in ("requires_payment_method", "canceled") else "processing")


def _to_stripe(amount_minor: int, currency: str) -> int:
    return amount_minor * 100 if _is_in_hundredths(currency) else amount_minor


def _from_stripe(amount: int, currency: str) -> int:
    return amount // 100 if _is_in_hundredths(currency) else amount


def _is_in_hundredths(currency: str) -> bool:
    return currency in COUNTED_IN_HUNDREDTHS and get_currency_precision(currency) == 0
