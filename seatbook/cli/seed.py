"""`flask seed`: demonstration data, made once or made anew."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import downgrade, upgrade
from sqlalchemy.exc import OperationalError

from seatbook.cli.progress import progress_bar
from seatbook.cli.refusal import Refusal
from seatbook.domain.demonstration import (
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    DatabaseContents,
    database_contents,
    make_demonstration,
)
from seatbook.domain.demonstration.build import step_count
from seatbook.domain.orders import till_of
from seatbook.extensions import db

__all__ = ["DEMO_ACCOUNTS", "DEMO_PASSWORD", "commands", "seed"]


@click.command("seed")
@click.option("--reset", is_flag=True, help="Delete everything first, and make it anew.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting demonstration data.")
@click.option(
    "--delete-my-data", is_flag=True, help="With --reset: delete also what is not demonstration data."
)
@with_appcontext
def seed(reset: bool, yes: bool, delete_my_data: bool) -> None:
    """Make demonstration data: a cinema, a theatre, a gig, an arena, escape rooms, T-shirts.

    It needs an empty database. --reset empties it, and asks before; it refuses
    where venues, shows or staff are in it that the demonstration did not bring.
    """
    if (yes or delete_my_data) and not reset:
        raise click.UsageError("--yes and --delete-my-data belong to --reset.")
    contents = database_contents()
    if reset:
        _empty(contents, yes=yes, delete_my_data=delete_my_data)
    elif not contents.is_empty:
        raise Refusal(
            f"There is data in the database “{contents.database}” already, so nothing was made. "
            "To delete all of it and begin anew: flask seed --reset"
        )
    with progress_bar() as progress:
        task = progress.add_task("", total=step_count())
        done = 0

        def on_step(what: str) -> None:
            nonlocal done
            progress.update(task, description=what, completed=done)
            done += 1

        try:
            made = make_demonstration(
                now=datetime.now(UTC), on_step=on_step, till=till_of(current_app.extensions["seatbook"])
            )
        except KeyboardInterrupt:
            raise Refusal(
                "Interrupted: a part of the demonstration is there. Begin anew with: flask seed --reset"
            ) from None
    click.echo(
        f"Made {made.events} events of {made.shows} shows at {made.venues} venues: "
        f"{made.places:,} places, {made.sold:,} of them sold."
    )
    click.echo(
        f"Sign in as {', '.join(account.username for account in DEMO_ACCOUNTS)}; password {DEMO_PASSWORD}"
    )


def _empty(contents: DatabaseContents, *, yes: bool, delete_my_data: bool) -> None:
    if contents.own and not delete_my_data:
        named = ", ".join(f"“{name}”" for name in contents.own[:5])
        more = f" and {len(contents.own) - 5} more" if len(contents.own) > 5 else ""
        raise Refusal(
            f"Nothing was deleted: the database “{contents.database}” holds more than the demonstration, "
            f"such as {named}{more}. If all of that may go, say so: flask seed --reset --delete-my-data"
        )
    if not contents.is_empty and not yes:
        what = "ALL data, your own too," if contents.own else "all data"
        click.confirm(f"Delete {what} in the database “{contents.database}”?", abort=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    db.session.remove()
    try:
        downgrade(revision="base")
    except OperationalError as error:
        raise Refusal(
            "The database could not be emptied, because somebody is using it at this moment. "
            "Try again, or stop seatbook (Ctrl-C in the window of `make run`) first."
        ) from error
    finally:
        # Also after a failure: each migration is one transaction, and the guards must be back.
        upgrade()


commands = [seed]
