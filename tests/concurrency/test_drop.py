"""A drop: everybody at once for a hundred pieces, from the click to the money."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_quantity
from seatbook.domain.orders import begin_checkout, deliver_sandbox_notices
from seatbook.errors import NotEnoughLeft
from seatbook.payments.sandbox import Sandbox
from seatbook.payments.till import Till
from tests.factories import make_area, make_holder, make_holders, statuses
from tests.invariants import assert_books_are_right
from tests.paying import make_online_event, payments_of, sandbox_balance
from tests.race import crowd, lost, patiently, race, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")

BUYERS, PIECES, PRICE = 500, 100, 4500


def test_five_hundred_buyers_of_a_hundred_pieces_pay_for_a_hundred(app: Flask) -> None:
    hall = make_online_event(seats=0, max_seats=1, price_minor=PRICE)
    area_id = make_area(hall, kind="stock", places=PIECES)
    till = Till(online=Sandbox(secret="a drop's"), others={})
    sandbox = till.online
    assert isinstance(sandbox, Sandbox)

    def buy(holder: HolderRef) -> int:
        held = patiently(partial(hold_quantity, hall.event_id, area_id=area_id, quantity=1, holder=holder))
        begun = patiently(
            partial(
                begin_checkout, hall.event_id, reservation_id=held.reservation_id, holder=holder, till=till
            )
        )
        assert begun.pay_url is not None
        # The provider calls twice for every second one.
        copies = 1 + holder.holder_id % 2
        sandbox.decide(begun.pay_url.rsplit("/", 1)[1], becomes="paid", copies=copies)
        deliver_sandbox_notices(till=till, most=2)
        return begun.total_minor

    outcomes = crowd(app, threads=20, acts=[partial(buy, holder) for holder in make_holders(BUYERS)])
    race(app, *[partial(deliver_sandbox_notices, till=till, most=BUYERS)] * 2)

    assert won(outcomes) == [PRICE] * PIECES
    told = lost(outcomes, NotEnoughLeft)
    assert len(told) == BUYERS - PIECES
    assert {refusal.data["left"] for refusal in told} == {0}
    assert statuses(hall) == ["reserved"] * PIECES
    assert [payment.settlement for payment in payments_of(hall)] == ["confirmed"] * PIECES
    assert sandbox_balance() == PIECES * PRICE
    assert_books_are_right()


def test_a_hundred_of_a_hundred_and_none_of_a_hundred_and_one() -> None:
    hall = make_online_event(seats=0, max_seats=200)
    area_id = make_area(hall, kind="stock", places=PIECES)
    ann, ben = make_holder(), make_holder()
    with refused(NotEnoughLeft) as refusal:
        hold_quantity(hall.event_id, area_id=area_id, quantity=PIECES + 1, holder=ann)
    assert refusal.value.data["left"] == PIECES
    held = hold_quantity(hall.event_id, area_id=area_id, quantity=PIECES, holder=ann)
    assert len(held.seat_ids) == PIECES
    with refused(NotEnoughLeft) as refusal:
        hold_quantity(hall.event_id, area_id=area_id, quantity=1, holder=ben)
    assert refusal.value.data["left"] == 0
    assert_books_are_right()


def test_two_who_want_all_of_it_get_all_of_it_or_nothing(app: Flask) -> None:
    """All or none, at the same moment: never a part, and never more than there is."""
    for _ in range(5):
        hall = make_online_event(seats=0, max_seats=200)
        area_id = make_area(hall, kind="stock", places=PIECES)
        people = make_holders(4)
        outcomes = race(
            app,
            *[
                partial(
                    patiently,
                    partial(hold_quantity, hall.event_id, area_id=area_id, quantity=PIECES, holder=holder),
                )
                for holder in people
            ],
        )
        assert [len(one.seat_ids) for one in won(outcomes)] == [PIECES]
        assert len(lost(outcomes, NotEnoughLeft)) == len(people) - 1
        assert statuses(hall) == ["held"] * PIECES
    assert_books_are_right()
