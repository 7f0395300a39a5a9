"""The scheduler process: `python -m seatbook.jobs.scheduler`. It asks for jobs and does none.

It is RQ's cron scheduler with two changes, for which the command `rq cron`
has no options: jobs are written as JSON (it would pickle them, and our worker
refuses pickles), and a Redis that goes away is waited for (it would end).

RQ's scheduler keeps no lock and asks for everything when it starts. Two of them,
or one that starts often, ask more often, and the jobs bear that.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import SchedulerNotFound, StopRequested
from rq.job import Job

from seatbook.config import Config
from seatbook.errors import ConfigurationError
from seatbook.jobs.queue import QUEUE_NAME, add_job, connect, job_queue
from seatbook.jobs.schedule import Scheduled, schedule
from seatbook.logs import log_to_stdout

log = logging.getLogger("seatbook.scheduler")

RETRY_SECONDS = 2


def main() -> None:
    """Run until SIGTERM or Ctrl-C. A fault in the settings is a sentence and exit code 1."""
    try:
        config = Config.from_environ()
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    log_to_stdout(config.log_level)
    with contextlib.suppress(StopRequested):
        _run(config)


def _run(config: Config) -> None:
    """Returns when asked to stop, or raises StopRequested where the signal came outside of RQ's own loop."""
    connection = connect(config.redis_url)
    while True:
        scheduler = Scheduler(connection)
        for scheduled in schedule(config):
            scheduler.get_jobs().append(ScheduledJob(scheduled))
        try:
            scheduler.start()
        except RedisError as error:
            log.warning("Redis is away (%s); trying again in %d s", error, RETRY_SECONDS)
            time.sleep(RETRY_SECONDS)
        else:
            return


class ScheduledJob(CronJob):
    """One line of the schedule. It isn't asked for again while the last one still waits for a worker."""

    def __init__(self, scheduled: Scheduled) -> None:
        super().__init__(QUEUE_NAME, func=scheduled.task, interval=scheduled.every_seconds)
        self.task = scheduled.task

    def enqueue(self, connection: Redis) -> Job | None:  # type: ignore[override]
        queue = job_queue(connection)
        prefix = f"{self.task.__name__}-"
        # Without this, jobs would pile up while no worker runs.
        if any(job_id.startswith(prefix) for job_id in queue.get_job_ids()):
            return None
        return add_job(queue, self.task, job_id=f"{prefix}{uuid.uuid4().hex}")


class Scheduler(CronScheduler):
    def register_death(self, pipeline: Pipeline | None = None) -> None:
        # At the end of `start`: with Redis away there is nobody to tell, and that is no fault of the stop.
        with contextlib.suppress(RedisError, SchedulerNotFound):
            super().register_death(pipeline)


if __name__ == "__main__":
    main()
