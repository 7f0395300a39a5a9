"""Where somebody pays: the provider's page as a browser here reaches it, and the way back from it."""

from __future__ import annotations

from flask import current_app, url_for

from seatbook.config import Config
from seatbook.domain import orders


def till() -> orders.Till:
    """The payment providers as this application is set up."""
    return orders.till_of(_config())


def return_address(reference: str) -> str:
    """Where a provider sends the buyer afterwards: the reservation, whose payment is asked about at once."""
    return _config().public_url + url_for("reservations.reservation", reference=reference, look=1)


def within_this_site(address: str) -> str:
    """Of an address of our own only its path: whoever came here by another name of this machine stays there,
    and stays signed in."""
    home = _config().public_url
    return address.removeprefix(home) if address.startswith(f"{home}/") else address


def _config() -> Config:
    config: Config = current_app.extensions["seatbook"]
    return config
