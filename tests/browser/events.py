"""Events as an organiser makes them, by the domain: whole halls, floors, drops and rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from seatbook.domain import orders
from seatbook.domain.events import CreatedEvent, NewShow, NewVenue, SaleTerms, create_event
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout
from seatbook.extensions import db
from seatbook.models import Category, Seat
from tests.factories import BERLIN, Hall, make_area, make_category, make_slots, noons
from tests.paying import make_online_event

VENUE = NewVenue("Harbour House", address="3 Quay Street", time_zone=BERLIN.key)

# Wider than a phone can show seat by seat.
SIDES = b"""zone,row,start,end
Stalls left,A,1,14
Stalls left,B,1,14
Stalls left,C,1,14
Stalls right,A,15,28
Stalls right,B,15,28
Stalls right,C,15,28
Balcony left,A,1,14
Balcony left,B,1,14
Balcony right,A,15,28
Balcony right,B,15,28
"""


def make_alike(kind: str, *, price_minor: int = 2500, max_seats: int = 8, **places: int) -> Hall:
    """Standing places or stock only: `make_alike("stock", M=2, L=3)`. The areas are called "Size M", "Floor"."""
    categories = (PlanCategory(name="Regular", colour=2),)
    areas = tuple(
        PlanArea(kind=kind, name=name, capacity=n, category="Regular") for name, n in places.items()
    )
    return _event(
        PlanLayout(categories=categories, areas=areas),
        NewShow("Harbour Lights", "concert" if kind == "standing" else "merchandise"),
        {"Regular": price_minor},
        terms=SaleTerms(max_seats=max_seats),
    )


def make_room(starts: Sequence[datetime], *, price_minor: int = 9000) -> Hall:
    """An escape room with a slot of an hour at every start."""
    layout = PlanLayout(
        categories=(PlanCategory(name="Room", colour=5),),
        areas=(PlanArea(kind="slots", name="The Vault", category="Room"),),
    )
    hour = timedelta(hours=1)
    return _event(
        layout,
        NewShow("The Vault", "escape_room"),
        {"Room": price_minor},
        starts_at=min(starts),
        ends_at=max(starts) + hour,
        slots={"The Vault": [(start, start + hour) for start in starts]},
    )


def make_sides() -> Hall:
    """A hall of four parts, 28 seats wide; row and number name a seat in the stalls and one on the balcony."""
    layout = plan_from_csv(SIDES, file_name="sides.csv").layout
    prices = {category.name: 3000 + 500 * n for n, category in enumerate(layout.categories)}
    return _event(layout, NewShow("Harbour Lights", "theatre"), prices)


@dataclass(frozen=True, slots=True)
class Festival:
    """Six seats at 45.00, ten standing places at 20.00, two tours at 12.00 each visitor, and two shirts at 25.00.

    2.00 more for the order. A child pays half of a seat, a tour or a standing place; LANTERN takes 10 % off.
    `shirts` is their area.
    """

    hall: Hall
    shirts: int


def make_festival() -> Festival:
    """An event that sells all kinds of places, paid online."""
    hall = make_online_event(seats=6, fee_per_order_minor=200)
    make_area(make_category(hall, "Pit", price_minor=2000), kind="standing", places=10, name="Floor")
    noon = noons(1)[0]
    make_slots(
        make_category(hall, "Tour", price_minor=1200),
        starts=[noon, noon + timedelta(hours=2)],
        name="Backstage",
        party=(2, 6),
        price_per="person",
    )
    shirts = make_area(
        make_category(hall, "Shirts", price_minor=2500), kind="stock", places=2, name="Tour shirt"
    )
    orders.create_concession(hall.event_id, name="Child", percent_off=50)
    orders.create_code(hall.event_id, code="LANTERN", percent_off=10)
    return Festival(hall, shirts)


def _event(layout: PlanLayout, show: NewShow, prices: dict[str, int], **options: Any) -> Hall:
    starts_at = datetime.now(UTC) + timedelta(days=7)
    made: CreatedEvent = create_event(
        show=show,
        venue=VENUE,
        layout=layout,
        prices=prices,
        currency="EUR",
        status="published",
        **{"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2), **options},
    )
    seat_ids = db.session.scalars(
        select(Seat.id).where(Seat.event_id == made.event_id).order_by(Seat.id)
    ).all()
    category_id = db.session.scalars(select(Category.id).where(Category.event_id == made.event_id)).first()
    db.session.rollback()
    assert category_id is not None
    return Hall(made.event_id, next(iter(made.area_ids.values())), category_id, tuple(seat_ids))
