"""Every process that can be started by hand says all that is wrong with its settings, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from seatbook.config import PROJECT_DIR

FAULTY = {"DATABASE_URL": "mysql://elsewhere", "REDIS_URL": "memcached://elsewhere", "SECRET_KEY": "short"}


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "gunicorn", "wsgi:app"],
        ["worker.py"],
        ["-m", "seatbook.jobs.scheduler"],
        ["-m", "flask", "sweep"],
        ["-m", "flask", "--help"],
    ],
    ids=" ".join,
)
def test_faults_in_the_settings_are_sentences(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT_DIR,
        env=os.environ | FAULTY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    for name in FAULTY:
        assert ended.stderr.count(f"  - {name} must ") == 1
