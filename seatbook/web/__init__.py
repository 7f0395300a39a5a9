"""Pages for browsers: parse, one domain call or query, render."""

from __future__ import annotations

from flask import Flask

from seatbook import live
from seatbook.config import Config
from seatbook.web import (
    accounts,
    catalogue,
    checkout,
    errors,
    events,
    languages,
    letters,
    limits,
    live_drawing,
    notices,
    once,
    request_id,
    reservations,
    sandbox_page,
    security,
    sessions,
    statics,
    stream,
    tokens,
)
from seatbook.web.tickets import pages as ticket_pages


def init_app(app: Flask, config: Config) -> None:
    """Bind what pages need. The order matters: what is bound first sees a request first.

    Every request gets its id, then unreadable input is refused, then a form
    without its CSRF token, then whatever would wait for a database that hangs; its
    key counts once; and only then does a page see it.
    """
    request_id.init_app(app, config)
    security.init_app(app, config)
    errors.init_app(app)
    sessions.init_app(app, config)
    once.init_app(app)
    limits.init_app(app, config)
    languages.init_app(app)
    statics.init_app(app)
    letters.init_app(app)
    live.init_streams(app, config, draw=live_drawing.draw)
    for pages in (
        catalogue,
        events,
        stream,
        checkout,
        reservations,
        ticket_pages,
        sandbox_page,
        accounts,
        tokens,
        notices,
    ):
        app.register_blueprint(pages.blueprint)
