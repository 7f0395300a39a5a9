"""Prices as people are told them from the first one on: with the fee that is on top of every price.

A price is for a place, or for each person who comes to it: then the fee is one
for each of them as well, so that what is shown for one is what one pays.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from seatbook.models import Area, Category, Concession, Event, ReservationSeat

# The same for statements that are written out, with rows called category, event, area and line.
PLACE_FEE = "CASE WHEN category.price_minor > 0 THEN event.fee_per_place_minor ELSE 0 END"
TIMES_PAID = "CASE area.price_per WHEN 'person' THEN coalesce(line.party_size, 1) ELSE 1 END"

# Which concession a line has, for joining it; most have none.
CONCESSION_OF_LINE = and_(
    Concession.event_id == ReservationSeat.event_id, Concession.id == ReservationSeat.concession_id
)


def price_with_fee() -> ColumnElement[int]:
    """What a place of a category costs, or each person at it, with the event's fee; what costs nothing has none."""
    return Category.price_minor + case(
        (Category.price_minor > 0, _place_fee_of(Category.event_id)),
        else_=0,
    )


def order_fee_share() -> ColumnElement[int]:
    """How much of a line's fee is its share of the fee for the whole order. To be asked together with its `Area`."""
    own = _place_fee_of(ReservationSeat.event_id) * times_paid()
    return func.greatest(ReservationSeat.fee_minor - own, 0)


def times_paid() -> ColumnElement[int]:
    """How often a line pays the price of its category, and the fee: once, or as often as people come."""
    is_for_each = and_(Area.price_per == "person", ReservationSeat.party_size.is_not(None))
    return case((is_for_each, ReservationSeat.party_size), else_=1)


def _place_fee_of(event_id: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    return (
        select(Event.fee_per_place_minor)
        .where(Event.id == event_id)
        .correlate(Category, ReservationSeat)
        .scalar_subquery()
    )
