"""Many open pages in one process: each a stream that is read to its end, with the time of every frame.

A process of its own, which does as little as it can: it shares the machine
with what it measures. Run as `python -m bench.listeners PORT PATH COUNT FILE`; it says
"ready" when all streams are open, and stops and writes FILE when its input ends.
"""

from __future__ import annotations

import pickle
import resource
import select
import socket
import sys
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path

# Browsers come one after the other, and not all within one millisecond.
AT_ONCE = 100
BUFFER_BYTES = 256 * 1024


@dataclass
class Heard:
    """`frames`: when each cursor came, at each stream that it came to (seconds since the epoch).
    `bytes` is what all streams received while it was counted; `lost` streams ended before the others."""

    frames: dict[str, array[float]] = field(default_factory=dict)
    bytes: int = 0
    lost: int = 0


def main() -> None:
    port, path, count, file = sys.argv[1:5]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    poller = select.epoll()
    sockets: dict[int, socket.socket] = {}
    buffer = bytearray(BUFFER_BYTES)
    for _ in range(0, int(count), AT_ONCE):
        for _ in range(min(AT_ONCE, int(count) - len(sockets))):
            connection = _open(int(port), path)
            sockets[connection.fileno()] = connection
            poller.register(connection.fileno(), select.EPOLLIN)
        _drain(poller, sockets, buffer, seconds=0.05)
    _drain(poller, sockets, buffer, seconds=2)
    print("ready", flush=True)
    heard = _listen(poller, sockets, buffer)
    Path(file).write_bytes(pickle.dumps((heard.frames, heard.bytes, heard.lost)))


def _open(port: int, path: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n".encode())
    connection.setblocking(False)
    return connection


def _drain(
    poller: select.epoll, sockets: dict[int, socket.socket], buffer: bytearray, *, seconds: float
) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for fd, _ in poller.poll(left, 1000):
            sockets[fd].recv_into(buffer)


def _listen(poller: select.epoll, sockets: dict[int, socket.socket], buffer: bytearray) -> Heard:
    heard = Heard()
    poller.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
    view = memoryview(buffer)
    while True:
        for fd, _ in poller.poll(1, 2000):
            if fd == sys.stdin.fileno():
                return heard
            size = sockets[fd].recv_into(buffer)
            now = time.time()
            if size == 0:
                heard.lost += 1
                poller.unregister(fd)
                continue
            heard.bytes += size
            # Frames are small, and one read brings whole ones; what a read cuts is missing in both halves.
            part = bytes(view[:size])
            start = part.find(b"id: ")
            while start >= 0:
                end = part.find(b"\n", start)
                heard.frames.setdefault(part[start + 4 : end].decode(), array("d")).append(now)
                start = part.find(b"id: ", end) if end >= 0 else -1


if __name__ == "__main__":
    main()
