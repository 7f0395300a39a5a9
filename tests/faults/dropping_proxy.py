"""A bad line: a proxy in front of the server which drops requests on their way, and answers on theirs."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


class DroppingProxy:
    """One request a connection. `happened` counts what became of them."""

    def __init__(self, upstream: tuple[str, int], *, drop: float, seed: int) -> None:
        self.upstream = upstream
        self.drop = drop
        self.happened: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        # Shut down first: closing alone leaves `accept` waiting.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        fate = self._dice.choices(
            ["request lost", "answer lost", "half an answer", "passed on"],
            [self.drop / 3, self.drop / 3, self.drop / 3, 1 - self.drop],
        )[0]
        self.happened[fate] += 1
        with client, suppress(OSError):
            request = _read_request(client)
            if fate == "request lost":
                return
            with socket.create_connection(self.upstream, timeout=30) as server:
                server.sendall(request)
                if fate == "answer lost":
                    # Its effect comes, at some time.
                    return
                answer = b"".join(iter(lambda: server.recv(65536), b""))
            client.sendall(answer if fate == "passed on" else answer[: len(answer) // 2])


def _read_request(client: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    while length and len(body) < int(length[1]):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def dropping_proxy(upstream: tuple[str, int], *, drop: float, seed: int = 1) -> Iterator[DroppingProxy]:
    """A proxy that drops this share of what passes."""
    proxy = DroppingProxy(upstream, drop=drop, seed=seed)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
