"""Whom PostgreSQL runs as when the person at the keyboard is root.

PostgreSQL refuses to run as root, for good reason. So root gets a system
account made for it, and that account must be able to reach its programs, its
data and its socket.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatbook.embedded.refusal import CannotRun

ACCOUNT = "seatbook"


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns PostgreSQL's files and runs it."""

    name: str
    uid: int
    gid: int

    def process_options(self) -> dict[str, Any]:
        """What makes subprocess start a program as this account; nothing when we are it already."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def make_own_directory(self, path: Path) -> None:
        """Make `path` (0700, this account's own) and let the account reach it."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = path.stat().st_uid
        if owner == os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)
        elif owner != self.uid:
            raise CannotRun(
                f"{path} belongs to {_name(owner)}, and you are {_name(os.geteuid())}. "
                f"Start seatbook as {_name(owner)}, or move that directory away to begin with empty data."
            )
        path.chmod(0o700)
        self.let_through_to(path)

    def let_through_to(self, path: Path) -> None:
        """Allow passing (not listing) the directories above `path`, when the account isn't ourselves."""
        if self.uid == os.geteuid():
            return
        for directory in path.resolve().parents:
            mode = directory.stat().st_mode
            if not mode & stat.S_IXOTH:
                directory.chmod(mode | stat.S_IXOTH)

    def let_read(self, directory: Path) -> None:
        """Allow reading all of `directory`: with a strict umask, pip installs for root's eyes only."""
        if self.uid == os.geteuid():
            return
        for path in (directory, *directory.rglob("*")):
            if path.is_symlink():
                continue
            mode = path.stat().st_mode
            wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
            if wanted != mode:
                path.chmod(wanted)


def database_account() -> Account:
    """Ourselves; for root a system account named `seatbook`, made when there is none."""
    if os.geteuid() != 0:
        return Account(_name(os.geteuid()), os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _made_entry()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _made_entry() -> pwd.struct_passwd:
    """Of the account that is made now, by us or by whoever starts seatbook at the same moment.

    Two useradd at once can both succeed, and then the second has given the name another number.
    """
    with _alone_in(Path("/etc")):
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            _add_system_account()
            return pwd.getpwnam(ACCOUNT)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Wait until no other seatbook is in here; a directory can be locked, so that no file has to be left in it."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _add_system_account() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise CannotRun(
            f"PostgreSQL refuses to run as root, and no system account for it could be made ({why}). "
            f"Start seatbook as an ordinary user, or make the account first: {' '.join(command)}"
        ) from error


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user number {uid}"
