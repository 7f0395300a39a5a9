"""What must be right before anything is started, and the sentence when it isn't."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from seatbook.config import Config
from seatbook.embedded.refusal import CannotRun
from seatbook.errors import ConfigurationError


def make_writable(var_dir: Path) -> None:
    """Make `var_dir`; raise CannotRun when it is, or would be, somebody else's."""
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(
            f"{var_dir} can't be made ({error.strerror}). Start seatbook as the owner of it."
        ) from None
    if not os.access(var_dir, os.W_OK):
        raise CannotRun(
            f"{var_dir} belongs to {var_dir.owner()}, and you may not write there. "
            f"Start seatbook as {var_dir.owner()}, or move that directory away to begin with empty data."
        )


def refuse_taken_port(port: int) -> None:
    """Raise CannotRun when nobody can listen on `port` now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {port} is taken by another program."
        else:
            reason = f"Port {port} can't be used ({error.strerror})."
        raise CannotRun(f"{reason} Choose another one: make run PORT={_other_port(port)}") from None


def refuse_faulty_settings(environ: dict[str, str]) -> None:
    """Raise CannotRun with every fault of the settings, before anything is started."""
    try:
        Config.from_environ(environ)
    except ConfigurationError as error:
        raise CannotRun(str(error)) from None


def _other_port(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8001
