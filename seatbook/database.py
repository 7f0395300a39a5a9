"""Binds the database to an application."""

from __future__ import annotations

from flask import Flask

from seatbook import connection, models  # noqa: F401  (models: the tables must be known to the metadata)
from seatbook.config import PROJECT_DIR, Config
from seatbook.extensions import db, migrate


def init_app(app: Flask, config: Config) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = connection.engine_options(
        # One more than requests may use: whoever follows the log for open pages never waits for them.
        config.pool_size + 1
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(PROJECT_DIR / "migrations"))
    with app.app_context():
        connection.refuse_other_isolation(db.engine)
