"""Buying exactly what was seen, in time, once; and undoing it while the event allows that."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, text

from seatbook.domain.inventory import (
    cancel_reservation,
    confirm_reservation,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.domain.orders import cancel_order
from seatbook.errors import (
    BasketChanged,
    HoldExpired,
    NotFound,
    SaleClosed,
    SeatsTaken,
    TooLateToCancel,
    WrongState,
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
    make_event,
    make_holder,
    make_slots,
    reservation_row,
    seat_row,
    statuses,
)
from tests.invariants import assert_books_are_right
from tests.race import begun, lost, race, until_waiting, won
from tests.snapshot import nothing_changes, refused

pytestmark = pytest.mark.usefixtures("app_context")

IMPOSSIBLE_IDS = [0, -1, 2**63 - 1, 2**63, 2**100]


# Confirm


def test_confirm_sells_the_held_seats_for_the_sum_of_their_prices() -> None:
    hall, ann = make_event(seats=3, price_minor=4500), make_holder("ann")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id

    result = confirm_reservation(
        hall.event_id, reservation_id=held, holder=ann, seat_ids=set(hall.seat_ids[:2])
    )

    assert (result.seat_ids, result.total_minor) == (hall.seat_ids[:2], 9000)
    assert statuses(hall) == ["reserved", "reserved", "available"]
    assert seat_row(hall, hall.seat_ids[0]).reservation_id == held
    assert claims(hall, hall.seat_ids[0]) == [(held, None)]
    reservation = reservation_row(hall, held)
    assert (reservation.status, reservation.total_minor) == ("confirmed", 9000)
    assert changes(hall)[2:] == [(seat_id, "held", "reserved", "reserve") for seat_id in hall.seat_ids[:2]]
    assert_books_are_right()


def test_confirm_repeated_answers_the_same_and_changes_nothing() -> None:
    hall, ann = make_event(seats=2), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    first = confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids)
    change_price(hall, 1)
    with nothing_changes():
        again = confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids)
    assert again == first


def test_confirm_sent_twice_at_the_same_moment_is_one_purchase(app: Flask) -> None:
    hall, ann = make_event(seats=2), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    outcomes = race(app, *[lambda: confirm_reservation(hall.event_id, reservation_id=held, holder=ann)] * 8)
    assert len(won(outcomes)) == 8
    assert len(set(won(outcomes))) == 1
    assert [reason for *_, reason in changes(hall)] == ["hold", "hold", "reserve", "reserve"]
    assert_books_are_right()


def test_confirm_of_a_hold_that_ended_sells_nothing() -> None:
    hall, ann = make_event(seats=2), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    let_hold_end(hall, held, seconds_ago=0)
    with refused(HoldExpired) as refusal:
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids)
    assert refusal.value.data["expired_at"] == reservation_row(hall, held).expires_at.isoformat()


def test_confirm_of_a_hold_that_ended_while_it_waited_sells_nothing(app: Flask) -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    with db.engine.connect() as other:
        other.execute(text("SELECT FROM seat WHERE id = :id FOR NO KEY UPDATE"), {"id": hall.seat_ids[0]})
        with begun(
            app, lambda: confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
        ) as confirmed:
            until_waiting()
            # Later than the beginning of the transaction that confirms, and before its judgement.
            other.execute(
                text("UPDATE reservation SET expires_at = clock_timestamp() WHERE id = :id"), {"id": held}
            )
            other.execute(text("UPDATE seat SET held_until = r.expires_at FROM reservation r WHERE r.id = :id"
                               " AND seat.reservation_id = r.id"), {"id": held})  # fmt: skip
            other.commit()
    assert isinstance(confirmed.exception(), HoldExpired)
    assert statuses(hall) == ["held"]


def test_confirm_after_a_part_of_the_basket_was_lost_to_somebody_else_sells_nothing() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    let_hold_end(hall, held)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ben)
    with refused(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=ben)
    with refused(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)


def test_confirm_of_a_basket_that_was_given_back_or_cancelled_sells_nothing() -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    release_hold(hall.event_id, holder=ann)
    with refused(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)

    bought = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)
    with refused(HoldExpired):
        confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)


def test_confirm_sells_exactly_what_the_person_saw() -> None:
    hall, ann = make_event(seats=3), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=ann).reservation_id
    for seen in (hall.seat_ids[:1], hall.seat_ids, hall.seat_ids[1:], ()):
        with refused(BasketChanged):
            confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=seen)

    release_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann)
    with refused(BasketChanged):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=hall.seat_ids[:2])


def test_a_seat_added_in_another_window_is_never_sold_unseen(app: Flask) -> None:
    ann = make_holder()
    refusals = 0
    for _ in range(20):
        hall = make_event(seats=2)
        held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=ann).reservation_id
        confirmed, _added = race(
            app,
            partial(
                confirm_reservation,
                hall.event_id,
                reservation_id=held,
                holder=ann,
                seat_ids=hall.seat_ids[:1],
            ),
            partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[1:], holder=ann),
        )
        lost([confirmed], BasketChanged)
        refusals += isinstance(confirmed, BasketChanged)
        # The second seat is held either way; it is in the old basket, or in a new one beside the purchase.
        assert statuses(hall) == (
            ["held", "held"] if isinstance(confirmed, BasketChanged) else ["reserved", "held"]
        )
    assert_books_are_right()


def test_only_the_holder_can_confirm() -> None:
    hall, other, ann, ben = make_event(seats=1), make_event(seats=1), make_holder(), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    with refused(NotFound):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ben)
    with refused(NotFound):
        confirm_reservation(other.event_id, reservation_id=held, holder=ann)


@pytest.mark.parametrize("impossible", IMPOSSIBLE_IDS)
def test_confirm_and_cancel_find_nothing_by_an_impossible_id(impossible: int) -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    for act in (confirm_reservation, cancel_reservation):
        with refused(NotFound):
            act(hall.event_id, reservation_id=impossible, holder=ann)
        with refused(NotFound):
            act(impossible, reservation_id=held, holder=ann)
    with refused(BasketChanged):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann, seat_ids=[impossible])


def test_what_is_held_when_the_sale_ends_can_still_be_bought() -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    change_event(hall, on_sale_until=func.clock_timestamp())
    assert confirm_reservation(hall.event_id, reservation_id=held, holder=ann).seat_ids == hall.seat_ids


def test_nothing_of_a_cancelled_event_can_be_bought() -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    change_event(hall, status="cancelled")
    with refused(SaleClosed):
        confirm_reservation(hall.event_id, reservation_id=held, holder=ann)


# Cancel


def _bought(hall: Hall, holder: object) -> int:
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=holder).reservation_id  # type: ignore[arg-type]
    return confirm_reservation(hall.event_id, reservation_id=held, holder=holder).reservation_id  # type: ignore[arg-type]


def test_cancel_puts_the_seats_on_sale_again_at_once() -> None:
    hall, ann, ben = make_event(seats=2), make_holder("ann"), make_holder()
    bought = _bought(hall, ann)

    result = cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)

    assert result.seat_ids == hall.seat_ids
    assert reservation_row(hall, bought).status == "cancelled"
    assert claims(hall, hall.seat_ids[0]) == [(bought, "cancelled")]
    assert changes(hall)[4:] == [(seat_id, "reserved", "available", "cancel") for seat_id in hall.seat_ids]
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ben)
    assert_books_are_right()


def test_cancel_repeated_changes_nothing_even_when_the_seats_are_somebody_elses() -> None:
    hall, ann, ben = make_event(seats=2), make_holder(), make_holder()
    bought = _bought(hall, ann)
    cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)
    _bought(hall, ben)
    with nothing_changes():
        assert cancel_reservation(hall.event_id, reservation_id=bought, holder=ann).seat_ids == ()


def test_cancel_sent_twice_at_the_same_moment_frees_the_seats_once(app: Flask) -> None:
    hall, ann = make_event(seats=2), make_holder()
    bought = _bought(hall, ann)
    outcomes = race(app, *[lambda: cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)] * 6)
    assert sorted(result.seat_ids for result in won(outcomes)) == [(), (), (), (), (), hall.seat_ids]
    assert_books_are_right()


def test_cancel_is_only_for_what_was_bought() -> None:
    hall, ann = make_event(seats=1), make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=ann).reservation_id
    with refused(WrongState) as refusal:
        cancel_reservation(hall.event_id, reservation_id=held, holder=ann)
    assert refusal.value.data == {"state": "held"}
    release_hold(hall.event_id, holder=ann)
    with refused(WrongState):
        cancel_reservation(hall.event_id, reservation_id=held, holder=ann)


def test_nobody_but_the_buyer_and_the_staff_can_cancel() -> None:
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    bought = _bought(hall, ann)
    with refused(NotFound):
        cancel_reservation(hall.event_id, reservation_id=bought, holder=ben)
    cancel_reservation(hall.event_id, reservation_id=bought, holder=None)
    assert statuses(hall) == ["available"]


@pytest.mark.parametrize(
    ("seconds_to_start", "deadline_seconds", "allowed"),
    [(60, 0, True), (60, 30, True), (60, 90, False), (-60, 0, False), (60, None, False)],
)
def test_buyers_can_cancel_until_the_events_deadline(
    seconds_to_start: int, deadline_seconds: int | None, allowed: bool
) -> None:
    hall, ann = make_event(seats=1, cancel_seconds_before_start=deadline_seconds), make_holder()
    bought = _bought(hall, ann)
    change_event(hall, starts_at=func.clock_timestamp() + timedelta(seconds=seconds_to_start))
    if allowed:
        cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)
        assert statuses(hall) == ["available"]
    else:
        with refused(TooLateToCancel):
            cancel_reservation(hall.event_id, reservation_id=bought, holder=ann)


@pytest.mark.parametrize(("minutes_to_slot", "allowed"), [(90, True), (30, False)])
def test_the_deadline_of_a_time_slot_counts_from_the_slot_and_not_from_the_season(
    minutes_to_slot: int, allowed: bool
) -> None:
    hall, ann = make_event(cancel_seconds_before_start=3_600), make_holder()
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(minutes=minutes_to_slot)])
    held = hold_seats(hall.event_id, seat_ids=[slot], holder=ann)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
    change_event(hall, starts_at=func.clock_timestamp() - timedelta(days=3))

    if allowed:
        cancel_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)
        assert seat_row(hall, slot).status == "available"
    else:
        with refused(TooLateToCancel):
            cancel_reservation(hall.event_id, reservation_id=held.reservation_id, holder=ann)


@pytest.mark.parametrize("is_seat_late", [True, False])
def test_each_place_has_a_deadline_of_its_own(is_seat_late: bool) -> None:
    hall, ann = make_event(seats=1, cancel_seconds_before_start=3_600), make_holder()
    soon, later = (func.clock_timestamp() + timedelta(minutes=minutes) for minutes in (30, 90))
    (slot,) = make_slots(hall, starts=[database_clock() + timedelta(minutes=90 if is_seat_late else 30)])
    held = hold_seats(hall.event_id, seat_ids=[slot, hall.seat_ids[0]], holder=ann)
    bought = held.reservation_id
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ann)
    change_event(hall, starts_at=soon if is_seat_late else later)
    late, open_ = (hall.seat_ids[0], slot) if is_seat_late else (slot, hall.seat_ids[0])

    for refused_ids in (None, [late], [late, open_]):
        with refused(TooLateToCancel):
            cancel_order(hall.event_id, reservation_id=bought, holder=ann, seat_ids=refused_ids)
    cancel_order(hall.event_id, reservation_id=bought, holder=ann, seat_ids=[open_])
    assert (seat_row(hall, open_).status, seat_row(hall, late).status) == ("available", "reserved")
    assert_books_are_right()


def test_staff_cancel_after_the_deadline_and_it_is_on_the_record() -> None:
    hall, ann, staff = (
        make_event(seats=1, cancel_seconds_before_start=None),
        make_holder(),
        make_holder("sue"),
    )
    bought = _bought(hall, ann)
    cancel_reservation(hall.event_id, reservation_id=bought, holder=None, actor_user_id=staff.user_id)
    actor = db.session.execute(text("SELECT actor_user_id FROM seat_change WHERE reason = 'cancel'"))
    assert actor.scalar_one() == staff.user_id
    assert_books_are_right()


def test_cancel_and_the_next_buyer_never_both_have_the_seat(app: Flask) -> None:
    ann, ben = make_holder(), make_holder()
    for _ in range(15):
        hall = make_event(seats=2)
        bought = _bought(hall, ann)
        cancelled, held = race(
            app,
            partial(cancel_reservation, hall.event_id, reservation_id=bought, holder=ann),
            partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids[::-1], holder=ben),
        )
        assert not isinstance(cancelled, Exception)
        lost([held], SeatsTaken)
        expected = "available" if isinstance(held, SeatsTaken) else "held"
        assert statuses(hall) == [expected, expected]
    assert_books_are_right()
