"""Slots made ahead by a timetable: as it says, whatever was there, and never at the cost of who has one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from seatbook.domain.event_places import Slot
from seatbook.domain.events import CreatedEvent, NewShow, NewVenue, SaleTerms, create_event
from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats, release_seats
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout
from seatbook.domain.timetable import Rule, Timetable, closed_on, open_on
from seatbook.domain.timetables import (
    GeneratedSlots,
    Room,
    RoomSlots,
    close_day,
    generate_all_slots,
    generate_slots,
    set_room,
)
from seatbook.errors import InvalidInput, NotFound, WrongState
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Seat
from tests.factories import database_clock, let_hold_end, make_event, make_holder
from tests.invariants import assert_books_are_right
from tests.race import race
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")

ZONE = ZoneInfo("Europe/Dublin")
LAYOUT = PlanLayout(
    (PlanCategory("Off-peak", 1), PlanCategory("Peak", 2)),
    (PlanArea("slots", "Vault", category="Off-peak"),),
)
EVERY_DAY = Rule((time(10), time(12), time(18)), timedelta(hours=1))
ALWAYS = Timetable((EVERY_DAY,))


def today() -> date:
    return database_clock().astimezone(ZONE).date()


def make_room(timetable: Timetable | None = ALWAYS, **fields: object) -> CreatedEvent:
    """An event with one room, "Vault", whose timetable has 10, 12 and 18 o'clock."""
    now = database_clock()
    wanted: dict[str, Any] = {
        "layout": LAYOUT,
        "starts_at": now,
        "ends_at": now + timedelta(hours=1),
        "status": "published",
        **fields,
    }
    return create_event(
        show=NewShow("Seven Locks", "escape_room"),
        venue=NewVenue(f"Row {now.timestamp()}", "", "Europe/Dublin"),
        currency="EUR",
        prices={"Off-peak": 7000, "Peak": 9000},
        terms=SaleTerms(max_seats=20),
        rooms={"Vault": Room(timetable, party=(2, 6))},
        **wanted,
    )


def slots(event: CreatedEvent, *, gone: bool = False) -> dict[datetime, tuple[str, str]]:
    """Start at the wall → (status, category) of the slots to come, without those that a timetable took out."""
    db.session.rollback()
    rows = db.session.execute(
        select(Seat.starts_at, Seat.status, Category.name, Seat.blocked_reason)
        .join(Category, (Category.event_id == Seat.event_id) & (Category.id == Seat.category_id))
        .where(Seat.event_id == event.event_id, Seat.starts_at > func.clock_timestamp())
        .order_by(Seat.starts_at)
    )
    return {
        row.starts_at.astimezone(ZONE).replace(tzinfo=None): (row.status, row.name)
        for row in rows
        if gone or row.blocked_reason != "removed by plan"
    }


def at(day: int, hour: int) -> datetime:
    return datetime.combine(today() + timedelta(days=day), time(hour))


def slot_id(event: CreatedEvent, start: datetime) -> int:
    db.session.rollback()
    found = db.session.scalar(
        select(Seat.id).where(Seat.event_id == event.event_id, Seat.starts_at == start.replace(tzinfo=ZONE))
    )
    assert found
    return found


def change(event: CreatedEvent, timetable: Timetable) -> RoomSlots:
    set_room(event.event_id, area_id=event.area_ids["Vault"], room=Room(timetable))
    (room,) = generate_slots(event.event_id)
    return room


def hours_of(event: CreatedEvent, day: int) -> list[int]:
    return [start.hour for start in slots(event) if start.date() == today() + timedelta(days=day)]


def test_an_event_with_a_room_has_slots_for_sixty_days() -> None:
    event = make_room()
    days = {start.date() for start in slots(event)}
    assert max(days) == today() + timedelta(days=60)
    assert hours_of(event, 1) == hours_of(event, 60) == [10, 12, 18]
    assert event.places == len(slots(event))
    row = db.session.execute(select(Event.ends_at, Event.on_sale_until)).one()
    assert row.ends_at.astimezone(ZONE).replace(tzinfo=None) == at(60, 19)
    assert row.on_sale_until == row.ends_at


def test_a_room_that_opens_later_has_its_first_slot_then_and_sixty_days_more() -> None:
    opens = at(90, 12).replace(tzinfo=ZONE)
    event = make_room(starts_at=opens, ends_at=opens + timedelta(hours=1))
    assert min(slots(event)) == at(90, 12)
    assert hours_of(event, 90) == [12, 18]
    assert hours_of(event, 91) == hours_of(event, 150) == [10, 12, 18]
    assert max(slots(event)) == at(150, 18)
    with nothing_changes():
        generate_slots(event.event_id)


