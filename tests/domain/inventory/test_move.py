"""A purchase gets other places: all or none, at the same price, with tickets that are good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from seatbook.config import Config
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats, move_purchase
from seatbook.domain.orders import begin_checkout, cancel_order, record_answer
from seatbook.domain.tickets import check_ticket, tickets_of
from seatbook.errors import (
    InvalidInput,
    NotFound,
    OtherPrice,
    PartyDoesNotFit,
    SaleClosed,
    SeatsTaken,
    WrongState,
)
from seatbook.extensions import db
from seatbook.models import Category, Seat
from tests.factories import (
    Hall,
    change_event,
    change_price,
    database_clock,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_slots,
    places_of_area,
    reservation_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.paying import make_online_event, make_till, pay, refunds_of
from tests.race import lost, race, won
from tests.snapshot import refused, rows_of

pytestmark = pytest.mark.usefixtures("app_context")


def buy(hall: Hall, holder: HolderRef, *seat_ids: int) -> int:
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
    confirm_reservation(hall.event_id, reservation_id=held, holder=holder)
    return held


def test_other_places_are_bought_the_old_ones_free_and_the_tickets_follow(app: Flask) -> None:
    config: Config = app.extensions["seatbook"]
    hall, gale = make_event(seats=5), make_holder("gale")
    one, two, _, four, five = hall.seat_ids
    bought = buy(hall, make_holder("ann"), one, two)
    before = tickets_of(hall.event_id, reservation_id=bought, config=config)
    moved = move_purchase(
        hall.event_id, reservation_id=bought, moves={two: four, one: five}, actor_user_id=gale.user_id
    )
    assert moved.seat_ids == (five, four)
    assert statuses(hall) == ["available", "available", "available", "reserved", "reserved"]
    assert reservation_row(hall, bought).total_minor == 9000
    assert_books_are_right()
    assert {check_ticket(ticket.code, config=config).reason for ticket in before} == {"moved"}
    after = tickets_of(hall.event_id, reservation_id=bought, config=config)
    assert {check_ticket(ticket.code, config=config).verdict for ticket in after} == {"valid"}
    told = rows_of("mail")[-1]
    assert (told["kind"], [place["label"] for place in told["data"]["places"]]) == ("moved", ["A4", "A5"])
    assert {row["actor_user_id"] for row in rows_of("seat_change") if row["reason"] == "move"} == {
        gale.user_id
    }
    # And back again, which is another letter.
    move_purchase(hall.event_id, reservation_id=bought, moves={five: one})
    assert statuses(hall)[0] == "reserved"
    assert [row["kind"] for row in rows_of("mail")].count("moved") == 2
    assert_books_are_right()


def test_what_was_paid_stays_and_goes_back_with_the_new_place() -> None:
    hall, ann, till = make_online_event(seats=3, fee_per_place_minor=150), make_holder("ann"), make_till()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
    begun = begin_checkout(hall.event_id, reservation_id=held, holder=ann, till=till)
    record_answer(hall.event_id, begun.payment_id or 0, answer=pay(till, begun))
    # The price of the category is another one by now, for both places.
    change_price(hall, 6000)
    move_purchase(hall.event_id, reservation_id=held, moves={hall.seat_ids[0]: hall.seat_ids[2]})
    assert_books_are_right()
    cancel_order(hall.event_id, reservation_id=held, holder=None)
    assert [amount for amount, _, _ in refunds_of(hall)] == [4650]
    assert_books_are_right()


def test_a_place_whose_hold_is_over_is_free_for_it() -> None:
    hall = make_event(seats=2)
    bought = buy(hall, make_holder("ann"), hall.seat_ids[0])
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=make_holder("ben")).reservation_id
    let_hold_end(hall, held)
    move_purchase(hall.event_id, reservation_id=bought, moves={hall.seat_ids[0]: hall.seat_ids[1]})
    assert statuses(hall) == ["available", "reserved"]
    assert reservation_row(hall, held).status == "expired"
    assert_books_are_right()


def test_what_is_not_free_or_not_bought_changes_nothing() -> None:
    hall, ann, ben = make_event(seats=6), make_holder("ann"), make_holder("ben")
    one, two, three, four, five, six = hall.seat_ids
    bought = buy(hall, ann, one, two)
    basket = hold_seats(hall.event_id, seat_ids=[three], holder=ben).reservation_id
    block_seats(hall.event_id, seat_ids=[four], reason="Camera", actor_user_id=None)
    for moves, error in (
        ({one: three}, SeatsTaken),
        ({one: four}, SeatsTaken),
        ({one: five, two: three}, SeatsTaken),
        ({one: two}, InvalidInput),
        ({one: 999_999}, NotFound),
        ({five: six}, NotFound),
        ({one: five, two: five}, InvalidInput),
        ({}, InvalidInput),
    ):
        with refused(error):
            move_purchase(hall.event_id, reservation_id=bought, moves=moves)
    with refused(WrongState):
        move_purchase(hall.event_id, reservation_id=basket, moves={three: five})
    with refused(NotFound):
        move_purchase(hall.event_id, reservation_id=999_999, moves={one: five})
    change_event(hall, status="cancelled")
    with refused(SaleClosed):
        move_purchase(hall.event_id, reservation_id=bought, moves={one: five})


def test_only_a_place_of_the_same_price_and_kind_and_for_as_many() -> None:
    hall, ann = make_event(seats=3), make_holder("ann")
    dear = Category(event_id=hall.event_id, name="Box", colour=4, price_minor=9000)
    db.session.add(dear)
    db.session.flush()
    db.session.execute(update(Seat).where(Seat.id == hall.seat_ids[1]).values(category_id=dear.id))
    db.session.commit()
    floor = make_area(hall, kind="standing", places=1)
    starts = [database_clock() + timedelta(days=1)]
    (room,) = make_slots(hall, starts=starts, party=(2, 6))
    bought = buy(hall, ann, hall.seat_ids[0])
    for place in (hall.seat_ids[1], places_of_area(hall, floor)[0]):
        with refused(OtherPrice):
            move_purchase(hall.event_id, reservation_id=bought, moves={hall.seat_ids[0]: place})
    with refused(PartyDoesNotFit):
        move_purchase(hall.event_id, reservation_id=bought, moves={hall.seat_ids[0]: room})


def test_two_who_move_to_one_place_at_once_get_it_once(app: Flask) -> None:
    hall = make_event(seats=3)
    first, second = (buy(hall, make_holder(), seat_id) for seat_id in hall.seat_ids[:2])
    answers = race(
        app,
        *[
            lambda seat_id=seat_id, bought=bought: move_purchase(
                hall.event_id, reservation_id=bought, moves={seat_id: hall.seat_ids[2]}
            )
            for bought, seat_id in zip((first, second), hall.seat_ids, strict=False)
        ],
    )
    assert len(won(answers)) == 1
    assert len(lost(answers, SeatsTaken)) == 1
    assert statuses(hall).count("reserved") == 2
    assert_books_are_right()
