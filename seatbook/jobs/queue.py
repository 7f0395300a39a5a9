"""The queue, and the way into it.

Jobs travel as JSON: the name of a function and plain values. RQ's default is
pickle, with which whoever can write to Redis can run any code in the worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

log = logging.getLogger("seatbook.jobs")

QUEUE_NAME = "seatbook"
# Far more than any job needs; one that hangs makes room for the next after this.
JOB_TIMEOUT_SECONDS = 600
# The database holds what a job achieved. A failure is kept for a look, and not for a year.
RESULT_TTL_SECONDS = 0
FAILURE_TTL_SECONDS = 86_400

# A request must not wait for a Redis that is away.
REQUEST_TIMEOUT_SECONDS = 1


def connect(redis_url: str) -> Redis:
    """A client that tells at once, and without trying again, that Redis is away."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=REQUEST_TIMEOUT_SECONDS,
        socket_timeout=REQUEST_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def job_queue(connection: Redis) -> Queue:
    """The one queue of seatbook, with its serializer."""
    return Queue(
        QUEUE_NAME, connection=connection, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_SECONDS
    )


def enqueue(task: Callable[..., Any], *args: str | int) -> Job | None:
    """Ask for `task(*args)` in the background; None, and a line in the log, when Redis is away.

    Call it after the commit, and only for work that is found again in the
    database, so that a lost job is late and not missing. Needs an app context.
    """
    queue = job_queue(_client(current_app.extensions["seatbook"].redis_url))
    try:
        return add_job(queue, task, *args)
    except RedisError as error:
        log.warning("%s could not be queued, as Redis is away (%s)", task.__name__, error)
        return None


def add_job(queue: Queue, task: Callable[..., Any], *args: str | int, job_id: str | None = None) -> Job:
    """Put `task(*args)` into `queue`; raises RedisError."""
    return queue.enqueue(
        task, *args, job_id=job_id, result_ttl=RESULT_TTL_SECONDS, failure_ttl=FAILURE_TTL_SECONDS
    )


@lru_cache(maxsize=8)
def _client(redis_url: str) -> Redis:
    """One client a process; its connections are pooled, and made anew in a forked child."""
    return connect(redis_url)
