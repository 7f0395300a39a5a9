"""Giving places back before buying them: only one's own, and the hold ends with its last place."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask

from seatbook.domain.inventory import (
    block_seats,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.errors import InvalidInput, NotFound, SeatsTaken, WrongState
from tests.factories import (
    changes,
    claims,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    reservation_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import lost, race, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_release_frees_the_seat_and_ends_the_hold_with_its_last_seat() -> None:
    hall, ann = make_event(seats=2), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id

    first = release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    assert first.seat_ids == hall.seat_ids[:1]
    assert statuses(hall) == ["available", "held"]
    assert reservation_row(hall, held).status == "held"

    release_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    assert statuses(hall) == ["available", "available"]
    assert reservation_row(hall, held).status == "released"
    assert claims(hall, hall.seat_ids[0]) == [(held, "released")]
    assert changes(hall)[2:] == [(seat_id, "held", "available", "release") for seat_id in hall.seat_ids]
    assert_books_are_right()


def test_release_repeated_changes_nothing_more() -> None:
    hall, ann = make_event(seats=1), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    with nothing_changes():
        assert release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).seat_ids == ()


def test_nobody_but_the_holder_can_release_a_seat() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ben)
    with refused(SeatsTaken) as refusal:
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
    assert refusal.value.data["seat_ids"] == [hall.seat_ids[0]]


def test_release_of_a_seat_that_somebody_else_took_over_leaves_it_to_them() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    let_hold_end(hall, hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
    with refused(SeatsTaken):
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)


def test_release_of_a_seat_whose_hold_has_ended_changes_nothing_because_it_is_free() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    let_hold_end(hall, hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id)
    with nothing_changes():
        assert release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).seat_ids == ()
        assert release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben).seat_ids == ()
        assert release_hold(hall.event_id, holder=ann).seat_ids == ()


def test_a_bought_seat_is_cancelled_and_never_released() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    with refused(WrongState):
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    with refused(SeatsTaken):
        release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)


def test_a_blocked_seat_is_not_released() -> None:
    hall, ann = make_event(seats=1), make_holder()
    block_seats(hall.event_id, seat_ids=hall.seat_ids, reason="Camera", actor_user_id=None)
    with refused(SeatsTaken):
        release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)


@pytest.mark.parametrize("impossible", [0, -1, 2**63 - 1, 2**63, 2**100])
def test_release_finds_nothing_by_an_impossible_id(impossible: int) -> None:
    hall, ann = make_event(seats=1), make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    with refused(NotFound):
        release_seats(hall.event_id, seat_ids=[*hall.seat_ids, impossible], holder=ann)
    with refused(NotFound):
        release_seats(impossible, seat_ids=hall.seat_ids, holder=ann)
    with nothing_changes():
        assert release_hold(impossible, holder=ann).seat_ids == ()


def test_release_finds_no_seat_of_another_event_and_needs_at_least_one() -> None:
    hall, other, ann = make_event(seats=1), make_event(seats=1), make_holder()
    hold_seats(other.event_id, seat_ids=other.seat_ids, holder=ann)
    with refused(NotFound):
        release_seats(hall.event_id, seat_ids=other.seat_ids, holder=ann)
    with refused(InvalidInput):
        release_seats(hall.event_id, seat_ids=[], holder=ann)


def test_release_hold_gives_back_the_whole_basket_of_that_event_alone() -> None:
    hall, other = make_event(seats=3), make_event(seats=1)
    ann, ben = make_holder(), make_holder()
    standing = make_area(hall, kind="standing", places=2)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann)
    hold_quantity(hall.event_id, area_id=standing, quantity=2, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ben)
    hold_seats(other.event_id, seat_ids=other.seat_ids, holder=ann)

    result = release_hold(hall.event_id, holder=ann)

    assert len(result.seat_ids) == 4
    assert statuses(hall) == ["available", "available", "held", "available", "available"]
    assert statuses(other) == ["held"]
    with nothing_changes():
        assert release_hold(hall.event_id, holder=ann).seat_ids == ()
    assert_books_are_right()


def test_release_hold_leaves_what_was_bought() -> None:
    hall, ann = make_event(seats=2), make_holder()
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann)
    release_hold(hall.event_id, holder=ann)
    assert statuses(hall) == ["reserved", "available"]


def test_two_windows_that_give_back_the_two_halves_of_a_basket_end_the_hold(app: Flask) -> None:
    ann = make_holder()
    for _ in range(20):
        hall = make_event(seats=4)
        held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
        outcomes = race(
            app,
            partial(release_seats, hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann),
            partial(release_seats, hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann),
        )
        assert len(won(outcomes)) == 2
        assert reservation_row(hall, held).status == "released"
    assert_books_are_right()


def test_giving_back_and_buying_at_once_is_one_of_the_two(app: Flask) -> None:
    ann = make_holder()
    for _ in range(20):
        hall = make_event(seats=2)
        held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
        outcomes = race(
            app,
            partial(
                confirm_reservation, hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids
            ),
            partial(release_seats, hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann),
        )
        assert len(won(outcomes)) == 1
        assert len(lost(outcomes, Exception)) == 1
        assert statuses(hall) in (["reserved", "reserved"], ["available", "held"])
    assert_books_are_right()
