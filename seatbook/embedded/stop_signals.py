"""Ctrl-C, SIGTERM and a closed terminal all mean the same: stop in good order."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal do what Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        # honcho has its own way to stop, and listens to SIGTERM.
        os.kill(os.getpid(), signal.SIGTERM)

    with _handlers({signal.SIGTERM: stop, signal.SIGHUP: pass_on}):
        yield


@contextlib.contextmanager
def signals_ignored() -> Iterator[None]:
    """Keep an impatient second Ctrl-C from breaking off a stop half way."""
    with _handlers(dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN)):
        yield


def ignore_ctrl_c() -> None:
    """For a child that has not started yet: it decides itself from when on it listens to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _handlers(handlers: Mapping[signal.Signals, Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
