"""Passwords: which are good enough, and how they are kept.

Kept as argon2id (RFC 9106) with the first set of parameters that OWASP's
Password Storage Cheat Sheet gives: 19 MiB, 2 passes, 1 lane, about 20 ms on a
present-day core. RFC 9106's own second choice takes 64 MiB and 4 lanes; when a
sale begins and hundreds sign in at once, that memory is the first thing to run
out. A hash says which parameters it was made with, so raising them here is
enough: each password is hashed again when its owner next signs in.
"""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from seatbook.errors import N_, InvalidInput

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

# Length is what keeps a password safe (NIST SP 800-63B); the upper end only keeps out floods.
MIN_LENGTH = 10
MAX_LENGTH = 1_000

# What remains of the most used passwords of ten and more characters once digits
# and signs at both ends are gone and "p@ssw0rd" is read as "password".
COMMON_WORDS = frozenset(
    """
    password passwort contrasena motdepasse salasana passphrase mypassword thepassword password1password
    passwordpassword changeme changemeplease letmein letmeinnow letmeinplease opensesame welcome welcomeback
    welcomehome secret secretsecret topsecret administrator admin adminadmin root rootroot superuser default guest
    temporary temporarypassword testtest testing testpassword demo example sample login loginlogin master
    qwerty qwertyuiop qwertyui qwertz qwertzuiop azerty azertyuiop asdfghjkl zxcvbnm qazwsx qazwsxedc
    qweasdzxc qwertyasdf asdfasdf asdfqwer abcdefghij abcdefghijk abcd abc abcabc
    iloveyou iloveyousomuch iloveu loveyou lovelove loveme sunshine princess football baseball basketball
    superman batman spiderman pokemon dragon monkey shadow michael jennifer jessica liverpool chelsea arsenal
    barcelona manchester manchesterunited starwars computer internet whatever trustno nothing
    correcthorsebatterystaple boxoffice theatre theater concert tickets
    """.split()  # noqa: SIM905
)
_READ_AS = str.maketrans("4@301!5$7", "aaeoiisst")
_STRAIGHT_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def hash_password(password: str) -> str:
    """What is kept instead of `password`, about 20 ms of work."""
    return hasher.hash(normalised(password))


def verify_password(kept: str | None, *, password: str) -> bool:
    """Whether `password` is the one that was kept. With None (nobody of that name) the same work is done
    for nothing, so that the time of the answer does not tell whether there is such a name."""
    try:
        return hasher.verify(kept or _kept_for_nobody(), normalised(password)) and kept is not None
    except (VerificationError, InvalidHashError, InvalidInput):
        return False


def needs_rehash(kept: str) -> bool:
    """Whether `kept` was made with other parameters than today's."""
    return hasher.check_needs_rehash(kept)


def normalised(password: str) -> str:
    """One spelling for what looks the same, as NIST SP 800-63B asks: a keyboard abroad may compose an
    "é" in another way. Raises InvalidInput for what is not text."""
    if "\0" in password or any(0xD800 <= ord(character) <= 0xDFFF for character in password):
        raise InvalidInput(field="password", reason=N_("The password holds a character that is not text."))
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, username: str = "", email: str = "") -> None:
    """Refuse, with InvalidInput, a password that is too short or that everybody would try first."""
    password = normalised(password)
    if len(password) < MIN_LENGTH:
        raise _unfit(
            N_("Please choose at least %(least)s characters. A few words in a row are fine."),
            least=MIN_LENGTH,
        )
    if len(password) > MAX_LENGTH:
        raise _unfit(N_("Please choose at most %(most)s characters."), most=MAX_LENGTH)
    folded = password.casefold()
    if _is_common(folded):
        raise _unfit(
            N_("Many people use that password, so it is the first to be tried. Please choose another.")
        )
    if _says_little_more_than(folded, [username, email, email.partition("@")[0], "seatbook"]):
        raise _unfit(
            N_("That is your name with little added. Please choose a password that it does not tell.")
        )


def _unfit(reason: str, **values: int) -> InvalidInput:
    return InvalidInput(field="password", reason=reason, **values)


def _is_common(folded: str) -> bool:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    letters = re.sub(r"[\W\d_]+", "", core.translate(_READ_AS))
    if core in COMMON_WORDS or letters in COMMON_WORDS:
        return True
    plain = re.sub(r"[\W_]+", "", folded)
    return _repeats(folded) or _repeats(plain) or _is_a_run(plain)


def _repeats(text: str) -> bool:
    """A piece of up to four characters, again and again: "aaaaaaaaaa", "1212121212"."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))


def _is_a_run(text: str) -> bool:
    return any(text in run or text in run[::-1] for run in _STRAIGHT_RUNS)


def _says_little_more_than(folded: str, known: list[str]) -> bool:
    """Whether fewer than four characters are left once what everybody knows is taken out."""
    for name in known:
        name = name.casefold().strip()
        if len(name) >= 3 and name in folded and len(re.sub(r"[\W\d_]+", "", folded.replace(name, ""))) < 4:
            return True
    return False


_nobodys: dict[PasswordHasher, str] = {}


def _kept_for_nobody() -> str:
    """A hash that fits no password, made once with the same parameters as all others."""
    if hasher not in _nobodys:
        _nobodys[hasher] = hasher.hash("nobody has this password")
    return _nobodys[hasher]
