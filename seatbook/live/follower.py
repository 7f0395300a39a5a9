"""When to look: as soon as something is announced or somebody has come, and else by an own clock.

Looks keep a distance, so that a rush becomes a few frames with many changes,
and the process rests after each, so that however many streams there are,
requests are answered in between.
"""

from __future__ import annotations

import logging
import threading
import time

from seatbook.live import telling
from seatbook.live.hub import Hub
from seatbook.live.teller import Teller

log = logging.getLogger("seatbook.live")

# Between the beginnings of two looks; and the rest after one, as a share of what it took.
TICK_SECONDS = 0.1
REST_SHARE = 0.25
# The own clock: while nothing is announced, while a change waits for an older transaction, and when the
# database did not answer.
CLOCK_SECONDS = 0.9
WAITING_SECONDS = 0.03
RETRY_SECONDS = 1.0
# A stream that has nothing to say says so.
BEAT_SECONDS = 15.0
# At a stop, open pages find another process within this.
STOP_SPREAD_MS = 3_000


class Follower:
    """`wake` may be called from anywhere."""

    def __init__(self, hub: Hub, teller: Teller) -> None:
        self._hub = hub
        self._teller = teller
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="seatbook-follower", daemon=True).start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """End, and with it every stream."""
        self._stopped.set()
        self._woken.set()
        farewell = telling.again(within_ms=STOP_SPREAD_MS)
        for stream in self._hub.all():
            stream.end(farewell)

    def _run(self) -> None:
        pause: float | None = 0
        is_failing = False
        while not self._stopped.is_set():
            self._woken.wait(pause)
            self._woken.clear()
            began = time.monotonic()
            try:
                pause = WAITING_SECONDS if self._teller.look() else CLOCK_SECONDS
                is_failing = False
            except Exception:
                # The database is away, or a drawing is broken. Pages stay as they are until it works again.
                pause = RETRY_SECONDS
                if not is_failing:
                    log.exception("Open pages are not told what changes; trying again.")
                is_failing = True
            self.tend()
            if not self._hub.count:
                pause = None
            spent = time.monotonic() - began
            self._stopped.wait(max(TICK_SECONDS - spent, spent * REST_SHARE))

    def tend(self) -> None:
        """End the streams that are old enough, and let those that are silent be heard."""
        now = time.monotonic()
        beat, again = telling.beat(), telling.again()
        for stream in self._hub.all():
            if now >= stream.ends_at:
                stream.end(again)
            elif now - stream.last_sent >= BEAT_SECONDS:
                stream.deliver(beat)
