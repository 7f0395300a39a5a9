"""Settings of gunicorn, which reads this file by itself when it starts here: `gunicorn wsgi:app`.

`PORT` and `WEB_CONCURRENCY` (worker processes) change the common ones;
anything on gunicorn's command line wins over this file.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

from seatbook import patience
from seatbook.config import Config
from seatbook.errors import ConfigurationError
from seatbook.logs import log_to_stdout

# Read here too, although each worker reads it again: a fault in the settings
# is told once and in plain words, and not by every worker with a traceback.
try:
    seatbook_config = Config.from_environ()
except ConfigurationError as error:
    raise SystemExit(str(error)) from None

cores = os.cpu_count() or 1

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# Every open page keeps a stream, so a process must hold thousands of connections that mostly wait: greenlets
# carry them, and the requests too. docs/architecture.md has the figures. More than 8 processes want a look at
# the database's max_connections first: each may hold POOL_SIZE connections, and one more for its streams.
worker_class = "gevent"
workers = int(os.environ.get("WEB_CONCURRENCY") or min(max(cores, 2), 8))
worker_connections = seatbook_config.max_streams + 2_000

# Each connection is an open file.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))


def post_worker_init(worker: Any) -> None:
    """A worker has loaded the application and begins to serve."""
    if worker.cfg.worker_class_str != "gevent":
        patience.end_waits()
        return
    # Not before: gunicorn makes the worker green after the fork, and these belong to a green process only.
    from seatbook.web import green

    green.settle_in(worker.wsgi, is_running=lambda: worker.alive)


# Each worker builds its own application, so that none shares a connection with another.
preload_app = False

# A stuck worker is replaced after 30 s (every statement ends by itself after 5, and its wait after 10).
timeout = 30
# At a stop, requests in hand get this long to finish.
graceful_timeout = 10
# Longer than the pause between two requests of somebody who picks seats.
keepalive = 15
# A sale begins: connections wait here rather than being refused.
backlog = 2048

# gunicorn's remote control is one socket in the home directory, which two
# servers of one user would take from each other. Signals do what is needed.
control_socket_disable = True

# Workers report that they live by touching a file: in memory, where there is such a place.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# gunicorn's own words go to stderr, the application's to stdout; a line for
# each request comes only when asked for, as a proxy in front writes one anyway.
errorlog = "-"
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None
loglevel = seatbook_config.log_level.lower()
log_to_stdout(seatbook_config.log_level)
