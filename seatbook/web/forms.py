"""Numbers out of forms that our own pages draw. What they never send is refused."""

from __future__ import annotations

from collections.abc import Iterable

from seatbook.errors import InvalidInput
from seatbook.web.texts import gettext as _

MAX_ID = 2**63 - 1


def id_of(value: str) -> int:
    """An id. Raises InvalidInput."""
    if _is_whole(value) and 0 < int(value) <= MAX_ID:
        return int(value)
    raise InvalidInput(
        field="id", reason=_("We could not read which place you mean. Please load the page again.")
    )


def ids_of(values: Iterable[str]) -> list[int]:
    """Ids, each once, in their order; empty fields are left out. Raises InvalidInput."""
    return list(dict.fromkeys(id_of(value) for value in values if value))


def minor_of(value: str) -> int | None:
    """An amount in minor units that a page showed; None when there is none to be read."""
    return int(value) if _is_whole(value) and int(value) <= MAX_ID else None


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 20
