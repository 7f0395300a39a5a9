from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    ConfirmResult,
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
)
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.queries.event_page import EventPage, load_event_page, load_event_parts
from seatbook.queries.figures import Figures
from tests.factories import Hall, change_event, let_hold_end, make_area, make_event, make_holder, make_slots
from tests.query_count import statements

pytestmark = pytest.mark.usefixtures("app_context")


def page_of(hall: Hall, holder_id: int | None = None) -> EventPage:
    db.session.rollback()
    return load_event_page(hall.event_id, holder_id=holder_id)


def buy(hall: Hall, *seat_ids: int, holder: HolderRef) -> ConfirmResult:
    held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder)
    return confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)


def states(page: EventPage) -> list[str]:
    return [seat.status for seat in page.seats]


def test_every_state_is_shown_as_the_viewer_sees_it() -> None:
    hall = make_event(seats=6)
    me, other = make_holder(), make_holder()
    buy(hall, hall.seat_ids[4], holder=me)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=me)
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[2]], holder=other)
    buy(hall, hall.seat_ids[3], holder=make_holder())
    block_seats(hall.event_id, seat_ids=[hall.seat_ids[5]], reason="camera", actor_user_id=None)

    mine = page_of(hall, me.holder_id)
    assert states(mine) == ["available", "mine", "held", "reserved", "reserved", "blocked"]
    assert [seat.own for seat in mine.seats] == [False, True, False, False, True, False]
    assert mine.figures == Figures(available=1, held=2, reserved=2, blocked=1)

    strangers = page_of(hall)
    assert states(strangers) == ["available", "held", "held", "reserved", "reserved", "blocked"]
    assert not any(seat.own for seat in strangers.seats)
    assert strangers.figures == mine.figures


def test_a_hold_that_has_ended_is_available_everywhere_before_any_sweep() -> None:
    hall = make_event(seats=2)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=me)
    let_hold_end(hall, held.reservation_id)

    for viewer in (None, me.holder_id):
        page = page_of(hall, viewer)
        assert states(page) == ["available", "available"]
        assert page.figures == Figures(available=2)
        assert page.sale == "on_sale"


def test_the_basket_holds_what_was_picked_with_its_price_and_time() -> None:
    hall = make_event(seats=3, price_minor=4500, hold_ttl_seconds=300)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)

    basket = page_of(hall, me.holder_id).basket
    assert basket.state == "open"
    assert basket.reservation_id == held.reservation_id
    assert basket.seat_ids == hall.seat_ids[:2]
    assert basket.total_minor == 9000
    assert basket.until == held.expires_at
    assert 290 < basket.seconds_left <= 300
    assert page_of(hall, make_holder().holder_id).basket.state == "empty"


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_basket_that_ended_says_what_could_be_taken_back(is_swept: bool) -> None:
    hall = make_event(seats=3)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=me)
    let_hold_end(hall, held.reservation_id)
    if is_swept:
        sweep_expired_holds(batch=10, trigger="command")
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=make_holder())

    basket = page_of(hall, me.holder_id).basket
    assert basket.state == "ended"
    assert basket.seat_ids == ()
    assert [line.seat_id for line in basket.lines] == list(hall.seat_ids[:2])
    assert [line.seat_id for line in basket.free_again] == [hall.seat_ids[0]]


def test_a_basket_that_ended_long_ago_or_was_given_back_is_forgotten() -> None:
    hall = make_event(seats=2)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[0]], holder=me)
    let_hold_end(hall, held.reservation_id, seconds_ago=3600)
    assert page_of(hall, me.holder_id).basket.state == "empty"

    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[1]], holder=me)
    release_hold(hall.event_id, holder=me)
    assert page_of(hall, me.holder_id).basket.state == "empty"


def test_what_was_bought_before_is_named_and_what_was_cancelled_is_not() -> None:
    hall = make_event(seats=2)
    me = make_holder("alice")
    bought = buy(hall, hall.seat_ids[0], holder=me)
    assert page_of(hall, me.holder_id).basket.references == (f"{hall.event_id}-{bought.code}",)

    cancel_reservation(hall.event_id, reservation_id=bought.reservation_id, holder=me)
    assert page_of(hall, me.holder_id).basket.references == ()


