"""How a message is signed: the scheme of Standard Webhooks (standardwebhooks.com), version 1.

The secret is not kept. It is made of a random salt, which is kept, and of the
SECRET_KEY, which is not in the database: whoever reads the one without the other
can sign nothing.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def secret_of(salt: bytes, *, secret_key: str) -> str:
    """What the receiver verifies with: "whsec_" and 32 bytes in base64."""
    key = hmac.digest(secret_key.encode(), b"webhook secret" + salt, "sha256")
    return PREFIX + base64.b64encode(key).decode()


def signed_headers(message_id: str, *, at: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers. `at`: seconds since 1970; with two secrets there are two signatures, with a space between."""
    signatures = [f"v1,{_signature(secret, message_id, at, body)}" for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{at}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
