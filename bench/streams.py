"""Open pages while places change: how old a change is when a page hears of it, and what that takes."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from bisect import bisect_right
from pathlib import Path
from secrets import token_hex
from typing import IO, cast

from sqlalchemy import text

from bench.clicks import Buyer
from bench.house import House, Web
from bench.report import print_table, quantiles_ms
from seatbook.config import PROJECT_DIR
from seatbook.domain.holders import HolderRef, holder_of_browser
from seatbook.domain.inventory import hold_seats, release_seats
from seatbook.extensions import db
from seatbook.queries.changes import Cursor
from seatbook.queries.moment import read_moment

CLICKS_A_SECOND = 4
# For the last frames to arrive.
AFTERGLOW_SECONDS = 2.0

LOGGED = text(
    "SELECT CAST(xid AS text), extract(epoch FROM at) FROM seat_change WHERE event_id = :event AND at >= :since"
)


def measure(house: House, *, count: int, changes_a_second: int, seconds: float) -> None:
    """Print what `count` open pages hear while somebody makes changes in another process than the web's."""
    with house.web() as web, tempfile.TemporaryDirectory() as folder:
        memory_before = web.process.memory_info().rss
        since = _now(house)
        file = Path(folder) / "heard"
        path = f"/events/{house.event_id}/stream?since={since}"
        began = time.monotonic()
        listeners = subprocess.Popen(
            [sys.executable, "-m", "bench.listeners", str(web.port), path, str(count), str(file)],
            cwd=PROJECT_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        told, heard = cast(IO[bytes], listeners.stdin), cast(IO[bytes], listeners.stdout)
        if heard.readline().strip() != b"ready":
            raise SystemExit("The streams could not be opened.")
        opened_seconds = time.monotonic() - began

        since = _now(house)
        cpu_before, began = web.process.cpu_times(), time.monotonic()
        clicks = _Clicks(house, web)
        clicks.start()
        made = _change(house, a_second=changes_a_second, seconds=seconds)
        elapsed = time.monotonic() - began
        cpu_after = web.process.cpu_times()
        clicks.stop()
        time.sleep(AFTERGLOW_SECONDS)
        memory = web.process.memory_info().rss
        told.close()
        listeners.wait(60)
        frames, received_bytes, lost = pickle.loads(file.read_bytes())  # noqa: S301  (our own)

    ages, missing = _ages(_logged(house, since), frames, count=count - lost)
    changes = made + len(clicks.seconds)
    cpu = (cpu_after.user + cpu_after.system - cpu_before.user - cpu_before.system) / elapsed
    print_table(
        f"{count:,} open pages of a hall of {len(house.seat_ids):,}, one web process, "
        f"{changes / elapsed:.0f} changes a second for {elapsed:.0f} s",
        [
            ("written to received", quantiles_ms(ages)),
            ("a click meanwhile", quantiles_ms(clicks.seconds)),
            (
                "frames",
                f"{len(frames) / elapsed:.1f} a second, {changes / max(1, len(frames)):.1f} changes each",
            ),
            ("bytes of a change", f"{received_bytes / count / changes:,.0f}"),
            ("the web process", f"{cpu:.0%} of a core, {memory / 2**20:,.0f} MiB"),
            ("memory of a stream", f"{(memory - memory_before) / count / 1024:,.0f} KiB"),
            ("opening them", f"{opened_seconds:.1f} s"),
            ("not received", f"{missing:,} of {len(ages) + missing:,}; {lost} streams lost"),
        ],
    )


class _Clicks(threading.Thread):
    """Somebody who holds and gives back a seat, again and again, on the process that has all the streams."""

    def __init__(self, house: House, web: Web) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self._buyer = Buyer(web.port, house.event_id, house.seat_ids[-1])
        self._stopped = threading.Event()

    def run(self) -> None:
        self._buyer.arrive()
        while not self._stopped.wait(1 / CLICKS_A_SECOND):
            self.seconds.append(self._buyer.click())

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _change(house: House, *, a_second: int, seconds: float) -> int:
    """Hold seats one by one, and give each back a little later; the number of changes."""
    free = list(house.seat_ids[:-1])
    held: list[tuple[HolderRef, int]] = []
    with house.app.app_context():
        holders = [holder_of_browser(token_hex(8)) for _ in range(50)]
        began = time.monotonic()
        for nth in range(round(a_second * seconds)):
            time.sleep(max(0.0, began + nth / a_second - time.monotonic()))
            if nth % 2 or not held:
                holder, seat_id = holders[nth // 2 % len(holders)], free.pop(0)
                hold_seats(house.event_id, seat_ids=[seat_id], holder=holder)
                held.append((holder, seat_id))
            else:
                holder, seat_id = held.pop(0)
                release_seats(house.event_id, seat_ids=[seat_id], holder=holder)
                free.append(seat_id)
        for holder, seat_id in held:
            release_seats(house.event_id, seat_ids=[seat_id], holder=holder)
        return nth + 1 + len(held)


def _now(house: House) -> Cursor:
    with house.app.app_context():
        return Cursor.at_moment(read_moment())


def _logged(house: House, since: Cursor) -> list[tuple[int, float]]:
    with house.app.app_context():
        rows = db.session.execute(LOGGED, {"event": house.event_id, "since": since.at})
        return [(int(xid), float(at)) for xid, at in rows]


def _ages(
    logged: list[tuple[int, float]], frames: dict[str, array[float]], *, count: int
) -> tuple[list[float], int]:
    """For every change and every stream, from its writing to its arrival; and how many arrivals are missing.

    A frame carries every change of the transactions before its cursor's.
    """
    by_xid = sorted((int(cursor.split(".")[0]), arrivals) for cursor, arrivals in frames.items())
    xids = [xid for xid, _ in by_xid]
    ages: list[float] = []
    missing = 0
    for xid, at in logged:
        place = bisect_right(xids, xid)
        arrivals = by_xid[place][1] if place < len(by_xid) else array("d")
        ages.extend(arrival - at for arrival in arrivals)
        missing += count - len(arrivals)
    return ages, missing
