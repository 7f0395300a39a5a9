"""Why `make run` stops: a sentence for the person at the terminal."""

from __future__ import annotations


class CannotRun(Exception):
    """seatbook can't start or go on here. The text says what happened and what to do."""
