"""`make bench`: how fresh open pages are, how many there can be, how fast clicks
and the API are answered, and a big house.

Everything runs here and on its own: PostgreSQL, Redis, one web process at a
time, 5,000 open pages, people who click. Nothing of a running `make run` is
touched, and all of it is over within three minutes. The figures belong to this
machine and to what else it does meanwhile; compare them with each other.
"""

from __future__ import annotations

import argparse

from bench import big_house, clicks, seats_api, streams
from bench.house import House
from bench.report import print_machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--streams", type=int, default=5_000, help="open pages (5000)")
    parser.add_argument("--changes", type=int, default=50, help="changes a second (50)")
    parser.add_argument("--seconds", type=float, default=20, help="how long to measure (20)")
    parser.add_argument("--seats", type=int, default=2_000, help="seats of the hall (2000)")
    parser.add_argument(
        "--only", choices=("streams", "clicks", "big-house", "api"), help="one of the measurements"
    )
    options = parser.parse_args()
    print_machine()
    with House(seats=options.seats) as house:
        if options.only in (None, "streams"):
            streams.measure(
                house, count=options.streams, changes_a_second=options.changes, seconds=options.seconds
            )
        if options.only in (None, "clicks"):
            clicks.measure(house, seconds=options.seconds / 2)
        if options.only in (None, "big-house"):
            big_house.measure(house)
        if options.only in (None, "api"):
            seats_api.measure(house, seconds=options.seconds / 5)


if __name__ == "__main__":
    main()
