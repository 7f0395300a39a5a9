"""`make run` as a person sees it: started, asked twice, stopped, killed, started again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import create_engine, text

from seatbook.config import PROJECT_DIR
from seatbook.embedded.leftovers import marked_processes
from seatbook.embedded.state_file import StateFile

PATIENCE_SECONDS = 120


class Run:
    """One `make run`, in a process group of its own as in a terminal of its own."""

    def __init__(self, var_dir: Path, port: int, output: Path, environ: dict[str, str]) -> None:
        self.var_dir = var_dir
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self._output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "seatbook.embedded",
                    "run",
                    "--port",
                    str(port),
                    "--var",
                    str(var_dir),
                ],
                cwd=PROJECT_DIR,
                env=os.environ | environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._output.read_text("utf-8", "replace")

    def until_ready(self) -> None:
        wait_until(lambda: "seatbook is ready" in self.said or self.process.poll() is not None, self._why)
        assert f"seatbook is ready: {self.address}" in self.said, self.said

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C in the terminal: every process of the group gets the signal. The exit code."""
        os.killpg(self.process.pid, number)
        return self.process.wait(PATIENCE_SECONDS)

    def state(self) -> dict[str, str]:
        content: dict[str, str] = json.loads((self.var_dir / "embedded.json").read_text())
        return content

    def pids(self, name: str) -> list[int]:
        """The numbers of web, worker or scheduler, one for each time it was started."""
        return [int(number) for number in re.findall(rf"{name} started \(pid=(\d+)\)", self.said)]

    def _why(self) -> str:
        return self.said


StartRun = Callable[..., Run]
OneRun = Callable[[], Run]


