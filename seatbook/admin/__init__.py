"""Pages for the people who work here, under /staff/. To everybody else there is nothing there."""

from __future__ import annotations

from flask import Flask

from seatbook.admin import live_page


def init_app(app: Flask) -> None:
    app.register_blueprint(live_page.blueprint)
