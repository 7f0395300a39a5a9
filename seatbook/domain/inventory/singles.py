"""The rule that no single seat is left behind, for events that ask for it.

A lone seat between two groups is hard to sell. The rule is judged when seats
are held and again when they are bought, because somebody else's seat may have
come back beside them meanwhile. It never refuses what cannot be avoided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from seatbook.domain.inventory.rows import label
from seatbook.domain.seating import Place, better_choices, rows_of, stranded_by, stretches_of
from seatbook.errors import LeavesSingle
from seatbook.models import Seat

MAX_BETTER_CHOICES = 3


def refuse_stranding(session: Session, event_id: int, *, chosen: Collection[int], at: datetime) -> None:
    """Raise LeavesSingle when the holder's seats would leave one alone that another choice would not.

    `chosen` are all seats of the holder's hold, locked. The neighbours are read
    without locks: what they do next is judged when it is done.
    """
    mine = aliased(Seat)
    same_row = and_(
        mine.event_id == Seat.event_id,
        mine.area_id == Seat.area_id,
        mine.section_id.is_not_distinct_from(Seat.section_id),
        mine.row_label == Seat.row_label,
    )
    # Seats without a place in the hall are left out, so x and y are numbers.
    rows: Sequence[Any] = session.execute(
        select(
            Seat.id,
            Seat.label,
            Seat.section_id,
            Seat.row_label,
            Seat.x,
            Seat.y,
            or_(Seat.status == "available", and_(Seat.status == "held", Seat.held_until <= at)),
        ).where(
            Seat.event_id == event_id,
            Seat.x.is_not(None),
            select(mine.id).where(same_row, mine.id.in_(chosen)).exists(),
        )
    ).all()
    labels = {row.id: label(row) for row in rows}
    places = [
        Place(id_, (section_id, row_label), x, y, is_free=is_free or id_ in chosen)
        for id_, _, section_id, row_label, x, y, is_free in rows
    ]
    stranded: list[int] = []
    choices: list[tuple[int, ...]] = []
    instead_of: list[list[int]] = []
    for stretch in (stretch for line in rows_of(places) for stretch in stretches_of(line)):
        alone = [place.seat_id for place in stranded_by(stretch, chosen)]
        if alone:
            better = better_choices(stretch, chosen)[:MAX_BETTER_CHOICES]
            stranded += alone
            choices += better
            instead_of += [[place.seat_id for place in stretch if place.seat_id in chosen] for _ in better]
    if stranded:
        raise LeavesSingle(
            seat_ids=stranded,
            labels=[labels[seat_id] for seat_id in stranded],
            chosen=sorted(chosen),
            choices=[list(choice) for choice in choices],
            choice_labels=[[labels[seat_id] for seat_id in choice] for choice in choices],
            instead_of=instead_of,
        )
