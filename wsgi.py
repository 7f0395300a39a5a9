"""What a WSGI server loads, `gunicorn wsgi:app`, and what the `flask` command finds."""

from __future__ import annotations

from seatbook import create_app
from seatbook.errors import ConfigurationError
from seatbook.loading import loading

try:
    with loading():
        app = create_app()
except ConfigurationError as error:
    # A sentence and exit code 1. (gunicorn says it in its master already, by gunicorn.conf.py.)
    raise SystemExit(str(error)) from None
