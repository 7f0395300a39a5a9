from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seatbook.embedded.only_one import only_one
from seatbook.embedded.refusal import CannotRun

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from seatbook.embedded.only_one import only_one
with only_one(Path(sys.argv[1]), address="http://127.0.0.1:8123"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_where_the_first_one_is_until_that_ends(tmp_path: Path) -> None:
    lock_file = tmp_path / "run.lock"
    with _somebody_who_holds(lock_file) as other:
        told = pytest.raises(CannotRun, match=r"already runs here, at http://127\.0\.0\.1:8123\. .* Ctrl-C")
        with told, only_one(lock_file, address="http://127.0.0.1:9"):
            pass
        other.communicate()
    with only_one(lock_file, address="http://127.0.0.1:9"):
        assert lock_file.read_text() == "http://127.0.0.1:9"


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    lock_file = tmp_path / "run.lock"
    with _somebody_who_holds(lock_file) as other:
        other.kill()
        other.wait()
    with only_one(lock_file, address="http://127.0.0.1:9"):
        pass


def _somebody_who_holds(lock_file: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(lock_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other
