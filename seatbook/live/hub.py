"""The streams of this process, by event: those that have just come, and those that are up to date."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from seatbook.live.stream import Stream


class Hub:
    """Safe for many threads. What it gives out are copies, in which a stream may have ended meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._joining: dict[int, set[Stream]] = {}
        self._settled: dict[int, set[Stream]] = {}
        self.count = 0

    def join(self, stream: Stream) -> None:
        """A stream has come; it hears nothing until it is settled."""
        with self._lock:
            self._joining.setdefault(stream.event_id, set()).add(stream)
            self.count += 1

    def settle(self, streams: Iterable[Stream]) -> None:
        """These have been brought up to date, and hear what happens from now on."""
        with self._lock:
            for stream in streams:
                if _remove(self._joining, stream):
                    self._settled.setdefault(stream.event_id, set()).add(stream)

    def leave(self, stream: Stream) -> None:
        with self._lock:
            if _remove(self._joining, stream) or _remove(self._settled, stream):
                self.count -= 1

    def joining(self) -> dict[int, list[Stream]]:
        with self._lock:
            return {event_id: list(streams) for event_id, streams in self._joining.items()}

    def settled(self, event_id: int) -> list[Stream]:
        with self._lock:
            return list(self._settled.get(event_id, ()))

    def settled_events(self) -> list[int]:
        with self._lock:
            return list(self._settled)

    def has(self, event_id: int) -> bool:
        return event_id in self._settled or event_id in self._joining

    def all(self) -> list[Stream]:
        with self._lock:
            return [
                stream
                for by_event in (self._joining, self._settled)
                for streams in by_event.values()
                for stream in streams
            ]


def _remove(by_event: dict[int, set[Stream]], stream: Stream) -> bool:
    streams = by_event.get(stream.event_id)
    if streams is None or stream not in streams:
        return False
    streams.remove(stream)
    if not streams:
        del by_event[stream.event_id]
    return True
