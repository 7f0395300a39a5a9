"""One basket of one event: seats, standing places, a time slot and stock, from the first click to the last refund."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import or_, select, update

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import block_seats, hold_quantity, hold_seats, release_seats
from seatbook.domain.orders import (
    BegunCheckout,
    accept_offer,
    apply_code,
    ask_due_payments,
    begin_checkout,
    cancel_order,
    choose_concessions,
    choose_parties,
    create_code,
    create_concession,
    decline_offer,
    record_answer,
    send_due_refunds,
    take_notice,
)
from seatbook.domain.party_concessions import party_concessions
from seatbook.errors import NotEnoughLeft, SeatsTaken, TooLateToCancel
from seatbook.extensions import db
from seatbook.models import Area, Mail, ReservationSeat, Seat
from seatbook.payments.till import Till
from tests.factories import (
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_area,
    make_holder,
    make_slots,
    places_of_area,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.paying import (
    let_deadline_pass,
    make_online_event,
    make_till,
    messages,
    moody,
    pay,
    payment_row,
    refunds_of,
    sandbox_balance,
)
from tests.race import race, won
from tests.snapshot import refused

pytestmark = pytest.mark.usefixtures("app_context")

FEE, ORDER_FEE, PRICE = 150, 200, 4500


@dataclass(frozen=True)
class Festival:
    """A hall of four seats with a pit of three, shirts for two, and one room with two times."""

    hall: Hall
    pit: int
    shirts: int
    slots: tuple[int, ...]

    @property
    def event_id(self) -> int:
        return self.hall.event_id


@pytest.fixture
def festival() -> Festival:
    hall = make_online_event(
        seats=4, max_seats=10, fee_per_place_minor=FEE, fee_per_order_minor=ORDER_FEE, late_offer_seconds=600
    )
    now = database_clock()
    return Festival(
        hall,
        make_area(hall, kind="standing", places=3),
        make_area(hall, kind="stock", places=2),
        make_slots(hall, starts=[now + timedelta(days=1), now + timedelta(days=2)]),
    )


def fill(festival: Festival, holder: HolderRef) -> int:
    """Two seats, two standing places, a shirt, the first time: six places; the reservation."""
    hold_seats(festival.event_id, seat_ids=festival.hall.seat_ids[:2], holder=holder)
    hold_quantity(festival.event_id, area_id=festival.pit, quantity=2, holder=holder)
    hold_seats(festival.event_id, seat_ids=festival.slots[:1], holder=holder)
    held = hold_quantity(festival.event_id, area_id=festival.shirts, quantity=1, holder=holder)
    return held.reservation_id


def buy(festival: Festival, holder: HolderRef, till: Till) -> BegunCheckout:
    begun = begin_checkout(festival.event_id, reservation_id=fill(festival, holder), holder=holder, till=till)
    pay(till, begun)
    for message in messages(till):
        take_notice("sandbox", body=message.body, headers=message.headers, till=till)
    assert payment_row(begun).settlement == "confirmed"
    return begun


def everything(festival: Festival) -> tuple[int, ...]:
    return (
        *festival.hall.seat_ids,
        *places_of_area(festival.hall, festival.pit),
        *places_of_area(festival.hall, festival.shirts),
        *festival.slots,
    )


def test_it_is_one_hold_with_one_end(festival: Festival) -> None:
    ann = make_holder()
    basket = fill(festival, ann)
    ends = {
        row.held_until
        for row in (seat_row(festival.hall, seat_id) for seat_id in everything(festival))
        if row.status == "held"
    }
    assert ends == {reservation_row(festival.hall, basket).expires_at}
    let_hold_end(festival.hall, basket)
    ben = make_holder()
    assert len(hold_seats(festival.event_id, seat_ids=festival.slots[:1], holder=ben).seat_ids) == 1
    assert_books_are_right()


def test_what_cannot_be_had_as_a_whole_changes_nothing(festival: Festival) -> None:
    ann, ben = make_holder(), make_holder()
    hold_seats(festival.event_id, seat_ids=festival.slots[:1], holder=ben)
    fill_without_slot = [*festival.hall.seat_ids[:2], festival.slots[0]]
    with refused(SeatsTaken):
        hold_seats(festival.event_id, seat_ids=fill_without_slot, holder=ann)
    with refused(NotEnoughLeft) as refusal:
        hold_quantity(festival.event_id, area_id=festival.shirts, quantity=3, holder=ann)
    assert refusal.value.data["left"] == 2


def test_it_is_paid_as_one_and_each_part_goes_back_for_what_it_cost(festival: Festival) -> None:
    ann, till = make_holder(), make_till()
    begun = buy(festival, ann, till)
    total = 6 * (PRICE + FEE) + ORDER_FEE
    assert begun.total_minor == total == sandbox_balance()
    assert statuses(festival.hall).count("reserved") == 6

    parts = {
        "a seat": festival.hall.seat_ids[:1],
        "the time": festival.slots[:1],
        "the shirt": places_of_area(festival.hall, festival.shirts)[:1],
    }
    back = 0
    for seat_ids in parts.values():
        cancelled = cancel_order(
            festival.event_id, reservation_id=begun.reservation_id, holder=ann, seat_ids=seat_ids
        )
        assert cancelled.seat_ids == seat_ids
        assert cancelled.refund_minor in (PRICE + FEE + ORDER_FEE // 6, PRICE + FEE + ORDER_FEE // 6 + 1)
        back += cancelled.refund_minor
        assert reservation_row(festival.hall, begun.reservation_id).total_minor == total - back
    # What came back is on sale at once, to anybody.
    ben = make_holder()
    hold_seats(festival.event_id, seat_ids=[*parts["a seat"], *parts["the time"]], holder=ben)
    hold_quantity(festival.event_id, area_id=festival.shirts, quantity=2, holder=ben)

    rest = cancel_order(festival.event_id, reservation_id=begun.reservation_id, holder=ann)
    assert len(rest.seat_ids) == 3
    assert back + rest.refund_minor == total
    send_due_refunds(till=till)
    assert {status for _, _, status in refunds_of(festival.hall)} == {"done"}
    assert sandbox_balance() == 0
    assert_books_are_right()


def test_an_amount_off_is_spread_over_all_of_its_parts(festival: Festival) -> None:
    ann, till = make_holder(), make_till()
    create_code(festival.event_id, code="TEN", amount_off_minor=1000)
    basket = fill(festival, ann)
    apply_code(festival.event_id, code="TEN", holder=ann)
    begun = begin_checkout(festival.event_id, reservation_id=basket, holder=ann, till=till)
    assert begun.total_minor == 6 * (PRICE + FEE) + ORDER_FEE - 1000
    record_answer(festival.event_id, begun.payment_id or 0, answer=pay(till, begun))
    back = cancel_order(festival.event_id, reservation_id=basket, holder=ann)
    assert back.refund_minor == begun.total_minor
    assert_books_are_right()


def test_the_deadline_for_cancelling_all_of_it_is_that_of_its_first_time(festival: Festival) -> None:
    ann, till = make_holder(), make_till()
    begun = buy(festival, ann, till)
    change_event(festival.hall, cancel_seconds_before_start=2 * 86_400)
    with refused(TooLateToCancel):
        cancel_order(festival.event_id, reservation_id=begun.reservation_id, holder=ann)
    seat = festival.hall.seat_ids[:1]
    back = cancel_order(festival.event_id, reservation_id=begun.reservation_id, holder=ann, seat_ids=seat)
    assert back.seat_ids == seat


def test_unpaid_all_of_it_is_free_again(festival: Festival) -> None:
    ann, till = make_holder(), make_till()
    begun = begin_checkout(festival.event_id, reservation_id=fill(festival, ann), holder=ann, till=till)
    assert statuses(festival.hall).count("held") == 6
    let_deadline_pass(begun)
    ask_due_payments(till=till)
    assert set(statuses(festival.hall)) == {"available"}
    assert_books_are_right()


# Late money

PARTY = 4


@dataclass(frozen=True)
class Late:
    """What Ann paid for too late: two seats, two standing places, the first time for a party, a shirt. One line a
    place, as `lines_of` has them."""

    holder: HolderRef
    begun: BegunCheckout
    lines: dict[int, tuple[Any, ...]]

    @property
    def event_id(self) -> int:
        return self.begun.event_id

    @property
    def payment_id(self) -> int:
        assert self.begun.payment_id
        return self.begun.payment_id


def lines_of(reservation_id: int) -> dict[int, tuple[Any, ...]]:
    """What each place of a reservation was paid with, and for whom."""
    db.session.rollback()
    rows = db.session.execute(
        select(
            ReservationSeat.seat_id,
            ReservationSeat.price_minor,
            ReservationSeat.fee_minor,
            ReservationSeat.full_price_minor,
            ReservationSeat.concession_id,
            party_concessions(),
            ReservationSeat.party_size,
        ).where(
            ReservationSeat.reservation_id == reservation_id,
            or_(ReservationSeat.ended_at.is_(None), ReservationSeat.outcome != "moved"),
        )
    )
    return {seat_id: tuple(line) for seat_id, *line in rows}


@pytest.fixture
def tour(festival: Festival) -> Festival:
    """The festival whose room is for a party, at a price for each of them."""
    db.session.execute(
        update(Area).where(Area.kind == "slots").values(min_party=2, max_party=6, price_per="person")
    )
    db.session.commit()
    return festival


def late(tour: Festival, till: Till, holder: HolderRef) -> Late:
    """A basket with everything that makes a price, begun to be paid, whose time is over and whose places are free."""
    child = create_concession(tour.event_id, name="Child", percent_off=50)
    create_code(tour.event_id, code="TEN", percent_off=10)
    basket = fill(tour, holder)
    choose_parties(
        tour.event_id, choices={tour.slots[0]: PARTY}, people={tour.slots[0]: {child: 2}}, holder=holder
    )
    choose_concessions(tour.event_id, choices={tour.hall.seat_ids[0]: child}, holder=holder)
    apply_code(tour.event_id, code="TEN", holder=holder)
    begun = begin_checkout(tour.event_id, reservation_id=basket, holder=holder, till=till)
    let_deadline_pass(begun, grace_too=True)
    moody(till).faults = {"look"}
    ask_due_payments(till=till)
    moody(till).faults = set()
    assert set(statuses(tour.hall)) == {"available"}
    return Late(holder, begun, lines_of(basket))


def take(tour: Festival, what: str) -> None:
    """Ben has a part of it by now."""
    ben = make_holder()
    if what == "a seat":
        hold_seats(tour.event_id, seat_ids=tour.hall.seat_ids[:1], holder=ben)
    elif what == "the time":
        hold_seats(tour.event_id, seat_ids=tour.slots[:1], holder=ben)
    else:
        hold_quantity(tour.event_id, area_id=tour.shirts, quantity=2, holder=ben)


def pay_late(order: Late, till: Till) -> str | None:
    """The money comes; what becomes of it."""
    answer = pay(till, order.begun)
    settled: str | None = record_answer(order.event_id, order.payment_id, answer=answer).settlement
    return settled


def test_an_offer_has_the_very_same_time_and_equals_of_the_rest(tour: Festival) -> None:
    ann, till = make_holder("ann"), make_till()
    order = late(tour, till, ann)
    take(tour, "a seat")
    assert pay_late(order, till) == "offered"
    offered = lines_of(payment_row(order.begun).settled_reservation_id)
    slot = tour.slots[0]
    # The same party with its children, at the same price with the same code off it.
    assert offered[slot] == order.lines[slot]
    assert offered[slot][-1] == PARTY
    assert set(tour.hall.seat_ids[1:3]) < set(offered)
    assert sorted(offered.values(), key=repr) == sorted(order.lines.values(), key=repr)
    with refused(SeatsTaken):
        hold_seats(tour.event_id, seat_ids=[slot], holder=make_holder())
    assert_books_are_right()

    accepted = accept_offer(tour.event_id, payment_id=order.payment_id, holder=ann)
    assert accepted.settlement == "confirmed"
    assert {seat_row(tour.hall, seat_id).status for seat_id in offered} == {"reserved"}
    bought = reservation_row(tour.hall, accepted.reservation_id)
    assert (bought.status, bought.total_minor) == ("confirmed", order.begun.total_minor)
    assert refunds_of(tour.hall) == []
    assert_books_are_right()
    back = cancel_order(tour.event_id, reservation_id=accepted.reservation_id, holder=ann)
    assert back.refund_minor == order.begun.total_minor
    assert_books_are_right()


def test_an_offer_with_a_time_that_is_declined_gives_everything_back(tour: Festival) -> None:
    ann, till = make_holder("ann"), make_till()
    order = late(tour, till, ann)
    take(tour, "a seat")
    assert pay_late(order, till) == "offered"
    decline_offer(tour.event_id, payment_id=order.payment_id, holder=ann)
    assert refunds_of(tour.hall) == [(order.begun.total_minor, "offer_declined", "due")]
    assert sorted(statuses(tour.hall)) == ["available"] * 10 + ["held"]
    assert_books_are_right()


def test_a_shirt_that_is_gone_has_no_equal_where_none_is_left(tour: Festival) -> None:
    ann, till = make_holder(), make_till()
    order = late(tour, till, ann)
    take(tour, "the shirts")
    assert pay_late(order, till) == "refunded"
    assert refunds_of(tour.hall) == [(order.begun.total_minor, "late_places_gone", "due")]
    assert seat_row(tour.hall, tour.slots[0]).status == "available"
    assert_books_are_right()


@pytest.mark.parametrize("how", ["held", "off sale", "too small"])
def test_no_other_time_is_offered_for_one_that_is_gone(tour: Festival, how: str) -> None:
    ann, till = make_holder(), make_till()
    order = late(tour, till, ann)
    take(tour, "a seat")
    if how == "held":
        take(tour, "the time")
    elif how == "off sale":
        block_seats(tour.event_id, seat_ids=tour.slots[:1], reason="A birthday", actor_user_id=None)
    else:
        db.session.execute(update(Area).where(Area.max_party == 6).values(max_party=PARTY - 1))
        db.session.commit()
    assert pay_late(order, till) == "refunded"
    assert refunds_of(tour.hall) == [(order.begun.total_minor, "late_places_gone", "due")]
    assert seat_row(tour.hall, tour.slots[1]).status == "available"
    assert_books_are_right()


def test_a_time_that_somebody_held_meanwhile_and_let_go_is_offered(tour: Festival) -> None:
    ann, till = make_holder(), make_till()
    order = late(tour, till, ann)
    take(tour, "a seat")
    held = hold_seats(tour.event_id, seat_ids=tour.slots[:1], holder=make_holder()).reservation_id
    let_hold_end(tour.hall, held)
    assert pay_late(order, till) == "offered"
    assert tour.slots[0] in lines_of(payment_row(order.begun).settled_reservation_id)
    assert_books_are_right()


def test_a_time_is_offered_also_before_anybody_wrote_down_that_it_is_free(tour: Festival) -> None:
    ann, till = make_holder(), make_till()
    slot = tour.slots[0]
    held = hold_seats(tour.event_id, seat_ids=[tour.hall.seat_ids[0], slot], holder=ann)
    begun = begin_checkout(tour.event_id, reservation_id=held.reservation_id, holder=ann, till=till)
    let_deadline_pass(begun, grace_too=True)
    take(tour, "a seat")
    assert seat_row(tour.hall, slot).reservation_id == begun.reservation_id
    assert pay_late(Late(ann, begun, {}), till) == "offered"
    assert seat_row(tour.hall, slot).reservation_id == payment_row(begun).settled_reservation_id
    assert_books_are_right()


def test_an_offer_ends_when_its_time_begins(tour: Festival) -> None:
    ann, till = make_holder("ann"), make_till()
    order = late(tour, till, ann)
    take(tour, "a seat")
    soon = database_clock() + timedelta(minutes=3)
    db.session.execute(
        update(Seat).where(Seat.id == tour.slots[0]).values(starts_at=soon, ends_at=soon + timedelta(hours=1))
    )
    db.session.commit()
    assert pay_late(order, till) == "offered"
    offered = payment_row(order.begun).settled_reservation_id
    assert reservation_row(tour.hall, offered).expires_at == soon
    (told,) = db.session.scalars(select(Mail.data["until"].astext).where(Mail.kind == "offered"))
    assert told == soon.isoformat()


def test_of_two_who_pay_too_late_for_one_time_one_is_offered_it(app: Flask, tour: Festival) -> None:
    """Both had it in turn, and both want a seat that somebody else has by now."""
    for _ in range(10):
        till, orders = make_till(), []
        for nth, holder in enumerate((make_holder(), make_holder())):
            picked = [tour.hall.seat_ids[nth], tour.slots[0]]
            held = hold_seats(tour.event_id, seat_ids=picked, holder=holder)
            begun = begin_checkout(
                tour.event_id, reservation_id=held.reservation_id, holder=holder, till=till
            )
            let_deadline_pass(begun, grace_too=True)
            orders.append(Late(holder, begun, {}))
        ben = make_holder()
        gone = hold_seats(tour.event_id, seat_ids=tour.hall.seat_ids[:2], holder=ben)
        settled = won(race(app, *[partial(pay_late, order, till) for order in orders]))
        assert sorted(str(settlement) for settlement in settled) == ["offered", "refunded"]
        winner = orders[settled.index("offered")]
        offered = payment_row(winner.begun).settled_reservation_id
        assert seat_row(tour.hall, tour.slots[0]).reservation_id == offered
        assert_books_are_right()
        decline_offer(tour.event_id, payment_id=winner.payment_id, holder=winner.holder)
        release_seats(tour.event_id, seat_ids=gone.seat_ids, holder=ben)
    assert set(statuses(tour.hall)) == {"available"}
