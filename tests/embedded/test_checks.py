from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from seatbook.config import PROJECT_DIR
from seatbook.embedded.checks import make_writable, refuse_faulty_settings, refuse_taken_port
from seatbook.embedded.refusal import CannotRun


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            CannotRun, match=rf"Port {port} is taken by another program\. .* make run PORT=\d+"
        ):
            refuse_taken_port(port)
    refuse_taken_port(port)


def test_all_faults_of_the_settings_are_told_at_once() -> None:
    environ = {
        "DATABASE_URL": "mysql://elsewhere/seatbook",
        "REDIS_URL": "unix:///redis.sock",
        "SECRET_KEY": "short",
        "HOLD_TTL_SECONDS": "soon",
    }
    with pytest.raises(CannotRun) as refusal:
        refuse_faulty_settings(environ)
    for name in ("DATABASE_URL", "SECRET_KEY", "HOLD_TTL_SECONDS"):
        assert f"  - {name} must " in str(refusal.value)
    assert "REDIS_URL" not in str(refusal.value)


def test_a_data_directory_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="can't be made"):
        make_writable(tmp_path / "file" / "var")


@pytest.mark.parametrize("port", ["80 81", "", "0", "65536", "²", "web"])
def test_what_is_no_port_is_told_in_a_sentence(port: str) -> None:
    started = subprocess.run(
        [sys.executable, "run.py", "--port", port],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (started.returncode, started.stdout) == (1, "")
    assert (
        started.stderr
        == f"“{port}” is not a port, which is a whole number from 1 to 65535: make run PORT=8001\n"
    )


@pytest.mark.parametrize("port", ["80 81", ""])
def test_make_hands_the_port_on_as_it_was_given(port: str) -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", "run", f"PORT={port}"],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert f"run.py --port '{port}'" in recipe
