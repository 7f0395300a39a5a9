"""What seats are called, for sentences about a few of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, select

from seatbook.extensions import db
from seatbook.models import Area, Seat, Section
from seatbook.queries.named_places import in_english
from seatbook.queries.seats import IN_THE_PLAN


def ids_of_labels(event_id: int, labels: Collection[str]) -> dict[str, list[int]]:
    """The places that are called so, by the label in small letters; one that is none is not in it."""
    lowered = {label.strip().lower() for label in labels}
    rows = db.session.execute(
        select(func.lower(Seat.label), Seat.id)
        .where(Seat.event_id == event_id, func.lower(Seat.label).in_(lowered), IN_THE_PLAN)
        .order_by(Seat.id)
    )
    ids: dict[str, list[int]] = {}
    for label, seat_id in rows:
        ids.setdefault(label, []).append(seat_id)
    return ids


def full_seat_names(event_id: int, seat_ids: Collection[int]) -> list[str]:
    """With its section, as two may have a row A, in the order of the ids: "Row A, seat 15, Stalls"."""
    rows = db.session.execute(
        select(
            Seat.label, Seat.row_label, Seat.number, Area.name.label("area"), Section.name.label("section")
        )
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .outerjoin(Section, and_(Section.event_id == Seat.event_id, Section.id == Seat.section_id))
        .where(Seat.event_id == event_id, Seat.id.in_(seat_ids))
        .order_by(Seat.id)
    )
    return [
        in_english(row.label, row_label=row.row_label, number=row.number, area=row.area, section=row.section)
        for row in rows
    ]


def seat_names(event_id: int, seat_ids: Collection[int]) -> dict[int, str]:
    """By id: the seat's label, or its area's name for places that are alike."""
    rows = db.session.execute(
        select(Seat.id, func.coalesce(Seat.label, Area.name))
        .join(Area, and_(Area.event_id == Seat.event_id, Area.id == Seat.area_id))
        .where(Seat.event_id == event_id, Seat.id.in_(seat_ids))
        .order_by(Seat.id)
    )
    return {seat_id: name for seat_id, name in rows}
