from __future__ import annotations

import socket
from pathlib import Path

import pytest

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
