"""What people call themselves: usernames and mail addresses, made one spelling and checked.

A username has no "@", so that what somebody signs in with is either a name or
an address, and nobody can take another's address as a name.

Nor a name that looks like another's: letters of two alphabets never stand in one
name (a Cyrillic а in "аlice"), forms of one letter are one ("ａlice"), and nothing
is invisible. A name all in one alphabet stays allowed, also where it happens to
look like one of another: "Сара" is a name, and no mistake.
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
# Characters of these categories that nobody sees, by a word of their Unicode names.
_INVISIBLE = re.compile(r"FILLER|VARIATION SELECTOR|GRAPHEME JOINER|VOWEL INHERENT")
# The alphabet of a letter or digit is the first word of its Unicode name: "CYRILLIC SMALL LETTER A".
_ALPHABET = re.compile(r"(?:EXTENDED )?([A-Z]*)")
# Those that stand beside any other, and look like none: 0 to 9, the ʻ of Hawaii, and what
# Chinese, Japanese and Korean names are written in, which mix them.
_BESIDE_ANY = ("DIGIT", "MODIFIER", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")
# Deliberately loose: whether an address exists only a mail can tell.
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+@[^\s@\"(),:;<>\[\\\]_.]+(\.[^\s@\"(),:;<>\[\\\]_.]+)+")


def clean_username(text: str) -> str:
    """The username as it is kept: NFKC, single spaces, none at the ends. Raises InvalidInput."""
    name = one_spelling(text)
    if not MIN_USERNAME_LENGTH <= len(name) <= MAX_USERNAME_LENGTH:
        raise _unfit(
            "username",
            N_("A username has %(least)s to %(most)s characters."),
            least=MIN_USERNAME_LENGTH,
            most=MAX_USERNAME_LENGTH,
        )
    if "@" in name:
        raise _unfit("username", N_("A username has no “@”. Your mail address goes into its own field."))
    if not all(_may_stand_in_username(character) for character in name):
        raise _unfit("username", N_("A username has letters, digits, spaces, and . _ - ' only."))
    if not any(unicodedata.category(c)[0] in ("L", "N") for c in name):
        raise _unfit("username", N_("A username has at least one letter or digit."))
    _check_one_alphabet(name)
    return name


def one_spelling(username: str) -> str:
    """The name in the form in which names are kept and looked for, except for small and capital letters."""
    return " ".join(unicodedata.normalize("NFKC", username).split())


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


def _may_stand_in_username(character: str) -> bool:
    if unicodedata.category(character)[0] not in _LETTERS_MARKS_DIGITS:
        return character in _SIGNS_IN_USERNAME
    return not _INVISIBLE.search(unicodedata.name(character, ""))


def _check_one_alphabet(name: str) -> None:
    first_of_alphabet: dict[str, str] = {}
    for character in name:
        alphabet = _alphabet_of(character)
        if alphabet is not None:
            first_of_alphabet.setdefault(alphabet, character)
    if len(first_of_alphabet) > 1:
        one, other, *_more = first_of_alphabet.values()
        raise _unfit(
            "username",
            N_(
                "A username keeps to one alphabet. In this one “%(one)s” and “%(other)s” are of two, "
                "though they may not look it. Please type it anew in one of them."
            ),
            one=one,
            other=other,
        )


def _alphabet_of(character: str) -> str | None:
    """For example "LATIN"; None for what goes with every alphabet."""
    if not (character.isalpha() or character.isdecimal()):
        return None
    found = _ALPHABET.match(unicodedata.name(character, ""))
    alphabet = found[1] if found else ""
    return None if alphabet in _BESIDE_ANY else alphabet


def _unfit(field: str, reason: str, **values: int | str) -> InvalidInput:
    return InvalidInput(field=field, reason=reason, **values)
