"""Holding: exactly the seats asked for, all or none, for one holder, until one instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, text

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    HoldResult,
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.errors import (
    AlreadyYours,
    InvalidInput,
    NotEnoughLeft,
    NotFound,
    SaleClosed,
    SeatsTaken,
    SlotBegun,
    TooManySeats,
)
from seatbook.extensions import db
from tests.factories import (
    Hall,
    change_event,
    change_price,
    changes,
    claims,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_slots,
    open_reservations,
    places_of_area,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import begun, lost, race, until_waiting, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")

IMPOSSIBLE_IDS = [0, -1, 2**63 - 1, 2**63, 2**100]


def hold(hall: Hall, *places: int, holder: HolderRef) -> HoldResult:
    """Hold the first, second, ... seat of the hall, counted from 0."""
    return hold_seats(hall.event_id, seat_ids=[hall.seat_ids[place] for place in places], holder=holder)


def buy(hall: Hall, *places: int, holder: HolderRef) -> int:
    bought = hold(hall, *places, holder=holder).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=holder)
    return bought


# What a hold is


def test_hold_lasts_the_events_time_by_the_databases_clock() -> None:
    hall, ann = make_event(seats=3, hold_ttl_seconds=600), make_holder("ann")
    earliest = database_clock() + timedelta(seconds=600)

    result = hold(hall, 0, 2, holder=ann)

    assert earliest <= result.expires_at <= database_clock() + timedelta(seconds=600)
    assert 599 < result.seconds_left <= 600
    assert result.seat_ids == (hall.seat_ids[0], hall.seat_ids[2])
    assert statuses(hall) == ["held", "available", "held"]
    for seat_id in result.seat_ids:
        seat = seat_row(hall, seat_id)
        assert (seat.reservation_id, seat.held_until) == (result.reservation_id, result.expires_at)
        assert claims(hall, seat_id) == [(result.reservation_id, None)]
    reservation = reservation_row(hall, result.reservation_id)
    assert (reservation.status, reservation.holder_id) == ("held", ann.holder_id)
    assert reservation.expires_at == result.expires_at


def test_hold_is_told_in_the_log_with_the_user_who_did_it() -> None:
    hall, ann, visitor = make_event(seats=3), make_holder("ann"), make_holder()
    hold(hall, 0, 1, holder=ann)
    hold(hall, 2, holder=visitor)

    assert changes(hall) == [(seat_id, "available", "held", "hold") for seat_id in hall.seat_ids]
    actors = db.session.execute(text("SELECT actor_user_id FROM seat_change ORDER BY id")).scalars().all()
    assert actors == [ann.user_id, ann.user_id, None]


def test_a_seat_asked_for_twice_in_one_request_is_one_seat() -> None:
    hall, ann = make_event(seats=1), make_holder()
    assert hold(hall, 0, 0, 0, holder=ann).seat_ids == hall.seat_ids
    assert len(changes(hall)) == 1


def test_a_time_slot_is_held_like_a_seat() -> None:
    hall, ann, ben = make_event(), make_holder(), make_holder()
    evening = database_clock() + timedelta(hours=6)
    slots = make_slots(hall, starts=[evening, evening + timedelta(hours=1)])

    hold_seats(hall.event_id, seat_ids=slots[:1], holder=ann)

    with refused(SeatsTaken):
        hold_seats(hall.event_id, seat_ids=slots, holder=ben)
    assert hold_seats(hall.event_id, seat_ids=slots[1:], holder=ben).seat_ids == slots[1:]


# All or none


def test_hold_refuses_a_seat_held_by_somebody_else_and_holds_none_of_the_others() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    hold(hall, 1, holder=ann)

    with refused(SeatsTaken) as refusal:
        hold(hall, 0, 1, 2, holder=ben)

    assert refusal.value.data["labels"] == ["A2"]
    assert refusal.value.data["seat_ids"] == [hall.seat_ids[1]]


def test_hold_refuses_a_seat_that_somebody_else_bought() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    buy(hall, 0, holder=ann)
    with refused(SeatsTaken):
        hold(hall, 0, 1, holder=ben)


def test_hold_refuses_a_blocked_seat_to_everybody() -> None:
    hall, ann = make_event(seats=2), make_holder()
    block_seats(hall.event_id, seat_ids=hall.seat_ids[:1], reason="Broken chair", actor_user_id=None)
    with refused(SeatsTaken) as refusal:
        hold(hall, 0, 1, holder=ann)
    assert refusal.value.data["labels"] == ["A1"]


def test_hold_says_that_a_seat_is_the_holders_own_purchase() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    buy(hall, 0, holder=ann)
    with refused(AlreadyYours) as refusal:
        hold(hall, 0, 2, holder=ann)
    assert refusal.value.data["labels"] == ["A1"]

    buy(hall, 1, holder=ben)
    with refused(SeatsTaken) as taken:
        hold(hall, 0, 1, holder=ann)
    assert taken.value.data["labels"] == ["A2"]


@pytest.mark.parametrize("impossible", IMPOSSIBLE_IDS)
def test_hold_finds_no_seat_by_an_impossible_id(impossible: int) -> None:
    hall, ann = make_event(seats=1), make_holder()
    with refused(NotFound):
        hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0], impossible], holder=ann)


@pytest.mark.parametrize("impossible", IMPOSSIBLE_IDS)
def test_hold_finds_nothing_at_an_impossible_event(impossible: int) -> None:
    hall, ann = make_event(seats=1), make_holder()
    area_id = make_area(hall, kind="standing", places=1)
    with refused(NotFound):
        hold_seats(impossible, seat_ids=hall.seat_ids, holder=ann)
    with refused(NotFound):
        hold_quantity(impossible, area_id=area_id, quantity=1, holder=ann)


def test_hold_finds_no_seat_of_another_event() -> None:
    hall, other, ann = make_event(seats=1), make_event(seats=1), make_holder()
    with refused(NotFound):
        hold_seats(hall.event_id, seat_ids=[*hall.seat_ids, *other.seat_ids], holder=ann)


def test_hold_of_nothing_or_of_far_too_much_is_refused() -> None:
    hall, ann = make_event(seats=1), make_holder()
    with refused(InvalidInput):
        hold_seats(hall.event_id, seat_ids=[], holder=ann)
    with refused(InvalidInput):
        hold_seats(hall.event_id, seat_ids=list(range(1, 1_002)), holder=ann)


# The same holder again


def test_hold_repeated_by_its_holder_answers_the_same_and_changes_nothing() -> None:
    hall, ann = make_event(seats=2), make_holder()
    first = hold(hall, 0, 1, holder=ann)
    with nothing_changes():
        again = hold(hall, 0, 1, holder=ann)
        part = hold(hall, 1, holder=ann)
    assert (again.reservation_id, again.seat_ids, again.expires_at) == (
        first.reservation_id,
        first.seat_ids,
        first.expires_at,
    )
    assert part.expires_at == first.expires_at
    assert again.seconds_left < first.seconds_left


def test_hold_sent_twice_at_the_same_moment_is_one_hold(app: Flask) -> None:
    hall, ann = make_event(seats=2), make_holder()
    outcomes = race(app, *[lambda: hold(hall, 0, 1, holder=ann)] * 8)
    assert {(result.reservation_id, result.expires_at) for result in won(outcomes)} == {
        (open_reservations(hall)[0], reservation_row(hall, open_reservations(hall)[0]).expires_at)
    }
    assert len(won(outcomes)) == 8
    assert len(changes(hall)) == 2
    assert_books_are_right()


def test_a_second_seat_joins_the_same_hold_and_its_end() -> None:
    hall, ann = make_event(seats=2), make_holder()
    first = hold(hall, 0, holder=ann)
    second = hold(hall, 1, holder=ann)
    assert second.reservation_id == first.reservation_id
    assert second.expires_at == first.expires_at
    assert seat_row(hall, hall.seat_ids[1]).held_until == first.expires_at


def test_holds_of_two_events_are_two_holds_with_ends_of_their_own() -> None:
    hall, other, ann = make_event(seats=1), make_event(seats=1, hold_ttl_seconds=900), make_holder()
    first, second = hold(hall, 0, holder=ann), hold(other, 0, holder=ann)
    assert second.expires_at - first.expires_at >= timedelta(seconds=600)
    assert second.reservation_id != first.reservation_id


def test_a_seat_bought_and_the_next_one_held_are_two_reservations() -> None:
    hall, ann = make_event(seats=2), make_holder()
    bought = buy(hall, 0, holder=ann)
    assert hold(hall, 1, holder=ann).reservation_id != bought
    assert statuses(hall) == ["reserved", "held"]


def test_price_is_the_one_at_the_moment_of_the_hold() -> None:
    hall, ann = make_event(seats=2, price_minor=4500), make_holder()
    held = hold(hall, 0, holder=ann)
    change_price(hall, 9900)
    hold(hall, 1, holder=ann)
    result = confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    assert result.total_minor == 4500 + 9900


# How many


def test_hold_refuses_more_seats_than_the_event_allows() -> None:
    hall, ann = make_event(seats=4, max_seats=3), make_holder()
    hold(hall, 0, 1, holder=ann)
    with refused(TooManySeats):
        hold(hall, 2, 3, holder=ann)
    hold(hall, 2, holder=ann)
    with refused(TooManySeats):
        hold(hall, 3, holder=ann)


def test_seats_that_were_bought_count_and_seats_given_back_do_not() -> None:
    hall, ann = make_event(seats=6, max_seats=2), make_holder()
    bought = buy(hall, 0, holder=ann)
    hold(hall, 1, holder=ann)
    with refused(TooManySeats):
        hold(hall, 2, holder=ann)

    release_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=ann)
    hold(hall, 2, holder=ann)
    cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)
    hold(hall, 3, holder=ann)
    let_hold_end(hall, open_reservations(hall)[0])
    hold(hall, 4, 5, holder=ann)
    assert_books_are_right()


def test_every_holder_and_every_event_counts_for_itself() -> None:
    hall, other = make_event(seats=2, max_seats=1), make_event(seats=1, max_seats=1)
    ann, ben = make_holder(), make_holder()
    hold(hall, 0, holder=ann)
    hold(hall, 1, holder=ben)
    hold(other, 0, holder=ann)


def test_two_windows_at_once_get_no_more_than_the_event_allows(app: Flask) -> None:
    hall, ann = make_event(seats=8, max_seats=3), make_holder()
    outcomes = race(app, *[partial(hold, hall, place, holder=ann) for place in range(8)])
    assert len(won(outcomes)) == 3
    assert len(lost(outcomes, TooManySeats)) == 5
    assert statuses(hall).count("held") == 3
    assert len(open_reservations(hall)) == 1
    assert_books_are_right()


def test_buying_in_one_window_while_holding_in_another_respects_the_limit(app: Flask) -> None:
    ann = make_holder()
    for _ in range(10):
        hall = make_event(seats=4, max_seats=2)
        first = hold(hall, 0, holder=ann).reservation_id

        def confirm(hall: Hall = hall, first: int = first) -> object:
            return confirm_reservation(
                hall.event_id, reservation_id=first, holder=ann, seat_ids=[hall.seat_ids[0]]
            )

        def add(place: int, hall: Hall = hall) -> Callable[[], object]:
            return lambda: hold(hall, place, holder=ann)

        race(app, confirm, add(1), add(2), add(3))
        assert sum(status != "available" for status in statuses(hall)) == 2
    assert_books_are_right()


# When


@pytest.mark.parametrize(
    ("state", "from_seconds", "until_seconds"),
    [("not_yet", 60, 120), ("ended", -120, -60), ("ended", -120, 0)],
)
def test_hold_is_refused_outside_the_sale_window(
    state: str, from_seconds: float, until_seconds: float
) -> None:
    hall, ann = make_event(seats=1), make_holder()
    area_id = make_area(hall, kind="stock", places=1)
    change_event(
        hall,
        on_sale_from=func.clock_timestamp() + timedelta(seconds=from_seconds),
        on_sale_until=func.clock_timestamp() + timedelta(seconds=until_seconds),
    )
    with refused(SaleClosed) as refusal:
        hold(hall, 0, holder=ann)
    assert refusal.value.data["state"] == state
    with refused(SaleClosed):
        hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=ann)


def test_hold_works_from_the_first_instant_of_the_sale() -> None:
    hall, ann = make_event(seats=1), make_holder()
    change_event(hall, on_sale_from=func.clock_timestamp())
    assert hold(hall, 0, holder=ann).seat_ids == hall.seat_ids


def test_sale_that_ends_while_a_hold_waits_for_its_seat_has_ended(app: Flask) -> None:
    hall, ann = make_event(seats=1), make_holder()
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR UPDATE"), {"id": hall.seat_ids[0]})
        with begun(app, lambda: hold(hall, 0, holder=ann)) as held:
            until_waiting()
            change_event(hall, on_sale_until=func.clock_timestamp())
            other.rollback()
    assert isinstance(held.exception(), SaleClosed)
    assert statuses(hall) == ["available"]
    assert open_reservations(hall) == []


def test_nothing_of_a_cancelled_event_can_be_held() -> None:
    hall, ann = make_event(seats=1, status="cancelled"), make_holder()
    with refused(SaleClosed) as refusal:
        hold(hall, 0, holder=ann)
    assert refusal.value.data["state"] == "cancelled"


def test_a_draft_is_not_there() -> None:
    hall, ann = make_event(seats=1, status="draft"), make_holder()
    with refused(NotFound):
        hold(hall, 0, holder=ann)


# Waiting for others, and judging after the wait


def test_hold_waits_for_a_seat_that_is_being_taken_and_then_loses_it(app: Flask) -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        with begun(app, lambda: hold(hall, 0, holder=ben)) as bens:
            until_waiting()
            _take(other, hall, ann)
            other.commit()
    assert isinstance(bens.exception(), SeatsTaken)
    assert [reservation_row(hall, id).holder_id for id in open_reservations(hall)] == [ann.holder_id]
    assert_books_are_right()


def test_hold_waits_for_a_seat_that_is_not_taken_in_the_end_and_gets_it(app: Flask) -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        with begun(app, lambda: hold(hall, 0, holder=ben)) as bens:
            until_waiting()
            _take(other, hall, ann)
            other.rollback()
    assert bens.result().seat_ids == hall.seat_ids
    assert_books_are_right()


def test_a_hold_that_ended_while_we_waited_for_the_lock_has_ended(app: Flask) -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    old = hold(hall, 0, holder=ann).reservation_id
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        with begun(app, lambda: hold(hall, 0, holder=ben)) as bens:
            until_waiting()
            # Ann's end comes later than the beginning of Ben's transaction, and before its judgement.
            for end in (
                "UPDATE reservation SET expires_at = clock_timestamp() WHERE id = :id",
                "UPDATE seat SET held_until = (SELECT expires_at FROM reservation WHERE id = :id)"
                " WHERE reservation_id = :id",
            ):
                other.execute(text(end), {"id": old})
            other.commit()
    assert bens.result().seat_ids == hall.seat_ids
    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def _take(connection: object, hall: Hall, holder: HolderRef) -> None:
    """What a hold of the hall's first seat writes, as part of another connection's transaction."""
    for statement in (
        "INSERT INTO reservation (event_id, holder_id, code, status, expires_at)"
        " VALUES (:event, :holder, 'TAKEN2', 'held', clock_timestamp() + interval '5 min')",
        "UPDATE seat SET status = 'held', reservation_id = r.id, held_until = r.expires_at"
        " FROM reservation r WHERE seat.id = :seat AND r.code = 'TAKEN2'",
        "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor)"
        " SELECT :event, id, :seat, 4500 FROM reservation WHERE code = 'TAKEN2'",
        "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id)"
        " SELECT :event, :seat, 'available', 'held', 'hold', id FROM reservation WHERE code = 'TAKEN2'",
    ):
        connection.execute(  # type: ignore[attr-defined]
            text(statement),
            {"event": hall.event_id, "seat": hall.seat_ids[0], "holder": holder.holder_id},
        )


# Seats whose hold is over


def test_a_lapsed_seat_is_taken_over_and_the_old_hold_is_closed() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    old = hold(hall, 0, holder=ann).reservation_id
    let_hold_end(hall, old)

    new = hold(hall, 0, holder=ben).reservation_id

    assert claims(hall, hall.seat_ids[0]) == [(old, "expired"), (new, None)]
    assert reservation_row(hall, old).status == "expired"
    assert [(step, reason) for _, *step, reason in changes(hall)] == [
        (["available", "held"], "hold"),
        (["held", "available"], "expire"),
        (["available", "held"], "hold"),
    ]
    assert_books_are_right()


def test_a_seat_is_free_from_the_very_instant_at_which_its_hold_ends() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    let_hold_end(hall, hold(hall, 0, holder=ann).reservation_id, seconds_ago=0)
    assert hold(hall, 0, holder=ben).seat_ids == hall.seat_ids


def test_an_old_hold_closes_with_the_last_of_its_seats() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    old = hold(hall, 0, 1, 2, holder=ann).reservation_id
    let_hold_end(hall, old)

    hold(hall, 1, holder=ben)
    assert reservation_row(hall, old).status == "held"
    hold(hall, 0, holder=ben)
    assert reservation_row(hall, old).status == "held"
    hold(hall, 2, holder=ben)
    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_seats_of_several_old_holds_are_taken_over_at_once() -> None:
    hall = make_event(seats=6)
    old = []
    for place in range(3):
        old.append(hold(hall, place, place + 3, holder=make_holder()).reservation_id)
        let_hold_end(hall, old[-1])
    ben = make_holder()

    result = hold(hall, 0, 1, 2, 3, 4, holder=ben)

    assert set(result.seat_ids) == set(hall.seat_ids[:5])
    assert [reservation_row(hall, id).status for id in old] == ["expired", "expired", "held"]
    assert_books_are_right()


def test_free_and_lapsed_seats_are_held_together() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    let_hold_end(hall, hold(hall, 0, holder=ann).reservation_id)
    assert set(hold(hall, 0, 1, holder=ben).seat_ids) == set(hall.seat_ids)
    assert_books_are_right()


def test_two_people_who_take_over_the_two_halves_of_an_old_hold_close_it(app: Flask) -> None:
    ann, ben, cleo = make_holder(), make_holder(), make_holder()
    for _ in range(20):
        hall = make_event(seats=4)
        old = hold(hall, 0, 1, 2, 3, holder=ann).reservation_id
        let_hold_end(hall, old)
        outcomes = race(
            app,
            partial(hold, hall, 0, 1, holder=ben),
            partial(hold, hall, 2, 3, holder=cleo),
        )
        assert len(won(outcomes)) == 2
        assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_after_a_hold_ended_its_holder_begins_a_new_one_with_the_full_time() -> None:
    hall, ann = make_event(seats=3), make_holder()
    old = hold(hall, 0, 1, holder=ann)
    let_hold_end(hall, old.reservation_id)

    new = hold(hall, 1, 2, holder=ann)

    assert new.reservation_id != old.reservation_id
    assert new.seconds_left > 299
    assert statuses(hall) == ["available", "held", "held"]
    assert reservation_row(hall, old.reservation_id).status == "expired"
    assert_books_are_right()


def test_a_holder_whose_lapsed_seat_somebody_else_took_can_hold_again() -> None:
    hall, ann, ben = make_event(seats=3), make_holder(), make_holder()
    old = hold(hall, 0, 1, holder=ann).reservation_id
    let_hold_end(hall, old)
    hold(hall, 0, holder=ben)

    assert hold(hall, 1, 2, holder=ann).reservation_id != old
    with refused(SeatsTaken):
        hold(hall, 0, holder=ann)
    assert_books_are_right()


def test_an_old_hold_that_never_had_a_seat_does_not_keep_its_holder_out() -> None:
    """No act leaves one behind; somebody with psql may."""
    hall, ann = make_event(seats=1), make_holder()
    db.session.execute(
        text(
            "INSERT INTO reservation (event_id, holder_id, code, status, expires_at)"
            " VALUES (:event, :holder, 'K2M9QX', 'held', clock_timestamp())"
        ),
        {"event": hall.event_id, "holder": ann.holder_id},
    )
    db.session.commit()
    assert hold(hall, 0, holder=ann).seat_ids == hall.seat_ids
    assert_books_are_right()


def test_places_of_a_lapsed_hold_do_not_count_against_its_holder() -> None:
    hall, ann = make_event(seats=4, max_seats=2), make_holder()
    let_hold_end(hall, hold(hall, 0, 1, holder=ann).reservation_id)
    assert len(hold(hall, 2, 3, holder=ann).seat_ids) == 2


# Any N of an area


def test_quantity_is_held_whole_and_joins_the_holders_hold() -> None:
    hall, ann = make_event(seats=1), make_holder()
    area_id = make_area(hall, kind="standing", places=5)
    seat = hold(hall, 0, holder=ann)

    standing = hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=ann)

    assert (standing.reservation_id, standing.expires_at) == (seat.reservation_id, seat.expires_at)
    assert len(set(standing.seat_ids)) == 3
    assert set(standing.seat_ids) <= set(places_of_area(hall, area_id))
    assert statuses(hall).count("held") == 4
    assert_books_are_right()


def test_quantity_is_all_or_none_and_says_how_many_are_left() -> None:
    hall, ann, ben = make_event(), make_holder(), make_holder()
    area_id = make_area(hall, kind="stock", places=5, name="T-shirt M")
    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=ann)

    with refused(NotEnoughLeft) as refusal:
        hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=ben)
    assert refusal.value.data == {"area": "T-shirt M", "wanted": 3, "left": 2}

    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ben)
    with refused(NotEnoughLeft) as sold_out:
        hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=make_holder())
    assert sold_out.value.data["left"] == 0


def test_quantity_asked_twice_is_held_twice() -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="standing", places=5)
    first = hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)
    second = hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)
    assert not set(first.seat_ids) & set(second.seat_ids)
    assert statuses(hall).count("held") == 4


def test_quantity_respects_the_limit_of_the_event() -> None:
    hall, ann = make_event(max_seats=4), make_holder()
    area_id = make_area(hall, kind="standing", places=10)
    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=ann)
    with refused(TooManySeats):
        hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)


def test_quantity_takes_lapsed_places_too_and_closes_their_holds() -> None:
    hall, ann, ben = make_event(), make_holder(), make_holder()
    area_id = make_area(hall, kind="stock", places=3)
    old = hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann).reservation_id
    let_hold_end(hall, old)

    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=ben)

    assert reservation_row(hall, old).status == "expired"
    assert_books_are_right()


def test_quantity_takes_back_the_holders_own_lapsed_places() -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="stock", places=2)
    let_hold_end(hall, hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann).reservation_id)
    assert len(hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann).seat_ids) == 2
    assert_books_are_right()


@pytest.mark.parametrize("quantity", [0, -1, 1_001, 2**63, 2**100])
def test_quantity_that_makes_no_sense_is_refused(quantity: int) -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="standing", places=1)
    with refused(InvalidInput):
        hold_quantity(hall.event_id, area_id=area_id, quantity=quantity, holder=ann)


def test_quantity_is_not_for_numbered_seats_or_time_slots() -> None:
    hall, ann = make_event(seats=2), make_holder()
    slots = make_slots(hall, starts=[database_clock() + timedelta(hours=1)])
    room = db.session.execute(text("SELECT area_id FROM seat WHERE id = :id"), {"id": slots[0]}).scalar_one()
    for area_id in (hall.area_id, room):
        with refused(InvalidInput):
            hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=ann)


def test_quantity_of_an_area_that_is_not_of_this_event_is_not_found() -> None:
    hall, other, ann = make_event(), make_event(), make_holder()
    foreign = make_area(other, kind="standing", places=5)
    for area_id in (foreign, *IMPOSSIBLE_IDS):
        with refused(NotFound):
            hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=ann)


def test_quantity_passes_over_places_that_somebody_is_working_on() -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="standing", places=3)
    first, *others = places_of_area(hall, area_id)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": first})
        # If it waited for the first place it would wait for this very thread, and be told Busy.
        result = hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)
    assert set(result.seat_ids) == set(others)


def test_sold_out_is_said_only_after_waiting_for_a_purchase_that_fails(app: Flask) -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="stock", places=2)
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE area_id = :id FOR NO KEY UPDATE"), {"id": area_id})
        with begun(
            app, lambda: hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=ann)
        ) as anns:
            until_waiting()
            other.rollback()
    assert len(anns.result().seat_ids) == 2


def test_sold_out_is_said_after_waiting_for_a_purchase_that_succeeds(app: Flask) -> None:
    hall, ann = make_event(), make_holder()
    area_id = make_area(hall, kind="stock", places=2)
    with db.engine.connect() as other:
        other.execute(
            text("UPDATE seat SET status = 'blocked', blocked_reason = 'Moths' WHERE area_id = :id"),
            {"id": area_id},
        )
        with begun(
            app, lambda: hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=ann)
        ) as anns:
            until_waiting()
            other.commit()
    refusal = anns.exception()
    assert isinstance(refusal, NotEnoughLeft)
    assert refusal.data["left"] == 0
    assert open_reservations(hall) == []


def test_a_basket_given_back_can_be_held_by_the_next_person_at_once() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    hold(hall, 0, 1, holder=ann)
    release_hold(hall.event_id, holder=ann)
    assert hold(hall, 0, 1, holder=ben).seat_ids == hall.seat_ids


# Time slots


def test_a_time_slot_is_sold_until_it_begins() -> None:
    hall, ann = make_event(), make_holder()
    now = database_clock()
    begun_slot, coming = make_slots(hall, starts=[now - timedelta(hours=2), now + timedelta(minutes=1)])

    with refused(SlotBegun):
        hold_seats(hall.event_id, seat_ids=[begun_slot], holder=ann)

    hold_seats(hall.event_id, seat_ids=[coming], holder=ann)
