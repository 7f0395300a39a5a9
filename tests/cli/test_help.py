"""What `--help` says: a command that it names is there."""

from __future__ import annotations

import re

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo


def test_help_names_only_commands_that_exist(app: Flask) -> None:
    group = FlaskGroup(create_app=lambda: app)
    with click.Context(group, info_name="flask", obj=ScriptInfo(create_app=lambda: app)) as context:
        there = dict(helps("", group, context))

    named = {
        (name, words)
        for name, text in there.items()
        if name.partition(" ")[0] in app.cli.commands
        for words in re.findall(r"flask ([a-z]+(?: [a-z]+)?)", " ".join(text.split()))
    }
    # `flask seed --reset` is a command and an option; "flask plan diff" is two words of a command.
    assert ("plan import", "plan diff") in named
    assert [(name, words) for name, words in sorted(named) if words not in there] == []


def helps(name: str, command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """The command's words with its text, and so on for all that are below it."""
    found = [(name, command.get_help(context))]
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            assert below is not None
            found += helps(f"{name} {word}".strip(), below, context)
    return found
