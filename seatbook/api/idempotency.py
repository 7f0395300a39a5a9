"""`Idempotency-Key`: what is sent again with its key has no second effect, and gets the first answer again.

`answer_once` stands around a view's work, behind everything that a request has to
pass first (credentials, limits, a body of the right shape): what fails there was
never done, and is not kept.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from cryptography.fernet import Fernet
from flask import Response, current_app, request
from sqlalchemy.exc import DBAPIError

from seatbook.api.reading import content_meant
from seatbook.domain.asked_answers import Claim, GivenAnswer, claim_key, give_up_claim, keep_answer
from seatbook.domain.once import asked
from seatbook.errors import N_, InvalidInput, KeyInFlight, SeatbookError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

# Refusals that are kept, beside everything that was done: of what was on sale at that moment. Whoever was told
# "taken" has gone on to something else, and must not get it after all because the request arrives once more.
# All others may be sent again with the same key, once their reason is gone.
KEPT_REFUSALS = {409, 410}
# The first one mostly has its answer long before nobody believes in it any more.
ASK_AGAIN_SECONDS = 2
# Each delivery has its own.
OF_DELIVERY = {"content-length", "date", "set-cookie", "x-request-id"}


def answer_once(
    work: Callable[[], Response], *, asker: str, refused: Callable[[SeatbookError], Response]
) -> Response:
    """The answer of `work`, or of the first request with this key and content, byte for byte.

    `asker` is whose key it is, such as "user 5". `refused` makes the answer to a
    refusal of the domain. Without the header it is `work` and nothing else. Other
    content under the same key is refused (KeyReused, 422), and so is a request whose
    first one is still being worked on (KeyInFlight, 409, with Retry-After). Raises
    InvalidInput for what is no key, and whatever `work` raises besides refusals.
    """
    key = key_of_request()
    if key is None:
        return work()
    whose, fingerprint = f"api {asker}", _fingerprint()
    try:
        found = claim_key(asker=whose, key=key, fingerprint=fingerprint)
    except KeyInFlight as error:
        response = refused(error)
        response.headers["Retry-After"] = str(min(ASK_AGAIN_SECONDS, error.data["seconds"]))
        return response
    if isinstance(found, GivenAnswer):
        return _replayed(found)
    try:
        with asked(asker=whose, key=key, fingerprint=fingerprint):
            response = _answered(work, refused)
    except BaseException:
        _give_up(found)
        raise
    if response.status_code >= 300 and response.status_code not in KEPT_REFUSALS:
        _give_up(found)
        return response
    given = _given(response)
    first = keep_answer(found, given)
    return response if first is given else _replayed(first)


def key_of_request() -> str | None:
    """The request's key, if it has one. Raises InvalidInput."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidInput(
            field=HEADER, reason=N_("A key has 1 to 255 visible characters, such as a random UUID.")
        )
    return key


def _answered(work: Callable[[], Response], refused: Callable[[SeatbookError], Response]) -> Response:
    try:
        return work()
    except SeatbookError as error:
        return refused(error)


def _give_up(claim: Claim) -> None:
    # Without a database the claim ends by time.
    with suppress(DBAPIError, SeatbookError):
        give_up_claim(claim)


def _given(response: Response) -> GivenAnswer:
    headers = {name: value for name, value in response.headers if name.lower() not in OF_DELIVERY}
    return GivenAnswer(response.status_code, headers, _seal().encrypt(response.get_data()))


def _replayed(given: GivenAnswer) -> Response:
    # Under another SECRET_KEY the fingerprint is another one too, so what is replayed can be read.
    return Response(_seal().decrypt(given.body), given.status, {**given.headers, REPLAYED: "true"})


def _fingerprint() -> str:
    """A word for what is asked for. Keyed, as a body may hold a password, which nobody shall guess from it."""
    asked_for = b"%s %s\n" % (request.method.encode(), request.full_path.encode())
    meant = content_meant(request.get_data())
    return hmac.new(_secret(b"what was asked"), asked_for + meant, "sha256").hexdigest()


def _seal() -> Fernet:
    """Answers are kept sealed: a token that is shown once shall not be read in the table for a day."""
    return Fernet(urlsafe_b64encode(_secret(b"what was answered")))


def _secret(purpose: bytes) -> bytes:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, purpose, sha256).digest()
