"""Several names in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from seatbook.web.texts import gettext as _


def listing(names: Sequence[str]) -> str:
    """ "A1", "A1 and A2", "A1, A2 and A3"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
