"""What the box office asks of a payment provider, and what it may answer.

A provider keeps a *session* for each attempt to pay: the buyer pays on its
page, and the provider tells us by a *notice*, once, twice, late or never. So
whoever wants to know asks. Every call may be repeated: a session is made once
for each charge, and money goes back once for each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

# open: nothing paid yet. processing: the buyer did their part, the money is on its way. The rest is final,
# but for money that comes all the same.
SESSION_STATUSES = ("open", "processing", "paid", "failed", "expired")


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid. `event_id` and `payment_id` name it for ever: the same charge is the same session.

    `seconds` is how long the buyer has; a provider whose sessions must live longer is told to end them.
    """

    event_id: int
    payment_id: int
    amount_minor: int
    currency: str
    description: str
    seconds: float
    return_url: str

    @property
    def key(self) -> str:
        return f"{self.event_id}-{self.payment_id}"


@dataclass(frozen=True, slots=True)
class Session:
    """The provider's side of a charge: its name, and the page where the buyer pays (None: there is none)."""

    ref: str
    pay_url: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a session stands, one of SESSION_STATUSES; of one that is paid, how much came."""

    status: str
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of the provider whose signature is right. `ref` is the same for every copy of it."""

    ref: str
    event_id: int
    payment_id: int
    session_ref: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money went back: the provider's name of it."""

    ref: str


class ProviderError(Exception):
    """The provider did not do it. The text is for the operator."""


class ProviderAway(ProviderError):
    """No answer, or none in time: nobody knows whether it was done. Asking again is right, and safe."""


class ProviderRefused(ProviderError):
    """The provider said no, and will say so again. Somebody has to look."""


class NoticeRefused(ProviderError):
    """A message that the provider did not sign, or not just now."""


class Provider(Protocol):
    """One provider. Any call may raise ProviderAway or ProviderRefused, and takes a few seconds at most."""

    name: str

    def open_session(self, charge: Charge) -> Session:
        """Begin to be paid; the same session for the same charge."""
        ...

    def look(self, session_ref: str) -> Answer:
        """How the session stands now."""
        ...

    def end_session(self, session_ref: str) -> Answer:
        """Take no more money for it. Answers how it stands then: `paid` or `processing` when it was too late."""
        ...

    def refund(self, session_ref: str, *, amount_minor: int, key: str) -> Receipt:
        """Give some of it back, once for each `key`."""
        ...

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """Check and read a message, as raw as it came; None: it is about nothing of ours. Raises NoticeRefused."""
        ...
