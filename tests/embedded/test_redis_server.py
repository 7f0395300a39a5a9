from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from seatbook.embedded.redis_server import RedisServer
from seatbook.embedded.refusal import CannotRun

MakeServer = Callable[[], RedisServer]


@pytest.fixture
def make_server(short_dir: Path) -> Iterator[MakeServer]:
    """Servers on one and the same socket; whatever runs at the end is stopped."""
    made: list[RedisServer] = []

    def make() -> RedisServer:
        made.append(RedisServer(socket_dir=short_dir / "so ckets", log_file=short_dir / "redis.log"))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def test_it_listens_on_its_socket_and_on_no_port(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    with Redis.from_url(server.url()) as redis:
        process = psutil.Process(redis.info("server")["process_id"])
    assert process.net_connections("inet") == []
    assert server.socket.stat().st_mode & 0o077 == 0


def test_it_writes_nothing_to_the_disk(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    with Redis.from_url(server.url()) as redis:
        assert redis.config_get("save") == {"save": ""}
        assert redis.config_get("appendonly") == {"appendonly": "no"}


def test_one_left_by_a_killed_run_is_stopped_first(make_server: MakeServer) -> None:
    left = make_server()
    left.start()
    server = make_server()
    server.start()
    assert not left.alive
    assert server.alive


def test_it_starts_again_after_a_stop(make_server: MakeServer) -> None:
    server = make_server()
    for _ in range(2):
        server.start()
        with Redis.from_url(server.url(3)) as redis:
            assert redis.ping()
        server.stop()
        assert not server.alive


def test_one_that_does_not_start_shows_the_end_of_its_log(make_server: MakeServer) -> None:
    server = make_server()
    server.socket_dir.mkdir()
    server.socket.mkdir()
    with pytest.raises(
        CannotRun, match=r"Redis did not start. The end of its log (?s:.*) bind: Address already in use"
    ):
        server.start()
