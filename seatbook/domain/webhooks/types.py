"""What can be heard: the names of messages, and whole families of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from seatbook.errors import N_, InvalidInput
from seatbook.models.payment import STEPS

# What happened to a place, by the reason in the log.
OF_REASON = {
    "hold": "held",
    "release": "released",
    "expire": "expired",
    "reserve": "reserved",
    "cancel": "cancelled",
    "move": "moved",
    "block": "blocked",
    "unblock": "unblocked",
}
# The same for the reservation that the places are of. Blocking has none.
OF_RESERVATION = {
    "hold": "held",
    "release": "released",
    "expire": "expired",
    "reserve": "confirmed",
    "cancel": "cancelled",
    "move": "moved",
}
PENDING = "reservation.pending"
# Sent when somebody asks for it, whatever an endpoint is subscribed to.
TEST = "webhook.test"
# So long a message is tried before it is given up.
TRIED_FOR = timedelta(days=3)

ALL_TYPES = (
    *(f"seat.{word}" for word in OF_REASON.values()),
    "reservation.held",
    PENDING,
    *(f"reservation.{word}" for word in OF_RESERVATION.values() if word != "held"),
    *(f"payment.{step}" for step in STEPS),
)
FAMILIES = ("seat.*", "reservation.*", "payment.*")


def checked_types(types: Iterable[str]) -> list[str]:
    """These, each once, in the order in which they are told. Raises InvalidInput."""
    asked = set(types)
    if not asked:
        raise InvalidInput(field="types", reason=N_("Please choose what the endpoint shall be told of."))
    unknown = sorted(asked - set(ALL_TYPES) - set(FAMILIES))
    if unknown:
        raise InvalidInput(
            field="types", reason=N_("There is no message called “%(name)s”."), name=unknown[0][:80]
        )
    return [known for known in (*FAMILIES, *ALL_TYPES) if known in asked]


def is_subscribed(types: Iterable[str], name: str) -> bool:
    """Whether one who asked for `types` hears a message of this name."""
    return name in types or f"{name.partition('.')[0]}.*" in types
