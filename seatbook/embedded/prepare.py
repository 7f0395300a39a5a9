"""Brings a database to where web, worker and scheduler can start: migrations, and something to look at.

A process of its own, so that the supervisor stays small and holds no
connection when it starts the others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate import upgrade
from sqlalchemy import select

from seatbook import create_app
from seatbook.extensions import db
from seatbook.models import Show


def prepare(report_file: Path) -> None:
    """Migrate, run `flask seed` when there is no show yet, and write what the welcome needs to `report_file`."""
    app = create_app()
    with app.app_context():
        upgrade()
        empty = db.session.scalar(select(Show.id).limit(1)) is None
        db.session.remove()
    if empty and "seed" in app.cli.commands:
        print("The database is empty: making demonstration data.", flush=True)
        _seed(app)
    with app.app_context():
        report_file.write_text(json.dumps({"accounts": _demonstration_accounts()}), "utf-8")


def _seed(app: Flask) -> None:
    app.cli.commands["seed"].main(
        args=[], prog_name="flask seed", standalone_mode=False, obj=ScriptInfo(create_app=lambda: app)
    )


def _demonstration_accounts() -> list[dict[str, Any]]:
    return []
