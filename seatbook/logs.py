"""What the processes of seatbook tell: one line an event, to stdout, for whatever collects it."""

from __future__ import annotations

import logging
import sys

from flask import g, has_request_context

FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"
# RQ tells four lines about every job, and a sweep comes every few seconds; Alembic lists its plugins,
# and fontTools every table of a font.
TALKATIVE = ("rq.worker", "rq.job", "rq.cron", "alembic.runtime.plugins", "fontTools")


def log_to_stdout(level: str) -> None:
    """Send the logs of this process from `level` up to stdout; of the talkative ones all at DEBUG only."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_add_request_id)
    logging.basicConfig(handlers=[handler], level=level, format=FORMAT, force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel("DEBUG" if level == "DEBUG" else "WARNING")


def current_request_id() -> str:
    """The id of the web request that is being answered, or "-" outside of one."""
    return str(g.get("request_id", "-")) if has_request_context() else "-"


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = current_request_id()
    return True
