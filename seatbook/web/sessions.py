"""Who is signed in, in a browser: how a session begins, what ends it, and where it goes next.

A session lives in a signed cookie. It names the user and the user's
`sign_in_version`; changing the password raises that number in the database,
and every older session, on every machine, is worth nothing from then on.
"""

from __future__ import annotations

import time
from urllib.parse import quote, urlsplit

from flask import Flask, flash, g, make_response, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import UserMixin, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from seatbook.config import Config
from seatbook.domain import accounts, holders, inventory
from seatbook.domain.accounts import Account
from seatbook.errors import SeatbookError
from seatbook.extensions import login
from seatbook.queries.accounts import account_by_id
from seatbook.web.texts import spoken_locale

# Nobody stays signed in for longer than this, however often the cookie is written anew.
MAX_SIGNED_IN_SECONDS = 30 * 24 * 3600
FRONT_PAGE = "/"

ANONYMOUS_HOLDER = "holder"
# Kept apart from the id: the browser has its key before it has a row.
BROWSER_KEY = "browser"
USER_HOLDER = "user_holder"
SIGNED_IN_AT = "signed_in_at"


class SignedInUser(UserMixin):
    """`current_user` of a page. A plain copy: reading it after a commit costs no query."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.id = account.id
        self.username = account.username
        self.email = account.email
        self.role = account.role

    def get_id(self) -> str:
        """What the session keeps."""
        return f"{self.id}.{self.account.sign_in_version}"


def init_app(app: Flask, config: Config) -> None:
    """Bind flask-login."""
    login.init_app(app)
    # Binding a session to address and browser signs people out in every train; its
    # gain is small where the cookie is HttpOnly, Secure and ends with the password.
    login.session_protection = None
    login.user_loader(_load_user)
    login.unauthorized_handler(_ask_to_sign_in)


def begin_session(account: Account) -> None:
    """Sign `account` in, in this browser: everything that was in the old session goes.

    Letters come in the language of this page from now on.
    Only the seats that the anonymous holder had come along. A cookie that
    somebody else planted before, or copied, gets nothing of what follows.
    """
    anonymous_id = anonymous_holder_id()
    holder = holders.holder_of_user(account.id)
    if account.language != spoken_locale():
        accounts.note_language(account.id, language=spoken_locale())
    session.clear()
    g.pop("csrf_token", None)
    session.permanent = True
    session[USER_HOLDER] = holder.holder_id
    session[SIGNED_IN_AT] = int(time.time())
    login_user(SignedInUser(account))
    g.is_personal = True
    if anonymous_id is not None:
        _bring_holds_along(anonymous_id, holder)


def anonymous_holder_id() -> int | None:
    """Who holds in this browser while nobody is signed in; None: nobody yet.

    The answer to the first click says so in its cookie. When that answer was lost, or one that was asked for
    before it came after it, the browser's key still tells: what was picked is theirs all the same.
    """
    holder_id, key = session.get(ANONYMOUS_HOLDER), session.get(BROWSER_KEY)
    if isinstance(holder_id, int):
        return holder_id
    known = holders.known_holder_of_browser(key) if isinstance(key, str) else None
    if known is None:
        return None
    session[ANONYMOUS_HOLDER] = known.holder_id
    return known.holder_id


def end_session() -> None:
    """Sign out, in this browser.

    A copy of the cookie that somebody took before stays good until it is too old: which
    sessions exist is written nowhere. Signing out everywhere, and a new password, end copies too.
    """
    logout_user()
    session.clear()
    g.pop("csrf_token", None)


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this site, else the front page.

    Browsers read "\\" as "/" and skip tabs and line ends inside an address, so
    "/\\evil.example" and "/<tab>/evil.example" would lead elsewhere.
    """
    home = FRONT_PAGE
    if not target or not target.startswith("/") or target.startswith("//"):
        return home
    if "\\" in target or any(character <= " " or character == "\x7f" for character in target):
        return home
    parts = urlsplit(target)
    return home if parts.scheme or parts.netloc else target


def page_of_request() -> str:
    """The path of the page that this request came from, or its own when it asked for a page."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if came_from.netloc != request.host:
        return FRONT_PAGE
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _load_user(session_user: str) -> SignedInUser | None:
    """The user whom the session names, when it is still good. One query for a request that asks."""
    if g.get("database_away"):
        return None
    user_id, _dot, version = session_user.partition(".")
    if not (user_id.isdecimal() and version.isdecimal()) or _is_too_old():
        return None
    account = account_by_id(int(user_id))
    if account is None or account.sign_in_version != int(version) or USER_HOLDER not in session:
        return None
    g.is_personal = True
    return SignedInUser(account)


def _is_too_old() -> bool:
    return bool(time.time() - session.get(SIGNED_IN_AT, 0) > MAX_SIGNED_IN_SECONDS)


def _ask_to_sign_in() -> BaseResponse:
    """Send the visitor to the sign-in page, and from there back to the page they were on."""
    address = f"{url_for('accounts.sign_in')}?next={quote(safe_next(page_of_request()), safe='/')}"
    if "HX-Request" in request.headers:
        return make_response("", 401, {"HX-Redirect": address})
    flash(_("Please sign in first."))
    return redirect(address, 303)


def _bring_holds_along(anonymous_id: int, holder: holders.HolderRef) -> None:
    try:
        adopted = inventory.adopt_holds(from_holder_id=anonymous_id, to=holder)
    except SeatbookError:
        flash(
            _(
                "You are signed in, but the places you had picked could not come along. "
                "They go back on sale when their time is up."
            )
        )
        return
    if adopted.released_seats:
        flash(
            ngettext(
                "With the places you already had, %(num)s was one too many for one person: it is back on sale.",
                "With the places you already had, %(num)s were too many for one person: they are back on sale.",
                adopted.released_seats,
            )
        )
