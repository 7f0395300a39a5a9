"""In what money an event is paid."""

from __future__ import annotations

from sqlalchemy import select

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Event


def currency_of(event_id: int) -> str:
    """ISO 4217. Raises NotFound."""
    currency = db.session.scalar(select(Event.currency).where(Event.id == event_id))
    if currency is None:
        raise NotFound(what="event")
    return currency
