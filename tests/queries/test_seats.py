from __future__ import annotations

import pytest

from seatbook.domain.inventory import hold_seats
from seatbook.extensions import db
from seatbook.models import Category, Seat
from seatbook.queries.event import load_event
from seatbook.queries.seats import BESIDE, free_seats_near
from tests.factories import Hall, let_hold_end, make_event, make_holder, make_slots

pytestmark = pytest.mark.usefixtures("app_context")


def near(hall: Hall, seat_id: int) -> list[str]:
    return [seat.label for seat in free_seats_near(hall.event_id, seat_id=seat_id)]


def test_the_nearest_free_seats_are_those_beside_it() -> None:
    hall = make_event(seats=60)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[25]], holder=make_holder())
    assert near(hall, hall.seat_ids[25]) == ["B5", "B7"]


def test_taken_neighbours_are_passed_over_and_lapsed_ones_are_free() -> None:
    hall = make_event(seats=60)
    taken = hold_seats(hall.event_id, seat_ids=hall.seat_ids[24:27], holder=make_holder())
    lapsed = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[27]], holder=make_holder())
    let_hold_end(hall, lapsed.reservation_id)
    assert near(hall, hall.seat_ids[25])[0] in ("A6", "C6")
    assert near(hall, hall.seat_ids[26]) == ["B8", "A7"]
    assert taken.seat_ids == hall.seat_ids[24:27]


def test_a_seat_of_another_price_is_no_replacement() -> None:
    hall = make_event(seats=3)
    dear = Category(event_id=hall.event_id, name="Box", price_minor=9000)
    db.session.add(dear)
    db.session.flush()
    db.session.execute(db.update(Seat).where(Seat.id == hall.seat_ids[2]).values(category_id=dear.id))
    db.session.commit()
    assert near(hall, hall.seat_ids[1]) == ["A1"]


def test_two_rows_away_is_not_beside() -> None:
    hall = make_event(seats=60)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:8], holder=make_holder())
    distances = [seat.distance for seat in free_seats_near(hall.event_id, seat_id=hall.seat_ids[3])]
    assert distances[0] <= BESIDE < 2 * 1.5


def test_slots_have_no_neighbours() -> None:
    hall = make_event()
    (slot,) = make_slots(hall, starts=[load_event(hall.event_id).starts_at])
    assert near(hall, slot) == []


def test_beside_is_along_the_row_also_where_rows_lead_up() -> None:
    hall = make_event(seats=60)
    db.session.execute(db.update(Seat).where(Seat.event_id == hall.event_id).values(x=Seat.y, y=Seat.x))
    db.session.commit()
    assert near(hall, hall.seat_ids[25]) == ["B5", "B7"]
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[24], hall.seat_ids[26]], holder=make_holder())
    assert near(hall, hall.seat_ids[25])[0] in ("A6", "C6")
