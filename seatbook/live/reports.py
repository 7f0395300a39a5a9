"""What the web processes tell each other of their streams, so that staff see all of them, whichever one they ask.

Each process that ever had a stream writes its figures to Redis every few
seconds, under a key that goes by itself when the process does. Redis away:
staff see the one process that they asked.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from redis.exceptions import RedisError

from seatbook.live.announce import connect
from seatbook.live.freshness import BUCKETS_SECONDS, FreshnessFigures

log = logging.getLogger("seatbook.live")

EVERY_SECONDS = 2.0
# A process that says nothing for so long is not there any more.
FORGET_AFTER_SECONDS = 10
NAMES = "seatbook:live:processes"
KEY = "seatbook:live:process:"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one process (`name`: host and pid) since `since`, which is when its first stream came; None:
    it had none. `freshness` as `live/freshness.py` counts; the other figures are those of `LiveFigures`."""

    name: str
    since: datetime | None
    streams: int
    opened: int
    refused: int
    slow: int
    changes: int
    refetches: int
    frames: int
    bytes: int
    freshness: FreshnessFigures


def own_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def total(reports: Collection[Report]) -> Report:
    """All processes as one; since the first of them began."""
    counts = ("streams", "opened", "refused", "slow", "changes", "refetches", "frames", "bytes")
    return Report(
        name="",
        since=min((one.since for one in reports if one.since is not None), default=None),
        **{name: sum(getattr(one, name) for one in reports) for name in counts},
        freshness=FreshnessFigures(
            {end: sum(one.freshness.up_to[end] for one in reports) for end in BUCKETS_SECONDS},
            sum(one.freshness.count for one in reports),
            sum(one.freshness.sum_seconds for one in reports),
        ),
    )


class Reports:
    """`write` is called in a thread of its own from the first stream on."""

    def __init__(self, redis_url: str, *, own: Callable[[], Report]) -> None:
        self._redis = connect(redis_url)
        self._own = own
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="seatbook-reports", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def read(self) -> tuple[list[Report], bool]:
        """This process as it is now, then the others as they were a moment ago, by name; and whether Redis could
        be asked for those."""
        own = self._own()
        try:
            others = self._read_others(own.name)
        except (RedisError, OSError):
            return [own], False
        return [own, *sorted(others, key=lambda one: one.name)], True

    def write(self) -> None:
        own = self._own()
        with self._redis.pipeline() as together:
            together.sadd(NAMES, own.name)
            together.set(KEY + own.name, _written(own), ex=FORGET_AFTER_SECONDS)
            together.execute()

    def _read_others(self, own_name: str) -> list[Report]:
        known = {str(name, "utf-8") for name in self._redis.smembers(NAMES) if isinstance(name, bytes)}
        names = sorted(known - {own_name})
        if not names:
            return []
        kept = dict(zip(names, self._redis.mget([KEY + name for name in names]), strict=True))
        gone = [name for name, text in kept.items() if text is None]
        if gone:
            self._redis.srem(NAMES, *gone)
        return [_read(text) for text in kept.values() if text is not None]

    def _run(self) -> None:
        is_away = False
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.write()
                is_away = False
            except (RedisError, OSError) as error:
                if not is_away:
                    log.warning(
                        "Other processes are not told of this one's streams, as Redis is away (%s)", error
                    )
                is_away = True


def _written(report: Report) -> str:
    fields = asdict(report)
    fields["since"] = report.since and report.since.isoformat()
    # The counts alone: JSON's names are texts.
    fields["freshness"]["up_to"] = list(report.freshness.up_to.values())
    return json.dumps(fields)


def _read(text: bytes | str) -> Report:
    fields = json.loads(text)
    freshness = fields.pop("freshness")
    up_to = dict(zip(BUCKETS_SECONDS, freshness.pop("up_to"), strict=True))
    since = fields.pop("since")
    return Report(
        **fields,
        since=datetime.fromisoformat(since) if since else None,
        freshness=FreshnessFigures(up_to, **freshness),
    )
