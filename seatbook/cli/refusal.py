"""How commands say no: one sentence on standard error, and 1 as exit code. (2 is wrong usage, by click.)"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import IO, Any, ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from seatbook.errors import SeatbookError

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(click.ClickException):
    """Ends a command with a sentence. Nothing was written."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), err=file is None, file=file)


def refusals_told(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what seatbook refuses, and a database that is not there, into the sentence that says so."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SeatbookError as error:
            raise Refusal(str(error)) from error
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise Refusal(
                f"The database does not answer ({reason}). Start it with `make run`, or check DATABASE_URL."
            ) from error
        except ProgrammingError as error:
            if getattr(error.orig, "pgcode", None) != UNDEFINED_TABLE:
                raise
            raise Refusal(
                "The database has no tables of seatbook yet. Make them with `flask db upgrade`."
            ) from error

    return told


UNDEFINED_TABLE = "42P01"