def test_alike_places_are_counted_and_not_listed() -> None:
    hall = make_event(seats=2)
    area_id = make_area(hall, kind="standing", places=50, name="Floor")
    hold_quantity(hall.event_id, area_id=area_id, quantity=3, holder=make_holder())

    page = page_of(hall)
    assert [seat.id for seat in page.seats] == list(hall.seat_ids)
    floor = next(area for area in page.areas if area.id == area_id)
    assert page.figures_of(floor) == Figures(available=47, held=3)
    assert page.figures == Figures(available=49, held=3)
    assert [category.id for category in page.categories_of(floor)] == [hall.category_id]


def test_a_slot_is_a_seat_with_its_hours() -> None:
    hall = make_event()
    start = page_of(hall).event.starts_at
    (slot_id,) = make_slots(hall, starts=[start])
    (slot,) = page_of(hall).seats
    assert (slot.id, slot.starts_at, slot.ends_at) == (slot_id, start, start + timedelta(hours=1))


@pytest.mark.parametrize(
    ("fields", "sale"),
    [
        ({"status": "published"}, "on_sale"),
        ({"on_sale_from": func.clock_timestamp() + timedelta(hours=1)}, "not_yet"),
        ({"on_sale_until": func.clock_timestamp() - timedelta(seconds=1)}, "ended"),
        ({"status": "cancelled"}, "cancelled"),
    ],
)
def test_the_sale_has_a_state_by_the_databases_clock(fields: dict[str, object], sale: str) -> None:
    hall = make_event(seats=1)
    change_event(hall, **fields)
    assert page_of(hall).sale == sale


def test_an_event_is_sold_out_when_nothing_is_available() -> None:
    hall = make_event(seats=1)
    me = make_holder()
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=me)
    assert page_of(hall).sale == "sold_out"
    let_hold_end(hall, held.reservation_id)
    assert page_of(hall).sale == "on_sale"


def test_the_activity_names_acts_and_nobody() -> None:
    hall = make_event(seats=5)
    alice = make_holder("alice")
    buy(hall, *hall.seat_ids, holder=alice)

    newest, before = page_of(hall).activity
    assert (newest.reason, newest.count, newest.labels) == ("reserve", 5, ("A1", "A2", "A3"))
    assert (before.reason, before.count) == ("hold", 5)
    assert "alice" not in repr((newest, before))


def test_parts_are_the_page_with_only_some_seats() -> None:
    hall = make_event(seats=4)
    me = make_holder()
    hold_seats(hall.event_id, seat_ids=[hall.seat_ids[2]], holder=me)
    parts = load_event_parts(hall.event_id, holder_id=me.holder_id, seat_ids=[hall.seat_ids[2]])
    assert [(seat.id, seat.status) for seat in parts.seats] == [(hall.seat_ids[2], "mine")]
    assert parts.figures == page_of(hall).figures


def test_a_draft_and_a_missing_event_look_the_same() -> None:
    hall = make_event(seats=1, status="draft")
    for event_id in (hall.event_id, hall.event_id + 1_000_000):
        with pytest.raises(NotFound):
            load_event_page(event_id, holder_id=None)


@pytest.mark.parametrize("is_open", [False, True])
def test_the_number_of_queries_does_not_depend_on_the_number_of_seats(is_open: bool) -> None:
    counts = []
    for seats in (40, 1_500):
        hall = make_event(seats=seats)
        me = make_holder()
        if is_open:
            hold_seats(hall.event_id, seat_ids=hall.seat_ids[:8], holder=me)
        db.session.rollback()
        with statements() as sent:
            page = load_event_page(hall.event_id, holder_id=me.holder_id)
        assert len(page.seats) == seats
        counts.append(len(sent))
    assert counts == [6 + is_open, 6 + is_open]


def test_the_viewer_knows_how_many_places_of_the_event_they_have() -> None:
    hall = make_event(seats=6)
    me = make_holder()
    buy(hall, *hall.seat_ids[:2], holder=me)
    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:5], holder=me)
    assert page_of(hall, me.holder_id).viewer.places == 5
    let_hold_end(hall, held.reservation_id)
    assert page_of(hall, me.holder_id).viewer.places == 2
    assert page_of(hall).viewer.places == 0
