"""One open page that listens: what waits for it, and how it gets out.

The follower gives every stream its frames and must never wait for one of them.
Under gevent a frame goes straight to the socket, thousands in one go; the
stream's own greenlet sleeps and wakes only for what the socket did not take.
Under any other server frames wait in a queue for the stream's own thread. In
both cases little may wait: whoever reads too slowly is cut off, opens a new
stream from its last cursor, and misses nothing.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from seatbook.live.sse import Frame
from seatbook.queries.changes import Cursor

MAX_WAITING_BYTES = 256 * 1024
LIFE_SECONDS = 300.0
LIFE_JITTER = 0.2

# Sent with the headers, so that the page knows at once that it is heard. A browser that
# reconnects by itself waits so long.
PREFACE = b"retry: 2000\n\n"


class Stream:
    """`viewer` is whom it belongs to, as `live/viewers.py` names them; None for somebody without a cookie."""

    def __init__(
        self, event_id: int, *, since: Cursor, language: str, viewer: str | None, connection: Any = None
    ) -> None:
        self.event_id = event_id
        self.since = since
        self.who = (language, viewer)
        self.ends_at = time.monotonic() + LIFE_SECONDS * random.uniform(1 - LIFE_JITTER, 1 + LIFE_JITTER)  # noqa: S311
        self.last_sent = time.monotonic()
        self.has_ended = False
        self.was_slow = False
        self._socket = connection
        self._fd: int = -1 if connection is None else connection.fileno()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_writing = False
        self._wake = threading.Event()

    def deliver(self, frame: Frame) -> None:
        """Send, or queue; never waits, never raises."""
        if self.has_ended:
            return
        self.last_sent = time.monotonic()
        if self._fd < 0:
            self._queue(frame.plain)
        elif self._waiting or self._is_writing:
            self._queue(frame.chunk)
        else:
            try:
                sent = os.write(self._fd, frame.chunk)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.cut()
                return
            if sent < len(frame.chunk):
                self._queue(frame.chunk[sent:])

    def end(self, farewell: Frame) -> None:
        """Say the last word; the stream ends once it is out."""
        self.deliver(farewell)
        self.has_ended = True
        self._wake.set()

    def cut(self) -> None:
        """End now, in the middle of whatever is being said: the page is gone or too slow."""
        self.has_ended = True
        self._waiting.clear()
        if self._fd >= 0:
            # Frees a greenlet that waits for the page to read on, and keeps the server from writing more.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._wake.set()

    def body(self, *, join: Callable[[Stream], None], leave: Callable[[Stream], None]) -> Generator[bytes]:
        """The body of the response. `join` is called when the server has written the headers: from then on
        frames may go to the socket."""
        try:
            yield PREFACE
            join(self)
            while True:
                self._wake.wait()
                self._wake.clear()
                if self._fd >= 0:
                    self._write_waiting()
                elif waiting := self.take_waiting():
                    yield waiting
                if self.has_ended and not self._waiting:
                    return
        finally:
            self.has_ended = True
            self._fd = -1
            leave(self)

    def _queue(self, part: bytes) -> None:
        self._waiting_bytes += len(part)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.was_slow = True
            self.cut()
            return
        self._waiting.append(part)
        self._wake.set()

    def take_waiting(self) -> bytes:
        """What the socket or the server has not taken yet; it is the caller's to send now."""
        parts = []
        while self._waiting:
            parts.append(self._waiting.popleft())
        taken = b"".join(parts)
        self._waiting_bytes -= len(taken)
        return taken

    def _write_waiting(self) -> None:
        """Write what the socket did not take, waiting as long as the page needs, in this stream's own greenlet."""
        self._is_writing = True
        try:
            while self._waiting:
                self._socket.sendall(self.take_waiting())
        except OSError:
            self.cut()
        finally:
            self._is_writing = False


def direct_socket(environ: dict[str, Any]) -> Any:
    """The socket to write frames to without the server, or None where that is not possible.

    Only gevent's: its sockets never block, and its greenlets take turns where they choose to. The body must
    be in chunked coding, which is what gunicorn does for HTTP/1.1, and TLS must end elsewhere.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None or environ.get("SERVER_PROTOCOL") != "HTTP/1.1":
        return None
    if os.get_blocking(connection.fileno()) or hasattr(connection, "cipher"):
        return None
    return connection


def serves_streams(environ: dict[str, Any]) -> bool:
    """Whether this server can keep many streams. gunicorn's threads are few, and each stream would keep one."""
    connection = environ.get("gunicorn.socket")
    return connection is None or not os.get_blocking(connection.fileno())