def test_slots_before_the_start_go_and_who_has_one_is_told() -> None:
    """As of an event that was made when slots could still be before it."""
    event = make_room()
    ann, ben = make_holder("ann"), make_holder("ben")
    sold, held = (slot_id(event, at(4, hour)) for hour in (10, 12))
    bought = hold_seats(event.event_id, seat_ids=[sold], holder=ann).reservation_id
    confirm_reservation(event.event_id, reservation_id=bought, holder=ann)
    hold_seats(event.event_id, seat_ids=[held], holder=ben)
    db.session.execute(update(Event).values(starts_at=at(5, 11).replace(tzinfo=ZONE)))
    db.session.commit()
    early = [start for start in slots(event) if start < at(5, 11)]
    (room,) = generate_slots(event.event_id)
    assert room.withdrawn == len(early) - 2
    assert [(kept.seat_id, kept.status) for kept in room.kept] == [(sold, "reserved"), (held, "held")]
    assert [start for start in slots(event) if start < at(5, 11)] == [at(4, 10), at(4, 12)]
    assert hours_of(event, 5) == [12, 18]
    assert_books_are_right()


def test_a_second_run_changes_nothing() -> None:
    event = make_room()
    with nothing_changes():
        (again,) = generate_slots(event.event_id)
    assert (again.added, again.changed, again.withdrawn, again.kept, again.in_the_way) == (0, 0, 0, (), ())


def test_more_days_are_more_slots_and_fewer_take_none_away() -> None:
    event = make_room()
    before = slots(event)
    (more,) = generate_slots(event.event_id, days=62)
    assert more.added == 6
    (fewer,) = generate_slots(event.event_id, days=3)
    assert (fewer.added, fewer.withdrawn) == (0, 0)
    assert len(slots(event)) == len(before) + 6


def test_two_runs_at_once_make_each_slot_once(app: Flask) -> None:
    event = make_room(Timetable((Rule((time(10),), timedelta(hours=1)),)))
    set_room(
        event.event_id,
        area_id=event.area_ids["Vault"],
        room=Room(Timetable((Rule(tuple(time(h) for h in range(8, 22)), timedelta(hours=1)),))),
    )
    barrier = Barrier(4)

    def run() -> int:
        with app.app_context():
            barrier.wait()
            return generate_slots(event.event_id)[0].added

    with ThreadPoolExecutor(4) as pool:
        added = [future.result() for future in [pool.submit(run) for _ in range(4)]]
    assert sorted(added)[:3] == [0, 0, 0]
    assert hours_of(event, 5) == list(range(8, 22))


def test_a_closed_day_loses_its_free_slots_and_tells_who_has_one() -> None:
    event = make_room()
    ann, ben = make_holder("ann"), make_holder("ben")
    sold, held, lapsed, tried = (slot_id(event, at(5, h)) for h in (10, 12, 18, 18))
    bought = hold_seats(event.event_id, seat_ids=[sold], holder=ann).reservation_id
    confirm_reservation(event.event_id, reservation_id=bought, holder=ann)
    hold_seats(event.event_id, seat_ids=[held], holder=ben)
    hold_seats(event.event_id, seat_ids=[tried], holder=ann)
    release_seats(event.event_id, seat_ids=[lapsed], holder=ann)
    closed = closed_on(ALWAYS, today() + timedelta(days=5), reason="Repairs")
    room = change(event, closed)
    assert room.withdrawn == 1
    assert [(kept.seat_id, kept.status) for kept in room.kept] == [(sold, "reserved"), (held, "held")]
    assert [slots(event)[at(5, h)][0] for h in (10, 12)] == ["reserved", "held"]
    assert hours_of(event, 5) == [10, 12]
    # Its row stays for its history, and is not for sale.
    assert slots(event, gone=True)[at(5, 18)] == ("blocked", "Off-peak")
    assert_books_are_right()
    # The day is open again: the same slot, and not another one at its time.
    again = change(event, open_on(closed, today() + timedelta(days=5)))
    assert (again.added, again.kept) == (1, ())
    assert slot_id(event, at(5, 18)) == tried
    assert hours_of(event, 5) == [10, 12, 18]


def test_days_that_are_closed_at_the_same_time_are_all_closed(app: Flask) -> None:
    event = make_room()
    days = [today() + timedelta(days=nth) for nth in range(1, 9)]
    area_id = event.area_ids["Vault"]
    race(app, *(partial(close_day, event.event_id, area_id=area_id, day=day) for day in days))
    timetable = db.session.scalars(select(Area.timetable).where(Area.id == area_id)).one()
    assert timetable is not None
    assert [closed["date"] for closed in timetable["exceptions"]] == [day.isoformat() for day in days]
    race(app, *(partial(close_day, event.event_id, area_id=area_id, day=day, reopen=True) for day in days))
    db.session.rollback()
    timetable = db.session.scalars(select(Area.timetable).where(Area.id == area_id)).one()
    assert timetable is not None
    assert timetable.get("exceptions", []) == []


