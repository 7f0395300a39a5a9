from __future__ import annotations

import pytest

from seatbook.domain.inventory import confirm_reservation, exchange_seats, hold_seats
from seatbook.errors import LeavesSingle, NotFound, SeatsTaken, TooManySeats, WrongState
from tests.factories import (
    changes,
    let_hold_end,
    make_event,
    make_holder,
    reservation_row,
    seat_row,
    statuses,
)
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


def test_some_seats_are_given_back_for_others_and_the_hold_keeps_its_end() -> None:
    hall = make_event(seats=6)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)

    now = exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[2:4], holder=me)

    assert statuses(hall) == ["available", "held", "held", "held", "available", "available"]
    assert now.reservation_id == held.reservation_id
    assert now.expires_at == held.expires_at
    assert changes(hall)[2:] == [
        (hall.seat_ids[0], "held", "available", "release"),
        (hall.seat_ids[2], "available", "held", "hold"),
        (hall.seat_ids[3], "available", "held", "hold"),
    ]


def test_whoever_gives_all_back_begins_a_new_hold() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=me)

    now = exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[1:2], holder=me)

    assert reservation_row(hall, held.reservation_id).status == "released"
    assert reservation_row(hall, now.reservation_id).status == "held"
    assert statuses(hall) == ["available", "held", "available", "available"]


def test_a_seat_in_both_lists_is_kept() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)

    exchange_seats(hall.event_id, give_back=hall.seat_ids[:2], take=hall.seat_ids[1:3], holder=me)

    assert statuses(hall) == ["available", "held", "held", "available"]


def test_when_a_seat_is_taken_nothing_is_given_back() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=me)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:3], holder=make_holder())

    with nothing_changes(), pytest.raises(SeatsTaken):
        exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[1:3], holder=me)


def test_somebody_else_s_seat_is_not_given_back() -> None:
    hall = make_event(seats=4)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())

    with nothing_changes(), pytest.raises(SeatsTaken):
        exchange_seats(
            hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[1:2], holder=make_holder()
        )


def test_what_is_bought_is_not_exchanged() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=me)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=me)

    with nothing_changes(), pytest.raises(WrongState):
        exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[1:2], holder=me)


def test_as_many_as_one_person_may_have_can_be_exchanged_and_no_more() -> None:
    hall = make_event(seats=6, max_seats=2)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)

    exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[2:3], holder=me)

    with nothing_changes(), pytest.raises(TooManySeats):
        exchange_seats(hall.event_id, give_back=hall.seat_ids[1:2], take=hall.seat_ids[3:5], holder=me)


def test_a_hold_that_ended_is_closed_and_the_seats_are_held_anew() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=me)
    let_hold_end(hall, held.reservation_id)

    exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=hall.seat_ids[1:2], holder=me)

    assert reservation_row(hall, held.reservation_id).status == "expired"
    assert seat_row(hall, hall.seat_ids[0]).status == "available"
    assert seat_row(hall, hall.seat_ids[1]).status == "held"


def test_a_seat_that_is_not_there_is_refused() -> None:
    hall = make_event(seats=2)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=me)

    with nothing_changes(), pytest.raises(NotFound):
        exchange_seats(hall.event_id, give_back=hall.seat_ids[:1], take=[2**40], holder=me)


def test_the_better_choice_of_a_refusal_can_be_had() -> None:
    hall = make_event(seats=8, leave_no_single=True)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)
    with pytest.raises(LeavesSingle) as refusal:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[3:4], holder=me)
    data = refusal.value.data
    assert data["chosen"] == sorted([*hall.seat_ids[:2], hall.seat_ids[3]])

    for choice, instead_of in zip(data["choices"], data["instead_of"], strict=True):
        assert instead_of == data["chosen"]
        mine = [
            seat_id for seat_id, status in zip(hall.seat_ids, statuses(hall), strict=True) if status == "held"
        ]
        exchange_seats(hall.event_id, give_back=mine, take=choice, holder=me)
        assert statuses(hall).count("held") == 3


def test_seats_that_leave_nobody_alone_are_not_part_of_a_better_choice() -> None:
    hall = make_event(seats=12, leave_no_single=True)
    me = make_holder()
    # A6 and A7 are somebody else's: two stretches of one row.
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[5:7], holder=make_holder())
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)

    with pytest.raises(LeavesSingle) as refusal:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[8:9], holder=me)

    assert refusal.value.data["labels"] == ["A8"]
    assert refusal.value.data["instead_of"] == [[hall.seat_ids[8]]] * len(refusal.value.data["choices"])
    assert all(set(choice) <= set(hall.seat_ids[7:]) for choice in refusal.value.data["choices"])
