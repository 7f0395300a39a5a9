"""Best places for a group, and the rule that no single seat is left behind."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.domain.inventory import (
    Wish,
    confirm_reservation,
    hold_best,
    hold_seats,
    release_seats,
)
from seatbook.domain.seating import Place, best_together
from seatbook.errors import InvalidInput, LeavesSingle, NoneTogether, SaleClosed, TooManySeats
from seatbook.extensions import db
from seatbook.models import Category, Seat
from seatbook.queries.audit import audit_books
from tests.factories import Hall, let_hold_end, make_area, make_event, make_holder, seat_row, statuses
from tests.race import crowd, lost, won

pytestmark = pytest.mark.usefixtures("app_context")


def labels(hall: Hall, seat_ids: tuple[int, ...]) -> list[str]:
    return [seat_row(hall, seat_id).label for seat_id in sorted(seat_ids)]


def test_a_group_gets_neighbours_in_the_middle_of_the_first_row() -> None:
    hall = centred(make_event(seats=60))

    held = hold_best(hall.event_id, wish=Wish(4), holder=make_holder())

    assert labels(hall, held.seat_ids) == ["A9", "A10", "A11", "A12"]


def test_the_next_group_gets_the_next_best_and_lapsed_seats_are_free() -> None:
    hall = centred(make_event(seats=60))
    first = hold_best(hall.event_id, wish=Wish(4), holder=make_holder())
    second = hold_best(hall.event_id, wish=Wish(4), holder=make_holder())

    assert not set(first.seat_ids) & set(second.seat_ids)

    let_hold_end(hall, first.reservation_id)
    assert hold_best(hall.event_id, wish=Wish(4), holder=make_holder()).seat_ids == first.seat_ids


def test_a_group_without_a_row_of_its_own_is_split_with_nobody_alone() -> None:
    hall = centred(make_event(seats=40, max_seats=40))
    others = make_holder()
    left_in_each_row = [*hall.seat_ids[4:7], *hall.seat_ids[24:27]]
    hold_seats(hall.event_id, seat_ids=[i for i in hall.seat_ids if i not in left_in_each_row], holder=others)

    held = hold_best(hall.event_id, wish=Wish(4), holder=make_holder())

    rows = [label[0] for label in labels(hall, held.seat_ids)]
    assert rows == ["A", "A", "B", "B"]


def test_price_category_and_wheelchair_places_are_respected() -> None:
    hall = centred(make_event(seats=40, price_minor=9000))
    cheap = Category(event_id=hall.event_id, name="Back", price_minor=2000)
    db.session.add(cheap)
    db.session.flush()
    change_seats(hall, hall.seat_ids[20:], category_id=cheap.id)
    change_seats(hall, hall.seat_ids[9:11], features=["wheelchair"])

    by_price = hold_best(hall.event_id, wish=Wish(2, max_price_minor=2000), holder=make_holder())
    by_category = hold_best(hall.event_id, wish=Wish(2, category_id=hall.category_id), holder=make_holder())
    wheelchair = hold_best(hall.event_id, wish=Wish(2, wheelchair=True), holder=make_holder())

    assert set(by_price.seat_ids) <= set(hall.seat_ids[20:])
    assert set(by_category.seat_ids) <= set(hall.seat_ids[:20]) - set(hall.seat_ids[9:11])
    assert wheelchair.seat_ids == hall.seat_ids[9:11]


def test_too_few_seats_are_said_with_their_number_and_nothing_is_held() -> None:
    hall = centred(make_event(seats=3))

    with pytest.raises(NoneTogether) as refusal:
        hold_best(hall.event_id, wish=Wish(4), holder=make_holder())

    assert refusal.value.data == {"wanted": 4, "left": 3}
    assert statuses(hall) == ["available"] * 3


def test_the_rules_of_a_hold_count_for_the_best_seats_too() -> None:
    hall = centred(make_event(seats=20, max_seats=3))
    closed = centred(make_event(seats=20, status="cancelled"))

    with pytest.raises(TooManySeats):
        hold_best(hall.event_id, wish=Wish(4), holder=make_holder())
    with pytest.raises(SaleClosed):
        hold_best(closed.event_id, wish=Wish(2), holder=make_holder())
    with pytest.raises(InvalidInput):
        hold_best(hall.event_id, wish=Wish(0), holder=make_holder())

    assert statuses(hall) == ["available"] * 20


def test_standing_places_are_no_seats() -> None:
    hall = make_event()
    make_area(hall, kind="standing", places=10)

    with pytest.raises(NoneTogether):
        hold_best(hall.event_id, wish=Wish(2), holder=make_holder())


def test_two_hundred_groups_of_four_at_once_leave_no_four_together(app: Flask) -> None:
    hall = centred(make_event(seats=500))
    holders = [make_holder() for _ in range(200)]
    buys = [partial(hold_best, hall.event_id, wish=Wish(4), holder=holder) for holder in holders]

    outcomes = crowd(app, threads=24, acts=buys)

    held = won(outcomes)
    refused = lost(outcomes, NoneTogether)
    taken = [seat for result in held for seat in result.seat_ids]
    assert len(taken) == len(set(taken)) == 4 * len(held)
    assert statuses(hall).count("held") == len(taken)
    # 25 rows of 20 hold 125 groups, wherever the first ones sit; the others are told so.
    assert len(held) == 125
    assert len(refused) == 75
    assert not best_together(free_places(hall), 4, focus=(0, 0))
    assert not audit_books(hall.event_id).findings


def test_a_choice_that_strands_a_seat_is_refused_with_better_ones() -> None:
    hall = make_event(seats=6, leave_no_single=True)
    buyer = make_holder()

    with pytest.raises(LeavesSingle) as refusal:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:3], holder=buyer)

    assert refusal.value.data["labels"] == ["A1"]
    assert refusal.value.data["choice_labels"][0] == ["A1", "A2"]
    assert statuses(hall) == ["available"] * 6
    for choice in refusal.value.data["choices"]:
        hold_seats(hall.event_id, seat_ids=choice, holder=buyer)
        release_seats(hall.event_id, seat_ids=choice, holder=buyer)


def test_the_rule_counts_what_the_buyer_already_holds() -> None:
    hall = make_event(seats=6, leave_no_single=True)
    buyer = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=buyer)

    with pytest.raises(LeavesSingle):
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[3]], holder=buyer)

    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[2]], holder=buyer)


def test_an_unavoidable_single_seat_is_sold() -> None:
    hall = make_event(seats=3, leave_no_single=True)

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=make_holder())

    assert statuses(hall) == ["held", "held", "available"]


def test_without_the_rule_any_choice_is_sold() -> None:
    hall = make_event(seats=6)

    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:3], holder=make_holder())

    assert statuses(hall).count("held") == 2


def test_buying_is_judged_again_when_a_neighbour_came_back_meanwhile() -> None:
    hall = make_event(seats=5, leave_no_single=True)
    neighbour, buyer = make_holder(), make_holder()
    theirs = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=neighbour)
    mine = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:3], holder=buyer)
    let_hold_end(hall, theirs.reservation_id)

    with pytest.raises(LeavesSingle) as refusal:
        confirm_reservation(hall.event_id, reservation_id=mine.reservation_id, holder=buyer)

    assert refusal.value.data["labels"] == ["A1"]
    assert seat_row(hall, hall.seat_ids[1]).status == "held"


def test_the_best_seats_leave_nobody_alone_where_the_event_asks_for_it(app: Flask) -> None:
    hall = make_event(seats=20, leave_no_single=True, max_seats=2)
    for _ in range(10):
        hold_best(hall.event_id, wish=Wish(2), holder=make_holder())

    assert statuses(hall) == ["held"] * 20


def centred(hall: Hall) -> Hall:
    """Seats around the axis of the hall, as an imported plan has them."""
    db.session.execute(update(Seat).where(Seat.event_id == hall.event_id).values(x=Seat.x - 9.5))
    db.session.commit()
    return hall


def change_seats(hall: Hall, seat_ids: tuple[int, ...], **values: object) -> None:
    db.session.execute(
        update(Seat).where(Seat.event_id == hall.event_id, Seat.id.in_(seat_ids)).values(**values)
    )
    db.session.commit()


def free_places(hall: Hall) -> list[Place]:
    db.session.rollback()
    seats = db.session.query(Seat).filter_by(event_id=hall.event_id, status="available")
    return [Place(s.id, (s.section_id, s.row_label), s.x or 0, s.y or 0) for s in seats]
