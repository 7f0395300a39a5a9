"""One `make run` at a time in one checkout."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seatbook.embedded.refusal import CannotRun


@contextmanager
def only_one(lock_file: Path, *, address: str) -> Iterator[None]:
    """Hold the lock while the body runs; raises CannotRun with the other's address when it is taken.

    It is a lock of this process alone (`lockf`, not `flock`, which forked
    children would share), so the system drops it however the process ends.
    """
    with lock_file.open("a+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotRun(
                f"seatbook already runs here, at {file.read().strip() or 'an unknown address'}. "
                "Use it there, or stop it with Ctrl-C in its terminal and try again."
            ) from None
        file.truncate(0)
        file.write(address)
        file.flush()
        try:
            yield
        finally:
            os.truncate(lock_file, 0)
