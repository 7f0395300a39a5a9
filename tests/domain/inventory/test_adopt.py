"""An anonymous basket becomes the user's at sign-in, and nobody ends up with more than is allowed."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.inventory import adopt_holds, confirm_reservation, hold_quantity, hold_seats
from seatbook.errors import NotFound
from seatbook.extensions import db
from tests.factories import (
    change_price,
    changes,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    open_reservations,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import begun, race, until_waiting, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")


def test_the_basket_of_a_user_without_one_is_handed_over_as_it_is() -> None:
    hall, browser, ann = make_event(seats=2), make_holder(), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=browser)

    result = adopt_holds(from_holder_id=browser.holder_id, to=ann)

    assert (result.event_ids, result.released_seats) == ((hall.event_id,), 0)
    reservation = reservation_row(hall, held.reservation_id)
    assert (reservation.holder_id, reservation.expires_at) == (ann.holder_id, held.expires_at)
    assert statuses(hall) == ["held", "held"]
    with refused(NotFound):
        confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=browser)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    assert_books_are_right()


def test_the_basket_joins_the_hold_that_the_user_has_and_shares_its_end() -> None:
    hall, browser, ann = make_event(seats=3), make_holder(), make_holder("ann")
    own = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    anonymous = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=browser)

    adopt_holds(from_holder_id=browser.holder_id, to=ann)

    for seat_id in hall.seat_ids:
        seat = seat_row(hall, seat_id)
        assert (seat.reservation_id, seat.held_until) == (own.reservation_id, own.expires_at)
    assert reservation_row(hall, anonymous.reservation_id).status == "released"
    assert [reason for *_, reason in changes(hall)[3:]] == ["move"] * 4
    assert_books_are_right()


def test_a_seat_that_joins_the_users_hold_keeps_the_price_of_the_moment_it_was_held() -> None:
    hall, browser, ann = make_event(seats=2, price_minor=4500), make_holder(), make_holder("ann")
    own = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=browser)
    change_price(hall, 9900)

    adopt_holds(from_holder_id=browser.holder_id, to=ann)

    result = confirm_reservation(hall.event_id, reservation_id=own.reservation_id, holder=ann)
    assert result.total_minor == 2 * 4500


def test_the_users_own_hold_that_ended_is_not_in_the_way() -> None:
    hall, browser, ann = make_event(seats=2), make_holder(), make_holder("ann")
    old = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    anonymous = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=browser).reservation_id
    let_hold_end(hall, old)

    adopt_holds(from_holder_id=browser.holder_id, to=ann)

    assert reservation_row(hall, old).status == "expired"
    assert reservation_row(hall, anonymous).holder_id == ann.holder_id
    assert statuses(hall) == ["available", "held"]
    assert_books_are_right()


def test_an_anonymous_basket_that_ended_is_not_adopted() -> None:
    hall, browser, ann = make_event(seats=1), make_holder(), make_holder("ann")
    let_hold_end(hall, hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=browser).reservation_id)
    with nothing_changes():
        result = adopt_holds(from_holder_id=browser.holder_id, to=ann)
    assert (result.event_ids, result.released_seats) == ((), 0)


def test_seats_beyond_the_events_limit_go_back_on_sale() -> None:
    hall, browser, ann = make_event(seats=6, max_seats=4), make_holder(), make_holder("ann")
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=browser)

    result = adopt_holds(from_holder_id=browser.holder_id, to=ann)

    assert result.released_seats == 2
    assert sorted(statuses(hall)) == ["available", "available", "held", "held", "held", "reserved"]
    assert_books_are_right()


def test_a_user_who_has_all_that_is_allowed_gets_nothing_of_the_basket() -> None:
    hall, browser, ann = make_event(seats=3, max_seats=2), make_holder(), make_holder("ann")
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    anonymous = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=browser).reservation_id

    result = adopt_holds(from_holder_id=browser.holder_id, to=ann)

    assert (result.event_ids, result.released_seats) == ((), 1)
    assert statuses(hall) == ["reserved", "reserved", "available"]
    assert reservation_row(hall, anonymous).status == "released"
    assert_books_are_right()


def test_baskets_of_several_events_are_adopted_and_purchases_stay_where_they_are() -> None:
    hall, other, browser, ann = make_event(seats=2), make_event(), make_holder(), make_holder("ann")
    area_id = make_area(other, kind="standing", places=3)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=browser).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=browser)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=browser)
    hold_quantity(other.event_id, area_id=area_id, quantity=2, holder=browser)

    result = adopt_holds(from_holder_id=browser.holder_id, to=ann)

    assert set(result.event_ids) == {hall.event_id, other.event_id}
    assert reservation_row(hall, bought).holder_id == browser.holder_id
    for place in (hall, other):
        assert reservation_row(place, open_reservations(place)[0]).holder_id == ann.holder_id
    assert_books_are_right()


def test_adopt_repeated_changes_nothing() -> None:
    hall, browser, ann = make_event(seats=2), make_holder(), make_holder("ann")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=browser)
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    with nothing_changes():
        assert adopt_holds(from_holder_id=browser.holder_id, to=ann).event_ids == ()


def test_adopting_ones_own_holds_changes_nothing() -> None:
    hall, ann = make_event(seats=3, max_seats=4), make_holder("ann")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    with nothing_changes():
        adopt_holds(from_holder_id=ann.holder_id, to=ann)


def test_two_browsers_that_sign_in_at_once_become_one_basket_within_the_limit(app: Flask) -> None:
    for round_number in range(15):
        hall, ann = make_event(seats=8, max_seats=5), make_holder(f"ann{round_number}")
        browsers = [make_holder(), make_holder()]
        for place, browser in enumerate(browsers):
            hold_seats(hall.event_id, seat_ids=hall.seat_ids[place * 4 : place * 4 + 4], holder=browser)
        outcomes = race(
            app,
            *[partial(adopt_holds, from_holder_id=browser.holder_id, to=ann) for browser in browsers],
        )
        assert sum(result.released_seats for result in won(outcomes)) == 3
        assert statuses(hall).count("held") == 5
        assert len(open_reservations(hall)) == 1
    assert_books_are_right()


def test_a_seat_held_while_the_basket_is_handed_over_is_not_lost(app: Flask) -> None:
    for round_number in range(15):
        hall, browser, ann = make_event(seats=3), make_holder(), make_holder(f"ann{round_number}")
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=browser)
        outcomes = race(
            app,
            partial(adopt_holds, from_holder_id=browser.holder_id, to=ann),
            partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann),
        )
        assert len(won(outcomes)) == 2
        assert statuses(hall) == ["held"] * 3
        assert len(open_reservations(hall)) == 1
    assert_books_are_right()


def test_a_seat_added_in_another_window_during_sign_in_counts_too(app: Flask) -> None:
    hall, browser, ann = make_event(seats=3, max_seats=2), make_holder(), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=browser)
    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    with db.engine.connect() as other:
        # What the browser's other window writes, step by step: it locks its seat, then the hold.
        join = {"seat": hall.seat_ids[1], "hold": held.reservation_id, "event": hall.event_id}
        other.execute(text("SELECT FROM reservation WHERE id = :hold FOR NO KEY UPDATE"), join)
        with begun(app, lambda: adopt_holds(from_holder_id=browser.holder_id, to=ann)) as adopted:
            until_waiting()
            for statement in (
                "UPDATE seat SET status = 'held', reservation_id = r.id, held_until = r.expires_at"
                " FROM reservation r WHERE seat.id = :seat AND r.id = :hold",
                "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor)"
                " VALUES (:event, :hold, :seat, 4500)",
                "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason, reservation_id)"
                " VALUES (:event, :seat, 'available', 'held', 'hold', :hold)",
            ):
                other.execute(text(statement), join)
            other.commit()
    assert adopted.result().released_seats == 1
    assert statuses(hall) == ["held", "available", "reserved"]
    assert_books_are_right()
