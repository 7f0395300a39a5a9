"""Reads a stream in a thread of its own, as a browser does: what comes can be waited for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable

from tests.live.model_page import Message, read_messages

# Nobody waits this long; it turns silence into a failure instead of a hang.
PATIENCE_SECONDS = 30


class Ear:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._chunks = chunks
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, event: str, *, with_text: str = "") -> Message:
        """The next message of that name that has the text in it; others before it are passed over."""
        while True:
            message = self.wait_for_any()
            if message.event == event and with_text in message.data:
                return message

    def wait_for_any(self) -> Message:
        message = self._messages.get(timeout=PATIENCE_SECONDS)
        assert message is not None, "the stream ended"
        return message

    def heard_so_far(self) -> list[Message]:
        """What has come, without waiting for more."""
        heard = []
        while not self._messages.empty():
            heard.append(self.wait_for_any())
        return heard

    def wait_for_the_end(self) -> list[Message]:
        """What still came before the stream ended."""
        last = []
        while (message := self._messages.get(timeout=PATIENCE_SECONDS)) is not None:
            last.append(message)
        return last

    def _listen(self) -> None:
        rest = b""
        try:
            for chunk in self._chunks:
                messages, rest = read_messages(rest + chunk)
                for message in messages:
                    self._messages.put(message)
        finally:
            self._messages.put(None)
