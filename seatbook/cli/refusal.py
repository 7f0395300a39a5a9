"""How commands say no: one sentence on standard error, and 1 as exit code. (2 is wrong usage, by click.)"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import IO, Any, ParamSpec, TypeVar
from urllib.parse import parse_qs, urlsplit

import click
from flask import current_app
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from seatbook.errors import SeatbookError

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(click.ClickException):
    """Ends a command with a sentence. Nothing was written."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), err=file is None, file=file)


def tell_refusals(command: click.Command) -> None:
    """Make a command, and all that are below it, say in a sentence why it ends. Repeating it changes nothing."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            tell_refusals(below)
    elif command.callback and not getattr(command.callback, "tells_refusals", False):
        command.callback = _refusals_told(command.callback)


def _refusals_told(callback: Callable[P, R]) -> Callable[P, R]:
    """Turn what seatbook refuses, and a database that is not there, into the sentence that says so."""

    @wraps(callback)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return callback(*args, **kwargs)
        except SeatbookError as error:
            raise Refusal(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise Refusal(_database_sentence(error)) from error
        except ProgrammingError as error:
            if getattr(error.orig, "pgcode", None) != UNDEFINED_TABLE:
                raise
            raise Refusal(
                "The database has no tables of seatbook yet. Make them with `flask db upgrade`."
            ) from error

    told.tells_refusals = True  # type: ignore[attr-defined]
    return told


def _database_sentence(error: DBAPIError) -> str:
    # "connection to server at …, port … failed: Connection refused": where it is, is said already.
    reason = str(error.orig).strip().splitlines()[0].rpartition("failed: ")[2].rstrip(".")
    if getattr(error.orig, "pgcode", None) in TOO_LONG:
        return f"The database was busy for too long ({reason}). Please try again in a moment."
    return (
        f"The database does not answer at {_database_place()}: {reason}. "
        "Start it with `make run`, or check DATABASE_URL."
    )


def _database_place() -> str:
    """Host and port, or the folder of a socket; never the name and the password before them."""
    url = urlsplit(current_app.extensions["seatbook"].database_url)
    if url.hostname:
        return f"{url.hostname}:{url.port or 5432}"
    return ", ".join(parse_qs(url.query).get("host", ["its socket"]))


UNDEFINED_TABLE = "42P01"
# A lock that was not given, and a statement that was broken off.
TOO_LONG = ("55P03", "57014")
