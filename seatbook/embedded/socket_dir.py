"""Where the two servers listen: a directory of Unix sockets, reachable by nobody else."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

# The kernel's limit is 107 bytes on Linux and 103 on macOS, for the whole path of a socket.
MAX_SOCKET_PATH_BYTES = 100
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"


def socket_dir_for(var_dir: Path) -> Path:
    """`var_dir`/sockets; when that is too long for a socket, one under the system's temporary directory.

    The name depends on `var_dir` alone, so that a later start finds what an earlier one left.
    """
    inside = var_dir / "sockets"
    if _fits(inside):
        return inside
    digest = hashlib.sha256(os.fsencode(var_dir.resolve())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"seatbook-{digest}"


def _fits(directory: Path) -> bool:
    # libpq reads a comma as the start of another host's name.
    path = os.fsencode(directory / LONGEST_SOCKET_NAME)
    return len(path) <= MAX_SOCKET_PATH_BYTES and b"," not in path
