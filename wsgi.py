"""What a WSGI server loads: `gunicorn wsgi:app`."""

from __future__ import annotations

from seatbook import create_app

app = create_app()
