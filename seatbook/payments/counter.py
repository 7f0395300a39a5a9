"""The window: people pay in cash or by card in front of our own staff, and get money back there.

There is nobody to ask: what the staff took is written into our own books. So a
session is only a name, and it is unpaid until somebody says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from seatbook.payments.provider import (
    Answer,
    Charge,
    Notice,
    NoticeRefused,
    ProviderRefused,
    Receipt,
    Session,
)


class Counter:
    name = "counter"

    def open_session(self, charge: Charge) -> Session:
        return Session(f"counter-{charge.key}", None)

    def look(self, session_ref: str) -> Answer:
        return Answer("open")

    def end_session(self, session_ref: str) -> Answer:
        return Answer("expired")

    def refund(self, session_ref: str, *, amount_minor: int, key: str) -> Receipt:
        raise ProviderRefused("pay it out at the window")

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        raise NoticeRefused("the window sends no messages")
