"""seatbook: a box office that sells nothing twice and leaves nothing stuck."""

from __future__ import annotations

from flask import Flask

from seatbook.config import PROJECT_DIR, Config

__version__ = "0.1.0"


def create_app(config: Config | None = None) -> Flask:
    """Wire one application: settings, extensions, blueprints, commands. Connects to nothing."""
    config = config or Config.from_environ()
    app = Flask(
        __name__,
        template_folder=str(PROJECT_DIR / "templates"),
        static_folder=str(PROJECT_DIR / "static"),
    )
    app.extensions["seatbook"] = config

    from seatbook import admin, api, cli, database, live, web

    database.init_app(app, config)
    live.init_app(app, config)
    web.init_app(app, config)
    admin.init_app(app)
    api.init_app(app)
    cli.init_app(app)
    return app
