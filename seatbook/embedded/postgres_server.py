"""A PostgreSQL of our own, out of a wheel: made, started, found again after a crash, stopped.

It listens on a Unix socket in a directory of its own (0700) and on no TCP
port. Whoever can open that socket is trusted, which is its owner and root.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import psycopg2

from seatbook.embedded.account import database_account
from seatbook.embedded.log_tail import did_not_start
from seatbook.embedded.refusal import CannotRun
from seatbook.embedded.server_environ import server_environ
from seatbook.embedded.wheels import POSTGRES_VERSION, postgres_programs

SUPERUSER = "postgres"
# The application is not the superuser: guards in the schema can't be switched off by it.
APPLICATION = "seatbook"

# It names the socket's file only. Said everywhere, as PGPORT in the environment would change it.
PORT = 5432

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Short statements on few rows: compiling them costs more than it saves.
    "jit": "off",
    "log_timezone": "UTC",
}
# For data that may be lost with the machine, as in tests: no waiting for the disk.
FORGETFUL_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# A start may have to replay what a crash interrupted.
START_SECONDS = 60
FAST_STOP_SECONDS = 20


class PostgresServer:
    """One data directory and the server on it. `forgetful` trades safety at a crash for speed."""

    def __init__(self, data_dir: Path, *, socket_dir: Path, log_file: Path, forgetful: bool = False) -> None:
        self.data_dir = data_dir
        self.socket_dir = socket_dir
        self.log_file = log_file
        self.forgetful = forgetful
        self._account = database_account()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the data directory when there is none, start the server, return when it takes connections.

        A server that a killed run left on the same data is stopped first.
        Raises CannotRun with the end of the log when it doesn't come up.
        """
        self._grant_access()
        stop_leftover(self.data_dir)
        if not self.data_dir.exists():
            self._make_data_dir()
        self._check_version()
        self._launch()
        try:
            self._wait_until_ready()
            self._ensure_application_role()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every session, write everything down, return when the process is gone. Repeating is safe."""
        if self._process is None:
            return
        _stop_fast(psutil.Process(self._process.pid) if self.alive else None)
        self._process.wait()
        self._process = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = APPLICATION, *, user: str = APPLICATION) -> str:
        """The address as SQLAlchemy takes it. A database named like the application exists from the start."""
        query = urlencode({"host": str(self.socket_dir), "port": PORT}, quote_via=quote)
        return f"postgresql+psycopg2://{user}@/{database}?{query}"

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """A connection of the superuser, in autocommit."""
        connection = psycopg2.connect(
            host=str(self.socket_dir), port=PORT, user=SUPERUSER, dbname=database, connect_timeout=3
        )
        connection.autocommit = True
        return connection

    def _grant_access(self) -> None:
        programs = postgres_programs()
        # The programs load libraries that lie beside them in the wheel.
        for directory in (programs.parent, programs.parent.parent.with_suffix(".libs")):
            if directory.exists():
                self._account.let_read(directory)
        self._account.let_through_to(programs / "postgres")
        self._account.make_own_directory(self.socket_dir)
        if self.data_dir.exists():
            self._account.make_own_directory(self.data_dir)

    def _make_data_dir(self) -> None:
        # Made beside its place and then moved: an interrupted initdb leaves no half directory behind.
        half_made = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(half_made, ignore_errors=True)
        self._account.make_own_directory(half_made)
        command = [str(postgres_programs() / "initdb"), "--pgdata", str(half_made), "--username", SUPERUSER]
        # A locale that comes with PostgreSQL: text sorts alike on every machine.
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=trust", *(["--no-sync"] if self.forgetful else [])]
        with self.log_file.open("ab") as log:
            made = subprocess.run(
                command,
                stdout=log,
                stderr=log,
                cwd="/",
                env=server_environ(),
                start_new_session=True,
                **self._account.process_options(),
            )
        if made.returncode != 0:
            raise did_not_start("PostgreSQL's initdb", self.log_file)
        half_made.rename(self.data_dir)

    def _check_version(self) -> None:
        found = (self.data_dir / "PG_VERSION").read_text().strip()
        if found != str(POSTGRES_VERSION):
            raise CannotRun(
                f"{self.data_dir} holds data of PostgreSQL {found}, and this is PostgreSQL {POSTGRES_VERSION}. "
                "Move that directory away to begin with empty data."
            )

    def _launch(self) -> None:
        # Quoted, as the setting is a list with commas and a path may have blanks.
        settings = SETTINGS | {"unix_socket_directories": f'"{self.socket_dir}"'}
        settings |= FORGETFUL_SETTINGS if self.forgetful else {}
        command = [str(postgres_programs() / "postgres"), "-D", str(self.data_dir)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=server_environ(),
                # A session of its own: the terminal's Ctrl-C must not reach it before those who use it have ended.
                start_new_session=True,
                **self._account.process_options(),
            )

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while self.alive and time.monotonic() < give_up_at:
            try:
                self.connect().close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise did_not_start("PostgreSQL", self.log_file)

    def _ensure_application_role(self) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APPLICATION,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {APPLICATION} LOGIN")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (APPLICATION,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {APPLICATION} OWNER {APPLICATION}")


def stop_leftover(data_dir: Path) -> bool:
    """Stop the server that a killed run left on `data_dir`, if there is one; tell whether there was.

    A pid file without its server is removed: after a restart of the machine
    that number may belong to any other program, and PostgreSQL would refuse.
    """
    pid_file = data_dir / "postmaster.pid"
    try:
        leftover = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        serves_data_dir = bool(leftover.cmdline()[1:3] == ["-D", str(data_dir)])
    except FileNotFoundError:
        return False
    except (ValueError, psutil.Error):
        serves_data_dir = False
    if serves_data_dir:
        _stop_fast(leftover)
    pid_file.unlink(missing_ok=True)
    return serves_data_dir


def _stop_fast(server: psutil.Process | None) -> None:
    """PostgreSQL's fast shutdown (SIGINT), and its immediate one (SIGQUIT) when that takes too long."""
    if server is None:
        return
    try:
        server.send_signal(signal.SIGINT)
        server.wait(FAST_STOP_SECONDS)
    except psutil.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(FAST_STOP_SECONDS)
    except psutil.NoSuchProcess:
        pass
