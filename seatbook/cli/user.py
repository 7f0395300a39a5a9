"""`flask user`: make accounts, give roles, set passwords."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from seatbook.domain import accounts
from seatbook.models.account import ROLES

ROLE = click.Choice(ROLES)
PASSWORD_FROM_STDIN = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of standard input instead of asking for it.",
)

user = AppGroup("user", help="Accounts: make one, give it a role, set its password.")
commands: list[click.Command] = [user]


@user.command("create")
@click.argument("username")
@click.option("--email", required=True, help="Where a link for a new password goes.")
@click.option("--role", type=ROLE, default="customer", show_default=True, help="What the account may do.")
@PASSWORD_FROM_STDIN
def create(username: str, email: str, role: str, password_stdin: bool) -> None:
    """Make an account. The password is asked for twice."""
    password = _read_password(from_stdin=password_stdin)
    account = accounts.create_account(username, email=email, password=password, role=role)
    click.echo(f"{account.username} is a user now, with the role {account.role}.")


@user.command("set-role")
@click.argument("username")
@click.argument("role", type=ROLE)
def set_role(username: str, role: str) -> None:
    """Give USERNAME the ROLE. It counts from the next page that they open."""
    account = accounts.set_role(username, role=role)
    click.echo(f"{account.username} has the role {account.role} now.")


@user.command("set-password")
@click.argument("username")
@PASSWORD_FROM_STDIN
def set_password(username: str, password_stdin: bool) -> None:
    """Give USERNAME a new password, and sign them out everywhere. The password is asked for twice."""
    password = _read_password(from_stdin=password_stdin)
    account = accounts.set_password(username, new_password=password)
    click.echo(f"{account.username} has a new password now, and is signed out everywhere.")


def _read_password(*, from_stdin: bool) -> str:
    """The new password. Never an argument: every user of a machine sees the arguments of every process."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise click.UsageError("--password-stdin was given, and nothing came from standard input.")
        return password
    if not _somebody_types():
        raise click.UsageError("Nobody is here to type a password: give it with --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again"))


def _somebody_types() -> bool:
    return sys.stdin.isatty()
