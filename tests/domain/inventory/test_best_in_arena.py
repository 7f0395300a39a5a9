"""The best places in a hall that is too large to be looked at as a whole."""

from __future__ import annotations

from functools import partial
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select, update

from seatbook.domain.demonstration.arena import FOCUS, arena
from seatbook.domain.inventory import Wish, best, hold_best, release_hold
from seatbook.domain.seating import Place, best_together, rows_of
from seatbook.errors import NoneTogether
from seatbook.extensions import db
from seatbook.models import Category, Seat
from seatbook.queries.audit import audit_books
from tests.factories import Hall, make_holder, make_holders
from tests.planned import planned_event
from tests.race import crowd, won

pytestmark = pytest.mark.usefixtures("app_context")

SIZE = 0.3
STAGE = (FOCUS[0], FOCUS[1] * SIZE)


def places(event: Hall, *, status: str | None = None) -> dict[int, Place]:
    """The seats that are no wheelchair places, of that status."""
    db.session.rollback()
    query = select(Seat.id, Seat.section_id, Seat.row_label, Seat.x, Seat.y).where(
        Seat.event_id == event.event_id, Seat.x.is_not(None)
    )
    if status is not None:
        query = query.where(Seat.status == status)
    rows = db.session.execute(query.where(~Seat.features.contains(["wheelchair"])))
    return {id_: Place(id_, (section, row), x or 0, y or 0) for id_, section, row, x, y in rows}


def block_some(event: Hall, *, share: float, chance: Random) -> None:
    ids = [id_ for id_ in places(event) if chance.random() < share]
    db.session.execute(
        update(Seat)
        .where(Seat.event_id == event.event_id, Seat.id.in_(ids))
        .values(status="blocked", blocked_reason="chance")
    )
    db.session.commit()


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_a_look_at_the_nearest_rows_finds_what_the_whole_hall_has_best(
    monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(best, "NEAREST", 30)
    monkeypatch.setattr(best, "NEAREST_EACH", 4)
    event = planned_event(arena(SIZE))
    block_some(event, share=share, chance=Random(7))
    for quantity in (1, 2, 4, 8):
        free = list(places(event, status="available").values())
        wanted = best_together(free, quantity, focus=STAGE, most=1)
        holder = make_holder()
        held = hold_best(event.event_id, wish=Wish(quantity), holder=holder)
        if wanted:
            assert tuple(sorted(held.seat_ids)) == tuple(sorted(wanted[0].seat_ids))
        assert len(held.seat_ids) == quantity
        release_hold(event.event_id, holder=holder)


def test_a_price_that_only_the_furthest_rows_have_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best, "NEAREST", 30)
    event = planned_event(arena(SIZE))
    back = db.session.execute(
        update(Category)
        .where(Category.event_id == event.event_id, Category.name == "Category 4")
        .values(price_minor=1000)
        .returning(Category.id)
    ).scalar_one()
    db.session.commit()

    held = hold_best(event.event_id, wish=Wish(4, max_price_minor=2000), holder=make_holder())

    db.session.rollback()
    found = db.session.scalars(select(Seat.category_id).where(Seat.id.in_(held.seat_ids)))
    assert set(found) == {back}
    with pytest.raises(NoneTogether) as refusal:
        hold_best(event.event_id, wish=Wish(4, max_price_minor=500), holder=make_holder())
    assert refusal.value.data["left"] == 0


def test_two_hundred_groups_of_four_at_once_all_sit_together(app: Flask) -> None:
    event = planned_event(arena(SIZE))
    buys = [partial(hold_best, event.event_id, wish=Wish(4), holder=holder) for holder in make_holders(200)]

    held = won(crowd(app, threads=24, acts=buys))

    assert len(held) == 200
    taken = [seat for result in held for seat in result.seat_ids]
    assert len(set(taken)) == 800
    of_id = places(event)
    assert all(len(rows_of([of_id[seat] for seat in result.seat_ids])) == 1 for result in held)
    assert not audit_books(event.event_id).findings
