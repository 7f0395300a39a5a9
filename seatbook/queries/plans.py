"""The plans there are, as an operator lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONPATH

from seatbook.extensions import db
from seatbook.models import Event, Plan, Venue


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan without its layout. `places` counts its seats and the capacity of its other areas."""

    plan_id: int
    name: str
    venue: str
    places: int
    events: int
    created_at: datetime


def list_plans() -> list[PlanLine]:
    """Every plan, by venue and name. The layouts are counted in the database and not read."""
    seats = (
        select(func.count())
        .select_from(
            func.jsonb_path_query(Plan.layout, _path("$.areas[*].sections[*].rows[*].seats[*]")).alias()
        )
        .scalar_subquery()
    )
    capacity = func.jsonb_path_query(Plan.layout, _path("$.areas[*].capacity")).column_valued("capacity")
    capacities = select(func.coalesce(func.sum(cast(capacity, Integer)), 0)).scalar_subquery()
    events = select(func.count()).where(Event.plan_id == Plan.id).correlate(Plan).scalar_subquery()
    rows = db.session.execute(
        select(
            Plan.id,
            Plan.name,
            Venue.name,
            cast(seats + capacities, BigInteger),
            events,
            Plan.created_at,
        )
        .join(Venue, Venue.id == Plan.venue_id)
        .order_by(func.lower(Venue.name), Plan.name)
    )
    return [PlanLine(*row) for row in rows]


def _path(text: str):  # type: ignore[no-untyped-def]
    return cast(type_coerce(text, JSONPATH), JSONPATH)
