"""A window on an event: a visitor's page as a model, with a stream that the test feeds and cuts."""

from __future__ import annotations

import random

from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.live.hub import Hub
from seatbook.live.stream import Stream
from seatbook.live.viewers import viewer_of
from seatbook.queries.changes import Cursor
from tests.factories import Hall
from tests.live.model_page import Message, ModelPage, read_messages
from tests.visitor import Visitor


class Window:
    def __init__(self, app: Flask, hub: Hub, hall: Hall, *, visitor: Visitor | None = None) -> None:
        self.visitor = visitor or Visitor(app)
        self._hub = hub
        self._path = f"/events/{hall.event_id}"
        self._event_id = hall.event_id
        self._half_message = b""
        self.page = self.fresh_page()
        self.stream = self.connect()

    def fresh_page(self) -> ModelPage:
        """What the same visitor would see now."""
        return ModelPage.of(self.visitor.open(self._path).text)

    @property
    def holder(self) -> HolderRef:
        """Whoever picked a place here."""
        with self.visitor.client.session_transaction() as session:
            return HolderRef(session["holder"])

    def connect(self) -> Stream:
        """Open a stream from where the page is, as whoever the page was drawn for."""
        with self.visitor.client.session_transaction() as session:
            holder_id = session.get("user_holder") or session.get("holder")
            viewer = viewer_of(holder_id=holder_id, browser_key=session.get("browser"))
        self._half_message = b""
        self.page.behind = None
        self.stream = Stream(
            self._event_id, since=Cursor.parse(self.page.cursor), language="en", viewer=viewer
        )
        self._hub.join(self.stream)
        return self.stream

    def read(self) -> list[Message]:
        """Take in what the stream has brought."""
        return self._take_in(self.stream.take_waiting())

    def cut_somewhere(self, dice: random.Random) -> None:
        """The line breaks, in the middle of whatever was on its way, and a new stream is opened."""
        waiting = self.stream.take_waiting()
        self._take_in(waiting[: dice.randint(0, len(waiting))])
        self.stream.cut()
        self._hub.leave(self.stream)
        self.connect()

    def fetch(self) -> None:
        """Do what the page was asked to do: fetch what changed."""
        for _ in range(20):
            answer = self.visitor.open(f"{self._path}/changes?since={self.page.cursor}&basket=1")
            self.page.take_answer(answer.text)
            if not self.page.behind:
                return
        raise AssertionError("the page never catches up")

    def reopen(self) -> None:
        """Load the page again."""
        self._hub.leave(self.stream)
        self.page = self.fresh_page()
        self.connect()

    def _take_in(self, arrived: bytes) -> list[Message]:
        messages, self._half_message = read_messages(self._half_message + arrived)
        for message in messages:
            self.page.hear(message)
        return messages
