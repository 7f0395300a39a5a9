"""What the buttons of a basket would send."""

from __future__ import annotations

import re
from typing import Any


def basket_of(text: str) -> dict[str, Any]:
    """The fields of the reserve form on a page, or in an answer to htmx."""
    reservation = re.search(r'name="reservation_id" value="(\d+)"', text)
    seats = re.search(r'name="seat_ids" value="([\d,]+)"', text)
    assert reservation, "the basket is empty"
    assert seats
    return {"reservation_id": reservation[1], "seat_ids": seats[1]}


def pay_fields(text: str) -> dict[str, Any]:
    """The fields of the form that pays, on the page of a checkout."""
    return {
        name: value
        for name, value in re.findall(
            r'name="(reservation_id|seat_ids|reference|total)" value="([^"]*)"', text
        )
    }
