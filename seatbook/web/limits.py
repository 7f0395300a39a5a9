"""How often one visitor may try: against guessed passwords, floods of accounts, and hoarding.

Counted in Redis, so for all web processes together. When Redis is away each
process counts for itself, and finds Redis again by itself: a stopped Redis
breaks no sign-in and no sale. A limit is a courtesy and a brake, never the
thing that keeps a seat from being sold twice.

Addresses: behind a reverse proxy set TRUSTED_PROXIES, or everybody has the
proxy's address. Of IPv6 the first 64 bits count, which is what one household gets.
"""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, request
from redis.backoff import NoBackoff
from redis.retry import Retry

from seatbook.config import Config
from seatbook.errors import CodeRefused, SignInRefused
from seatbook.extensions import limiter
from seatbook.web.errors import STATUS_OF_CODE
from seatbook.web.holder import current_holder

log = logging.getLogger(__name__)

# A person mistypes a few times; a hall's office or a school shares one address. Right passwords
# count here too: each costs as much work as a wrong one.
SIGN_INS_OF_ADDRESS = "30/minute;300/hour"
# Wrong passwords only, for one name from one address. Nobody types ten in a minute; 40 an hour is
# patience for somebody who really forgot, and nothing against a password that is not a common word.
WRONG_SIGN_INS_OF_NAME_AND_ADDRESS = "10/minute;40/hour"
# Wrong passwords for one name from all addresses together. While this is spent nobody can sign in by
# that name, so it must take a crowd: 25 addresses that all go to their own limit every hour. 1,000
# guesses an hour are still too few to find a password of ten characters. Who is kept out meanwhile
# can have a link by mail, which signs in as well.
WRONG_SIGN_INS_OF_NAME = "200/minute;1000/hour"
REGISTRATIONS_OF_ADDRESS = "10/minute;60/hour"
RESETS_OF_ADDRESS = "10/minute;40/hour"
RESETS_OF_MAILBOX = "3/minute;6/hour"
PASSWORD_CHANGES_OF_ADDRESS = "10/minute;60/hour"  # noqa: S105
# Codes that were refused: a person mistypes; words are not to be tried out.
WRONG_CODES_OF_ADDRESS = "20/minute;100/hour"
# Nobody clicks five times a second for a minute; a script does.
HOLDS_OF_HOLDER = "300/minute"
NEW_HOLDERS_OF_ADDRESS = "300/minute"

# How long a request may wait for a Redis that does not answer, before each process counts for itself.
REDIS_TIMEOUT_SECONDS = 0.25


def init_app(app: Flask, config: Config) -> None:
    """Bind the counters to Redis."""
    app.config.update(
        RATELIMIT_STORAGE_URI=config.redis_url.replace("unix://", "redis+unix://", 1)
        if config.redis_url.startswith("unix://")
        else config.redis_url,
        RATELIMIT_STORAGE_OPTIONS={
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        },
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_KEY_PREFIX="seatbook",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        # When Redis stops between a wrong password and its counting, the answer is the same.
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    limiter.init_app(app)
    if not config.trusted_proxies:
        app.before_request(_warn_of_an_unknown_proxy)


@limiter.request_filter
def _switched_off() -> bool:
    config: Config = current_app.extensions["seatbook"]
    return not config.rate_limits


def address() -> str:
    """The visitor's address, as far as it tells visitors apart."""
    try:
        parsed = ip_address(request.remote_addr or "")
    except ValueError:
        return request.remote_addr or "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def form_text(name: str) -> str:
    """What was typed into a field, so that two spellings of one name count together. Hashed:
    Redis needs no list of people."""
    typed = unicodedata.normalize("NFKC", " ".join(request.form.get(name, "").split()).casefold())
    return hashlib.sha256(typed.encode()).hexdigest()[:24]


def _name_and_address() -> str:
    return f"{form_text('name')} {address()}"


def _was_refused(response: Response) -> bool:
    """Whether a sign-in failed. Known only afterwards: as many tries as are checked at the same
    moment may go beyond a limit that counts this."""
    return response.status_code == STATUS_OF_CODE[SignInRefused.code]


def _was_no_code(response: Response) -> bool:
    # A form without a script is answered by the way to the page that says so.
    return response.status_code == STATUS_OF_CODE[CodeRefused.code] or "code_was_refused" in g


def _types_no_code() -> bool:
    return not request.form.get("code", "").strip()


def _holder_key() -> str:
    holder = current_holder()
    return f"holder {holder.holder_id}" if holder else "nobody"


def _has_no_holder() -> bool:
    return current_holder() is None


def _has_a_holder_or_is_local() -> bool:
    """An address of this machine is its operator's, who may well try out a crowd."""
    if current_holder() is not None:
        return True
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


sign_in_of_address = limiter.shared_limit(
    SIGN_INS_OF_ADDRESS, scope="sign-in address", key_func=address, methods=["POST"]
)
wrong_sign_in_of_name_and_address = limiter.shared_limit(
    WRONG_SIGN_INS_OF_NAME_AND_ADDRESS,
    scope="sign-in name and address",
    key_func=_name_and_address,
    methods=["POST"],
    deduct_when=_was_refused,
)
wrong_sign_in_of_name = limiter.shared_limit(
    WRONG_SIGN_INS_OF_NAME,
    scope="sign-in name",
    key_func=lambda: form_text("name"),
    methods=["POST"],
    deduct_when=_was_refused,
)
registration = limiter.shared_limit(
    REGISTRATIONS_OF_ADDRESS, scope="register address", key_func=address, methods=["POST"]
)
reset_of_address = limiter.shared_limit(
    RESETS_OF_ADDRESS, scope="reset address", key_func=address, methods=["POST"]
)
reset_of_mailbox = limiter.shared_limit(
    RESETS_OF_MAILBOX, scope="reset mailbox", key_func=lambda: form_text("email"), methods=["POST"]
)
password_change = limiter.shared_limit(
    PASSWORD_CHANGES_OF_ADDRESS, scope="password address", key_func=address, methods=["POST"]
)
wrong_code_of_address = limiter.shared_limit(
    WRONG_CODES_OF_ADDRESS,
    scope="code address",
    key_func=address,
    methods=["POST"],
    deduct_when=_was_no_code,
    # The same form chooses concessions and pays.
    exempt_when=_types_no_code,
)
hold_of_holder = limiter.shared_limit(
    HOLDS_OF_HOLDER, scope="hold", key_func=_holder_key, methods=["POST"], exempt_when=_has_no_holder
)
new_holder_of_address = limiter.shared_limit(
    NEW_HOLDERS_OF_ADDRESS,
    scope="new holder",
    key_func=address,
    methods=["POST"],
    exempt_when=_has_a_holder_or_is_local,
)


def _warn_of_an_unknown_proxy() -> None:
    """Say once that visitors can't be told apart, because a proxy speaks for all of them."""
    if "X-Forwarded-For" in request.headers and not current_app.extensions.get("seatbook_proxy_warned"):
        current_app.extensions["seatbook_proxy_warned"] = True
        log.warning(
            "A request came with X-Forwarded-For, and TRUSTED_PROXIES is 0: if a reverse proxy stands in "
            "front, set TRUSTED_PROXIES, or all visitors share one address and its limits."
        )
