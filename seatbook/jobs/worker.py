"""The worker process: does the jobs of the queue, one at a time. Any number of workers may run.

RQ's `Worker` forks a child ("work horse") for each job, and not `SimpleWorker`,
which does jobs in its own process: a job that crashes, hangs or eats memory
takes its child with it and no more, and the parent keeps saying that it lives.

Stopping. SIGTERM or Ctrl-C: the parent takes no further job, and the child is
told to end at the next good place (the sweep: after the batch in hand). The
child is in a process group of its own, so a terminal's Ctrl-C doesn't reach it;
systemd's SIGTERM does, as it goes to all processes of a unit, and RQ's child
would die of it in mid-batch. Here it means the same as from the parent.
A second signal kills the child: the open transaction is undone by the database.

PostgreSQL that hangs. A job ends with a line in the log, and its next turn comes (`patience.py`).

Redis away. RQ waits for it while idle and ends otherwise; then a new worker is
made in this same process. Jobs that were lost are asked for again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
import uuid
from types import FrameType
from typing import ClassVar

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from seatbook import create_app, patience
from seatbook.errors import ConfigurationError
from seatbook.extensions import db
from seatbook.jobs.queue import job_queue
from seatbook.jobs.stop_flag import raise_stop_flag
from seatbook.loading import loading
from seatbook.logs import log_to_stdout

log = logging.getLogger("seatbook.worker")

RETRY_SECONDS = 2
# An idle worker asks Redis anew after this, less 15 s. RQ's own is 7 minutes,
# for which a worker would not notice that Redis moved away without a word.
WORKER_TTL_SECONDS = 60


def main() -> None:
    """Work until SIGTERM or Ctrl-C. A fault in the settings is a sentence and exit code 1."""
    try:
        with loading():
            app = create_app()
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    config = app.extensions["seatbook"]
    log_to_stdout(config.log_level)
    SeatbookWorker.app = app
    # Here, as a child is made for each job and has it from its parent.
    patience.end_waits()
    while _work(config.redis_url):
        time.sleep(RETRY_SECONDS)


def _work(redis_url: str) -> bool:
    """Do jobs until asked to stop (False) or until Redis is away (True)."""
    _leave_when_asked()
    worker = None
    try:
        with Redis.from_url(redis_url, socket_connect_timeout=RETRY_SECONDS) as connection:
            worker = SeatbookWorker(
                [job_queue(connection)],
                name=f"{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:6]}",
                connection=connection,
                serializer=JSONSerializer,
                worker_ttl=WORKER_TTL_SECONDS,
            )
            log.info("Waiting for jobs")
            worker.work()
    except RedisError as error:
        _leave_when_asked()
        log.warning("Redis is away (%s); trying again in %d s", error, RETRY_SECONDS)
    except StopRequested:
        # Asked to stop in the moment between RQ's end and our own handlers.
        return False
    return not (worker and worker.stop_asked)


def _leave_when_asked() -> None:
    """Before RQ has its own handlers in place, and after it: nothing is in hand, so stopping is just leaving."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class SeatbookWorker(Worker):
    """RQ's worker with an application around each job, and the manners described above."""

    app: ClassVar[Flask]
    stop_asked = False
    # Seconds between two tries while Redis is away; RQ's own grows to a minute.
    max_connection_wait_time = 5.0

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Do one job, in the child, in an app context of its own and with its own database connections."""
        with self.app.app_context():
            # What the parent had open, if anything, is not ours to use or to close.
            db.engine.dispose(close=False)
            try:
                return super().perform_job(job, queue)
            finally:
                db.session.remove()
                db.engine.dispose()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop_asked = True
        super().request_stop(signum, frame)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda _number, _frame: raise_stop_flag())

    def set_shutdown_requested_date(self) -> None:
        # For people who look into Redis. Called within a signal, where a failure would end the wait for the child.
        with contextlib.suppress(RedisError):
            super().set_shutdown_requested_date()

    def register_death(self, pipeline: Pipeline | None = None) -> None:
        with contextlib.suppress(RedisError):
            super().register_death()
