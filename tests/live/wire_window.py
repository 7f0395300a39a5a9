"""A window whose stream comes from the server as it runs, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from tests.factories import Hall
from tests.live.ear import Ear
from tests.live.model_page import ModelPage, place


class WireWindow:
    """A window without cookies, whose stream comes over a real connection."""

    def __init__(self, url: str, hall: Hall) -> None:
        self._url = url
        self._path = f"/events/{hall.event_id}"
        self.page = self.fresh_page()
        self.ear = self.connect()

    def fresh_page(self) -> ModelPage:
        connection = HTTPConnection(urlsplit(self._url).netloc, timeout=30)
        connection.request("GET", self._path)
        text = connection.getresponse().read().decode()
        connection.close()
        return ModelPage.of(text)

    def connect(self) -> Ear:
        self._connection = HTTPConnection(urlsplit(self._url).netloc, timeout=30)
        self.page.behind = None
        self._connection.request("GET", f"{self._path}/stream", headers={"Last-Event-ID": self.page.cursor})
        response = self._connection.getresponse()
        assert response.status == 200

        def chunks() -> Iterator[bytes]:
            try:
                while chunk := response.read1(65536):
                    yield chunk
            except (HTTPException, OSError):
                return

        self.ear = Ear(chunks())
        return self.ear

    def cut(self) -> None:
        sock: socket.socket = self._connection.sock
        sock.shutdown(socket.SHUT_RDWR)

    def hear(self) -> None:
        for message in self.ear.heard_so_far():
            self.page.hear(message)

    def hear_until_it_knows_of(self, xid: int) -> None:
        while place(self.page.cursor)[0] <= xid:
            message = self.ear.wait_for_any()
            self.page.hear(message)
            assert message.event in ("message", "beat"), "too little changes at once for anything else"
