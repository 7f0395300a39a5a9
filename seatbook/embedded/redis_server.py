"""A Redis of our own, out of a wheel: on a Unix socket, in memory only.

It keeps nothing over a restart, on purpose: what Redis holds (the queue,
counters of the rate limits) is made again from the database or not missed.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from seatbook.embedded.log_tail import did_not_start
from seatbook.embedded.server_environ import server_environ
from seatbook.embedded.wheels import redis_server_program

START_SECONDS = 20


class RedisServer:
    """One Redis on the socket `socket_dir`/redis.sock."""

    def __init__(self, *, socket_dir: Path, log_file: Path) -> None:
        self.socket_dir = socket_dir
        self.socket = socket_dir / "redis.sock"
        self.log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and return when it answers; one that a killed run left on the socket is stopped first.

        Raises CannotRun with the end of the log when it doesn't come up.
        """
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.stop_leftover()
        command = [str(redis_server_program()), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        command += ["--dir", str(self.socket_dir), "--set-proc-title", "no"]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=server_environ(),
                # As for PostgreSQL: out of reach of the terminal's Ctrl-C.
                start_new_session=True,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while self.alive and time.monotonic() < give_up_at:
            if self._answers():
                return
            time.sleep(0.02)
        self.stop()
        raise did_not_start("Redis", self.log_file)

    def stop(self) -> None:
        """Return when the process is gone. Repeating is safe."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def stop_leftover(self) -> bool:
        """Stop the Redis that answers on our socket, if one does; tell whether there was one."""
        if not self._answers():
            return False
        with self._client() as client:
            client.shutdown(nosave=True)
        return True

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: int = 0) -> str:
        """The address as redis-py takes it."""
        return f"unix://{quote(str(self.socket))}?db={database}"

    def _answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _client(self) -> Redis:
        return Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))
