"""The event that a stress test fights over: unlisted, free of charge, and closed afterwards."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from seatbook.domain.events import NewShow, NewVenue, create_event
from seatbook.domain.inventory.rows import clock
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout, PlanRow, PlanSeat, PlanSection
from seatbook.domain.transaction import run_transaction
from seatbook.models import Event, Seat

ROW_LENGTH = 25
NAME = "Stress test"


def open_stress_event(*, seats: int) -> tuple[int, list[int]]:
    """Make an event on sale with one block of `seats` seats; its id and the seats' ids."""
    now = run_transaction(clock)
    created = create_event(
        show=NewShow(title=NAME, kind="other"),
        venue=NewVenue(name=NAME),
        layout=_one_block(seats),
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1, hours=1),
        currency="EUR",
        prices={NAME: 0},
        status="published",
        listed=False,
    )
    seat_ids = run_transaction(
        lambda session: list(session.scalars(select(Seat.id).where(Seat.event_id == created.event_id)))
    )
    return created.event_id, seat_ids


def close_stress_event(event_id: int) -> None:
    """Take the event off sale for good. Its holds have been given back or end by themselves."""
    run_transaction(
        lambda session: session.execute(update(Event).where(Event.id == event_id).values(status="cancelled"))
    )


def _one_block(seats: int) -> PlanLayout:
    rows = []
    for index, first in enumerate(range(0, seats, ROW_LENGTH)):
        label = f"R{index + 1}"
        rows.append(
            PlanRow(
                label,
                float(index),
                tuple(
                    PlanSeat(str(n), f"{label}-{n}", float(n), float(index), NAME)
                    for n in range(1, min(ROW_LENGTH, seats - first) + 1)
                ),
            )
        )
    section = PlanSection(NAME, band=0, side="centre", position=0, rows=tuple(rows))
    return PlanLayout((PlanCategory(NAME),), (PlanArea("seated", NAME, (section,)),))
