"""Manners of a web process under gevent, where thousands of streams and all requests share one thread.

Whatever waits must wait the way gevent does, or everybody waits with it:

- psycopg2 waits for PostgreSQL in C; psycogreen makes it let others go on meanwhile.
- A password's hash is 20 ms of work by design; it is done on a thread aside, on another core.
- Requests take turns for as many places as there are connections for them, in the order in which they came:
  a rush is answered late, and not with "too busy" because it waited for a connection for too long. A form is
  read before that, so that nobody keeps a place by sending it slowly.
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
from flask import Flask
from psycogreen.gevent import patch_psycopg

from seatbook.config import Config
from seatbook.domain import passwords
from seatbook.web.security import MAX_REQUEST_BYTES

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

LOOK_SECONDS = 0.1


def settle_in(app: Flask, *, is_running: Callable[[], bool]) -> None:
    """Make `app`'s process fit for gevent, after the fork. `is_running` turns False when it is told to stop."""
    config: Config = app.extensions["seatbook"]
    patch_psycopg()
    passwords.hasher = HasherAside(
        time_cost=passwords.PASSES, memory_cost=passwords.MEMORY_KIB, parallelism=passwords.LANES
    )
    app.wsgi_app = Turns(app.wsgi_app, at_once=config.pool_size)  # type: ignore[method-assign]
    gevent.spawn(_end_streams_at_the_stop, app, is_running)


class Turns:
    """WSGI middleware: `at_once` requests are worked on, the others wait in a line.

    A semaphore would let whoever comes while somebody leaves pass those who wait.
    """

    def __init__(self, app: Wsgi, *, at_once: int) -> None:
        self._app = app
        self._free = at_once
        self._line: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and 0 < int(length) <= MAX_REQUEST_BYTES:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
        self._take_place()
        try:
            return self._app(environ, start_response)
        finally:
            self._give_place()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def _take_place(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = threading.Event()
            self._line.append(called)
        try:
            called.wait()
        except BaseException:
            # The process is about to end, and this request with it.
            with self._lock:
                if called in self._line:
                    self._line.remove(called)
                    raise
            self._give_place()
            raise

    def _give_place(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1


class HasherAside(PasswordHasher):
    """argon2 lets go of Python's lock while it works, so another thread of the process can do it."""

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        hashed: str = gevent.get_hub().threadpool.apply(super().hash, (password,), {"salt": salt})
        return hashed

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        return gevent.get_hub().threadpool.apply(super().verify, (hash, password))


def _end_streams_at_the_stop(app: Flask, is_running: Callable[[], bool]) -> None:
    while is_running():
        gevent.sleep(LOOK_SECONDS)
    app.extensions["seatbook_live"].stop()
