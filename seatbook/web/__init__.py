"""Pages for browsers: parse, one domain call or query, render."""

from __future__ import annotations

from flask import Flask

from seatbook import live
from seatbook.config import Config
from seatbook.web import (
    accounts,
    catalogue,
    errors,
    events,
    languages,
    limits,
    live_drawing,
    notices,
    request_id,
    reservations,
    security,
    sessions,
    statics,
    stream,
)


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
    live.init_streams(app, config, draw=live_drawing.draw)
    for pages in (catalogue, events, stream, reservations, accounts, notices):
        app.register_blueprint(pages.blueprint)
