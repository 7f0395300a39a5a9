"""Who bought places in the arena before: coach parties and fan clubs, a section at a time.

Ten thousand seats in groups of two or three would take a minute; the groups of a
section are one purchase here, by the acts that everybody uses.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import hypot
from random import Random
from statistics import fmean

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from seatbook.domain.demonstration.arena import TABLE_SEATS
from seatbook.domain.holders import HolderRef, holder_of_browser
from seatbook.domain.inventory import confirm_reservation, hold_quantity, hold_seats
from seatbook.domain.transaction import run_transaction
from seatbook.models import Area, Event, Seat, Section

# How many places one of them may buy; everybody else may buy the event's `max_seats`.
PARTY = 1_000
FLOOR_SHARE = 0.45
# Everybody likes to sit near the stage. So far away, in seats, nobody has bought yet.
FURTHEST = 180.0
# Nobody likes to look at a stage from its side: as if it were so much further away.
BESIDE_STAGE = 50.0
CHANCE = 0.16
SOLD_OUT, HARDLY_ANY_LEFT = "103", "115"
GROUPS = (1, 2, 2, 2, 3, 3, 4, 4, 5, 6)


@dataclass(slots=True)
class _Section:
    """The free seats of a section, row by row. `distance`: how far from the stage its middle seems."""

    name: str
    distance: float
    rows: list[list[int]] = field(default_factory=list)


def fill_arena(event_id: int) -> int:
    """Buy places in every section, in each another share of them; how many."""
    # Not a secret: which seats look taken.
    chance = Random(2026)  # noqa: S311
    run = secrets.token_hex(4)
    floors, sections = run_transaction(lambda session: _read(session, event_id))
    max_seats = run_transaction(lambda session: _limit(session, event_id, PARTY))
    bought = 0
    try:
        for area_id, places in floors:
            holder = holder_of_browser(f"demonstration-{run}-floor-{area_id}")
            quantity = min(PARTY, round(places * FLOOR_SHARE))
            hold = hold_quantity(event_id, area_id=area_id, quantity=quantity, holder=holder)
            bought += _confirm(event_id, hold.reservation_id, holder)
        for section in sections:
            holder = holder_of_browser(f"demonstration-{run}-{section.name}")
            seat_ids = _taken(section.rows, share=_share(section, chance), chance=chance)
            if seat_ids:
                hold = hold_seats(event_id, seat_ids=seat_ids, holder=holder)
                bought += _confirm(event_id, hold.reservation_id, holder)
    finally:
        run_transaction(lambda session: _limit(session, event_id, max_seats))
    return bought


def _confirm(event_id: int, reservation_id: int, holder: HolderRef) -> int:
    return len(confirm_reservation(event_id, reservation_id=reservation_id, holder=holder).seat_ids)


def _limit(session: Session, event_id: int, max_seats: int) -> int:
    """Let one buyer have so many places; how many it was before."""
    before = session.execute(select(Event.max_seats).where(Event.id == event_id)).scalar_one()
    session.execute(update(Event).where(Event.id == event_id).values(max_seats=max_seats))
    return before


def _read(session: Session, event_id: int) -> tuple[list[tuple[int, int]], list[_Section]]:
    """Standing areas with how many places they have, and sections with their seats."""
    floors = session.execute(
        select(Area.id, func.count())
        .join(Seat, (Seat.event_id == Area.event_id) & (Seat.area_id == Area.id))
        .where(Area.event_id == event_id, Area.kind == "standing")
        .group_by(Area.id)
    )
    seats = session.execute(
        select(Section.name, Seat.row_label, Seat.id, Seat.x, Seat.y)
        .join(Section, (Section.event_id == Seat.event_id) & (Section.id == Seat.section_id))
        .where(Seat.event_id == event_id, Seat.status == "available")
        .order_by(Seat.id)
    ).all()
    sections = []
    for name, of_section in groupby(seats, key=lambda seat: seat.name):
        whole = list(of_section)
        x, y = fmean(seat.x for seat in whole), fmean(seat.y for seat in whole)
        distance = hypot(x, y) + (BESIDE_STAGE if y < 0 else 0)
        section = _Section(name, distance)
        for _, row in groupby(whole, key=lambda seat: seat.row_label):
            section.rows.append([seat.id for seat in row])
        sections.append(section)
    return [(area_id, places) for area_id, places in floors], sections


def _share(section: _Section, chance: Random) -> float:
    """How much of a section is bought: more near the stage, and never quite as one would think."""
    by_distance = 1 - section.distance / FURTHEST + chance.uniform(-CHANCE, CHANCE)
    return {SOLD_OUT: 1.0, HARDLY_ANY_LEFT: 0.98}.get(section.name, max(0.03, min(0.95, by_distance)))


def _taken(rows: Sequence[Sequence[int]], *, share: float, chance: Random) -> list[int]:
    """People in groups, with as much left between them that about `share` of the seats is taken."""
    taken: list[int] = []
    for row in rows:
        start = 0
        while start < len(row):
            # A table is for one group.
            size = len(row) if len(row) <= TABLE_SEATS else chance.choice(GROUPS)
            if chance.random() < share:
                taken += row[start : start + size]
            start += size
    return taken
