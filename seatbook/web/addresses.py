"""Addresses of our pages as they stand in letters and calendars, where there is no request."""

from __future__ import annotations

from flask import current_app

from seatbook.config import Config


def address_of(endpoint: str, **values: object) -> str:
    """The whole address of a page. It begins with PUBLIC_URL."""
    config: Config = current_app.extensions["seatbook"]
    return config.public_url + current_app.url_map.bind("").build(endpoint, values)
