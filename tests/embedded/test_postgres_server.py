from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from seatbook.embedded.account import database_account
from seatbook.embedded.postgres_server import PostgresServer
from seatbook.embedded.refusal import CannotRun

MakeServer = Callable[..., PostgresServer]


@pytest.fixture
def make_server(short_dir: Path) -> Iterator[MakeServer]:
    """Servers on one and the same data directory; whatever runs at the end is stopped."""
    made: list[PostgresServer] = []

    def make(*, forgetful: bool = True) -> PostgresServer:
        server = PostgresServer(
            short_dir / "postgres",
            socket_dir=short_dir / "sockets",
            log_file=short_dir / "postgres.log",
            forgetful=forgetful,
        )
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def test_a_new_server_is_version_18_and_on_no_port(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    with create_engine(server.url()).connect() as connection:
        assert connection.scalar(text("SHOW server_version")).startswith("18.")
    postmaster = psutil.Process(pid_of(server))
    for process in [postmaster, *postmaster.children()]:
        assert [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []


def test_the_server_of_make_run_keeps_its_promises_at_a_crash(make_server: MakeServer) -> None:
    server = make_server(forgetful=False)
    server.start()
    assert settings(server, "fsync", "full_page_writes", "synchronous_commit") == ["on", "on", "on"]
    assert settings(server, "max_connections", "shared_buffers", "jit") == ["200", "256MB", "off"]


def test_the_server_of_tests_does_not_wait_for_the_disk(postgres_server: PostgresServer) -> None:
    assert settings(postgres_server, "fsync", "full_page_writes", "synchronous_commit") == [
        "off",
        "off",
        "off",
    ]


def test_the_application_is_not_superuser(postgres_server: PostgresServer) -> None:
    with create_engine(postgres_server.url()).connect() as connection:
        assert connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) is False


def test_settings_for_other_servers_in_the_environment_change_nothing(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "7")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    server = make_server()
    server.start()
    with create_engine(server.url()).connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "seatbook"


def test_data_is_there_at_the_next_start(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    write_note(server, "sold out")
    server.stop()
    assert not server.alive
    server.start()
    assert read_note(server) == "sold out"


def test_a_server_left_by_a_killed_run_is_stopped_first(make_server: MakeServer) -> None:
    left = make_server()
    left.start()
    write_note(left, "still here")
    left_pid = pid_of(left)

    server = make_server()
    server.start()

    assert not left.alive
    assert pid_of(server) != left_pid
    assert read_note(server) == "still here"


def test_a_killed_server_starts_again_while_others_were_connected(make_server: MakeServer) -> None:
    server = make_server(forgetful=False)
    server.start()
    write_note(server, "kept")
    with closing(server.connect()):
        os.kill(pid_of(server), signal.SIGKILL)
        server.start()
    assert read_note(server) == "kept"


def test_a_pid_file_that_names_another_program_is_no_obstacle(
    make_server: MakeServer, short_dir: Path
) -> None:
    server = make_server()
    server.start()
    server.stop()
    # As after a restart of the machine: the number belongs to something else, of the same account.
    account = database_account()
    with subprocess.Popen(["sleep", "60"], **account.process_options()) as another:
        pid_file = short_dir / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{another.pid}\n{short_dir / 'postgres'}\n")
        os.chown(pid_file, account.uid, account.gid)
        try:
            server.start()
            assert another.poll() is None
        finally:
            another.kill()


def test_an_interrupted_first_start_is_made_good(make_server: MakeServer, short_dir: Path) -> None:
    half_made = short_dir / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    make_server().start()


def test_data_of_another_version_is_refused_with_what_to_do(make_server: MakeServer, short_dir: Path) -> None:
    data_dir = short_dir / "postgres"
    data_dir.mkdir()
    (data_dir / "PG_VERSION").write_text("16\n")
    with pytest.raises(
        CannotRun, match=r"PostgreSQL 16, and this is PostgreSQL 18. Move that directory away"
    ):
        make_server().start()


def test_a_server_that_does_not_start_shows_the_end_of_its_log(
    make_server: MakeServer, short_dir: Path
) -> None:
    server = make_server()
    server.start()
    server.stop()
    (short_dir / "postgres" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(CannotRun, match=r'unrecognized configuration parameter "no_such_setting"'):
        server.start()
    assert not server.alive


def pid_of(server: PostgresServer) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])


def settings(server: PostgresServer, *names: str) -> list[str]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        values = []
        for name in names:
            cursor.execute(f"SHOW {name}")
            values.append(cursor.fetchone()[0])
        return values


def write_note(server: PostgresServer, note: str) -> None:
    with closing(server.connect("seatbook")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE note (text text)")
        cursor.execute("INSERT INTO note VALUES (%s)", (note,))


def read_note(server: PostgresServer) -> str:
    with closing(server.connect("seatbook")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT text FROM note")
        return str(cursor.fetchone()[0])