@pytest.fixture(scope="module")
def var_dir() -> Iterator[Path]:
    """Where the data of these runs is kept from one to the next; any of the tests may be the first."""
    directory = Path(tempfile.mkdtemp(prefix="seatbook-run-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def start_run(free_port: int, short_dir: Path) -> Iterator[StartRun]:
    with runs_on(free_port, short_dir) as start:
        yield start


@pytest.fixture(scope="module")
def one_run(var_dir: Path) -> Iterator[OneRun]:
    """The run that several tests look at, one after the other; whoever asks first starts it."""
    runs: list[Run] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="seatbook-") as logs, runs_on(port, Path(logs)) as start:

        def ready() -> Run:
            if not runs:
                runs.append(start(var_dir))
                runs[0].until_ready()
            return runs[0]

        yield ready


@contextmanager
def runs_on(port: int, logs: Path) -> Iterator[StartRun]:
    """A way to start runs; those that still are there at the end are stopped."""
    runs: list[Run] = []

    def start(var_dir: Path, *, port: int = port, **environ: str) -> Run:
        runs.append(Run(var_dir, port, logs / f"{len(runs)}.log", environ))
        return runs[-1]

    try:
        yield start
    finally:
        for run in runs:
            if run.process.poll() is None:
                run.stop()
            print(run.said)


def test_what_a_killed_run_left_is_stopped_by_the_next(start_run: StartRun, var_dir: Path) -> None:
    killed = start_run(var_dir)
    killed.until_ready()
    killed.process.kill()
    killed.process.wait()
    orphans = left_by(var_dir)
    assert len(orphans) > 5

    run = start_run(var_dir)
    run.until_ready()

    assert "An earlier run was killed" in run.said
    assert not any(orphan.is_running() for orphan in orphans)
    assert answers(run.address)
    assert run.stop(signal.SIGTERM) == 0
    assert "Traceback" not in run.said
    assert left_by(var_dir) == []


def test_a_process_that_dies_again_and_again_ends_the_run(start_run: StartRun, var_dir: Path) -> None:
    # gunicorn reads its own settings; this one has no worker class of that name.
    run = start_run(var_dir, GUNICORN_CMD_ARGS="--worker-class=unheard-of")
    assert run.process.wait(PATIENCE_SECONDS) == 1
    assert len(run.pids("web")) == 5
    assert len(run.pids("worker")) == 1
    assert "web ended 5 times soon after its start (exit code 1)." in run.said
    assert "One of web, worker and scheduler ended again and again; its lines above say why." in run.said
    assert left_by(var_dir) == []


def test_ctrl_c_leaves_nothing_but_the_data(start_run: StartRun, one_run: OneRun, var_dir: Path) -> None:
    run = start_run(var_dir)
    run.until_ready()
    assert answers(run.address)
    with create_engine(run.state()["DATABASE_URL"]).begin() as connection:
        connection.execute(text("CREATE TABLE note AS SELECT 'sold out' AS text"))

    assert run.stop() == 0

    assert "Traceback" not in run.said
    assert left_by(var_dir) == []
    assert set(run.state()) == {"SECRET_KEY"}

    with create_engine(one_run().state()["DATABASE_URL"]).begin() as connection:
        assert connection.scalar(text("SELECT text FROM note")) == "sold out"
        connection.execute(text("DROP TABLE note"))


def test_a_second_start_is_told_where_the_first_one_is(
    start_run: StartRun, one_run: OneRun, var_dir: Path
) -> None:
    run = one_run()
    second = start_run(var_dir, port=run.port)
    assert second.process.wait(PATIENCE_SECONDS) == 1
    assert f"seatbook already runs here, at {run.address}." in second.said
    assert "Traceback" not in second.said
    assert answers(run.address)


def test_servers_that_die_are_started_again(one_run: OneRun, var_dir: Path) -> None:
    run = one_run()
    state = run.state()
    with Redis.from_url(state["REDIS_URL"]) as redis:
        old_redis = redis.info("server")["process_id"]
    old_postgres = int((var_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])

    os.kill(old_redis, signal.SIGKILL)
    os.kill(old_postgres, signal.SIGKILL)

    wait_until(lambda: redis_answers(state["REDIS_URL"]) and answers(run.address), lambda: run.said)


def test_a_process_that_dies_is_started_again_alone(one_run: OneRun, var_dir: Path) -> None:
    run = one_run()
    said_before = len(run.said)
    names = ("web", "worker", "scheduler")
    before = {name: run.pids(name) for name in names}
    for name in names:
        os.kill(before[name][-1], signal.SIGKILL)
        wait_until(lambda name=name: len(run.pids(name)) > len(before[name]), lambda: run.said)  # type: ignore[misc]
        assert f"{name} ended by itself (killed by SIGKILL); starting it again." in run.said
    wait_until(lambda: answers(run.address), lambda: run.said)
    assert [len(run.pids(name)) - len(before[name]) for name in names] == [1, 1, 1]
    assert all(psutil.pid_exists(run.pids(name)[-1]) for name in names)

    assert run.stop() == 0
    assert "Traceback" not in run.said[said_before:]
    assert left_by(var_dir) == []


def test_servers_named_in_the_environment_are_used_instead(
    start_run: StartRun, short_dir: Path, fresh_database: str, redis_url: str
) -> None:
    var_dir = short_dir / "var"
    with create_engine(fresh_database).begin() as connection:
        connection.execute(text("INSERT INTO venue (name) VALUES ('My own hall')"))
    run = start_run(var_dir, DATABASE_URL=fresh_database, REDIS_URL=redis_url)
    run.until_ready()
    assert "demonstration" not in run.said.lower()
    assert set(run.state()) == {"SECRET_KEY", "PUBLIC_URL"}
    assert run.state()["PUBLIC_URL"] == run.address
    assert not (var_dir / "postgres").exists()
    assert run.stop() == 0


def test_a_taken_port_is_told_before_anything_is_started(
    start_run: StartRun, short_dir: Path, free_port: int
) -> None:
    state_file = StateFile(short_dir / "var" / "embedded.json")
    state_file.path.parent.mkdir()
    state_file.publish({"REDIS_URL": "unix:///of/a/run/that/was/killed"})
    with socket.create_server(("127.0.0.1", free_port)):
        run = start_run(short_dir / "var")
        assert run.process.wait(PATIENCE_SECONDS) == 1
    assert f"Port {free_port} is taken by another program. Choose another one: make run PORT=" in run.said
    assert not (short_dir / "var" / "postgres").exists()
    assert run.state() == {"SECRET_KEY": state_file.secret_key()}


def test_a_database_that_is_not_there_is_told_in_a_sentence(start_run: StartRun, short_dir: Path) -> None:
    run = start_run(short_dir / "var", DATABASE_URL="postgresql://seatbook@127.0.0.1:1/seatbook")
    assert run.process.wait(PATIENCE_SECONDS) == 1
    assert "The database at 127.0.0.1:1 can't be reached" in run.said
    assert "Traceback" not in run.said
    assert left_by(short_dir / "var") == []


def left_by(var_dir: Path) -> list[psutil.Process]:
    """Whatever a run on `var_dir` started and has not stopped, its servers included."""
    servers = [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and any(str(var_dir) in part for part in command_line(process))
    ]
    return [*marked_processes(var_dir), *servers]


def command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def redis_answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def wait_until(condition: Callable[[], bool], why_not: Callable[[], str]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, why_not()
        time.sleep(0.05)
