"""The `flask` commands: one module a story, each with its `commands`."""

from __future__ import annotations

import flask_migrate.cli
from flask import Flask

from seatbook.cli import audit, code, event, plan, seed, stress, sweep, ticket, timetable, user
from seatbook.cli.refusal import tell_refusals


def init_app(app: Flask) -> None:
    """Register every command, and see to it that each says no in one way, those of `flask db` too."""
    # They come to `flask` by an entry point of their package, not through here.
    tell_refusals(flask_migrate.cli.db)
    for story in (audit, code, event, plan, seed, stress, sweep, ticket, timetable, user):
        for command in story.commands:
            tell_refusals(command)
            app.cli.add_command(command)
