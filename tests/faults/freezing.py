"""A PostgreSQL that hangs, as on a disk that answers no more: its kernel takes what is sent, and nothing comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

import psutil

from seatbook.embedded.postgres_server import PostgresServer

MOST_SECONDS = 90


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Every process of the server stands still; all of them go on afterwards, whatever happened meanwhile.

    They go on by themselves after a while, so that whoever waits for ever fails, and does not hang.
    """
    number = int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
    # The one that makes the others is first to stand still, and last to go on.
    postmaster = psutil.Process(number)
    postmaster.suspend()
    children: list[psutil.Process] = postmaster.children(recursive=True)

    def go_on() -> None:
        for process in [*children, postmaster]:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    by_itself = Timer(MOST_SECONDS, go_on)
    by_itself.start()
    try:
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.suspend()
        yield
    finally:
        by_itself.cancel()
        go_on()