def test_a_slot_that_nobody_ever_had_goes_without_a_trace() -> None:
    event = make_room()
    change(event, closed_on(ALWAYS, today() + timedelta(days=5)))
    assert not [start for start in slots(event, gone=True) if start.date() == at(5, 0).date()]


def test_a_hold_that_is_over_keeps_no_slot() -> None:
    event = make_room()
    hall = replace(make_event(), event_id=event.event_id)
    held = hold_seats(event.event_id, seat_ids=[slot_id(event, at(5, 10))], holder=make_holder("ann"))
    let_hold_end(hall, held.reservation_id)
    room = change(event, closed_on(ALWAYS, today() + timedelta(days=5)))
    assert (room.withdrawn, room.kept) == (3, ())
    assert_books_are_right()


def test_other_times_move_around_who_has_one() -> None:
    event = make_room()
    ann = make_holder("ann")
    sold = slot_id(event, at(5, 10))
    bought = hold_seats(event.event_id, seat_ids=[sold], holder=ann).reservation_id
    confirm_reservation(event.event_id, reservation_id=bought, holder=ann)
    half_past = Timetable((Rule((time(10, 30), time(12, 30)), timedelta(hours=1)),))
    room = change(event, half_past)
    assert [kept.seat_id for kept in room.kept] == [sold]
    assert [start.astimezone(ZONE).replace(tzinfo=None) for start in room.in_the_way] == [
        at(5, 10).replace(minute=30)
    ]
    assert [f"{start:%H:%M}" for start in slots(event) if start.date() == at(5, 0).date()] == [
        "10:00",
        "12:30",
    ]
    assert [f"{start:%H:%M}" for start in slots(event) if start.date() == at(6, 0).date()] == [
        "10:30",
        "12:30",
    ]


def test_other_times_come_where_a_slot_with_a_history_was() -> None:
    event = make_room()
    ann = make_holder("ann")
    tried = slot_id(event, at(5, 10))
    hold_seats(event.event_id, seat_ids=[tried], holder=ann)
    release_seats(event.event_id, seat_ids=[tried], holder=ann)
    change(event, Timetable((Rule((time(10, 30),), timedelta(hours=1)),)))
    assert [f"{start:%H:%M}" for start in slots(event) if start.date() == at(5, 0).date()] == ["10:30"]


def test_a_longer_slot_at_another_price_is_the_same_slot_for_whoever_has_none() -> None:
    event = make_room()
    ann = make_holder("ann")
    sold, free = slot_id(event, at(5, 10)), slot_id(event, at(6, 10))
    hold_seats(event.event_id, seat_ids=[sold], holder=ann)
    room = change(event, Timetable((replace(EVERY_DAY, duration=timedelta(minutes=90), category="Peak"),)))
    assert room.changed == len(slots(event)) - 1
    assert [(kept.seat_id, kept.status) for kept in room.kept] == [(sold, "held")]
    assert slots(event)[at(5, 10)] == ("held", "Off-peak")
    assert slots(event)[at(6, 10)] == ("available", "Peak")
    db.session.rollback()
    lasts = dict(
        db.session.execute(
            select(Seat.id, Seat.ends_at - Seat.starts_at).where(Seat.id.in_([sold, free]))
        ).all()
    )
    assert lasts == {sold: timedelta(hours=1), free: timedelta(minutes=90)}


def test_another_price_alone_is_no_word_worth_to_whoever_has_the_slot() -> None:
    event = make_room()
    hold_seats(event.event_id, seat_ids=[slot_id(event, at(5, 10))], holder=make_holder("ann"))
    assert change(event, Timetable((replace(EVERY_DAY, category="Peak"),))).kept == ()


def test_what_staff_took_off_sale_stays_off_sale() -> None:
    event = make_room()
    blocked = slot_id(event, at(5, 10))
    block_seats(event.event_id, seat_ids=[blocked], reason="A birthday", actor_user_id=None)
    with nothing_changes():
        generate_slots(event.event_id)
    change(event, Timetable((replace(EVERY_DAY, category="Peak"),)))
    assert slots(event)[at(5, 10)] == ("blocked", "Peak")


def test_what_runs_now_is_waited_for() -> None:
    event = make_room(None)
    now = database_clock()
    begun = now - timedelta(minutes=30)
    db.session.execute(
        insert(Seat).values(
            event_id=event.event_id,
            area_id=event.area_ids["Vault"],
            category_id=event.category_ids["Peak"],
            starts_at=begun,
            ends_at=now + timedelta(hours=30),
        )
    )
    db.session.commit()
    room = change(event, ALWAYS)
    assert room.in_the_way
    assert min(slots(event)) >= (now + timedelta(hours=30)).astimezone(ZONE).replace(tzinfo=None)


