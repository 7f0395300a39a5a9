"""Servers, databases and applications for the tests. All are real, and none is shared with `make run`.

One PostgreSQL and one Redis serve a whole test run, in a temporary folder.
The schema is built by the migrations once, as a template that other databases
are copied from. What stands in the environment of whoever runs the tests
doesn't matter: settings are taken out of it before anything reads them.

Which fixture to ask for:

- `app`, `client`, `app_context`: an application on `database_url`, in this process.
- `database_url`, `redis_url`: for code that takes an address.
- `fresh_database`, `fresh_app`: a database of one's own, for a test that changes the schema or the
  server's sessions, and the application on it.
- `live_server`: gunicorn with a database of its own, for browsers.

Whatever a test wrote into the shared databases is gone after it.
"""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest
from flask import Flask, has_app_context
from flask.ctx import AppContext
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from redis import Redis
from sqlalchemy.engine import make_url

from seatbook import config, create_app
from seatbook.config import PROJECT_DIR, Config
from seatbook.embedded.postgres_server import APPLICATION, PostgresServer
from seatbook.embedded.redis_server import RedisServer
from seatbook.extensions import db
from seatbook.loading import loading

SHARED_DIR = PROJECT_DIR.parent / "shared"
START_SECONDS = 120
SECRET_KEY = "a key for tests, which protects nothing at all"
# Numbers of Redis databases: the tests' own process, and the live server.
REDIS_DATABASES = {"tests": 0, "live": 1}


def _forget_settings() -> None:
    ours = {name.upper() for name in Config.__dataclass_fields__}
    ours |= {"PORT", "WEB_CONCURRENCY", "WEB_THREADS", "ACCESS_LOG"}
    ours |= {f"{name}_FILE" for name in ours}
    for name in list(os.environ):
        if name in ours or name.startswith(("PG", "FLASK_", "GUNICORN_", "RQ_", "SEATBOOK_")):
            del os.environ[name]
    # All that the tests talk to is on this machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    # What the tests start need not compile seatbook each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Nor is a `make run` of the same checkout anybody's business here.
    config.EMBEDDED_STATE_FILE = Path("/nonexistent/embedded.json")


_forget_settings()

# Thousands of tests and all of seatbook come to stay: Python's search for rubbish need not look through
# them, neither now nor in each test (seatbook/loading.py).
gc.disable()


