"""A small HTTP server that answers as Stripe's interface does, as far as we use it.

What a caller gets wrong it refuses as Stripe would: an unknown key, other
content under the same idempotency key, ending what is not open, giving back
more than was paid.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET_KEY = "sk_test_of_the_stand_in"
WEBHOOK_SECRET = "whsec_of_the_stand_in"


class StripeStandIn:
    """`url` is its address. `answers_with` makes it fail: 500, 429, or 0 for a line that breaks."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.answers_with: int | None = None
        self.url = ""
        self._answers: dict[str, tuple[str, dict[str, Any]]] = {}

    # What the buyer does on Stripe's page

    def pay(self, ref: str, *, intent: str = "succeeded") -> None:
        """Pay; `intent` processing or requires_payment_method: by a slow method, or one that failed."""
        self.sessions[ref] |= {
            "status": "complete",
            "payment_status": "paid" if intent == "succeeded" else "unpaid",
            "payment_intent": {"id": f"pi_{ref}", "object": "payment_intent", "status": intent},
        }

    def message(self, ref: str, kind: str, *, at: float | None = None, secret: str = WEBHOOK_SECRET) -> Any:
        """(body, headers) of a signed message about a session."""
        session = self.sessions[ref]
        intent = session["payment_intent"]
        body = json.dumps(
            {
                "id": f"evt_{ref}_{kind}",
                "object": "event",
                "type": kind,
                "data": {"object": session | {"payment_intent": intent and intent["id"]}},
            }
        ).encode()
        seconds = int(at or time.time())
        digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        return body, {"Stripe-Signature": f"t={seconds},v1={digest}"}

    # What the interface does

    def answer(
        self, method: str, path: str, form: dict[str, str], idempotency_key: str | None
    ) -> tuple[int, Any]:
        self.calls.append(f"{method} {path}")
        if idempotency_key is not None and idempotency_key in self._answers:
            asked, earlier = self._answers[idempotency_key]
            if asked != json.dumps(form, sort_keys=True):
                return 400, _error("idempotency_error", "Keys can only be used with the same parameters.")
            return 200, earlier
        status, answer = self._act(method, path.removeprefix("/v1/").split("/"), form)
        if status == 200 and idempotency_key is not None:
            self._answers[idempotency_key] = (json.dumps(form, sort_keys=True), dict(answer))
        return status, answer

    def _act(self, method: str, path: list[str], form: dict[str, str]) -> tuple[int, Any]:
        match method, path:
            case "POST", ["checkout", "sessions"]:
                ref = f"cs_test_{len(self.sessions) + 1}"
                self.sessions[ref] = {
                    "id": ref,
                    "object": "checkout.session",
                    "url": f"https://checkout.example/{ref}",
                    "status": "open",
                    "payment_status": "unpaid",
                    "payment_intent": None,
                    "client_reference_id": form["client_reference_id"],
                    "currency": form["line_items[0][price_data][currency]"],
                    "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
                }
                return 200, self.sessions[ref]
            case "GET", ["checkout", "sessions", ref] if ref in self.sessions:
                return 200, self.sessions[ref]
            case "POST", ["checkout", "sessions", ref, "expire"] if ref in self.sessions:
                if self.sessions[ref]["status"] != "open":
                    return 400, _error("invalid_request_error", "Only open sessions can be expired.")
                self.sessions[ref]["status"] = "expired"
                return 200, self.sessions[ref]
            case "GET", ["refunds"]:
                made = [r for r in self.refunds if r["payment_intent"] == form["payment_intent"]]
                return 200, {"object": "list", "data": made, "has_more": False, "url": "/v1/refunds"}
            case "POST", ["refunds"]:
                return self._refund(form)
        return 404, _error("invalid_request_error", f"No such thing: {path}")

    def _refund(self, form: dict[str, str]) -> tuple[int, Any]:
        session = self.sessions[form["payment_intent"].removeprefix("pi_")]
        back = sum(r["amount"] for r in self.refunds if r["payment_intent"] == form["payment_intent"])
        if session["payment_status"] != "paid" or back + int(form["amount"]) > session["amount_total"]:
            return 400, _error("invalid_request_error", "Refund amount is greater than what is left.")
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "status": "succeeded",
            "payment_intent": form["payment_intent"],
            "amount": int(form["amount"]),
            "metadata": {"seatbook": form["metadata[seatbook]"]},
        }
        self.refunds.append(refund)
        return 200, refund


def _error(kind: str, words: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": words}}


@contextmanager
def stripe_stand_in() -> Iterator[StripeStandIn]:
    stand_in = StripeStandIn()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, method: str) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(parse_qsl(self.rfile.read(length).decode() or parts.query))
            if self.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
                status, answer = 401, _error("invalid_request_error", "Invalid API Key provided")
            elif stand_in.answers_with == 0:
                self.close_connection = True
                return
            elif stand_in.answers_with is not None:
                status, answer = stand_in.answers_with, _error("api_error", "Try again.")
            else:
                status, answer = stand_in.answer(
                    method, parts.path, form, self.headers.get("Idempotency-Key")
                )
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
