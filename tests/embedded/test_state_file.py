from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatbook import config
from seatbook.embedded.state_file import StateFile


def test_other_terminals_find_the_servers_while_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_file = StateFile(tmp_path / "embedded.json")
    monkeypatch.setattr(config, "EMBEDDED_STATE_FILE", state_file.path)
    state_file.publish(
        {
            "DATABASE_URL": "postgresql+psycopg2://seatbook@/seatbook",
            "REDIS_URL": "unix:///r",
            "PUBLIC_URL": "http://127.0.0.1:8123",
        }
    )

    found = config.Config.from_environ({})

    assert found.database_url == "postgresql+psycopg2://seatbook@/seatbook"
    assert found.redis_url == "unix:///r"
    assert found.secret_key == state_file.secret_key()
    assert found.public_url == "http://127.0.0.1:8123"
    elsewhere = config.Config.from_environ({"PUBLIC_URL": "https://tickets.example"})
    assert elsewhere.public_url == "https://tickets.example"


def test_the_secret_key_outlives_the_servers(tmp_path: Path) -> None:
    state_file = StateFile(tmp_path / "embedded.json")
    key = state_file.secret_key()
    state_file.publish({"REDIS_URL": "unix:///r"})
    state_file.withdraw()
    assert json.loads(state_file.path.read_text()) == {"SECRET_KEY": key}
    assert StateFile(state_file.path).secret_key() == key
    assert len(key) >= config.MIN_SECRET_KEY_LENGTH


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    state_file = StateFile(tmp_path / "embedded.json")
    state_file.publish({})
    assert state_file.path.stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "embedded.json"
    path.write_text('{"SECRET_KEY": "half a ')
    assert len(StateFile(path).secret_key()) >= config.MIN_SECRET_KEY_LENGTH
