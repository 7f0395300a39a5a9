"""How often one program may ask: by its token, and by its address. Told in every answer.

The headers are those that programs know best: RateLimit-Limit, -Remaining and -Reset (in seconds), and
Retry-After with a 429. Counting itself is that of the pages, with the same Redis and the same fall-back.
"""

from __future__ import annotations

import hashlib
import time
import unicodedata
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from seatbook.api.credentials import asker, holder_id
from seatbook.errors import CodeRefused, CredentialsRefused
from seatbook.extensions import limiter
from seatbook.web import limits as of_pages
from seatbook.web.errors import STATUS_OF_CODE

# A shop's server asks for all of its customers by one token: 20 a second for ever.
REQUESTS_OF_TOKEN = "1200/minute"  # noqa: S105
# Everybody behind one address, guessed tokens included.
REQUESTS_OF_ADDRESS = "2400/minute"


def bind(blueprint: Blueprint) -> None:
    """All routes count together. Those with limits of their own keep to these as well."""
    limiter.shared_limit(REQUESTS_OF_TOKEN, scope="api token", key_func=_token, exempt_when=_has_no_token)(
        blueprint
    )
    limiter.shared_limit(REQUESTS_OF_ADDRESS, scope="api address", key_func=of_pages.address)(blueprint)
    blueprint.after_request(tell)


def tell(response: Response) -> Response:
    limit = limiter.current_limit
    if limit is not None:
        seconds = max(0, int(limit.reset_at - time.time()))
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(0, limit.remaining))
        response.headers["RateLimit-Reset"] = str(seconds)
    return response


def _token() -> str:
    return f"token {asker().token_id}"


def _has_no_token() -> bool:
    try:
        return asker().token_id is None
    except CredentialsRefused:
        return True


def _has_no_holder() -> bool:
    try:
        return holder_id() is None
    except CredentialsRefused:
        return True


def _typed(name: str) -> str:
    """A text of the body as the pages' limits spell it, so that both doors count together."""
    content: Any = request.get_json(silent=True)
    value = content.get(name) if isinstance(content, dict) else None
    text = value if isinstance(value, str) else ""
    spelled = unicodedata.normalize("NFKC", " ".join(text.split()).casefold())
    return hashlib.sha256(spelled.encode("utf-8", "replace")).hexdigest()[:24]


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


# Without that, a route with a limit of its own would be free of those of `bind`.
_beside_the_others = partial(limiter.shared_limit, override_defaults=False)

sign_in_of_address = _beside_the_others(
    of_pages.SIGN_INS_OF_ADDRESS, scope="sign-in address", key_func=of_pages.address
)
wrong_sign_in_of_name_and_address = _beside_the_others(
    of_pages.WRONG_SIGN_INS_OF_NAME_AND_ADDRESS,
    scope="sign-in name and address",
    key_func=lambda: f"{_typed('username')} {of_pages.address()}",
    deduct_when=_was_refused,
)
wrong_sign_in_of_name = _beside_the_others(
    of_pages.WRONG_SIGN_INS_OF_NAME,
    scope="sign-in name",
    key_func=lambda: _typed("username"),
    deduct_when=_was_refused,
)
registration = _beside_the_others(
    of_pages.REGISTRATIONS_OF_ADDRESS, scope="register address", key_func=of_pages.address
)
SIGN_IN = (sign_in_of_address, wrong_sign_in_of_name_and_address, wrong_sign_in_of_name)
REGISTRATION = (registration,)
# The clicks of a person on our pages and their programs' together.
hold_of_holder = _beside_the_others(
    of_pages.HOLDS_OF_HOLDER,
    scope="hold",
    key_func=lambda: f"holder {holder_id()}",
    exempt_when=_has_no_holder,
)
HOLDING = (hold_of_holder,)
wrong_code_of_address = _beside_the_others(
    of_pages.WRONG_CODES_OF_ADDRESS,
    scope="code address",
    key_func=of_pages.address,
    deduct_when=lambda response: response.status_code == STATUS_OF_CODE[CodeRefused.code],
)
CODE = (wrong_code_of_address,)
