"""A box office of its own, in a temporary folder: servers, a hall on sale, and a web process when asked for."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil
from flask_migrate import upgrade

from seatbook import create_app
from seatbook.config import PROJECT_DIR, Config
from seatbook.domain.stress_event import open_stress_event
from seatbook.embedded.postgres_server import PostgresServer
from seatbook.embedded.redis_server import RedisServer

START_SECONDS = 30
SECRET_KEY = "a key for measuring, which protects nothing"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Web:
    """One web process at 127.0.0.1:`port`; `process` is the one that serves."""

    port: int
    process: psutil.Process


class House:
    """Within the block: `app` is an application of this process on the same database, `event_id` is on sale."""

    def __init__(self, *, seats: int) -> None:
        self._seats = seats

    def __enter__(self) -> House:
        # Both ends of every stream are open files of somebody here.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._dir = Path(tempfile.mkdtemp(prefix="seatbook-bench-"))
        sockets = self._dir / "s"
        self._postgres = PostgresServer(
            self._dir / "postgres", socket_dir=sockets, log_file=self._dir / "postgres.log"
        )
        self._redis = RedisServer(socket_dir=sockets, log_file=self._dir / "redis.log")
        self._postgres.start()
        self._redis.start()
        self.config = Config(
            database_url=self._postgres.url(),
            redis_url=self._redis.url(),
            secret_key=SECRET_KEY,
            rate_limits=False,
        )
        self.app = create_app(self.config)
        with self.app.app_context():
            upgrade()
            self.event_id, self.seat_ids = open_stress_event(seats=self._seats)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._redis.stop()
        self._postgres.stop()
        shutil.rmtree(self._dir, ignore_errors=True)

    @contextmanager
    def web(self, *arguments: str) -> Iterator[Web]:
        """One gunicorn process, with `arguments` added to its command line."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        log = (self._dir / "gunicorn.log").open("ab")
        master = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app", "--workers", "1", *arguments],
            cwd=PROJECT_DIR,
            env=os.environ
            | {
                "DATABASE_URL": self.config.database_url,
                "REDIS_URL": self.config.redis_url,
                "SECRET_KEY": SECRET_KEY,
                "PORT": str(port),
                "RATE_LIMITS": "0",
            },
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_served(port)
            yield Web(port, psutil.Process(master.pid).children()[0])
        finally:
            master.terminate()
            master.wait(30)
            log.close()


def _wait_until_served(port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
