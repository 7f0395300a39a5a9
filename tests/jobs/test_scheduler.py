from __future__ import annotations

from pathlib import Path

from redis import Redis

from seatbook.config import Config
from seatbook.embedded.redis_server import RedisServer
from seatbook.jobs import tasks
from seatbook.jobs.queue import job_queue
from seatbook.jobs.schedule import Scheduled, schedule
from seatbook.jobs.scheduler import ScheduledJob
from tests.jobs.conftest import StartProcess, wait_until

PATIENCE_SECONDS = 60
SCHEDULER = ("-m", "seatbook.jobs.scheduler")


def test_the_sweep_comes_at_its_interval() -> None:
    config = Config(database_url="", redis_url="", secret_key="", sweep_interval_seconds=7)
    assert Scheduled(tasks.sweep, every_seconds=7) in schedule(config)


def test_jobs_do_not_pile_up_while_no_worker_runs(redis: Redis) -> None:
    twins = [ScheduledJob(Scheduled(tasks.sweep, every_seconds=1)) for _ in range(2)]
    for scheduler_job in (*twins, *twins):
        scheduler_job.enqueue(redis)
    waiting = job_queue(redis).jobs
    assert [job.func_name for job in waiting] == ["seatbook.jobs.tasks.sweep"]


def test_a_job_that_was_begun_is_asked_for_again(redis: Redis) -> None:
    scheduler_job = ScheduledJob(Scheduled(tasks.sweep, every_seconds=1))
    scheduler_job.enqueue(redis)
    job_queue(redis).pop_job_id()
    scheduler_job.enqueue(redis)
    assert len(job_queue(redis)) == 1


def test_the_process_asks_at_its_start_and_stops_when_asked(
    redis: Redis, start_process: StartProcess
) -> None:
    scheduler = start_process(*SCHEDULER)
    wait_until(lambda: bool(job_queue(redis).job_ids))
    scheduler.terminate()
    assert scheduler.wait(PATIENCE_SECONDS) == 0


def test_it_asks_again_after_redis_was_away(
    redis: Redis, own_redis: RedisServer, start_process: StartProcess, process_log: Path
) -> None:
    scheduler = start_process(*SCHEDULER)
    wait_until(lambda: bool(job_queue(redis).job_ids))
    own_redis.stop()
    wait_until(lambda: "Redis is away" in process_log.read_text())
    own_redis.start()
    # The new Redis is empty: what waits there now was asked for after the pause.
    wait_until(lambda: bool(job_queue(redis).job_ids))
    assert scheduler.poll() is None


def test_it_stops_while_redis_is_away(
    redis: Redis, own_redis: RedisServer, start_process: StartProcess
) -> None:
    scheduler = start_process(*SCHEDULER)
    wait_until(lambda: bool(job_queue(redis).job_ids))
    own_redis.stop()
    scheduler.terminate()
    assert scheduler.wait(PATIENCE_SECONDS) == 0