class CompiledTemplates(BytecodeCache):
    """Templates are compiled once for all applications of this process; many tests make one of their own."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name, as pytest's own doesn't."""
    directory = Path(tempfile.mkdtemp(prefix="seatbook-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A temporary folder for servers, with a short path: a Unix socket's may have about 100 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="seatbook-tests-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_dir: Path) -> Iterator[PostgresServer]:
    """PostgreSQL that does not wait for the disk. `connect(database)` is the superuser's way in."""
    server = PostgresServer(
        server_dir / "postgres",
        socket_dir=server_dir / "sockets",
        log_file=server_dir / "postgres.log",
        forgetful=True,
    )
    server.start()
    yield server
    server.stop()


class Broom:
    """Empties databases, over one connection each: making one anew takes longer than most tests."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._connections: dict[str, psycopg2.extensions.connection] = {}

    def sweep(self, database: str) -> None:
        try:
            _empty(self._connection(database))
        except psycopg2.OperationalError:
            if not self._connections[database].closed:
                raise
            # The test stopped the server, or ended every session.
            _empty(self._connection(database))

    def _connection(self, database: str) -> psycopg2.extensions.connection:
        connection = self._connections.get(database)
        if connection is None or connection.closed:
            connection = self._connections[database] = self._server.connect(database)
            with connection.cursor() as cursor:
                # A test that left a transaction open shall fail here, and not hang.
                cursor.execute("SET lock_timeout = '5s'")
                # As superuser: triggers refuse it to everybody else.
                cursor.execute("SET session_replication_role = replica")
        return connection

    def put_away(self) -> None:
        for connection in self._connections.values():
            connection.close()


@pytest.fixture(scope="session")
def broom(postgres_server: PostgresServer) -> Iterator[Broom]:
    broom = Broom(postgres_server)
    yield broom
    broom.put_away()


@pytest.fixture(scope="session")
def redis_server(server_dir: Path, postgres_server: PostgresServer) -> Iterator[RedisServer]:
    server = RedisServer(socket_dir=server_dir / "sockets", log_file=server_dir / "redis.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url(REDIS_DATABASES["tests"])


@pytest.fixture(scope="session")
def template_database(postgres_server: PostgresServer, redis_url: str) -> str:
    """Name of a database that the migrations built, and that nobody writes to."""
    with _database(postgres_server, name="template_of_tests", keep=True) as url:
        app = create_app(make_config(url, redis_url))
        with app.app_context():
            upgrade()
            db.engine.dispose()
    return "template_of_tests"


@pytest.fixture(scope="session")
def database_url(postgres_server: PostgresServer, template_database: str, broom: Broom) -> Iterator[str]:
    with _database(postgres_server, name="tests", template=template_database) as url:
        yield url


@pytest.fixture
def fresh_database(postgres_server: PostgresServer, template_database: str) -> Iterator[str]:
    """URL of a migrated, empty database which is dropped after the test."""
    with _database(postgres_server, name=f"fresh_{uuid.uuid4().hex}", template=template_database) as url:
        yield url


@pytest.fixture
def fresh_app(app: Flask, fresh_database: str) -> Iterator[Flask]:
    """An application on a database of its own, in whose context the test runs."""
    application = create_app(replace(app.extensions["seatbook"], database_url=fresh_database))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def app(database_url: str, redis_url: str) -> Iterator[Flask]:
    """One application for all tests. It has room for a crowd of threads, and no rate limits."""
    with loading():
        application = create_app(make_config(database_url, redis_url))
    application.config["TESTING"] = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def app_context(app: Flask) -> Iterator[AppContext]:
    with app.app_context() as context:
        yield context


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@dataclass(frozen=True, slots=True)
class LiveServer:
    """gunicorn at `url`. `app` is an application of the test's own process on the same database."""

    url: str
    database_url: str
    redis_url: str
    app: Flask


@pytest.fixture(scope="session")
def live_server(
    postgres_server: PostgresServer, redis_server: RedisServer, template_database: str, broom: Broom
) -> Iterator[LiveServer]:
    redis_url = redis_server.url(REDIS_DATABASES["live"])
    with _database(postgres_server, name="live", template=template_database) as url:
        app = create_app(make_config(url, redis_url))
        with run_gunicorn(url, redis_url) as address:
            yield LiveServer(url=address, database_url=url, redis_url=redis_url, app=app)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The material that this project shares with its makers; a test that needs it is skipped elsewhere."""
    if not SHARED_DIR.is_dir():
        pytest.skip("needs ../shared, which is not here")
    return SHARED_DIR


@pytest.fixture(autouse=True)
def clean_tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty every table, and Redis, after a test that used them.

    An application context that a test leaves behind would be everybody's, and so would its session.
    """
    yield
    assert not has_app_context()
    used = set(request.fixturenames)
    if "database_url" in used or "app" in used:
        request.getfixturevalue("broom").sweep("tests")
    if "live_server" in used:
        request.getfixturevalue("broom").sweep("live")
    for fixture, database in (("redis_url", "tests"), ("live_server", "live")):
        if fixture in used:
            server: RedisServer = request.getfixturevalue("redis_server")
            with Redis.from_url(server.url(REDIS_DATABASES[database])) as redis:
                redis.flushdb()


def make_config(database_url: str, redis_url: str, **settings: int) -> Config:
    config = Config(
        database_url=database_url,
        redis_url=redis_url,
        secret_key=SECRET_KEY,
        pool_size=70,
        rate_limits=False,
        mail_dir=Path(tempfile.gettempdir()) / f"seatbook-tests-mail-{os.getpid()}",
    )
    return replace(config, **settings)  # type: ignore[arg-type]


@contextmanager
def _database(
    server: PostgresServer, *, name: str, template: str = "template0", keep: bool = False
) -> Iterator[str]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" OWNER {APPLICATION} TEMPLATE "{template}"')
    try:
        yield server.url(name)
    finally:
        if not keep:
            with closing(server.connect()) as connection, connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _empty(connection: psycopg2.extensions.connection) -> None:
    """Empty the tables that hold something."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        if not tables:
            return
        probes = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        cursor.execute(probes)
        filled = [row[0] for row in cursor.fetchall()]
        if filled:
            # A TRUNCATE makes new files for every table and index, which takes longer than most tests.
            cursor.execute(";".join(f"DELETE FROM {table}" for table in filled))


def _wait_until_served(address: str, process: subprocess.Popen[bytes]) -> None:
    """On a busy machine a web process takes its time to load; no test's patience shall be spent on that."""
    give_up_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urllib.request.urlopen(address, timeout=START_SECONDS):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no web process answers at {address}")


@contextmanager
def run_gunicorn(database_url: str, redis_url: str, **settings: str) -> Iterator[str]:
    """Run `gunicorn wsgi:app` on a port of the system's choosing, with these settings too; its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    log_path = Path(make_url(database_url).query["host"]).parent / "gunicorn.log"  # type: ignore[arg-type]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{listener.fileno()}"],
            cwd=PROJECT_DIR,
            env=os.environ
            | {
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "SECRET_KEY": SECRET_KEY,
                "PUBLIC_URL": address,
                "RATE_LIMITS": "0",
                **settings,
            },
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
    # gunicorn holds the socket now; ours would accept nothing and let clients wait for ever.
    listener.close()
    try:
        _wait_until_served(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode != 0:
            print(log_path.read_text("utf-8", "replace"), file=sys.stderr)
