"""How many come to a time slot: within what the room takes, at the price of a slot or of each person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import adopt_holds, confirm_reservation, hold_seats, release_seats
from seatbook.domain.orders import (
    apply_code,
    begin_checkout,
    choose_concessions,
    choose_parties,
    create_code,
    create_concession,
    record_answer,
)
from seatbook.errors import HoldExpired, InvalidInput, NotFound, PartyDoesNotFit
from seatbook.extensions import db
from seatbook.models import Area, ReservationSeat
from seatbook.payments import Answer
from tests.factories import (
    Hall,
    change_price,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    make_slots,
)
from tests.paying import let_deadline_pass, make_online_event, make_till
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


def room(price_per: str = "person", *, seats: int = 1) -> tuple[Hall, int]:
    """An event with a room for 2 to 6 at 45.00, and its one slot."""
    hall = make_event(seats=seats)
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6), price_per=price_per
    )
    return hall, slot


def lines(hall: Hall, seat_id: int) -> list[tuple[int | None, int, str | None]]:
    """(party, price, outcome) of every line that the place ever had."""
    db.session.rollback()
    query = (
        select(ReservationSeat.party_size, ReservationSeat.price_minor, ReservationSeat.outcome)
        .where(ReservationSeat.event_id == hall.event_id, ReservationSeat.seat_id == seat_id)
        .order_by(ReservationSeat.id)
    )
    return [(row.party_size, row.price_minor, row.outcome) for row in db.session.execute(query)]


def held(hall: Hall, slot: int, holder: HolderRef) -> int:
    return hold_seats(hall.event_id, seat_ids=[slot], holder=holder).reservation_id


def test_a_slot_is_held_for_as_few_as_the_room_takes_until_somebody_says_more() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    assert lines(hall, slot) == [(2, 9000, None)]
    assert choose_parties(hall.event_id, choices={slot: 4}, holder=ann).total_minor == 18000
    assert lines(hall, slot) == [(2, 9000, "moved"), (4, 18000, None)]


def test_a_price_for_the_slot_stays_whoever_comes() -> None:
    hall, slot = room("slot")
    ann = make_holder("ann")
    held(hall, slot, ann)
    assert choose_parties(hall.event_id, choices={slot: 6}, holder=ann).total_minor == 4500
    assert lines(hall, slot)[-1] == (6, 4500, None)


def test_saying_the_same_again_writes_nothing() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 3}, holder=ann)
    with nothing_changes():
        assert choose_parties(hall.event_id, choices={slot: 3}, holder=ann).total_minor == 13500


@pytest.mark.parametrize("size", [0, 1, 7, -3, 10**30])
def test_a_party_that_does_not_fit_is_refused_and_changes_nothing(size: int) -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    with nothing_changes(), pytest.raises(PartyDoesNotFit) as refusal:
        choose_parties(hall.event_id, choices={slot: size}, holder=ann)
    assert str(refusal.value) == "Escape room is for 2 to 6 people. Please say again how many come."


def test_nobody_says_who_comes_to_somebody_elses_slot_or_to_a_chair() -> None:
    hall, slot = room()
    ann, ben = make_holder("ann"), make_holder("ben")
    held(hall, slot, ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
    with nothing_changes():
        with pytest.raises(NotFound):
            choose_parties(hall.event_id, choices={slot: 3}, holder=ben)
        with pytest.raises(NotFound):
            choose_parties(hall.event_id, choices={slot: 3}, holder=make_holder("cleo"))
        with pytest.raises(InvalidInput):
            choose_parties(hall.event_id, choices={hall.seat_ids[0]: 3}, holder=ben)


def test_a_hold_that_ended_has_no_party_any_more() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    let_hold_end(hall, held(hall, slot, ann))
    with nothing_changes(), pytest.raises(HoldExpired):
        choose_parties(hall.event_id, choices={slot: 3}, holder=ann)


def test_a_concession_for_the_place_is_for_all_who_come_then_and_a_code_is_taken_off_the_rest() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    child = create_concession(hall.event_id, name="School class", percent_off=50)
    create_code(hall.event_id, code="TEN", percent_off=10)
    choose_concessions(hall.event_id, choices={slot: child}, holder=ann)
    apply_code(hall.event_id, code="ten", holder=ann)
    # Who comes as well pays the full price, until somebody says that they do not.
    repriced = choose_parties(hall.event_id, choices={slot: 4}, holder=ann)
    assert (repriced.full_minor, repriced.total_minor) == (18000, 12150)
    assert choose_concessions(hall.event_id, choices={slot: child}, holder=ann).total_minor == 8100
    assert choose_concessions(hall.event_id, choices={slot: None}, holder=ann).total_minor == 16200


def test_the_price_of_a_person_is_that_of_the_moment_when_the_slot_was_held() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    change_price(hall, 9999)
    assert choose_parties(hall.event_id, choices={slot: 3}, holder=ann).total_minor == 13500


def test_what_is_bought_has_the_party_and_keeps_it() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    reservation = held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 5}, holder=ann)
    bought = confirm_reservation(hall.event_id, reservation_id=reservation, holder=ann)
    assert bought.total_minor == 22500
    with nothing_changes(), pytest.raises((NotFound, HoldExpired)):
        choose_parties(hall.event_id, choices={slot: 2}, holder=ann)


def test_a_basket_whose_party_the_room_takes_no_more_is_not_bought() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    reservation = held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 6}, holder=ann)
    db.session.execute(update(Area).where(Area.max_party == 6).values(max_party=5))
    db.session.commit()
    with nothing_changes(), pytest.raises(PartyDoesNotFit):
        confirm_reservation(hall.event_id, reservation_id=reservation, holder=ann)
    choose_parties(hall.event_id, choices={slot: 5}, holder=ann)
    assert confirm_reservation(hall.event_id, reservation_id=reservation, holder=ann).total_minor == 22500


@pytest.mark.parametrize("has_basket", [False, True])
def test_signing_in_keeps_the_party(has_basket: bool) -> None:
    hall, slot = room()
    browser, ann = make_holder(), make_holder("ann")
    held(hall, slot, browser)
    choose_parties(hall.event_id, choices={slot: 4}, holder=browser)
    if has_basket:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann)
    adopt_holds(from_holder_id=browser.holder_id, to=ann)
    assert lines(hall, slot)[-1] == (4, 18000, None)
    assert choose_parties(hall.event_id, choices={slot: 3}, holder=ann).prices[slot] == 13500


def test_a_slot_that_comes_back_is_for_as_few_again() -> None:
    hall, slot = room()
    ann = make_holder("ann")
    held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 4}, holder=ann)
    release_seats(hall.event_id, seat_ids=[slot], holder=ann)
    held(hall, slot, ann)
    assert lines(hall, slot)[-1] == (2, 9000, None)


def test_money_that_comes_too_late_buys_the_same_slot_for_the_same_party() -> None:
    hall, till = make_online_event(seats=1), make_till()
    (slot,) = make_slots(
        hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6), price_per="person"
    )
    ann = make_holder("ann")
    reservation = held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 4}, holder=ann)
    order = begin_checkout(hall.event_id, reservation_id=reservation, holder=ann, till=till)
    assert order.total_minor == 18000
    let_deadline_pass(order, grace_too=True)
    assert order.payment_id
    record_answer(hall.event_id, order.payment_id, answer=Answer("paid", 18000, "EUR"))
    assert lines(hall, slot)[-1] == (4, 18000, None)


def test_late_money_for_a_party_that_the_room_takes_no_more_goes_back() -> None:
    hall, till = make_online_event(seats=1), make_till()
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(days=1)], party=(2, 6))
    ann = make_holder("ann")
    reservation = held(hall, slot, ann)
    choose_parties(hall.event_id, choices={slot: 6}, holder=ann)
    order = begin_checkout(hall.event_id, reservation_id=reservation, holder=ann, till=till)
    let_deadline_pass(order, grace_too=True)
    db.session.execute(update(Area).where(Area.max_party == 6).values(max_party=5))
    db.session.commit()
    assert order.payment_id
    record_answer(hall.event_id, order.payment_id, answer=Answer("expired"))
    state = record_answer(hall.event_id, order.payment_id, answer=Answer("paid", order.total_minor, "EUR"))
    assert (state.status, state.settlement) == ("paid", "refunded")
    assert lines(hall, slot)[-1][2] == "expired"
