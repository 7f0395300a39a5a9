"""Lets a job end early at a good place: whoever stops the worker raises the flag, the job looks at it."""

from __future__ import annotations

import threading

_raised = threading.Event()


def raise_stop_flag() -> None:
    _raised.set()


def stop_requested() -> bool:
    """Whether the worker was asked to stop while this job runs."""
    return _raised.is_set()
