"""Finds and ends what a killed `make run` left running.

Everything that `make run` starts carries a mark in its environment, the name
of the data directory, and passes it on to its own children. So whatever
carries the mark belongs to this checkout's run, however deep it was started.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

MARK = "SEATBOOK_RUN_OF"
# Longer than a worker or a web process needs to finish what it has in hand.
STOP_SECONDS = 15


def carry_mark(var_dir: Path) -> None:
    """Start this program again with the mark in its environment, unless it is there already.

    The environment that the system shows of a process is the one it was
    started with; processes that are forked and not started show their parent's.
    """
    if os.environ.get(MARK) != str(var_dir):
        environ = os.environ | {MARK: str(var_dir)}
        os.execve(sys.executable, [*sys.orig_argv], environ)  # noqa: S606


def stop_marked(var_dir: Path) -> int:
    """Ask every other process with the mark to end, then make it; returns how many there were."""
    found = marked_processes(var_dir)
    for process in found:
        _signal(process.terminate)
    _, stubborn = psutil.wait_procs(found, timeout=STOP_SECONDS)
    for process in stubborn:
        _signal(process.kill)
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS)
    return len(found)


def marked_processes(var_dir: Path) -> list[psutil.Process]:
    """All living processes with the mark but this one and those it was started by."""
    ourselves = psutil.Process()
    own = {ourselves.pid, *(parent.pid for parent in ourselves.parents())}
    return [
        process for process in psutil.process_iter() if process.pid not in own and _marked(process, var_dir)
    ]


def _marked(process: psutil.Process, var_dir: Path) -> bool:
    try:
        return bool(process.environ().get(MARK) == str(var_dir) and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        # It ended meanwhile, or belongs to somebody else.
        return False


def _signal(send: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send()
