"""Pages for browsers: parse, one domain call or query, render."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from seatbook.config import Config
from seatbook.web import errors, languages, limits, request_id, security, sessions, statics

PAGES = ("catalogue", "events", "reservations", "accounts")


def init_app(app: Flask, config: Config) -> None:
    """Bind what pages need. The order matters: what is bound first sees a request first.

    Every request gets its id, then unreadable input is refused, then a form
    without its CSRF token, and only then does a page see it.
    """
    request_id.init_app(app, config)
    security.init_app(app, config)
    sessions.init_app(app, config)
    limits.init_app(app, config)
    languages.init_app(app)
    statics.init_app(app)
    errors.init_app(app)
    for name in PAGES:
        if find_spec(f"{__name__}.{name}"):
            app.register_blueprint(import_module(f"{__name__}.{name}").blueprint)
