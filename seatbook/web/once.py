"""Forms that count once: each carries a key, and what comes again under it has no second effect.

The key is made when a page is drawn, and it counts together with what the form
says: so one key serves all forms of a page, and other contents are another
wish. A double click, a reload, Back and pressing again send the same form; a
form that was drawn anew, as after every answer, is a new wish. Where a script
keeps a form on the page, it makes new keys itself (static/js/once.js).
"""

from __future__ import annotations

import hmac
import re
from secrets import token_urlsafe

from flask import Flask, current_app, flash, g, request, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.wrappers import Response

from seatbook.domain import once
from seatbook.web.holder import browser_key
from seatbook.web.texts import gettext as _

FIELD = "once"
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
# What comes with every form and is no part of what it says.
NO_CONTENTS = {FIELD, "csrf_token"}

# Addresses that take a POST without our forms: of a provider's message the provider's own id counts once.
WITHOUT_KEY = {"notices.take"}


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_tell_of_a_repetition)
    app.teardown_request(lambda _error: once.end())
    app.jinja_env.globals["form_fields"] = form_fields
    app.jinja_env.globals["once_field"] = once_field


def form_fields() -> Markup:
    """What every form that changes something carries: who may send it, and the key under which it counts once."""
    token = Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
    return token + once_field()


def once_field() -> Markup:
    """The key alone, for a form that brings its token itself."""
    if "form_key" not in g:
        g.form_key = token_urlsafe(12)
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, g.form_key)


def _begin() -> None:
    once.end()
    g.asked = None
    key = request.form.get(FIELD, "") if request.method == "POST" else ""
    asker = _asker() if KEY.fullmatch(key) else None
    if asker is not None:
        contents = _fingerprint()
        g.asked = once.begin(asker=f"page {asker}", key=f"{key}.{contents}", fingerprint=contents)


def _asker() -> str | None:
    """Whose keys they are: nobody can replay what somebody else did. None: a browser that keeps no cookies."""
    if current_user.is_authenticated:
        return f"user {current_user.id}"
    secret = browser_key() or session.get("csrf_token")
    return f"browser {_digest(str(secret).encode())}" if secret else None


def _fingerprint() -> str:
    """A word for where the form goes and what it says."""
    parts = [request.path.encode()]
    for name, values in sorted(request.form.lists()):
        if name not in NO_CONTENTS:
            parts += [name.encode(), *(value.encode() for value in values), b""]
    for name, files in sorted(request.files.lists()):
        for file in files:
            parts += [name.encode(), str(file.filename).encode(), file.stream.read()]
            file.stream.seek(0)
    return _digest(*parts)


def _digest(*parts: bytes) -> str:
    """Keyed: a form may hold a password, and what is kept of it must be of no use to a guesser."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.new(secret, digestmod="sha256")
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()[:32]


def _tell_of_a_repetition(response: Response) -> Response:
    """Whoever is led on after pressing twice reads that it counted once. Where something is said anyway,
    or where the answer itself shows how things stand, nothing is added."""
    asked: once.Asked | None = g.get("asked")
    if asked is not None and asked.is_repeated and response.status_code == 303 and "_flashes" not in session:
        flash(_("This came to us twice and was done once. This is how things stand now."))
    return response
