"""`var/embedded.json`: how `flask` commands in another terminal find what `make run` started.

`seatbook/config.py` reads it. Addresses are in it while their server runs; the
secret key is made once and stays, so that nobody is signed out by a restart.
PUBLIC_URL is the address with its port, for commands that print it or call it.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


class StateFile:
    """The file at `path`, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def secret_key(self) -> str:
        """The key of this installation; made, and kept, at the first call."""
        content = self._read()
        if "SECRET_KEY" not in content:
            content["SECRET_KEY"] = secrets.token_hex(32)
            self._write(content)
        return content["SECRET_KEY"]

    def publish(self, addresses: dict[str, str]) -> None:
        """Say where things are: {"DATABASE_URL": …, "REDIS_URL": …}, each when we started it, and PUBLIC_URL."""
        self._write({"SECRET_KEY": self.secret_key()} | addresses)

    def withdraw(self) -> None:
        """The servers are gone; what is left is the secret key."""
        self._write({"SECRET_KEY": self.secret_key()})

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self.path.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, content: dict[str, str]) -> None:
        # Written beside and moved into place: a reader sees the old or the new content, never a half.
        written = self.path.with_suffix(".new")
        written.unlink(missing_ok=True)
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2)
        written.replace(self.path)
