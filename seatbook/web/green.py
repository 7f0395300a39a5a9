"""Manners of a web process under gevent, where thousands of streams and all requests share one thread.

Whatever waits must wait the way gevent does, or everybody waits with it:

- psycopg2 waits for PostgreSQL in C; by `patience.py` it waits gevent's way, and not for ever.
- A password's hash is 20 ms of work by design; it is done on a thread aside, on another core.
- Requests take turns for as many places as there are connections for them, in the order in which they came:
  a rush is answered late, and not with "too busy" because it waited for a connection for too long. A form is
  read before that, so that nobody keeps a place by sending it slowly. Where PostgreSQL says nothing any more
  nobody stands in line: all are told at once what the first one had to wait for.
- When the process is told to stop, its streams end at once, and their pages open the next one elsewhere.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask
from gevent.socket import wait_read, wait_write

from seatbook import patience
from seatbook.config import Config
from seatbook.domain import passwords
from seatbook.web.errors import DATABASE_HANGS
from seatbook.web.security import MAX_REQUEST_BYTES, read_chunks

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

LOOK_SECONDS = 0.1


def settle_in(app: Flask, *, is_running: Callable[[], bool]) -> None:
    """Make `app`'s process fit for gevent, after the fork. `is_running` turns False when it is told to stop."""
    config: Config = app.extensions["seatbook"]
    turns = Turns(app.wsgi_app, at_once=config.pool_size)
    app.wsgi_app = turns  # type: ignore[method-assign]
    patience.end_waits(wait_green, on_silence=turns.send_away)
    passwords.hasher = HasherAside(
        time_cost=passwords.PASSES, memory_cost=passwords.MEMORY_KIB, parallelism=passwords.LANES
    )
    gevent.spawn(_end_streams_at_the_stop, app, is_running)


def wait_green(file: int, to_write: bool, seconds: float) -> bool:
    """Let others go on until `file` can be read, or written; False when it can't for so many seconds."""
    try:
        (wait_write if to_write else wait_read)(file, timeout=seconds)
    except TimeoutError:
        return False
    return True


class Turns:
    """WSGI middleware: `at_once` requests are worked on, the others wait in a line.

    A semaphore would let whoever comes while somebody leaves pass those who wait.
    """

    def __init__(self, app: Wsgi, *, at_once: int) -> None:
        self._app = app
        self._free = at_once
        self._line: deque[_InLine] = deque()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        read_chunks(environ)
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and 0 < int(length) <= MAX_REQUEST_BYTES:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
        if not self._take_place():
            environ[DATABASE_HANGS] = True
            return self._app(environ, start_response)
        try:
            return self._app(environ, start_response)
        finally:
            self._give_place()

    def send_away(self) -> None:
        """Answer all who stand in line, without a place: where one waited for the database in vain, the next
        would too, one after the other."""
        with self._lock:
            line, self._line = self._line, deque()
        for waiting in line:
            waiting.is_sent_away = True
            waiting.called.set()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def _take_place(self) -> bool:
        """Wait for a place; False when sent away."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            waiting = _InLine()
            self._line.append(waiting)
        try:
            waiting.called.wait()
        except BaseException:
            # The process is about to end, and this request with it.
            with self._lock:
                if waiting in self._line:
                    self._line.remove(waiting)
                    raise
            if not waiting.is_sent_away:
                self._give_place()
            raise
        return not waiting.is_sent_away

    def _give_place(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().called.set()
            else:
                self._free += 1


class _InLine:
    """A request that waits for its turn."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.is_sent_away = False


class HasherAside(PasswordHasher):
    """argon2 lets go of Python's lock while it works, so another thread of the process can do it."""

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        hashed: str = gevent.get_hub().threadpool.apply(super().hash, (password,), {"salt": salt})
        return hashed

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        """Unlike the one it stands in for it answers False for a wrong password: what is raised on a thread
        of gevent's pool is written to the log with its traceback, and anybody can send wrong passwords."""
        return gevent.get_hub().threadpool.apply(self._fits, (hash, password))

    def _fits(self, hash: str | bytes, password: str | bytes) -> bool:
        try:
            return super().verify(hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _end_streams_at_the_stop(app: Flask, is_running: Callable[[], bool]) -> None:
    while is_running():
        gevent.sleep(LOOK_SECONDS)
    app.extensions["seatbook_live"].stop()
