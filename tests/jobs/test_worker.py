from __future__ import annotations

import os
import signal
from pathlib import Path

from redis import Redis
from rq import Queue
from sqlalchemy import create_engine, text

from seatbook.embedded.postgres_server import PostgresServer
from seatbook.embedded.redis_server import RedisServer
from seatbook.jobs.queue import add_job, job_queue
from seatbook.jobs.tasks import sweep
from tests.faults.freezing import frozen
from tests.jobs.barrier_task import leave_a_trace, wait_at_barrier
from tests.jobs.conftest import StartProcess, wait_until

PATIENCE_SECONDS = 60


def test_a_job_runs_in_an_application_of_its_own(
    redis: Redis, start_process: StartProcess, database_url: str
) -> None:
    start_process("worker.py")
    add_job(job_queue(redis), sweep)
    add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
    # One worker does one job at a time: with the second the first is done.
    assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
    with create_engine(database_url).connect() as connection:
        runs = connection.execute(text("SELECT trigger, finished_at IS NOT NULL FROM sweep_run")).all()
    assert runs == [("schedule", True)]


def test_asked_to_stop_it_finishes_the_job_in_hand(redis: Redis, start_process: StartProcess) -> None:
    worker = start_process("worker.py")
    add_job(job_queue(redis), wait_at_barrier, redis_url_of(redis))
    waiting_behind = add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
    child = int(pop(redis, "began"))

    # As systemd stops a unit: every process gets the signal, the child too.
    os.kill(child, signal.SIGTERM)
    worker.terminate()
    assert redis.llen("ended") == 0
    redis.lpush("go", "now")

    assert pop(redis, "ended") == b"early"
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert job_queue(redis).job_ids == [waiting_behind.id]


def test_the_stop_reaches_the_job_through_its_parent(redis: Redis, start_process: StartProcess) -> None:
    worker = start_process("worker.py")
    add_job(job_queue(redis), wait_at_barrier, redis_url_of(redis))
    pop(redis, "began")
    worker.send_signal(signal.SIGINT)
    wait_until(
        lambda: any(redis.hexists(key, "shutdown_requested_date") for key in redis.smembers("rq:workers"))
    )
    redis.lpush("go", "now")
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert pop(redis, "ended") == b"early"


def test_it_works_on_after_redis_was_away(
    redis: Redis, own_redis: RedisServer, start_process: StartProcess
) -> None:
    worker = start_process("worker.py")
    for _ in range(2):
        add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
        assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
        own_redis.stop()
        own_redis.start()
    add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
    assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
    assert worker.poll() is None


def test_it_stops_while_redis_is_away(
    redis: Redis, own_redis: RedisServer, start_process: StartProcess
) -> None:
    worker = start_process("worker.py")
    add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
    assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
    own_redis.stop()
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0


def test_it_stops_while_it_waits_for_redis_to_come_back(
    redis: Redis, own_redis: RedisServer, start_process: StartProcess, process_log: Path
) -> None:
    worker = start_process("worker.py")
    add_job(job_queue(redis), wait_at_barrier, redis_url_of(redis))
    pop(redis, "began")
    # Lost in the middle of a job, where RQ does not wait for it but ends.
    own_redis.stop()
    wait_until(lambda: "Redis is away" in process_log.read_text("utf-8"))
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0


def test_a_job_does_not_wait_for_a_database_that_hangs(
    redis: Redis,
    start_process: StartProcess,
    process_log: Path,
    database_url: str,
    postgres_server: PostgresServer,
) -> None:
    worker = start_process("worker.py")
    with frozen(postgres_server):
        add_job(job_queue(redis), sweep)
        add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
        # One worker does one job at a time: with the second the first has ended.
        assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
    assert "sweep waits for its next turn" in process_log.read_text("utf-8")

    add_job(job_queue(redis), sweep)
    add_job(job_queue(redis), leave_a_trace, redis_url_of(redis))
    assert redis.blpop(["traces"], timeout=PATIENCE_SECONDS)
    with create_engine(database_url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sweep_run")).scalar_one() == 1
    assert worker.poll() is None


def test_it_does_nothing_that_comes_as_pickle(redis: Redis, start_process: StartProcess) -> None:
    pickled = Queue(job_queue(redis).name, connection=redis)
    pickled.enqueue(leave_a_trace, redis_url_of(redis))
    start_process("worker.py")
    add_job(job_queue(redis), wait_at_barrier, redis_url_of(redis))
    pop(redis, "began")
    assert redis.llen("traces") == 0


def redis_url_of(redis: Redis) -> str:
    return f"unix://{redis.get_connection_kwargs()['path']}"


def pop(redis: Redis, name: str) -> bytes:
    popped = redis.blpop([name], timeout=PATIENCE_SECONDS)
    assert popped, f"nobody wrote to {name!r}"
    assert isinstance(popped[1], bytes)
    return popped[1]
