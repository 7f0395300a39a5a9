"""What people call themselves: usernames and mail addresses, made one spelling and checked.

A username has no "@", so that what somebody signs in with is either a name or
an address, and nobody can take another's address as a name.
"""

from __future__ import annotations

import re
import unicodedata

from seatbook.errors import N_, InvalidInput

MIN_USERNAME_LENGTH = 3
MAX_USERNAME_LENGTH = 40
# RFC 5321, 4.5.3.1: a path of 256 octets with its angle brackets, 64 before the "@".
MAX_EMAIL_BYTES = 254
MAX_EMAIL_LOCAL_BYTES = 64

_LETTERS_MARKS_DIGITS = ("L", "M", "N")
_SIGNS_IN_USERNAME = " ._-'’"
# Deliberately loose: whether an address exists only a mail can tell.
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[^\s@\"(),:;<>\[\\\]_.]+(\.[^\s@\"(),:;<>\[\\\]_.]+)+")


def clean_username(text: str) -> str:
    """The username as it is kept: NFC, single spaces, none at the ends. Raises InvalidInput."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not MIN_USERNAME_LENGTH <= len(name) <= MAX_USERNAME_LENGTH:
        raise _unfit(
            "username",
            N_("A username has %(least)s to %(most)s characters."),
            least=MIN_USERNAME_LENGTH,
            most=MAX_USERNAME_LENGTH,
        )
    if "@" in name:
        raise _unfit("username", N_("A username has no “@”. Your mail address goes into its own field."))
    if not all(unicodedata.category(c)[0] in _LETTERS_MARKS_DIGITS or c in _SIGNS_IN_USERNAME for c in name):
        raise _unfit("username", N_("A username has letters, digits, spaces, and . _ - ' only."))
    if not any(unicodedata.category(c)[0] in ("L", "N") for c in name):
        raise _unfit("username", N_("A username has at least one letter or digit."))
    return name


def clean_email(text: str) -> str:
    """The mail address as it is kept: NFC, the domain in small letters. Raises InvalidInput."""
    email = unicodedata.normalize("NFC", text).strip()
    local, _at, domain = email.rpartition("@")
    too_long = (
        len(email.encode("utf-8", "replace")) > MAX_EMAIL_BYTES
        or len(local.encode("utf-8", "replace")) > MAX_EMAIL_LOCAL_BYTES
    )
    if too_long or not _EMAIL.fullmatch(email) or not email.replace("\xad", "").isprintable():
        raise _unfit("email", N_("That is not a mail address. One looks like ada@example.org."))
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise _unfit("email", N_("That is not a mail address: look at the full stops before the “@”."))
    return f"{local}@{domain.lower()}"


def _unfit(field: str, reason: str, **values: int) -> InvalidInput:
    return InvalidInput(field=field, reason=reason, **values)
