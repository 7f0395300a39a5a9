"""How long a process waits for PostgreSQL to say a word, before it takes it for gone.

The server's timeouts are kept by the server, so they do not fire while it hangs:
on a disk that answers no more, in a virtual machine that was suspended. Its
kernel goes on taking what is sent, so no keepalive notices either. libpq, left
to itself, waits in C, for ever, and hears no signal meanwhile.

psycopg2 lets somebody else wait: `end_waits` says who. A wait that comes to its
end is an OperationalError, and psycopg2 closes the connection, as nobody knows
what is still to come over it. So a server that hangs is what a server that died
is: the pool makes new connections, a request gets 503, and a COMMIT that was on
its way has an unknown outcome (docs/architecture.md, "Rules of locking").

It counts for a whole process. Web processes and the worker have it, as somebody
or something waits for them; commands do not, as some of their statements may
take minutes, and whoever started one can end it.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from psycopg2 import OperationalError, extensions

from seatbook.connection import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS

# Waits until a file can be read (or written) for so many seconds; False when it could not.
Wait = Callable[[int, bool, float], bool]

# What psycopg2 says of a connection that is there, whatever is done on it.
CONNECTED = (extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED)


def wait_by_poll(file: int, to_write: bool, seconds: float) -> bool:
    """For a process of threads. Python's own signal handlers run meanwhile, which they do not in libpq."""
    poll = select.poll()
    poll.register(file, select.POLLOUT if to_write else select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def end_waits(wait: Wait = wait_by_poll, *, on_silence: Callable[[], None] = lambda: None) -> None:
    """From now on, no connection of this process waits for ever. `on_silence` is told of each wait that ended so."""

    def until_answered(connection: Any) -> None:
        silent_seconds = 0
        while (state := connection.poll()) != extensions.POLL_OK:
            # Looked at once more after the wait: a process that was itself suspended finds its answer there.
            if silent_seconds:
                on_silence()
                raise OperationalError(f"no word from the server for {silent_seconds} s")
            if state == extensions.POLL_ERROR:
                raise OperationalError("the connection broke")
            # libpq's connect_timeout counts only while libpq itself waits.
            is_connected = connection.status in CONNECTED
            seconds = ANSWER_TIMEOUT_SECONDS if is_connected else CONNECT_TIMEOUT_SECONDS
            if not wait(connection.fileno(), state == extensions.POLL_WRITE, seconds):
                silent_seconds = seconds

    extensions.set_wait_callback(until_answered)
