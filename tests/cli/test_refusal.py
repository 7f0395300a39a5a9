"""Every command says in one sentence why it cannot work, `flask db` too."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import click
import click.testing
import pytest
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from seatbook import create_app
from seatbook.config import PROJECT_DIR
from tests.conftest import SECRET_KEY, make_config

NOWHERE = "postgresql+psycopg2://clerk:opensesame@127.0.0.1:1/seatbook"
COMMANDS = [
    ["sweep"],
    ["audit"],
    ["seed"],
    ["db", "current"],
    ["db", "upgrade"],
    ["event", "list"],
    ["event", "publish", "1"],
    ["plan", "list"],
    ["user", "set-role", "ann", "customer"],
]


def flask_commands(app: Flask) -> FlaskGroup:
    return FlaskGroup(create_app=lambda: app)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_does_not_answer_is_told_in_one_sentence(command: list[str]) -> None:
    app = create_app(replace(make_config(NOWHERE, "redis://127.0.0.1:1"), pool_size=1))
    runner = click.testing.CliRunner()
    result = runner.invoke(flask_commands(app), command, obj=ScriptInfo(create_app=lambda: app))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "The database does not answer at 127.0.0.1:1: Connection refused. "
        "Start it with `make run`, or check DATABASE_URL.\n"
    )


def test_at_a_prompt_there_is_no_traceback_and_no_password() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "sweep"],
        cwd=PROJECT_DIR,
        env=os.environ | {"DATABASE_URL": NOWHERE, "REDIS_URL": "redis://x:1", "SECRET_KEY": SECRET_KEY},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database does not answer at 127.0.0.1:1: ")
    assert "opensesame" not in ended.stderr


def test_no_command_is_left_out(app: Flask) -> None:
    group = flask_commands(app)
    # These ask no database: those of Flask itself, and of what counts requests in Redis.
    of_others = {"run", "routes", "shell", "limiter"}
    with click.Context(group, info_name="flask", obj=ScriptInfo(create_app=lambda: app)) as context:
        silent = [
            name
            for top in group.list_commands(context)
            if top not in of_others
            for name, command in leaves(top, group.get_command(context, top))
            if not getattr(command.callback, "tells_refusals", False)
        ]
    assert silent == []


def leaves(name: str, command: click.Command | None) -> list[tuple[str, click.Command]]:
    assert command is not None
    if isinstance(command, click.Group):
        return [
            leaf for below, inner in command.commands.items() for leaf in leaves(f"{name} {below}", inner)
        ]
    return [(name, command)]
