from __future__ import annotations

import json
import logging
import zlib
from pathlib import Path

import pytest
from flask import Flask
from flask.ctx import AppContext
from redis import Redis
from redis.exceptions import RedisError

from seatbook import create_app
from seatbook.config import Config
from seatbook.jobs.queue import connect, enqueue, job_queue
from seatbook.jobs.tasks import sweep


def test_a_job_travels_as_json(app_context: AppContext, redis_url: str) -> None:
    job = enqueue(sweep)
    assert job is not None
    with Redis.from_url(redis_url) as redis:
        assert job_queue(redis).job_ids == [job.id]
        data = zlib.decompress(redis.hget(job.key, "data"))
    assert json.loads(data) == ["seatbook.jobs.tasks.sweep", None, [], {}]


def test_a_redis_that_is_away_costs_a_line_in_the_log_and_nothing_else(
    app_without_redis: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app_without_redis.app_context(), caplog.at_level(logging.WARNING):
        assert enqueue(sweep) is None
    assert "sweep could not be queued, as Redis is away" in caplog.text


def test_a_redis_that_is_away_is_told_without_trying_again(short_dir: Path) -> None:
    retry = connect(f"unix://{short_dir}/nothing.sock").get_retry()
    assert retry is not None
    assert retry.get_retries() == 0
    with pytest.raises(RedisError):
        connect(f"unix://{short_dir}/nothing.sock").ping()


@pytest.fixture
def app_without_redis(short_dir: Path, database_url: str) -> Flask:
    config = Config(
        database_url=database_url, redis_url=f"unix://{short_dir}/nothing.sock", secret_key="x" * 32
    )
    return create_app(config)
