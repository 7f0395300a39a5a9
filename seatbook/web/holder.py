"""Who holds and buys in this browser: the signed-in user, or the browser itself."""

from __future__ import annotations

from flask import session
from flask_login import current_user

from seatbook.domain.holders import HolderRef, new_anonymous_holder
from seatbook.web.sessions import ANONYMOUS_HOLDER, USER_HOLDER


def current_holder() -> HolderRef | None:
    """The holder of this browser, or None when nobody signed in and nothing was picked yet.

    Costs no query beyond the one that `current_user` makes: both kinds of
    holder have their id in the signed session.
    """
    if current_user.is_authenticated:
        return HolderRef(session[USER_HOLDER], current_user.id)
    holder_id = session.get(ANONYMOUS_HOLDER)
    return HolderRef(holder_id) if isinstance(holder_id, int) else None


def ensure_holder() -> HolderRef:
    """The holder of this browser; an anonymous one is made when there is none. For whoever picks a place.

    A route that calls this carries the limits `hold_of_holder` and `new_holder_of_address` of `web/limits.py`.
    """
    holder = current_holder()
    if holder is None:
        holder = new_anonymous_holder()
        session.permanent = True
        session[ANONYMOUS_HOLDER] = holder.holder_id
    return holder
