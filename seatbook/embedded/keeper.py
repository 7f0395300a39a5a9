"""Keeps a process of `make run` running: what ended without being asked to is started again.

honcho stops all its processes when one ends. Here it hears of an end only when
starting again is of no use, or when everything shall stop.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from multiprocessing.queues import Queue
from typing import Any

import honcho.manager
import honcho.process

# A process that ran for so long had started well: whatever ended it is no fault of its settings.
LONG_ENOUGH_SECONDS = 10
MAX_SHORT_LIVES = 5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 4.0


class Stopping:
    """Said once by the supervisor, and then known to the children that it forked before.

    It is a pipe whose writing end the supervisor alone holds, and closes. So its
    death says the same, and no lock is left taken by whoever is killed.
    """

    def __init__(self) -> None:
        self._listening, self._said_by = os.pipe()

    def say(self) -> None:
        end, self._said_by = self._said_by, -1
        if end >= 0:
            os.close(end)

    def only_listen(self) -> None:
        """For a child, whose copy of the writing end would keep the pipe open."""
        self.say()

    def wait(self, seconds: float) -> bool:
        """Wait until it is said, for at most so long; tell whether it is."""
        return bool(select.select([self._listening], [], [], seconds)[0])

    @property
    def is_said(self) -> bool:
        return self.wait(0)


class KeepingManager(honcho.manager.Manager):
    """honcho's manager with processes that are started again, until `stopping` is said."""

    def __init__(self, stopping: Stopping) -> None:
        super().__init__()
        self.stopping = stopping
        self._process_ctor = self._kept

    def terminate(self) -> None:
        # Before the signals go out: whoever ends from now on was asked to.
        self.stopping.say()
        super().terminate()

    def _kept(self, command: str, **options: Any) -> KeptProcess:
        return KeptProcess(command, stopping=self.stopping, **options)


class KeptProcess(honcho.process.Process):
    """One command. `run` is called in a child of the supervisor that does nothing else."""

    def __init__(self, command: str, *, stopping: Stopping, **options: Any) -> None:
        super().__init__(command, **options)
        self.stopping = stopping

    def run(self, events: Queue[Any], ignore_signals: bool = False) -> None:
        """Start the command, hand its lines on, and begin again; a "stop" to honcho when that ends."""
        self.stopping.only_listen()
        self._events = events
        short_lives = 0
        while True:
            started = time.monotonic()
            self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
            self._send_message({"pid": self._child.pid}, type="start")
            if ignore_signals:
                # The signal is for the command; this process ends when the command has.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if self.stopping.is_said:
                # honcho may have sent its signal already, to the one before.
                self._ask_to_end()
            returncode = self._until_ended()
            short_lives = 0 if time.monotonic() - started >= LONG_ENOUGH_SECONDS else short_lives + 1
            if self.stopping.is_said or not self._may_begin_again(short_lives, returncode):
                break
        self._send_message({"returncode": returncode}, type="stop")

    def _until_ended(self) -> int:
        for line in iter(self._child.stdout.readline, b""):
            self._send_message(line)
        self._child.stdout.close()
        returncode: int = self._child.wait()
        return returncode

    def _may_begin_again(self, short_lives: int, returncode: int) -> bool:
        """Say what happened and wait a little; False when it happened too often, or everything shall stop."""
        how = f"killed by {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"
        if short_lives >= MAX_SHORT_LIVES:
            self._send_message(f"{self.name} ended {short_lives} times soon after its start ({how}).\n")
            return False
        pause = min(FIRST_PAUSE_SECONDS * 2 ** max(short_lives - 1, 0), LONGEST_PAUSE_SECONDS)
        # A Ctrl-C may reach the command before honcho, which tells us within the pause.
        if self.stopping.wait(pause):
            return False
        self._send_message(f"{self.name} ended by itself ({how}); starting it again.\n")
        return True

    def _ask_to_end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGTERM)
