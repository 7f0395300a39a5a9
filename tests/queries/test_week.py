"""A week of slots: what it shows, where the next free one is, and what that costs with ten thousand of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.queries.event_page import EventPage, load_event_page, load_week
from seatbook.queries.week import Outlook, Week
from tests.factories import (
    BERLIN,
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


def monday(weeks: int = 1) -> datetime:
    """The first hour of a week to come, by the clock at the venue."""
    now = database_clock().astimezone(BERLIN)
    return Week.of(now.date() + timedelta(weeks=weeks)).begins_at(BERLIN)


def room(*starts: datetime) -> tuple[Hall, tuple[int, ...]]:
    hall = make_event()
    change_event(hall, ends_at=database_clock() + timedelta(days=300))
    return hall, make_slots(hall, starts=starts)


def page_of(hall: Hall, week: Week | None = None, holder: HolderRef | None = None) -> EventPage:
    db.session.rollback()
    return load_event_page(hall.event_id, holder_id=holder.holder_id if holder else None, week=week)


def shown(page: EventPage) -> tuple[Week, list[int]]:
    assert page.weeks is not None
    return page.weeks.shown, [slot.id for slot in page.seats]


def outlook(page: EventPage) -> Outlook:
    assert page.weeks is not None
    return next(iter(page.weeks.outlooks.values()), Outlook())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-W48", date(2026, 11, 23)),
        ("2026-W53", date(2026, 12, 28)),
        ("2027-W01", date(2027, 1, 4)),
        ("2025-W01", date(2024, 12, 30)),
    ],
)
def test_a_week_is_read_and_written_as_iso_has_it(text: str, first: date) -> None:
    assert Week.parse(text) == Week(first) == Week.of(first + timedelta(days=6))
    assert str(Week.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "2026-W54", "2025-W53", "2026-W00", "2026-48", "9999-W01", "1999-W01", "٢٠٢٦-W48", "2026-W48 "],
)
def test_what_is_no_week_is_not_there(text: str) -> None:
    with pytest.raises(NotFound):
        Week.parse(text)


def test_without_a_week_the_next_free_slot_says_which() -> None:
    hall, slots = room(monday(1) + timedelta(hours=9), monday(2) + timedelta(hours=9))
    hold_seats(hall.event_id, seat_ids=slots[:1], holder=make_holder())
    page = page_of(hall)
    assert shown(page) == (Week(monday(2).date()), [slots[1]])
    assert outlook(page).next_free == monday(2) + timedelta(hours=9)


def test_where_nothing_is_free_it_is_this_week() -> None:
    hall, slots = room(monday(1))
    confirm(hall, slots[0])
    page = page_of(hall)
    assert page.weeks is not None
    assert (page.weeks.shown, page.seats) == (page.weeks.current, [])
    assert outlook(page) == Outlook(last=monday(1))


def confirm(hall: Hall, *slots: int) -> None:
    holder = make_holder()
    held = hold_seats(hall.event_id, seat_ids=slots, holder=holder)
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=holder)


def test_a_week_is_from_monday_to_sunday_at_the_venue() -> None:
    first, last = monday(2), monday(3) - timedelta(minutes=1)
    hall, slots = room(first - timedelta(hours=2), first, last - timedelta(hours=1), monday(3))
    # In Berlin it is Monday while it is still Sunday in London.
    assert first.astimezone(UTC).weekday() == 6
    assert shown(page_of(hall, Week(first.date())))[1] == list(slots[1:3])


def test_it_tells_the_next_free_slot_after_the_week_that_is_shown() -> None:
    hall, slots = room(*(monday(n) for n in (1, 2, 4)))
    week = Week(monday(2).date())
    assert outlook(page_of(hall, week)) == Outlook(monday(1), monday(4), monday(4))
    confirm(hall, slots[2])
    assert outlook(page_of(hall, week)) == Outlook(monday(1), None, monday(4))


def test_a_hold_that_ended_is_free_and_what_is_blocked_is_not() -> None:
    hall, slots = room(monday(1), monday(1) + timedelta(hours=2))
    held = hold_seats(hall.event_id, seat_ids=slots[1:], holder=make_holder())
    let_hold_end(hall, held.reservation_id)
    block_seats(hall.event_id, seat_ids=slots[:1], reason="A birthday", actor_user_id=None)
    page = page_of(hall)
    assert [slot.status for slot in page.seats] == ["blocked", "available"]
    assert outlook(page).next_free == monday(1) + timedelta(hours=2)


def test_what_is_over_is_not_read_and_not_counted() -> None:
    now = database_clock()
    begun = now - timedelta(minutes=30)
    hall, slots = room(now - timedelta(days=9), begun, now + timedelta(days=9))
    # In the first half hour of a week that is the week before.
    page = page_of(hall, Week.of(begun.astimezone(BERLIN).date()))
    assert shown(page)[1] == [slots[1]]
    assert (page.figures.total, page.figures.available) == (1, 1)
    last_week = Week.of((now - timedelta(days=9)).astimezone(BERLIN).date())
    assert page_of(hall, last_week).seats == []


def test_the_week_alone_is_the_same_week() -> None:
    hall, slots = room(monday(1), monday(2))
    ann = make_holder("ann")
    hold_seats(hall.event_id, seat_ids=slots[1:], holder=ann)
    db.session.rollback()
    alone = load_week(hall.event_id, holder_id=ann.holder_id, week=Week(monday(2).date()))
    assert [(slot.id, slot.status) for slot in alone.seats] == [(slots[1], "mine")]
    assert alone.weeks is not None
    assert alone.weeks.outlooks == page_of(hall, Week(monday(2).date()), ann).weeks.outlooks  # type: ignore[union-attr]


def test_an_event_without_rooms_has_no_weeks() -> None:
    hall = make_event(seats=2)
    assert page_of(hall, Week(monday(1).date())).weeks is None
    with pytest.raises(NotFound):
        load_week(hall.event_id, holder_id=None, week=Week(monday(1).date()))


def test_ten_thousand_slots_cost_as_many_statements_and_seats_as_a_hundred() -> None:
    costs = []
    for count in (100, 10_000):
        first = monday(1).astimezone(UTC)
        hall, _ = room(*(first + timedelta(hours=2 * n) for n in range(count)))
        db.session.rollback()
        with statements() as sent:
            page = load_event_page(hall.event_id, holder_id=None)
        with statements() as alone:
            load_week(hall.event_id, holder_id=None, week=Week(monday(1).date()))
        costs.append((len(sent), len(alone), len(page.seats)))
    assert costs[0] == costs[1]
    assert costs[0][1:] == (4, 84)
