"""The link for a new password: signed, good for one hour, and for one use.

It names the account and its present `sign_in_version`. Setting the password
raises that number, so the link, and every other one sent before, is spent.
"""

from __future__ import annotations

from flask import current_app, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from seatbook.config import Config
from seatbook.domain.accounts import Account
from seatbook.errors import ResetLinkSpent

GOOD_FOR_SECONDS = 3600


def reset_link_of(account: Account) -> str:
    """The address to send. It begins with PUBLIC_URL: what a request calls its host may be anybody's words."""
    config: Config = current_app.extensions["seatbook"]
    token = _serializer().dumps([account.id, account.sign_in_version])
    return config.public_url + url_for("accounts.reset_password", token=token)


def read_reset_token(token: str) -> tuple[int, int]:
    """(user id, sign_in_version) of a link that we signed within the hour. Raises ResetLinkSpent."""
    try:
        user_id, version = _serializer().loads(token, max_age=GOOD_FOR_SECONDS)
    except (BadData, ValueError, TypeError) as error:
        raise ResetLinkSpent() from error
    return int(user_id), int(version)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="seatbook.reset-password")
