"""Who holds and buys in this browser: the signed-in user, or the browser itself."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe

from flask import session
from flask_login import current_user

from seatbook.domain.holders import HolderRef, holder_of_browser
from seatbook.web.sessions import ANONYMOUS_HOLDER, BROWSER_KEY, USER_HOLDER, anonymous_holder_id
from seatbook.web.texts import language


def current_holder() -> HolderRef | None:
    """The holder of this browser, or None when nobody signed in and nothing was picked yet.

    Costs no query beyond the one that `current_user` makes where the signed
    session says who it is; one more for a browser that has picked nothing yet.
    """
    if current_user.is_authenticated:
        return HolderRef(session[USER_HOLDER], current_user.id)
    holder_id = anonymous_holder_id()
    return None if holder_id is None else HolderRef(holder_id)


def remember_browser() -> None:
    """Give this browser the key of its holder-to-be. For every page on which places can be picked.

    With the key in its cookie before the first click, two clicks at the same
    moment are one holder, who never loses a seat to themselves.
    """
    if not current_user.is_authenticated and BROWSER_KEY not in session:
        session.permanent = True
        session[BROWSER_KEY] = token_urlsafe(16)


def ensure_holder() -> HolderRef:
    """The holder of this browser; an anonymous one is made when there is none. For whoever picks a place.

    A route that calls this carries the limits `hold_of_holder` and `new_holder_of_address` of `web/limits.py`.
    """
    holder = current_holder()
    if holder is None:
        remember_browser()
        holder = holder_of_browser(session[BROWSER_KEY])
        session[ANONYMOUS_HOLDER] = holder.holder_id
    return holder


def browser_key() -> str | None:
    """The key of this browser, when it has seen a page on which places can be picked."""
    key = session.get(BROWSER_KEY)
    return key if isinstance(key, str) else None


def visitor_tag() -> str:
    """Whom a page is drawn for, in a word that tells nothing else. It stays the same through an anonymous
    browser's first click, and changes when somebody there signs in or out, or reads another language."""
    kind, who = ("user", current_user.id) if current_user.is_authenticated else ("browser", browser_key())
    return f"{kind}-{sha256(f'{kind} {who} {language()}'.encode()).hexdigest()[:12]}"


def is_drawn_for_somebody_else(tag: str | None) -> bool:
    """Whether a page that carries this tag shows what another visitor may see, and must be loaded again.

    Not when the browser keeps no cookies: it is somebody new each time.
    """
    if not tag or tag == visitor_tag():
        return False
    is_nobody = not current_user.is_authenticated and browser_key() is None
    return not (is_nobody and tag.startswith("browser-"))
