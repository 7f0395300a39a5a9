"""Brings a database to where web, worker and scheduler can start: migrations, and something to look at.

A process of its own, so that the supervisor stays small and holds no
connection when it starts the others.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from seatbook import create_app
from seatbook.cli.seed import DEMO_ACCOUNTS, DEMO_PASSWORD, seed
from seatbook.domain.demonstration import database_contents
from seatbook.embedded.refusal import CannotRun
from seatbook.extensions import db
from seatbook.loading import loading
from seatbook.models import User

# What the welcome needs to know, in the data directory.
REPORT_FILE = "prepared.json"
# There while demonstration data are being made; found at a start, it says that this was broken off.
UNFINISHED_FILE = "seeding"


def prepare(var_dir: Path) -> None:
    """Migrate, run `flask seed` when the database is empty, and write REPORT_FILE."""
    with loading():
        app = create_app()
    with app.app_context():
        _refuse_unreachable_database()
        upgrade()
        contents = database_contents()
        db.session.remove()
        unfinished = var_dir / UNFINISHED_FILE
        if contents.is_empty:
            print("The database is empty: making demonstration data.", flush=True)
            _seed(app, unfinished=unfinished)
        elif _is_of_this_database(unfinished) and not contents.own:
            print("Making the demonstration data was broken off: making them anew.", flush=True)
            _seed(app, "--reset", "--yes", unfinished=unfinished)
        (var_dir / REPORT_FILE).write_text(json.dumps({"accounts": _demonstration_accounts()}), "utf-8")


def _refuse_unreachable_database() -> None:
    try:
        db.engine.connect().close()
    except OperationalError as error:
        url = db.engine.url
        where = f"{url.host}:{url.port or 5432}" if url.host else "its socket"
        reason = str(error.orig).strip().splitlines()[-1]
        raise CannotRun(
            f"The database at {where} can't be reached ({reason}). "
            "Correct DATABASE_URL, or unset it to use the embedded one."
        ) from None


def _seed(app: Flask, *options: str, unfinished: Path) -> None:
    """Run `flask seed`, leaving `unfinished` behind when it is broken off in whatever way."""
    unfinished.write_text(_database_name(), "utf-8")
    try:
        seed.main(
            list(options),
            prog_name="flask seed",
            standalone_mode=False,
            obj=ScriptInfo(create_app=lambda: app),
        )
    except click.ClickException as refusal:
        raise CannotRun(refusal.format_message()) from refusal
    unfinished.unlink()


def _is_of_this_database(unfinished: Path) -> bool:
    return unfinished.exists() and unfinished.read_text("utf-8") == _database_name()


def _database_name() -> str:
    """Address of the database without its password."""
    return db.engine.url.render_as_string(hide_password=True)


def _demonstration_accounts() -> list[dict[str, str]]:
    """Those of the demonstration's accounts that are here, as `welcome.DemonstrationAccount` takes them."""
    names = [account.username for account in DEMO_ACCOUNTS]
    here = set(db.session.scalars(select(User.username).where(User.username.in_(names))))
    return [
        {"username": account.username, "password": DEMO_PASSWORD, "role": account.role.replace("_", " ")}
        for account in DEMO_ACCOUNTS
        if account.username in here
    ]
