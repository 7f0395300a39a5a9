"""A program, run by test_stream.py: streams under gevent that write to their sockets by themselves.

Prints what it found as JSON. A process of its own, as gevent changes the whole of it.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import socket  # noqa: E402
from datetime import UTC, datetime  # noqa: E402

import gevent  # noqa: E402

from seatbook.live.sse import Frame, message  # noqa: E402
from seatbook.live.stream import MAX_WAITING_BYTES, Stream, direct_socket, serves_streams  # noqa: E402
from seatbook.queries.changes import Cursor  # noqa: E402

SINCE = Cursor(3, 0, datetime(2025, 1, 1, tzinfo=UTC))


def connected() -> tuple[socket.socket, socket.socket]:
    """The server's end and the page's end, with little room between them."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return ours, theirs


def begun(ours: socket.socket) -> tuple[Stream, list[str], gevent.Greenlet]:
    """A stream whose headers are out, as a server runs it; and what happened to it."""
    environ = {"gunicorn.socket": ours, "SERVER_PROTOCOL": "HTTP/1.1"}
    assert serves_streams(environ)
    stream = Stream(7, since=SINCE, language="en", viewer=None, connection=direct_socket(environ))
    events: list[str] = []

    def serve() -> None:
        body = stream.body(join=lambda _: events.append("joined"), leave=lambda _: events.append("left"))
        for part in body:
            events.append(f"yielded {len(part)} bytes")

    greenlet = gevent.spawn(serve)
    gevent.sleep(0)
    return stream, events, greenlet


def everything_arrives_in_order() -> dict[str, object]:
    """The page reads later than the frames come, so that the socket takes only parts of them."""
    ours, theirs = connected()
    stream, events, greenlet = begun(ours)
    frames = [Frame.of(message(f"{nth} " + "x" * (nth % 700), cursor=nth)) for nth in range(400)]
    received = bytearray()

    def read_slowly() -> None:
        while part := theirs.recv(1000):
            received.extend(part)
            gevent.sleep(0)

    reader = gevent.spawn(read_slowly)
    for nth, frame in enumerate(frames):
        stream.deliver(frame)
        if nth % 40 == 0:
            gevent.sleep(0.001)
    stream.end(Frame.of(message("{}", event="again")))
    greenlet.join(20)
    ours.close()
    reader.join(20)
    sent = b"".join(frame.chunk for frame in frames) + Frame.of(message("{}", event="again")).chunk
    return {"is_the_same": bytes(received) == sent, "events": events, "was_slow": stream.was_slow}


def who_never_reads_is_cut_off() -> dict[str, object]:
    ours, theirs = connected()
    stream, events, greenlet = begun(ours)
    frame = Frame.of(message("x" * 2000))
    delivered = 0
    while not stream.has_ended and delivered < 10 * MAX_WAITING_BYTES:
        stream.deliver(frame)
        delivered += len(frame.chunk)
        gevent.sleep(0)
    greenlet.join(20)
    got = 0
    while part := theirs.recv(65536):
        got += len(part)
    return {
        "was_slow": stream.was_slow,
        "stopped_in_time": delivered < 2 * MAX_WAITING_BYTES,
        "page_sees_the_end": got < delivered,
        "events": events,
    }


def who_has_gone_is_noticed() -> dict[str, object]:
    ours, theirs = connected()
    stream, events, greenlet = begun(ours)
    theirs.close()
    stream.deliver(Frame.of(message("one")))
    stream.deliver(Frame.of(message("two")))
    greenlet.join(20)
    return {"has_ended": stream.has_ended, "was_slow": stream.was_slow, "events": events}


if __name__ == "__main__":
    print(
        json.dumps(
            {
                test.__name__: test()
                for test in (everything_arrives_in_order, who_never_reads_is_cut_off, who_has_gone_is_noticed)
            }
        )
    )
