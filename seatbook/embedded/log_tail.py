"""The end of a server's log, for the sentence that says why it didn't start."""

from __future__ import annotations

from pathlib import Path

from seatbook.embedded.refusal import CannotRun


def did_not_start(server: str, log_file: Path, *, lines: int = 8) -> CannotRun:
    """A refusal that shows the last lines of `log_file`."""
    try:
        tail = log_file.read_text("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        tail = []
    quoted = "".join(f"\n    {line}" for line in tail) or " (it is empty)"
    return CannotRun(f"{server} did not start. The end of its log {log_file}:{quoted}")
