"""Pages for browsers: parse, one domain call or query, render."""

from __future__ import annotations

from flask import Flask

from seatbook.config import Config


def init_app(app: Flask, config: Config) -> None:
    """Bind what pages need: sessions, CSRF, CSP, languages, blueprints."""
    app.secret_key = config.secret_key
