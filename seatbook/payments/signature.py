"""Signed messages: an HMAC over the time and the raw body, good for five minutes."""

from __future__ import annotations

import hashlib
import hmac
import time

from seatbook.payments.provider import NoticeRefused

GOOD_FOR_SECONDS = 300


def sign(body: bytes, *, secret: str, at: float | None = None) -> str:
    """The header of a message: "t=1767225600,v1=<64 hex digits>"."""
    seconds = int(time.time() if at is None else at)
    return f"t={seconds},v1={_digest(seconds, body, secret)}"


def check(body: bytes, header: str, *, secret: str) -> None:
    """Raises NoticeRefused unless `header` signs exactly these bytes, within the last five minutes."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    try:
        seconds = int(parts["t"])
        told = parts["v1"]
    except (KeyError, ValueError):
        raise NoticeRefused("the message has no signature") from None
    if not hmac.compare_digest(_digest(seconds, body, secret).encode(), told.encode()):
        raise NoticeRefused("the signature is not of this message")
    if abs(time.time() - seconds) > GOOD_FOR_SECONDS:
        raise NoticeRefused("the signature is too old")


def _digest(seconds: int, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
