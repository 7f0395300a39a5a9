"""How an event is sold, as staff see it: of a draft as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Event


@dataclass(frozen=True, slots=True)
class SaleView:
    """Instants are aware, UTC. `cancel_seconds_before_start` None: buyers cannot cancel by themselves."""

    listed: bool
    on_sale_from: datetime
    on_sale_until: datetime
    hold_ttl_seconds: int
    max_seats: int
    leave_no_single: bool
    cancel_seconds_before_start: int | None


def load_sale(event_id: int) -> SaleView:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            Event.listed,
            Event.on_sale_from,
            Event.on_sale_until,
            Event.hold_ttl_seconds,
            Event.max_seats,
            Event.leave_no_single,
            Event.cancel_seconds_before_start,
        ).where(Event.id == event_id)
    ).one_or_none()
    if row is None:
        raise NotFound(what="event")
    return SaleView(*row)
