"""The `flask` commands: one module a story, each with its `commands`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

MODULES = ("audit", "event", "plan", "seed", "stress", "sweep", "user")


def init_app(app: Flask) -> None:
    """Register every command."""
    for name in MODULES:
        if find_spec(f"{__name__}.{name}"):  # TODO(lead): all of them exist at the end
            for command in import_module(f"{__name__}.{name}").commands:
                app.cli.add_command(command)
