"""The worker process: `python worker.py`."""

from __future__ import annotations

from seatbook.jobs.worker import main

if __name__ == "__main__":
    main()
