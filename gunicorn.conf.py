"""Settings of gunicorn, which reads this file by itself when it starts here: `gunicorn wsgi:app`.

`PORT`, `WEB_CONCURRENCY` (worker processes) and `WEB_THREADS` change the
common ones; anything on gunicorn's command line wins over this file.
"""

from __future__ import annotations

import os
from pathlib import Path

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

# A request here mostly waits for the database, so threads carry the load, and
# processes are for the cores. More than 8 processes want a look at the
# database's max_connections first: each may hold POOL_SIZE connections.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or min(max(cores, 2), 8))
# As many threads as pooled connections: no thread ever waits for another's.
threads = int(os.environ.get("WEB_THREADS") or seatbook_config.pool_size)

# Each worker builds its own application, so that none shares a connection with another.
preload_app = False

# A stuck worker is replaced after 30 s (every statement ends by itself after 5).
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
