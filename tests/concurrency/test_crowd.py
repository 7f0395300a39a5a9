"""Any number of buyers, one winner a seat."""

from __future__ import annotations

import random
from functools import partial
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import ConfirmResult, confirm_reservation, hold_quantity, hold_seats
from seatbook.errors import NotEnoughLeft, SeatsTaken
from seatbook.extensions import db
from tests.factories import (
    Hall,
    changes,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    make_holders,
    open_reservations,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import crowd, lost, patiently, race, won

pytestmark = pytest.mark.usefixtures("app_context")


def buy(hall: Hall, seat_id: int, *, holder: HolderRef) -> ConfirmResult:
    held = patiently(partial(hold_seats, hall.event_id, seat_ids=[seat_id], holder=holder)).reservation_id
    return patiently(
        partial(confirm_reservation, hall.event_id, reservation_id=held, holder=holder, seat_ids=[seat_id])
    )


def buy_any(hall: Hall, area_id: int, *, holder: HolderRef) -> ConfirmResult:
    held = hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=holder).reservation_id
    return confirm_reservation(hall.event_id, reservation_id=held, holder=holder)


def test_of_64_buyers_of_one_seat_one_wins_and_63_are_told_that_it_is_taken(app: Flask) -> None:
    hall, buyers = make_event(seats=1), make_holders(64)

    holds = [partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids, holder=buyer) for buyer in buyers]
    outcomes = race(app, *[partial(patiently, hold) for hold in holds])

    (winner,) = won(outcomes)
    refusals = lost(outcomes, SeatsTaken)
    assert len(refusals) == 63
    assert {tuple(refusal.data["labels"]) for refusal in refusals} == {("A1",)}
    # What the 63 asked for left no trace: one hold, one claim, one line of the log.
    assert open_reservations(hall) == [winner.reservation_id]
    assert seat_row(hall, hall.seat_ids[0]).reservation_id == winner.reservation_id
    assert changes(hall) == [(hall.seat_ids[0], "available", "held", "hold")]
    assert db.session.execute(text("SELECT count(*) FROM reservation_seat")).scalar_one() == 1
    assert db.session.execute(text("SELECT count(*) FROM reservation")).scalar_one() == 1
    assert_books_are_right()


def test_of_64_buyers_of_one_lapsed_seat_one_takes_it_over(app: Flask) -> None:
    hall, buyers = make_event(seats=1), make_holders(64)
    let_hold_end(hall, hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder()).reservation_id)

    outcomes = race(app, *[partial(buy, hall, hall.seat_ids[0], holder=buyer) for buyer in buyers])

    assert len(won(outcomes)) == 1
    assert len(lost(outcomes, SeatsTaken)) == 63
    assert_books_are_right()


def test_2000_buyers_of_500_seats_buy_500_and_none_twice(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    hall, buyers = make_event(seats=500), make_holders(2_000)
    wishes = [hall.seat_ids[number % 500] for number in range(2_000)]
    random.Random(7).shuffle(wishes)

    began = monotonic()
    outcomes = crowd(
        app,
        threads=32,
        acts=[partial(buy, hall, seat, holder=buyer) for seat, buyer in zip(wishes, buyers, strict=True)],
    )
    seconds = monotonic() - began
    with capsys.disabled():
        print(f"\n2,000 buyers, 500 seats: {2_000 / seconds:,.0f} holds asked for a second, 500 bought.")

    bought = won(outcomes)
    assert len(bought) == 500
    assert len({result.seat_ids for result in bought}) == 500
    assert len(lost(outcomes, SeatsTaken)) == 1_500
    assert statuses(hall) == ["reserved"] * 500
    assert db.session.execute(SOLD_TWICE).all() == []
    assert_books_are_right()


SOLD_TWICE = text("""
    SELECT line.seat_id, count(*) FROM reservation_seat line
      JOIN reservation ON reservation.event_id = line.event_id AND reservation.id = line.reservation_id
     WHERE line.ended_at IS NULL AND reservation.status = 'confirmed'
     GROUP BY line.event_id, line.seat_id HAVING count(*) > 1
""")


def test_600_buyers_of_150_alike_places_buy_150_and_the_rest_is_told_that_it_is_sold_out(app: Flask) -> None:
    hall, buyers = make_event(), make_holders(600)
    area_id = make_area(hall, kind="standing", places=150)

    outcomes = crowd(
        app, threads=32, acts=[partial(buy_any, hall, area_id, holder=buyer) for buyer in buyers]
    )

    assert len(won(outcomes)) == 150
    assert {refusal.data["left"] for refusal in lost(outcomes, NotEnoughLeft)} == {0}
    assert statuses(hall) == ["reserved"] * 150
    assert db.session.execute(SOLD_TWICE).all() == []
    assert_books_are_right()


def test_quantities_are_never_split_and_nobody_is_refused_while_enough_are_left(app: Flask) -> None:
    buyers = make_holders(24)
    for _ in range(5):
        hall = make_event()
        area_id = make_area(hall, kind="stock", places=20)
        outcomes = race(
            app,
            *[
                partial(hold_quantity, hall.event_id, area_id=area_id, quantity=3, holder=buyer)
                for buyer in buyers
            ],
        )
        assert {len(result.seat_ids) for result in won(outcomes)} == {3}
        assert len(won(outcomes)) == 6
        assert [refusal.data["left"] for refusal in lost(outcomes, NotEnoughLeft)] == [2] * 18
        assert statuses(hall).count("held") == 18
    assert_books_are_right()
