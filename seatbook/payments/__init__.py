"""Whoever takes the money: providers behind one small interface, and where each stands for itself.

`provider.py` says what the box office asks of any of them. `sandbox` plays one
(its page can pay, fail, be slow, call back twice or late), `counter` is the
window, `stripe` the real thing. None of them knows reservations, and none is
called while one of our transactions is open: they take their time.
"""

from seatbook.payments.provider import (
    Answer,
    Charge,
    Notice,
    NoticeRefused,
    Provider,
    ProviderAway,
    ProviderError,
    ProviderRefused,
    Receipt,
    Session,
)

__all__ = [
    "Answer",
    "Charge",
    "Notice",
    "NoticeRefused",
    "Provider",
    "ProviderAway",
    "ProviderError",
    "ProviderRefused",
    "Receipt",
    "Session",
]
