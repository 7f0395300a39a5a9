from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest

from seatbook.config import PROJECT_DIR
from seatbook.live import follower, telling
from seatbook.live.follower import Follower
from seatbook.live.freshness import Freshness
from seatbook.live.hub import Hub
from seatbook.live.sse import Frame, message
from seatbook.live.stream import (
    LIFE_SECONDS,
    MAX_WAITING_BYTES,
    PREFACE,
    Stream,
    direct_socket,
    serves_streams,
)
from seatbook.live.teller import Teller
from seatbook.queries.changes import Cursor
from tests.live.model_page import read_messages

SINCE = Cursor(3, 0, datetime(2025, 1, 1, tzinfo=UTC))


def make_stream(**options: Any) -> Stream:
    return Stream(7, since=SINCE, language="en", viewer=None, **options)


def body_of(stream: Stream, hub: Hub) -> Generator[bytes]:
    return stream.body(join=hub.join, leave=hub.leave)


# --- a stream that a server's thread reads ---


def test_a_stream_joins_only_when_its_headers_are_out(hub: Hub) -> None:
    stream = make_stream()
    body = body_of(stream, hub)
    assert next(body) == PREFACE
    assert hub.count == 0
    stream.deliver(Frame.of(b"data: 1\n\n"))
    next(body)
    assert hub.count == 1
    body.close()
    assert hub.count == 0


def test_what_waits_comes_out_in_order_and_once(hub: Hub) -> None:
    stream = make_stream()
    body = body_of(stream, hub)
    next(body)
    for nth in range(3):
        stream.deliver(Frame.of(b"data: %d\n\n" % nth))
    assert next(body) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
    stream.end(Frame.of(b"data: end\n\n"))
    assert list(body) == [b"data: end\n\n"]
    assert hub.count == 0


def test_a_stream_that_has_ended_takes_nothing_more() -> None:
    stream = make_stream()
    stream.end(Frame.of(b"data: end\n\n"))
    stream.deliver(Frame.of(b"data: late\n\n"))
    assert stream.take_waiting() == b"data: end\n\n"


def test_little_may_wait_for_a_slow_reader(hub: Hub) -> None:
    stream = make_stream()
    body = body_of(stream, hub)
    next(body)
    frame = Frame.of(b"x" * 10_000)
    for _ in range(MAX_WAITING_BYTES // 10_000):
        stream.deliver(frame)
    assert (stream.has_ended, stream.was_slow) == (False, False)
    stream.deliver(frame)
    assert (stream.has_ended, stream.was_slow) == (True, True)
    assert list(body) == []


def test_streams_live_for_about_as_long_but_do_not_end_together() -> None:
    now = time.monotonic()
    lives = [make_stream().ends_at - now for _ in range(200)]
    assert min(lives) > LIFE_SECONDS * 0.75
    assert max(lives) < LIFE_SECONDS * 1.25
    assert len({round(life) for life in lives}) > 10


# --- a stream that writes to its socket by itself ---


@pytest.fixture(scope="module")
def green() -> dict[str, dict[str, Any]]:
    program = [sys.executable, "-m", "tests.live.green_streams"]
    result = subprocess.run(program, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    found: dict[str, dict[str, Any]] = json.loads(result.stdout)
    return found


def test_everything_arrives_in_order_when_the_page_reads_slowly(green: dict[str, dict[str, Any]]) -> None:
    assert green["everything_arrives_in_order"] == {
        "is_the_same": True,
        "events": [f"yielded {len(PREFACE)} bytes", "joined", "left"],
        "was_slow": False,
    }


def test_who_never_reads_is_cut_off(green: dict[str, dict[str, Any]]) -> None:
    assert green["who_never_reads_is_cut_off"] == {
        "was_slow": True,
        "stopped_in_time": True,
        "page_sees_the_end": True,
        "events": [f"yielded {len(PREFACE)} bytes", "joined", "left"],
    }


def test_who_has_gone_is_noticed(green: dict[str, dict[str, Any]]) -> None:
    found = green["who_has_gone_is_noticed"]
    assert found["has_ended"]
    assert not found["was_slow"]
    assert found["events"][-1] == "left"


def test_only_a_socket_that_never_blocks_is_written_to_directly() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threads = {"gunicorn.socket": ours, "SERVER_PROTOCOL": "HTTP/1.1"}
        assert direct_socket(threads) is None
        assert not serves_streams(threads), "gunicorn's threads are few"
        ours.setblocking(False)
        assert direct_socket(threads) is ours
        assert serves_streams(threads)
        assert direct_socket(threads | {"SERVER_PROTOCOL": "HTTP/1.0"}) is None, "its body is not in chunks"
    assert direct_socket({"SERVER_PROTOCOL": "HTTP/1.1"}) is None
    assert serves_streams({})


# --- what is said ---


def test_a_message_reads_as_it_was_written() -> None:
    [read], rest = read_messages(message("one\ntwo", event="own", cursor=SINCE))
    assert (read.event, read.data, read.id, rest) == ("own", "one\ntwo", str(SINCE), b"")


def test_every_message_has_data_or_a_browser_would_not_dispatch_it() -> None:
    for frame in (telling.beat(), telling.beat(SINCE), telling.again(), telling.reload()):
        assert b"\ndata: " in frame.plain


def test_a_chunk_is_the_message_with_its_length() -> None:
    frame = Frame.of(b"data: 1\n\n", b"data: 2\n\n")
    size, _, rest = frame.chunk.partition(b"\r\n")
    assert rest == frame.plain + b"\r\n"
    assert int(size, 16) == len(frame.plain)


def test_many_pages_take_longer_turns_to_fetch() -> None:
    def within_ms(streams: int) -> int:
        [read], _ = read_messages(telling.refetch(SINCE, streams=streams).plain)
        assert read.id is None
        return int(json.loads(read.data)["within_ms"])

    assert within_ms(1) == 1_000
    assert within_ms(500) == 5_000
    assert within_ms(1_000_000) == 30_000


# --- when ---


def test_a_silent_stream_is_heard_and_an_old_one_ends(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, teller: Teller
) -> None:
    monkeypatch.setattr(follower, "BEAT_SECONDS", 0.0)
    silent, old = make_stream(), make_stream()
    old.ends_at = time.monotonic()
    for stream in (silent, old):
        hub.join(stream)
    Follower(hub, teller).tend()
    assert [m.event for m in read_messages(silent.take_waiting())[0]] == ["beat"]
    assert [m.event for m in read_messages(old.take_waiting())[0]] == ["again"]
    assert (silent.has_ended, old.has_ended) == (False, True)


def test_freshness_counts_each_change_in_every_bucket_above_it() -> None:
    freshness = Freshness()
    assert freshness.figures().quantile(0.5) is None
    for seconds in (0.01, 0.02, 0.09, 0.2, 99.0):
        freshness.add(seconds)
    figures = freshness.figures()
    assert figures.count == 5
    assert figures.up_to[0.025] == 2
    assert figures.up_to[0.1] == 3
    assert figures.up_to[10.0] == 4
    assert figures.quantile(0.5) == 0.1
    assert figures.quantile(0.8) == 0.2
    assert figures.quantile(0.99) == float("inf")
