"""`make run`, from start to stop.

The order: one run at a time; what a killed run left is stopped; the port is
free; PostgreSQL and Redis (unless DATABASE_URL or REDIS_URL name others);
migrations and demonstration data; web, worker and scheduler; the welcome. And
back, at Ctrl-C, SIGTERM or a closed terminal: web, worker and scheduler finish
what they have in hand, then the servers stop, then nothing is left.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import honcho.manager

from seatbook.config import PROJECT_DIR
from seatbook.embedded.checks import make_writable, refuse_faulty_settings, refuse_taken_port
from seatbook.embedded.keeper import KeepingManager, Stopping
from seatbook.embedded.leftovers import STOP_SECONDS, stop_marked
from seatbook.embedded.only_one import only_one
from seatbook.embedded.postgres_server import PostgresServer, stop_leftover
from seatbook.embedded.redis_server import RedisServer
from seatbook.embedded.refusal import CannotRun
from seatbook.embedded.socket_dir import socket_dir_for
from seatbook.embedded.state_file import StateFile
from seatbook.embedded.stop_signals import ignore_ctrl_c, signals_ignored, stopping_on_signals
from seatbook.embedded.welcome import DemonstrationAccount, wait_until_served, welcome_text

Server = PostgresServer | RedisServer

# Every line of these appears on the terminal, after the name.
PROCESSES = {
    "web": [sys.executable, "-m", "gunicorn", "wsgi:app"],
    "worker": [sys.executable, "worker.py"],
    "scheduler": [sys.executable, "-m", "seatbook.jobs.scheduler"],
}

# What honcho reports after SIGINT and SIGTERM, and not when a process ended by itself.
ASKED_TO_STOP = (130, 143)
MAX_LOG_BYTES = 10_000_000


def run(var_dir: Path, *, port: int) -> None:
    """Run seatbook on `port` with its data in `var_dir` until asked to stop. Raises CannotRun with the reason."""
    address = f"http://127.0.0.1:{port}"
    make_writable(var_dir)
    with only_one(var_dir / "run.lock", address=address):
        if _stop_leftovers(var_dir):
            say("An earlier run was killed and left processes behind; they are stopped now.")
        # Addresses that a killed run left lead nowhere now, whether this run comes about or not.
        StateFile(var_dir / "embedded.json").withdraw()
        refuse_taken_port(port)
        with stopping_on_signals():
            _Run(var_dir, port=port, address=address).until_stopped()


def _stop_leftovers(var_dir: Path) -> bool:
    """End what a killed run left: first those who use the servers, then the servers; tell whether there was any."""
    processes = stop_marked(var_dir)
    postgres = stop_leftover(var_dir / "postgres")
    redis = RedisServer(socket_dir=socket_dir_for(var_dir), log_file=Path(os.devnull)).stop_leftover()
    return bool(processes or postgres or redis)


class _Run:
    """One run: what it started, so that all of it can be stopped."""

    def __init__(self, var_dir: Path, *, port: int, address: str) -> None:
        self.var_dir = var_dir
        self.port = port
        self.address = address
        self.state_file = StateFile(var_dir / "embedded.json")
        logs = _log_dir(var_dir)
        sockets = socket_dir_for(var_dir)
        self.servers: dict[str, Server] = {}
        if not _named("DATABASE_URL"):
            self.servers["DATABASE_URL"] = PostgresServer(
                var_dir / "postgres", socket_dir=sockets, log_file=logs / "postgres.log"
            )
        if not _named("REDIS_URL"):
            self.servers["REDIS_URL"] = RedisServer(socket_dir=sockets, log_file=logs / "redis.log")
        self.environ = self._environ()
        self.server_watch = threading.Thread(target=self._keep_servers_alive, daemon=True)
        self.stopping = threading.Event()
        self.fault: str | None = None

    def until_stopped(self) -> None:
        refuse_faulty_settings(self.environ)
        try:
            self._start_servers()
            accounts = self._prepare()
            self._serve(accounts)
        except KeyboardInterrupt:
            pass
        finally:
            with signals_ignored():
                self._stop()
        if self.fault:
            raise CannotRun(self.fault)

    def _environ(self) -> dict[str, str]:
        """What web, worker and scheduler are started with: the person's own settings win."""
        ours = {name: server.url() for name, server in self.servers.items()} | {
            "PORT": str(self.port),
            # Lines appear when they are written, although no terminal reads them.
            "PYTHONUNBUFFERED": "1",
        }
        if not _named("SECRET_KEY"):
            ours["SECRET_KEY"] = self.state_file.secret_key()
        for name, value in (("PUBLIC_URL", self.address), ("MAIL_DIR", str(self.var_dir / "mail"))):
            if not _named(name):
                ours[name] = value
        return os.environ | ours

    def _start_servers(self) -> None:
        for server in self.servers.values():
            server.start()
        addresses = {name: server.url() for name, server in self.servers.items()}
        if public_url := self.environ.get("PUBLIC_URL"):
            addresses["PUBLIC_URL"] = public_url
        self.state_file.publish(addresses)

    def _prepare(self) -> list[DemonstrationAccount]:
        command = [sys.executable, "-m", "seatbook.embedded", "prepare", str(self.var_dir)]
        prepared = subprocess.run(
            command, cwd=PROJECT_DIR, env=self.environ, check=False, preexec_fn=ignore_ctrl_c
        )
        if prepared.returncode != 0:
            raise CannotRun("The database could not be prepared; the lines above say why.")
        # Its name is in prepare.py, whose import would bring the whole application into this process.
        report_file = self.var_dir / "prepared.json"
        report = json.loads(report_file.read_text("utf-8"))
        report_file.unlink()
        return [DemonstrationAccount(**account) for account in report["accounts"]]

    def _serve(self, accounts: list[DemonstrationAccount]) -> None:
        # honcho's own 5 s would cut off a request or a batch that still has the right to end.
        honcho.manager.KILL_WAIT = STOP_SECONDS
        # honcho forks a child for each process, which would answer Ctrl-C with honcho's
        # own handler until it has set itself up: it is the parent who answers.
        if sys.platform == "linux":
            multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=ignore_ctrl_c)
        manager = KeepingManager(Stopping())
        for name, command in PROCESSES.items():
            # exec: no shell stays between honcho and the process that signals are meant for.
            manager.add_process(name, f"exec {shlex.join(command)}", env=self.environ, cwd=str(PROJECT_DIR))
        threading.Thread(target=self._welcome, args=[accounts], daemon=True).start()
        self.server_watch.start()
        try:
            manager.loop()
        except (OSError, KeyError):
            # The terminal is gone, and with it the place for the lines; or a signal came
            # before honcho knew the numbers of its children. `_stop` ends them all.
            return
        finally:
            # Whoever ends from here on is not started again.
            manager.stopping.say()
        if manager.returncode not in ASKED_TO_STOP and not self.fault:
            self.fault = "One of web, worker and scheduler ended again and again; its lines above say why."

    def _welcome(self, accounts: list[DemonstrationAccount]) -> None:
        if wait_until_served(self.port, give_up=self.stopping.is_set):
            say(welcome_text(self.address, accounts))
        elif not self.stopping.is_set():
            say(f"{self.address} does not answer yet; the lines above may say why.")

    def _keep_servers_alive(self) -> None:
        """Start a server again that was killed: the others have learned to wait for it."""
        while not self.stopping.wait(1):
            for server in self.servers.values():
                if server.alive or self.stopping.is_set():
                    continue
                say(f"{type(server).__name__} is gone; starting it again.")
                try:
                    server.start()
                except CannotRun as refusal:
                    self.fault = str(refusal)
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    def _stop(self) -> None:
        self.stopping.set()
        say("Stopping.")
        if self.server_watch.is_alive():
            self.server_watch.join()
        # Ends what honcho could not, and everything when the run never came to honcho.
        stop_marked(self.var_dir)
        for server in reversed(self.servers.values()):
            server.stop()
        self.state_file.withdraw()
        say("Everything is stopped. The data stays for the next start.")


def say(text: str) -> None:
    """Print for the person at the terminal, if the terminal is still there."""
    try:
        print(text, flush=True)
    except OSError:
        # What Python still wants to write at its end must go somewhere, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _log_dir(var_dir: Path) -> Path:
    """Where the servers write their logs; what is long is put aside."""
    directory = var_dir / "log"
    directory.mkdir(exist_ok=True)
    for log in directory.glob("*.log"):
        if log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
    return directory


def _named(setting: str) -> bool:
    """Whether the person's own environment says where a server is, or what the key is."""
    return bool(os.environ.get(setting) or os.environ.get(f"{setting}_FILE"))
