"""One request to somebody else's server, with an end: in time, in bytes, and in where it goes."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, quote, urlsplit

from seatbook.config import Config
from seatbook.domain.webhooks.addresses import (
    AddressRefused,
    Resolve,
    callable_addresses,
    host_in_ascii,
    look_up,
)

# For all of it, from the first packet to the last that we read.
DEADLINE_SECONDS = 10.0
CONNECT_SECONDS = 5.0
# What a receiver answers is nobody's news, except when it refuses.
READ_BYTES = 1_000
SHOWN_CHARACTERS = 200
MOST_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt. `status` None: no answer came. `error` "": it was taken (a status of 2xx)."""

    status: int | None
    error: str
    took_ms: int


class Sender(Protocol):
    """What brings one message. It never raises, and ends within DEADLINE_SECONDS and the time to look up a name."""

    def send(self, url: str, *, body: bytes, headers: dict[str, str]) -> Sent: ...


def sender_of(config: Config) -> Sender:
    return Outside(private_allowed=config.webhooks_private)


class Outside:
    """Calls addresses of the public internet, unless told otherwise. Redirects are not followed."""

    def __init__(
        self,
        *,
        private_allowed: bool = False,
        resolve: Resolve = look_up,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self.private_allowed = private_allowed
        self.resolve = resolve
        self.deadline_seconds = deadline_seconds
        self._trust = ssl.create_default_context()

    def send(self, url: str, *, body: bytes, headers: dict[str, str]) -> Sent:
        began = time.monotonic()
        status, error = None, ""
        try:
            status, answer = self._send(url, body=body, headers=headers)
            if not 200 <= status < 300:
                error = _refusal(status, answer)
        except AddressRefused as refused:
            error = str(refused)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            took = time.monotonic() - began
            error = "no answer in time" if took >= self.deadline_seconds else _in_words(failure)
        return Sent(status, error, round((time.monotonic() - began) * 1000))

    def _send(self, url: str, *, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(url)
        host = host_in_ascii(parts.hostname or "")
        is_secure = parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        if not is_secure and not self.private_allowed:
            raise AddressRefused("only https:// is called")
        addresses = callable_addresses(host, port, resolve=self.resolve, private_allowed=self.private_allowed)
        ends_at = time.monotonic() + self.deadline_seconds
        connection = _connect(addresses, port, ends_at=ends_at)
        if is_secure:
            connection = self._trust.wrap_socket(
                connection, server_hostname=host, do_handshake_on_connect=False
            )
        with connection, _cut_at(connection, ends_at):
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            return _post(connection, host, parts, body=body, headers=headers)


def _connect(addresses: list[str], port: int, *, ends_at: float) -> socket.socket:
    """To the first of the addresses that takes us. They are numbers: nothing is looked up again."""
    failure: OSError = OSError("the name has no address")
    for address in addresses[:MOST_ADDRESSES]:
        seconds = min(CONNECT_SECONDS, ends_at - time.monotonic())
        if seconds <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failure = error
    raise failure


@contextlib.contextmanager
def _cut_at(connection: socket.socket, ends_at: float) -> Iterator[None]:
    """A receiver that sends a byte now and then keeps every single wait short, and us for ever: so it is cut off."""
    connection.settimeout(max(0.01, ends_at - time.monotonic()))
    timer = threading.Timer(ends_at - time.monotonic(), _cut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Of the socket itself: TLS would say goodbye first, and wait.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _post(
    connection: socket.socket, host: str, parts: SplitResult, *, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    """The status, and of a refusal the first bytes that were said about it."""
    request = http.client.HTTPConnection(host)
    request.sock = connection
    # What is closed stays so: opening it anew would look the name up again.
    request.auto_open = 0
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request.putrequest("POST", quote(target, safe=_KEPT), skip_host=True, skip_accept_encoding=True)
    request.putheader("Host", _host_header(host, parts.port))
    request.putheader("Content-Length", str(len(body)))
    request.putheader("Connection", "close")
    for name, value in headers.items():
        request.putheader(name, value)
    request.endheaders(body)
    answer = request.getresponse()
    return answer.status, b"" if 200 <= answer.status < 300 else answer.read(READ_BYTES)


# What may stand in an address as it is; the rest was typed by somebody who did not know.
_KEPT = "%/?:@!$&'()*+,;=-._~[]"


def _host_header(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _refusal(status: int, answer: bytes) -> str:
    if 300 <= status < 400:
        return f"answered {status}, and redirects are not followed: name the address that it leads to"
    said = "".join(c if c.isprintable() else " " for c in answer.decode("utf-8", "replace"))
    said = " ".join(said.split())[:SHOWN_CHARACTERS]
    return f"answered {status}" + (f": {said}" if said else "")


def _in_words(failure: Exception) -> str:
    match failure:
        case socket.gaierror():
            return "the name cannot be looked up"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "nobody listens there"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not good: {failure.verify_message}"
        case http.client.RemoteDisconnected():
            return "it hung up without an answer"
    return (str(failure) or type(failure).__name__)[:SHOWN_CHARACTERS]
