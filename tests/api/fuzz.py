"""`make fuzz`: schemathesis for as long as it takes to make so many cases, on servers of its own.

    python -m tests.api.fuzz [--cases 10000] [--workers 1]

Ends with 1 when anything was found, and says how to ask the same again.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_migrate import upgrade

from seatbook import create_app
from seatbook.embedded.postgres_server import PostgresServer
from seatbook.embedded.redis_server import RedisServer
from seatbook.extensions import db
from tests.api.fuzzing import Furnished, furnish, run_schemathesis
from tests.conftest import make_config, run_gunicorn

MADE = re.compile(r"([\d,]+) generated")
SECONDS_A_ROUND = 240


def main() -> int:
    options = _options()
    with (
        tempfile.TemporaryDirectory(prefix="seatbook-fuzz-") as folder,
        _box_office(Path(folder)) as (url, furnished),
    ):
        made = 0
        while made < options.cases:
            verdict = run_schemathesis(
                url,
                furnished=furnished,
                folder=Path(folder),
                options=(
                    *("--max-examples", "60", "--workers", str(options.workers)),
                    *("--max-time", str(SECONDS_A_ROUND), "--continue-on-failure"),
                ),
            )
            counted = MADE.search(verdict.stdout)
            made += int(counted[1].replace(",", "")) if counted else 0
            print(f"{made} cases", flush=True)
            if verdict.returncode != 0 or not counted:
                print(verdict.stdout, verdict.stderr, sep="\n")
                return 1
    print("Nothing found.")
    return 0


@contextmanager
def _box_office(folder: Path) -> Iterator[tuple[str, Furnished]]:
    """A furnished seatbook on servers of its own: its address, and what is in it."""
    sockets = Path(tempfile.mkdtemp(prefix="seatbook-"))
    postgres = PostgresServer(
        folder / "postgres", socket_dir=sockets, log_file=folder / "postgres.log", forgetful=True
    )
    redis = RedisServer(socket_dir=sockets, log_file=folder / "redis.log")
    postgres.start()
    redis.start()
    try:
        url, redis_url = postgres.url(), redis.url()
        app = create_app(make_config(url, redis_url))
        with app.app_context():
            upgrade()
            furnished = furnish()
            db.engine.dispose()
        with run_gunicorn(url, redis_url) as address:
            yield address, furnished
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(sockets, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make fuzz", description="Ask the API everything that it describes."
    )
    parser.add_argument("--cases", type=int, default=10_000, help="how many cases at least (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="how many at a time (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
