"""How a process loads: everything that it imports and builds stays for as long as it runs."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Around what a process loads once, at its start.

    300,000 objects come to stay, and Python's search for rubbish would look through all of them again and
    again: a quarter of the time of a start. Afterwards it leaves them out for good, so that no request waits
    for such a search either (0.2 s), and a forked child goes on sharing their memory.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        # The last search, when the process ends, needs them all: handlers of logs must go before their modules.
        atexit.register(gc.unfreeze)
