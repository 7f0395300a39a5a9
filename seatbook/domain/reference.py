"""Public references of reservations: `7-K2M9QX` is the event's id and a random code.

The event's id comes first so that a reference finds its shard. The code is
drawn at random, so that nobody can count reservations or guess a neighbour's.
"""

from __future__ import annotations

import re
import secrets

# No 0, O, 1, I, L or U: what is read out at a window must not be misheard or mistyped.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 6
_PATTERN = re.compile(rf"([1-9][0-9]{{0,17}})-([{ALPHABET}]{{{CODE_LENGTH}}})")


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def format_reference(event_id: int, code: str) -> str:
    return f"{event_id}-{code}"


def parse_reference(text: str) -> tuple[int, str] | None:
    """(event id, code), or None when the text is no reference at all. Small letters are fine."""
    match = _PATTERN.fullmatch(text.strip().upper())
    return (int(match[1]), match[2]) if match else None
