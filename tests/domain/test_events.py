"""Making events: every place a row, everything or nothing, and sentences for what cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.ctx import AppContext
from sqlalchemy import event as sql_event
from sqlalchemy import func, select, text

from seatbook.domain.events import (
    CreatedEvent,
    NewShow,
    NewVenue,
    SaleTerms,
    create_event,
    create_show,
    create_venue,
    publish_event,
    store_plan,
)
from seatbook.domain.plan_csv import plan_from_csv
from seatbook.domain.plans import PlanArea, PlanCategory, PlanFaults, PlanLayout
from seatbook.errors import InvalidInput, NotFound, WrongState
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, Seat, Section, Show, Venue

NOW = datetime.now(UTC).replace(microsecond=0)
STARTS = NOW + timedelta(days=7)
HALL = plan_from_csv(
    b"zone,row,start,end\nStalls left,A,1,3\nStalls right,A,4,6\nBalcony,B,1,4\n", file_name="hall.csv"
).layout
FLOOR = PlanLayout(
    (PlanCategory("Standing", 5),), (PlanArea("standing", "Floor", capacity=25, category="Standing"),)
)
ROOM = PlanLayout((PlanCategory("Room", 4),), (PlanArea("slots", "Vault", category="Room"),))
SHIRTS = PlanLayout(
    (PlanCategory("Shirt"),),
    tuple(
        PlanArea("stock", f"Size {size}", capacity=n, category="Shirt")
        for size, n in {"S": 2, "M": 3}.items()
    ),
)


def make(layout: PlanLayout = HALL, **changes: Any) -> CreatedEvent:
    wanted: dict[str, Any] = {
        "show": NewShow("The Quiet Hour", "concert"),
        "venue": NewVenue("Lyric Hall", time_zone="Europe/Helsinki"),
        "layout": layout,
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(hours=2),
        "currency": "EUR",
        "prices": {category.name: 4500 for category in layout.categories},
    }
    return create_event(**wanted | changes)


def nothing_was_written() -> bool:
    db.session.rollback()
    tables = (Event, Seat, Area, Category, Section, Show, Venue)
    return not any(db.session.scalar(select(func.count()).select_from(table)) for table in tables)


def test_every_seat_of_the_plan_is_a_row_with_its_place_and_category(app_context: AppContext) -> None:
    made = make(prices={"Stalls": 4500, "Balcony": 2500}, status="published")

    rows = db.session.execute(
        select(
            Seat.label,
            Seat.row_label,
            Seat.number,
            Seat.x,
            Seat.y,
            Section.name,
            Section.side,
            Category.price_minor,
        )
        .join(Section, Section.id == Seat.section_id)
        .join(Category, Category.id == Seat.category_id)
        .where(Seat.event_id == made.event_id)
        .order_by(Seat.id)
    ).all()
    assert made.places == len(rows) == 10
    assert rows[0] == ("A1", "A", "1", -3.5, 0.0, "Stalls left", "left", 4500)
    assert rows[-1] == ("B4", "B", "4", 1.5, 3.0, "Balcony", "centre", 2500)
    event = db.session.get_one(Event, made.event_id)
    assert (event.status, event.currency, event.starts_at, event.listed) == ("published", "EUR", STARTS, True)
    assert event.on_sale_until == STARTS
    assert abs(event.on_sale_from - datetime.now(UTC)) < timedelta(minutes=1)


def test_standing_places_and_stock_are_rows_without_a_number(app_context: AppContext) -> None:
    made = make(FLOOR)
    db.session.rollback()

    rows = db.session.execute(
        select(Seat.label, Seat.section_id, Seat.x).where(Seat.event_id == made.event_id)
    ).all()
    assert rows == [(None, None, None)] * 25

    shirts = make(SHIRTS, ends_at=STARTS + timedelta(days=10))
    counts = db.session.execute(
        select(Area.name, func.count(Seat.id))
        .join(Seat, (Seat.area_id == Area.id) & (Seat.event_id == Area.event_id))
        .where(Area.event_id == shirts.event_id)
        .group_by(Area.name, Area.position)
        .order_by(Area.position)
    ).all()
    assert counts == [("Size S", 2), ("Size M", 3)]
    event = db.session.get_one(Event, shirts.event_id)
    # Stock is sold after the start too, and is paid for soon.
    assert (event.on_sale_until, event.payment_ttl_seconds) == (event.ends_at, 900)


def test_slots_are_rows_with_their_times_and_a_label_in_the_venues_time(app_context: AppContext) -> None:
    starts = [datetime(2099, 10, 25, hour, 15, tzinfo=UTC) for hour in (1, 0, 2)]
    slots = [(start, start + timedelta(minutes=45)) for start in starts]

    made = make(ROOM, slots={"Vault": slots}, starts_at=min(starts), ends_at=max(starts) + timedelta(hours=1))

    rows = db.session.execute(
        select(Seat.starts_at, Seat.label).where(Seat.event_id == made.event_id).order_by(Seat.id)
    ).all()
    # The clocks are put back that night, so a quarter past three comes twice.
    assert rows == [
        (starts[1], "2099-10-25 03:15"),
        (starts[0], "2099-10-25 03:15 (EET)"),
        (starts[2], "2099-10-25 04:15"),
    ]


def test_a_hall_of_fifty_thousand_is_written_in_few_statements(app_context: AppContext) -> None:
    lines = "".join(f"Block {block},{row},1,1000\n" for block in range(5) for row in range(10))
    arena = plan_from_csv(b"zone,row,start,end\n" + lines.encode(), file_name="arena.csv").layout
    statements: list[str] = []
    counted: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sql_event.listen(db.engine, "before_cursor_execute", note)
    try:
        made = make(arena, progress=counted.append)
    finally:
        sql_event.remove(db.engine, "before_cursor_execute", note)

    assert made.places == counted[-1] == 50_000
    assert sorted(counted) == counted
    assert len(statements) < 50


def test_the_guards_of_the_schema_hold_for_made_events(app_context: AppContext) -> None:
    made = make()

    with pytest.raises(Exception, match="guard_seat"):
        db.session.execute(
            text("UPDATE seat SET event_id = event_id + 1 WHERE event_id = :id"), {"id": made.event_id}
        )


def test_a_show_and_a_venue_that_exist_are_used_and_ids_work_as_well(app_context: AppContext) -> None:
    venue = create_venue("Lyric Hall", time_zone="Europe/Berlin")
    show = create_show("The Quiet Hour", kind="concert")

    by_name = make(show=NewShow("the quiet hour", "concert"), venue=NewVenue("LYRIC HALL", time_zone="UTC"))
    by_id = make(show=show.show_id, venue=venue.venue_id)

    assert {by_name.venue.venue_id, by_id.venue.venue_id} == {venue.venue_id}
    assert {by_name.show.show_id, by_id.show.show_id} == {show.show_id}
    assert by_name.venue.time_zone == "Europe/Berlin"
    assert make(show=NewShow("The Quiet Hour", "film")).show.created


def test_a_plan_of_another_venue_is_refused(app_context: AppContext) -> None:
    plan = store_plan(HALL, name="Hall", venue=NewVenue("Elsewhere"))

    with pytest.raises(InvalidInput, match="belongs to another venue"):
        make(plan_id=plan.plan_id)
    assert make(plan_id=plan.plan_id, venue=plan.venue.venue_id).venue == plan.venue.__class__(
        plan.venue.venue_id, "Elsewhere", "", "UTC"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prices": {"Stalls": 1}}, "A price is missing for “Balcony”."),
        (
            {"prices": {"Stalls": 1, "Balcony": 1, "Boxes": 1}},
            "There is no category “Boxes” here. The categories are “Stalls”, “Balcony”.",
        ),
        ({"prices": {"Stalls": -1, "Balcony": 1}}, "The price of “Stalls” is out of range."),
        ({"currency": "EURO"}, "“EURO” is not a currency."),
        ({"ends_at": STARTS}, "must end after it starts"),
        ({"ends_at": STARTS + timedelta(days=401)}, "at most 400 days later"),
        ({"starts_at": STARTS.replace(tzinfo=None)}, "has no time zone"),
        ({"starts_at": NOW - timedelta(hours=1)}, "has passed, so nothing of this event could be sold."),
        ({"status": "cancelled"}, "a new event is draft or published"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"venue": NewVenue("Lyric Hall", time_zone="Mars")}, "“Mars” is not a time zone."),
        ({"show": NewShow("", "concert")}, "cannot be a show's title"),
        ({"show": NewShow("X", "opera")}, "is not a kind of show"),
        ({"slots": {"Hall": []}}, "“Hall” is not an area with time slots here."),
        ({"terms": SaleTerms(hold_ttl_seconds=0)}, "A hold lasts from 1 second to a day"),
        ({"terms": SaleTerms(max_seats=1001)}, "One buyer can have from 1 to 1,000 places, and 1,001"),
        ({"terms": SaleTerms(payment_ttl_seconds=0)}, "A payment may take from 1 second to a week"),
        ({"terms": SaleTerms(cancel_seconds_before_start=-1)}, "a number of seconds before the start"),
        ({"terms": SaleTerms(payment="card")}, "“card” is not a way to pay"),
        (
            {"terms": SaleTerms(on_sale_from=STARTS, on_sale_until=STARTS - timedelta(days=1))},
            "The sale would begin at",
        ),
        ({"terms": SaleTerms(on_sale_from=datetime(2026, 1, 1))}, "has no time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written(
    app_context: AppContext, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make(**changes)

    assert sentence in str(refusal.value)
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("slots", "sentence"),
    [
        ([], "“Vault” needs from 1 to 10,000 time slots."),
        ([(STARTS, STARTS)], "ends before it starts"),
        (
            [
                (STARTS + timedelta(minutes=50), STARTS + timedelta(minutes=110)),
                (STARTS, STARTS + timedelta(minutes=60)),
            ],
            "overlap",
        ),
    ],
)
def test_a_timetable_that_cannot_be_is_refused(app_context: AppContext, slots: Any, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        make(ROOM, slots={"Vault": slots})

    assert nothing_was_written()


def test_an_unusable_layout_is_refused(app_context: AppContext) -> None:
    with pytest.raises(PlanFaults, match="The plan has no area"):
        make(PlanLayout((), ()))

    assert nothing_was_written()


@pytest.mark.parametrize("unknown", [{"show": 99}, {"venue": 99}, {"plan_id": 99}])
def test_what_does_not_exist_is_not_found(app_context: AppContext, unknown: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        make(**unknown)

    assert nothing_was_written()


def test_an_interruption_in_the_middle_leaves_nothing(app_context: AppContext) -> None:
    def interrupt(_written: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(progress=interrupt)

    assert nothing_was_written()


def test_a_draft_is_published_once(app_context: AppContext) -> None:
    made = make()

    assert publish_event(made.event_id) is True
    assert publish_event(made.event_id) is False
    db.session.execute(text("UPDATE event SET status = 'cancelled'"))
    db.session.commit()
    with pytest.raises(WrongState):
        publish_event(made.event_id)
    with pytest.raises(NotFound):
        publish_event(made.event_id + 1)
