"""Worker and scheduler as processes of their own, on a Redis that a test may stop and start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from seatbook.config import PROJECT_DIR
from seatbook.embedded.redis_server import RedisServer
from tests.conftest import SECRET_KEY

PATIENCE_SECONDS = 60

StartProcess = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def own_redis(short_dir: Path) -> Iterator[RedisServer]:
    server = RedisServer(socket_dir=short_dir, log_file=short_dir / "redis.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(own_redis: RedisServer) -> Iterator[Redis]:
    # Longer than any BLPOP of the tests waits; redis-py's own 5 s would end it first.
    with Redis.from_url(own_redis.url(), socket_timeout=PATIENCE_SECONDS + 5) as client:
        yield client


@pytest.fixture
def process_log(short_dir: Path) -> Path:
    """What the processes of a test say."""
    return short_dir / "process.log"


@pytest.fixture
def start_process(own_redis: RedisServer, database_url: str, process_log: Path) -> Iterator[StartProcess]:
    """Start `python ARGUMENTS` as `make run` does; what it said is shown when a test fails."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        environ = {
            "DATABASE_URL": database_url,
            "REDIS_URL": own_redis.url(),
            "SECRET_KEY": SECRET_KEY,
            "SWEEP_INTERVAL_SECONDS": "1",
        }
        with process_log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT_DIR,
                env=os.environ | environ,
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
    print(process_log.read_text("utf-8", "replace"))


def wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.05)
