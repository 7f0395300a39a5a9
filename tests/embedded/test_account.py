"""Root's account for PostgreSQL, on a machine that has none yet."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from seatbook.embedded import account
from seatbook.embedded.account import Account, database_account
from seatbook.embedded.refusal import CannotRun

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may make accounts, and only root needs one"
)


@pytest.fixture
def no_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of an account that isn't there, and is gone again after the test."""
    name = f"seatbook-{os.getpid()}"
    monkeypatch.setattr(account, "ACCOUNT", name)
    yield name
    subprocess.run(["userdel", name], capture_output=True)


def test_all_who_start_at_once_on_a_new_machine_get_the_same_account(no_account: str) -> None:
    together = Barrier(6)

    def start(_nth: int) -> Account:
        together.wait()
        return database_account()

    with ThreadPoolExecutor(6) as threads:
        accounts = set(threads.map(start, range(6)))

    assert accounts == {Account(no_account, pwd.getpwnam(no_account).pw_uid, pwd.getpwnam(no_account).pw_gid)}


def test_an_account_that_cannot_be_made_is_a_refusal_that_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(account, "ACCOUNT", "no such name")
    with pytest.raises(CannotRun, match=r"invalid user name.*make the account first: useradd --system"):
        database_account()
