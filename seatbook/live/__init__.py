"""Open pages that change by themselves.

Whoever changes a place says so after the commit (`announce`). Each web process
has one follower of the log. It is woken by what is said (`listener`) or by its
own clock (`follower`), reads what is new for all open pages at once, has each
change drawn once for everybody and once for its owner (`teller`, `telling`),
and hands it to the streams (`hub`, `stream`), which speak server-sent events
(`sse`). A stream holds no database connection. How all this does, each process
tells the others (`reports`).
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask, current_app

from seatbook.config import Config
from seatbook.live.announce import Announcer
from seatbook.live.drawing import Draw, Drawing, Sitting
from seatbook.live.follower import Follower
from seatbook.live.freshness import FreshnessFigures
from seatbook.live.hub import Hub
from seatbook.live.listener import Listener
from seatbook.live.reports import Report, Reports, own_name, total
from seatbook.live.stream import Stream, direct_socket, serves_streams
from seatbook.live.teller import Sent, Teller
from seatbook.live.viewers import viewer_of

log = logging.getLogger("seatbook.live")


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """This process's streams now, and what they came to since it began. `slow` were cut off for not reading."""

    streams: int
    opened: int
    refused: int
    slow: int
    sent: Sent
    freshness: FreshnessFigures


class Live:
    """The streams of one process. Nothing runs until the first one comes."""

    def __init__(self, app: Flask, config: Config, *, draw: Draw) -> None:
        self.max_streams = config.max_streams
        self.hub = Hub()
        self._drawn_by: dict[str, Draw] = {}
        self._draw_page = draw
        self.teller = Teller(app, self.hub, draw=self._draw)
        self.follower = Follower(self.hub, self.teller)
        self.reports = Reports(config.redis_url, own=self.report)
        self._listener = Listener(config.redis_url, on_word=self._heard)
        self._start_lock = threading.Lock()
        self._running_in: int | None = None
        self._began_at: datetime | None = None
        self._is_stopped = False
        self._opened = self._refused = self._slow = 0

    def speak(self, language: str, *, draw: Draw) -> None:
        """Let streams of this "language" be drawn for by something else than the pages, as for programs."""
        self._drawn_by[language] = draw

    def has_room(self) -> bool:
        """Whether one more stream may be opened; counts the refusal when not."""
        if self.hub.count < self.max_streams and not self._is_stopped:
            return True
        self._refused += 1
        return False

    def follows(self, event_id: int) -> bool:
        """Whether an open page has this event already, which therefore exists."""
        return self.hub.has(event_id)

    def join(self, stream: Stream) -> None:
        """Called by the stream's body, once its headers are out."""
        self._opened += 1
        self.hub.join(stream)
        self._start()
        if self._is_stopped:
            self.follower.stop()
        self.follower.wake()

    def leave(self, stream: Stream) -> None:
        self._slow += stream.was_slow
        self.hub.leave(stream)

    def stop(self) -> None:
        """End every stream at once; pages open theirs elsewhere. For a process that is about to end."""
        self._is_stopped = True
        self._listener.stop()
        self.reports.stop()
        self.follower.stop()
        if self._opened:
            _log(self.figures())

    def figures(self) -> LiveFigures:
        return LiveFigures(
            self.hub.count,
            self._opened,
            self._refused,
            self._slow,
            self.teller.sent,
            self.teller.freshness.figures(),
        )

    def report(self) -> Report:
        """The same as other processes read it."""
        now, sent = self.figures(), self.teller.sent
        return Report(
            own_name(),
            self._began_at,
            now.streams,
            now.opened,
            now.refused,
            now.slow,
            sent.changes,
            sent.refetches,
            sent.frames,
            sent.bytes,
            now.freshness,
        )

    def _draw(self, sitting: Sitting) -> Drawing:
        return self._drawn_by.get(sitting.language, self._draw_page)(sitting)

    def _start(self) -> None:
        """Threads do not come along into a forked child, so each process starts its own."""
        with self._start_lock:
            if self._running_in != os.getpid() and not self._is_stopped:
                self._running_in = os.getpid()
                self._began_at = datetime.now(UTC)
                self._listener.start()
                self.reports.start()
                self.follower.start()

    def _heard(self, event_ids: set[int]) -> None:
        if any(self.hub.has(event_id) for event_id in event_ids):
            self.follower.wake()


def _log(figures: LiveFigures) -> None:
    late = figures.freshness.quantile(0.99)
    log.info(
        "%d pages were followed (%d refused, %d too slow); of %d changes 99 in 100 went out within %s",
        figures.opened,
        figures.refused,
        figures.slow,
        figures.freshness.count,
        "no time, as there were none" if late is None else f"{late:g} s",
    )


def init_app(app: Flask, config: Config) -> None:
    """Let every commit of this application be announced. Connects to nothing."""
    app.extensions["seatbook_announcer"] = Announcer(config.redis_url)


def init_streams(app: Flask, config: Config, *, draw: Draw) -> None:
    """Let this application's pages be followed; `draw` makes markup of changes."""
    app.extensions["seatbook_live"] = Live(app, config, draw=draw)


def current_live() -> Live:
    live: Live = current_app.extensions["seatbook_live"]
    return live


__all__ = [
    "Live",
    "LiveFigures",
    "Report",
    "Stream",
    "current_live",
    "direct_socket",
    "init_app",
    "init_streams",
    "serves_streams",
    "total",
    "viewer_of",
]