@pytest.mark.parametrize("stops", [False, True])
def test_a_sale_that_was_to_stop_stops(stops: bool) -> None:
    event = make_room(None)
    if stops:
        db.session.execute(update(Event).values(on_sale_until=database_clock() + timedelta(minutes=20)))
        db.session.commit()
    change(event, ALWAYS.priced("Peak"))
    row = db.session.execute(select(Event.ends_at, Event.on_sale_until)).one()
    assert (row.on_sale_until < row.ends_at) is stops


def test_an_evening_with_tours_ends_when_it_ends() -> None:
    now = database_clock()
    ends = now + timedelta(days=14)
    layout = PlanLayout(
        LAYOUT.categories,
        (*LAYOUT.areas, PlanArea("standing", "Floor", category="Peak", capacity=2)),
    )
    event = make_room(layout=layout, starts_at=ends - timedelta(hours=2), ends_at=ends)
    for days in (60, 90):
        generate_slots(event.event_id, days=days)
        made = slots(event)
        assert max(made).date() >= today() + timedelta(days=13)
        # Nor do they wait for the evening to begin.
        assert min(made).date() <= today() + timedelta(days=1)
        assert all(start.replace(tzinfo=ZONE) + timedelta(hours=1) <= ends for start in made)
        row = db.session.execute(select(Event.starts_at, Event.ends_at, Event.on_sale_until)).one()
        assert tuple(row) == (ends - timedelta(hours=2), ends, ends - timedelta(hours=2))


def test_all_events_are_cared_for_and_a_broken_one_stops_nobody() -> None:
    first, broken, last = make_room(None), make_room(), make_room(None)
    for event in (first, last):
        set_room(event.event_id, area_id=event.area_ids["Vault"], room=Room(ALWAYS.priced("Peak")))
    db.session.execute(
        update(Category).where(Category.event_id == broken.event_id).values(name=Category.name + "!")
    )
    db.session.commit()
    done: GeneratedSlots = generate_all_slots(days=2)
    assert {room.event_id for room in done.rooms} == {first.event_id, last.event_id}
    assert list(done.failed) == [broken.event_id]


def test_a_cancelled_event_gets_no_more_slots() -> None:
    event = make_room()
    db.session.execute(update(Event).values(status="cancelled"))
    db.session.commit()
    with pytest.raises(WrongState):
        generate_slots(event.event_id)
    assert generate_all_slots() == GeneratedSlots((), {})


def refused_rooms() -> Sequence[tuple[Room, str]]:
    return (
        (Room(party=(0, 4)), "A room takes from 1"),
        (Room(party=(5, 4)), "A room takes from 1"),
        (Room(party=(1, 1001)), "A room takes from 1"),
        (Room(price_per="hour"), "A price is for a slot"),
        (Room(Timetable((replace(EVERY_DAY, category="Gold"),))), "There is no category “Gold” here"),
        (Room(ALWAYS), "Please say for each rule which category's price it has"),
    )


@pytest.mark.parametrize(("room", "said"), refused_rooms())
def test_a_room_that_cannot_be_is_refused(room: Room, said: str) -> None:
    event = make_room(None)
    with nothing_changes(), pytest.raises(InvalidInput) as refusal:
        set_room(event.event_id, area_id=event.area_ids["Vault"], room=room)
    assert said in str(refusal.value)


def test_only_a_room_has_a_timetable() -> None:
    hall = make_event(seats=1)
    with nothing_changes():
        with pytest.raises(InvalidInput):
            set_room(hall.event_id, area_id=hall.area_id, room=Room(ALWAYS))
        with pytest.raises(NotFound):
            set_room(hall.event_id, area_id=0, room=Room(party=(1, 2)))
        with pytest.raises(NotFound):
            generate_slots(0)
        with pytest.raises(InvalidInput):
            generate_slots(hall.event_id, days=731)
    assert generate_slots(hall.event_id) == ()


def test_a_slot_is_given_or_made_by_a_timetable_and_not_both() -> None:
    now = database_clock()
    given: list[Slot] = [(now + timedelta(hours=1), now + timedelta(hours=2))]
    with pytest.raises(InvalidInput):
        make_room(slots={"Vault": given})


def test_a_room_without_a_timetable_has_no_slots_yet() -> None:
    event = make_room(None)
    assert event.places == 0
    assert generate_slots(event.event_id) == ()
    assert db.session.scalar(select(Area.min_party)) == 2
