from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    cancel_reservation,
    confirm_reservation,
    hold_seats,
    release_seats,
)
from seatbook.domain.orders import cancel_order
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import Reservation, Seat
from seatbook.queries.reservations import ReservationView, load_reservation, reservations_of
from tests.factories import (
    Hall,
    change_event,
    database_clock,
    let_hold_end,
    make_event,
    make_holder,
    make_slots,
)
from tests.query_count import statements

pytestmark = pytest.mark.usefixtures("app_context")


def buy(hall: Hall, *seat_ids: int, holder: HolderRef) -> str:
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
    return confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder).code


def load(hall: Hall, code: str, holder: HolderRef) -> ReservationView:
    db.session.rollback()
    return load_reservation(hall.event_id, code=code, holder_id=holder.holder_id)


def test_a_reservation_tells_its_places_prices_and_event() -> None:
    hall = make_event(seats=3, price_minor=4500)
    alice = make_holder("alice")
    code = buy(hall, *hall.seat_ids[:2], holder=alice)

    found = load(hall, code, alice)
    assert found.reference == f"{hall.event_id}-{code}"
    assert (found.status, found.total_minor, found.place_count) == ("confirmed", 9000, 2)
    assert [(place.row_label, place.number, place.price_minor) for place in found.places] == [
        ("A", "1", 4500),
        ("A", "2", 4500),
    ]
    assert found.can_cancel
    assert found.cancel_until == found.starts_at


def test_a_seat_that_was_cancelled_alone_is_not_part_of_it_any_more() -> None:
    hall, alice = make_event(seats=3, price_minor=4500), make_holder("alice")
    code = buy(hall, *hall.seat_ids, holder=alice)
    found = load(hall, code, alice)
    cancel_order(hall.event_id, reservation_id=found.id, holder=alice, seat_ids=hall.seat_ids[:1])
    found = load(hall, code, alice)
    assert (found.status, found.total_minor, found.place_count) == ("confirmed", 9000, 2)
    assert [place.number for place in found.places] == ["2", "3"]
    assert [(r.place_count, r.total_minor) for r in reservations_of(alice.holder_id)] == [(2, 9000)]
    # Of one that is over, all is told that it had been.
    cancel_order(hall.event_id, reservation_id=found.id, holder=alice)
    found = load(hall, code, alice)
    assert (found.status, found.total_minor, found.place_count) == ("cancelled", 13_500, 3)


def test_what_was_given_back_before_buying_is_not_part_of_it() -> None:
    hall = make_event(seats=3, price_minor=4500)
    alice = make_holder("alice")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=alice)
    release_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=alice)
    code = buy(hall, hall.seat_ids[0], holder=alice)
    assert [place.seat_id for place in load(hall, code, alice).places] == [hall.seat_ids[0], hall.seat_ids[2]]


def test_a_cancelled_reservation_keeps_what_it_was() -> None:
    hall = make_event(seats=2, price_minor=4500)
    alice = make_holder("alice")
    code = buy(hall, *hall.seat_ids, holder=alice)
    cancel_reservation(hall.event_id, reservation_id=load(hall, code, alice).id, holder=alice)

    found = load(hall, code, alice)
    assert (found.status, found.total_minor, found.place_count) == ("cancelled", 9000, 2)
    assert not found.can_cancel
    assert len(found.places) == 2


def test_somebody_elses_reservation_is_not_there() -> None:
    hall = make_event(seats=1)
    alice, bob = make_holder("alice"), make_holder("bob")
    code = buy(hall, hall.seat_ids[0], holder=alice)
    with pytest.raises(NotFound):
        load(hall, code, bob)
    with pytest.raises(NotFound):
        load(hall, "ZZZZZZ", alice)
    assert reservations_of(bob.holder_id) == ()


@pytest.mark.parametrize(
    ("deadline_seconds", "starts_in", "can_cancel"),
    [(0, 60, True), (3600, 7200, True), (3600, 1800, False), (None, 7200, False), (0, -60, False)],
)
def test_cancelling_is_possible_until_the_deadline(
    deadline_seconds: int | None, starts_in: int, can_cancel: bool
) -> None:
    hall = make_event(seats=1)
    alice = make_holder("alice")
    code = buy(hall, hall.seat_ids[0], holder=alice)
    starts_at = func.clock_timestamp() + timedelta(seconds=starts_in)
    change_event(
        hall,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        cancel_seconds_before_start=deadline_seconds,
    )
    assert load(hall, code, alice).can_cancel is can_cancel


def test_a_hold_whose_time_is_over_is_expired_before_any_sweep() -> None:
    hall = make_event(seats=1)
    alice = make_holder("alice")
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=alice)
    code = db.session.execute(
        db.select(Reservation.code).where(Reservation.id == held.reservation_id)
    ).scalar_one()
    assert load(hall, code, alice).status == "held"
    let_hold_end(hall, held.reservation_id)
    assert load(hall, code, alice).status == "expired"


def test_the_list_has_what_was_bought_and_not_what_was_only_held() -> None:
    alice = make_holder("alice")
    first, second, third = make_event(seats=1), make_event(seats=1), make_event(seats=1)
    buy(first, first.seat_ids[0], holder=alice)
    code = buy(second, second.seat_ids[0], holder=alice)
    cancel_reservation(second.event_id, reservation_id=load(second, code, alice).id, holder=alice)
    hold_seats(third.event_id, seat_ids=third.seat_ids, holder=alice)

    listed = reservations_of(alice.holder_id)
    assert [(r.event_id, r.status) for r in listed] == [
        (second.event_id, "cancelled"),
        (first.event_id, "confirmed"),
    ]


def test_the_list_is_one_query_however_long() -> None:
    alice = make_holder("alice")
    for _ in range(5):
        hall = make_event(seats=3)
        buy(hall, *hall.seat_ids, holder=alice)
    with statements() as sent:
        assert len(reservations_of(alice.holder_id)) == 5
    assert len(sent) == 1


def test_a_slot_says_when_to_come_where_the_event_lasts_for_weeks() -> None:
    hall = make_event()
    alice = make_holder("alice")
    now = database_clock()
    change_event(hall, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=13))
    past, coming = make_slots(hall, starts=[now + timedelta(hours=1), now + timedelta(hours=3)])
    bought = buy(hall, past, holder=alice)
    db.session.execute(
        update(Seat)
        .where(Seat.event_id == hall.event_id, Seat.id == past)
        .values(starts_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=2))
    )
    db.session.commit()
    done = load(hall, bought, alice)
    found = load(hall, buy(hall, coming, holder=alice), alice)
    assert found.whens == ((now + timedelta(hours=3), now + timedelta(hours=4)),)
    assert (done.is_past, found.is_past) == (True, False)
