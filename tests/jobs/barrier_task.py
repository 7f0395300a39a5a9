"""A task for the tests of the worker: it tells when it begins, waits for the word, and tells how it ended."""

from __future__ import annotations

import os

from redis import Redis

from seatbook.jobs.stop_flag import stop_requested

PATIENCE_SECONDS = 30


def wait_at_barrier(redis_url: str) -> None:
    with Redis.from_url(redis_url, socket_timeout=PATIENCE_SECONDS + 5) as redis:
        redis.lpush("began", os.getpid())
        redis.blpop(["go"], timeout=PATIENCE_SECONDS)
        redis.lpush("ended", "early" if stop_requested() else "in time")


def leave_a_trace(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.lpush("traces", "done")
