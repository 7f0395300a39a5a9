"""What the processes of seatbook tell: one line an event, to stdout, for whatever collects it."""

from __future__ import annotations

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_stdout(level: str) -> None:
    """Send the logs of this process from `level` up to stdout.

    RQ tells four lines about every job, and a sweep comes every few seconds:
    only its warnings are shown, or all of it at level DEBUG.
    """
    logging.basicConfig(stream=sys.stdout, level=level, format=FORMAT, force=True)
    logging.getLogger("rq").setLevel("DEBUG" if level == "DEBUG" else "WARNING")
