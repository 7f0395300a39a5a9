"""How a stream and a change find out that they belong to the same person.

A signed-in user is their holder. A browser that nobody signed in to has a key
before it has a holder, and its windows may have been opened before its first
click: so its changes are announced under both names, and a window listens
under the one it knew when it opened.
"""

from __future__ import annotations

from seatbook.queries.stream import Owner


def viewer_of(*, holder_id: int | None, browser_key: str | None) -> str | None:
    """The name that a window listens under; None when it has neither."""
    if holder_id is not None:
        return f"holder {holder_id}"
    return None if browser_key is None else f"browser {browser_key}"


def names_of(owner: Owner) -> tuple[str, ...]:
    """Every name that a window of this owner may listen under."""
    names = [f"holder {owner.holder_id}"]
    if owner.browser_key is not None:
        names.append(f"browser {owner.browser_key}")
    return tuple(names)
