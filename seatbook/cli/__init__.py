"""The `flask` commands: one module a story, each with its `commands`."""

from __future__ import annotations

from flask import Flask

from seatbook.cli import audit, event, plan, seed, stress, sweep, user


def init_app(app: Flask) -> None:
    """Register every command."""
    for story in (audit, event, plan, seed, stress, sweep, user):
        for command in story.commands:
            app.cli.add_command(command)
