"""A new version of a plan is brought to an event on sale, and nobody loses a seat by it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.ctx import AppContext
from sqlalchemy import func, select

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_quantity, hold_seats
from seatbook.domain.plan_apply import AppliedPlan, apply_plan, diff_plan
from seatbook.domain.plan_diff import PlanRefused
from seatbook.domain.plans import PlanArea, PlanFaults, PlanLayout, PlanSection, PlanShape
from seatbook.errors import Busy, NotFound
from seatbook.extensions import db
from seatbook.models import Area, Category, Event, ReservationSeat, Seat, Section
from tests.factories import Hall, changes, let_hold_end, make_holder, statuses
from tests.invariants import assert_books_are_right
from tests.planned import hall, places_of, planned_event, seat_id, seats_of, section, standing
from tests.race import begun, lost, race, until_waiting, won
from tests.snapshot import refused

OLD = "A1 A2 A3 | B1 B2 B3"
FREE = ("Stalls", "available", ())


def apply(event: Hall, layout: PlanLayout, **more: Any) -> AppliedPlan:
    done = apply_plan(event.event_id, layout=layout, **more)
    assert_books_are_right()
    return done


def hold(event: Hall, *labels: str) -> int:
    seat_ids = [seat_id(event, label) for label in labels]
    return hold_seats(event.event_id, seat_ids=seat_ids, holder=make_holder()).reservation_id


def buy(event: Hall, *labels: str) -> None:
    ann = make_holder()
    seat_ids = [seat_id(event, label) for label in labels]
    basket = hold_seats(event.event_id, seat_ids=seat_ids, holder=ann)
    confirm_reservation(event.event_id, reservation_id=basket.reservation_id, holder=ann)


def blocked_reason(event: Hall, seat: int) -> str | None:
    return db.session.scalar(
        select(Seat.blocked_reason).where(Seat.event_id == event.event_id, Seat.id == seat)
    )


def with_first_seat(layout: PlanLayout, **values: Any) -> PlanLayout:
    """The same plan with another first seat."""
    section_ = layout.areas[0].sections[0]
    row = section_.rows[0]
    rows = (replace(row, seats=(replace(row.seats[0], **values), *row.seats[1:])), *section_.rows[1:])
    area = replace(layout.areas[0], sections=(replace(section_, rows=rows), *layout.areas[0].sections[1:]))
    return replace(layout, areas=(area, *layout.areas[1:]))


def test_seats_come_go_and_move(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    done = apply(event, hall("A1 A2 . A3 A4 | B1 B2"))

    assert done == AppliedPlan(
        event.event_id, added=1, returned=0, deleted=1, blocked=0, moved=1, recategorised=0, kept_category=0
    )
    assert seats_of(event) == {
        "Main/A1": (0, 0, *FREE),
        "Main/A2": (1, 0, *FREE),
        "Main/A3": (3, 0, *FREE),
        "Main/A4": (4, 0, *FREE),
        "Main/B1": (0, 1, *FREE),
        "Main/B2": (1, 1, *FREE),
    }


def test_applying_it_again_changes_nothing(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    hold(event, "A1")
    layout = hall("A1 A2 . A4 | B1")
    apply(event, layout)
    before = seats_of(event)

    assert diff_plan(event.event_id, layout=layout).is_empty
    assert apply(event, layout) == AppliedPlan(event.event_id, 0, 0, 0, 0, 0, 0, 0)
    assert seats_of(event) == before


@pytest.mark.parametrize("take", [hold, buy])
def test_a_seat_that_somebody_has_is_never_lost(app_context: AppContext, take: Any) -> None:
    event = planned_event(hall(OLD))
    take(event, "A1", "B3")

    with refused(PlanRefused) as refusal:
        apply_plan(event.event_id, layout=hall("A2 A3 A4 | B1 B2"))

    state = "held" if take is hold else "sold"
    assert str(refusal.value).splitlines() == [
        "This plan cannot be applied, and nothing was changed:",
        f"seat A1 of “Main” is {state}, and the plan has no such seat.",
        f"seat B3 of “Main” is {state}, and the plan has no such seat.",
    ]
    assert refusal.value.data["seat_ids"] == [seat_id(event, "A1"), seat_id(event, "B3")]


def test_a_seat_that_somebody_has_moves_with_them(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    buy(event, "A1")
    hold(event, "A2")
    done = apply(event, with_first_seat(hall(". A1 . A2 . A3 | B1 B2 B3"), features=("restricted_view",)))

    assert done.moved == 3
    assert seats_of(event)["Main/A1"] == (1, 0, "Stalls", "reserved", ("restricted_view",))
    assert seats_of(event)["Main/A2"] == (3, 0, "Stalls", "held", ())


def test_a_seat_that_somebody_has_keeps_its_category_and_its_price(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    buy(event, "A1")
    hold(event, "A2")
    over = hold(event, "A3")
    let_hold_end(event, over)
    done = apply(event, hall(section(OLD, category="Gold")), prices={"Gold": 9900})

    assert (done.recategorised, done.kept_category) == (4, 2)
    assert {label: row[2] for label, row in seats_of(event).items()} == {
        "Main/A1": "Stalls",
        "Main/A2": "Stalls",
        "Main/A3": "Gold",
        "Main/B1": "Gold",
        "Main/B2": "Gold",
        "Main/B3": "Gold",
    }
    prices = db.session.scalars(select(ReservationSeat.price_minor).where(ReservationSeat.ended_at.is_(None)))
    assert set(prices) == {4500}
    assert db.session.scalar(select(Category.price_minor).where(Category.name == "Gold")) == 9900


def test_a_seat_with_a_history_is_blocked_and_returns_with_a_later_plan(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    over = hold(event, "B3")
    let_hold_end(event, over)
    seat = seat_id(event, "B3")
    done = apply(event, hall("A1 A2 A3 | B1 B2"), actor_user_id=None)

    assert (done.deleted, done.blocked) == (0, 1)
    assert blocked_reason(event, seat) == "removed by plan"
    assert changes(event)[1:] == [
        (seat, "held", "available", "expire"),
        (seat, "available", "blocked", "block"),
    ]
    back = apply(event, hall("A1 A2 A3 | B1 B2 . B3"))

    assert (back.added, back.returned) == (0, 1)
    assert seat_id(event, "B3") == seat
    assert seats_of(event)["Main/B3"] == (3, 1, *FREE)
    assert changes(event)[-1] == (seat, "blocked", "available", "unblock")


def test_a_seat_that_staff_had_blocked_goes_with_its_own_reason(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    seat = seat_id(event, "B3")
    block_seats(event.event_id, seat_ids=[seat], reason="camera", actor_user_id=None)

    apply(event, hall(OLD))
    assert blocked_reason(event, seat) == "camera"
    apply(event, hall("A1 A2 A3 | B1 B2"))
    assert blocked_reason(event, seat) == "removed by plan"
    assert [change[1:] for change in changes(event)[1:]] == [
        ("blocked", "available", "unblock"),
        ("available", "blocked", "block"),
    ]


def test_a_hall_of_many_seats_without_history_goes_at_once(app_context: AppContext) -> None:
    many = "|".join(" ".join(f"{letter}{n}" for n in range(1, 41)) for letter in "ABCDEFGH")
    event = planned_event(hall(many))
    buy(event, "A1")

    assert apply(event, hall("A1")).deleted == 319
    assert list(seats_of(event)) == ["Main/A1"]


def test_a_new_category_needs_a_price_and_an_old_one_has_it(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    layout = hall(section(OLD, category="Gold"))

    with refused(PlanRefused) as refusal:
        apply_plan(event.event_id, layout=layout)
    assert "“Gold” is a new category and needs a price." in str(refusal.value)
    with refused(PlanRefused) as refusal:
        apply_plan(event.event_id, layout=layout, prices={"Gold": 1, "Stalls": 5})
    assert "“Stalls” is no new category of this event, so no price is needed." in str(refusal.value)
    with refused(PlanRefused):
        apply_plan(event.event_id, layout=layout, prices={"Gold": -1})


def test_sections_and_areas_come_and_go(app_context: AppContext) -> None:
    event = planned_event(hall(OLD, section("C1 C2", name="Balcony", top=5)))
    over = hold(event, "A1")
    let_hold_end(event, over)
    apply(
        event, hall(section("D1", name="Side", top=9), areas=(standing("Pit", 3),)), prices={"Standing": 100}
    )

    names = db.session.scalars(select(Section.name).where(Section.event_id == event.event_id)).all()
    # A1 was held once, so its section cannot go.
    assert sorted(names) == ["Main", "Side"]
    assert places_of(event, "Pit") == ["available"] * 3
    apply(event, hall(areas=(standing("Pit", 3),)))
    areas = db.session.scalars(select(Area.name).where(Area.event_id == event.event_id)).all()
    assert sorted(areas) == ["Hall", "Pit"]
    assert seats_of(event) == {"Main/A1": (0, 0, "Stalls", "blocked", ())}


def test_outlines_order_and_the_drawing_are_those_of_the_plan(app_context: AppContext) -> None:
    stage = PlanShape("rectangle", 1, -3, 4, 2, role="stage")
    event = planned_event(hall(OLD, drawings=(stage,), focal_point=(1.0, -3.0)))
    outline = PlanShape("polygon", points=((-1, -1), (3, -1), (3, 2)))
    # Drawn from another origin: everything is moved to where the hall stands.
    moved = section(
        OLD, left=10, shape=replace(outline, points=((9, -1), (13, -1), (13, 2))), side="left", position=4
    )
    apply(
        event,
        hall(moved, drawings=(replace(stage, x=11, height=3),), areas=(standing("Pit", 1),)),
        prices={"Standing": 0},
    )

    row = db.session.execute(
        select(Section.side, Section.position, Section.shape).where(Section.event_id == event.event_id)
    ).one()
    assert tuple(row) == ("left", 4, {"kind": "polygon", "points": [[-1, -1], [3, -1], [3, 2]]})
    assert db.session.get_one(Event, event.event_id).drawing == {
        "shapes": [{"kind": "rectangle", "x": 1, "y": -3, "width": 4, "height": 3, "role": "stage"}]
    }


def test_the_outline_of_a_section_follows_its_seats(app_context: AppContext) -> None:
    event = planned_event(hall("A1 A2"))
    apply(event, hall("A1 A2 A3 A4"))

    shape = db.session.scalars(select(Section.shape).where(Section.event_id == event.event_id)).one()
    assert sorted(shape["points"]) == [[-0.7, -0.7], [-0.7, 0.7], [3.7, -0.7], [3.7, 0.7]]


def test_places_of_an_area_come_go_and_return(app_context: AppContext) -> None:
    event = planned_event(hall(areas=(standing("Pit", 5),)))
    basket = hold_quantity(event.event_id, area_id=event.area_id, quantity=2, holder=make_holder())
    over = hold_quantity(event.event_id, area_id=event.area_id, quantity=2, holder=make_holder())
    let_hold_end(event, over.reservation_id)

    less = apply(event, hall(areas=(standing("Pit", 2),)))
    assert (less.deleted, less.blocked) == (1, 2)
    assert places_of(event, "Pit") == ["blocked", "blocked", "held", "held"]
    more = apply(event, hall(areas=(standing("Pit", 6),)))
    assert (more.returned, more.added) == (2, 2)
    assert places_of(event, "Pit") == ["available"] * 4 + ["held"] * 2
    with refused(PlanRefused) as refusal:
        apply_plan(event.event_id, layout=hall(areas=(standing("Pit", 1),)))
    assert "“Pit” would have 1 places, and 2 are held or sold." in str(refusal.value)
    assert basket.reservation_id


def test_areas_that_the_plan_does_not_name_stay_behind_those_that_it_names(app_context: AppContext) -> None:
    bar = PlanArea("stock", "Bar", capacity=2, category="Standing")
    event = planned_event(hall(OLD, areas=(bar, standing("Pit", 5))))
    done = apply(event, hall(OLD, areas=(standing("Balcony", 1), standing("Front", 1))))

    assert (done.added, done.deleted, done.blocked) == (2, 0, 0)
    assert (places_of(event, "Pit"), places_of(event, "Bar")) == (["available"] * 5, ["available"] * 2)
    names = select(Area.name).where(Area.event_id == event.event_id).order_by(Area.position, Area.id)
    order = ["Hall", "Balcony", "Front", "Bar", "Pit"]
    assert db.session.scalars(names).all() == order
    apply(event, hall(OLD))
    assert sorted(db.session.scalars(names).all()) == sorted(order)


def test_time_slots_stay_as_they_are(app_context: AppContext) -> None:
    vault = PlanArea("slots", "Vault", category="Room")
    starts = datetime.now(UTC) + timedelta(days=7)
    event = planned_event(hall(OLD, areas=(vault,)), slots={"Vault": [(starts, starts + timedelta(hours=1))]})
    apply(event, hall("A1 | B1", areas=(vault,)))
    apply(event, hall("A1 | B1"))

    assert places_of(event, "Vault") == ["available"]


def test_a_buyer_who_is_faster_keeps_the_seat(app: Flask, app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    ann = make_holder()
    seat = seat_id(event, "B3")
    # A buyer is in the middle of taking the seat: it is locked, and the plan has read it as free.
    db.session.execute(
        select(Seat.id)
        .where(Seat.event_id == event.event_id, Seat.id == seat)
        .with_for_update(key_share=True)
    )
    with begun(app, lambda: apply_plan(event.event_id, layout=hall("A1 A2 A3 | B1 B2"))) as applying:
        until_waiting()
        hold_seats(event.event_id, seat_ids=[seat], holder=ann)

    assert isinstance(applying.exception(), PlanRefused)
    assert seats_of(event)["Main/B3"][3] == "held"
    assert len(seats_of(event)) == 6
    assert_books_are_right()


def test_a_buyer_who_is_slower_finds_the_seat_gone(app: Flask, app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    ann = make_holder()
    seat = seat_id(event, "B3")
    # The plan waits for another of its seats with this one in hand; the buyer waits for the plan.
    other = seat_id(event, "B2")
    lock = (
        select(Seat.id)
        .where(Seat.event_id == event.event_id, Seat.id == other)
        .with_for_update(key_share=True)
    )
    assert seat > other
    db.session.execute(lock)
    with begun(app, lambda: apply_plan(event.event_id, layout=hall("A1 A2 A3 | B1"))) as applying:
        until_waiting()
        db.session.rollback()
        assert applying.result().deleted == 2
    with pytest.raises(NotFound):
        hold_seats(event.event_id, seat_ids=[seat], holder=ann)


def test_two_plans_at_once_come_one_after_the_other(app: Flask, app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    plans = [hall("A1 A2 A3 | B1 B2 B3 | C1 C2"), hall("A1 . A2 . A3 | B1"), hall("A1 | C1")]
    outcomes = race(
        app, *(lambda layout=layout: apply_plan(event.event_id, layout=layout) for layout in plans)
    )

    # A machine that is busy may let one of them wait for too long.
    lost(outcomes, Busy)
    assert won(outcomes)
    labels = {label.split("/")[1] for label in seats_of(event)}
    assert labels in [{seat.label for seat in layout.seats} for layout in plans]
    assert_books_are_right()


def test_a_plan_with_faults_and_an_event_that_is_not_there_are_refused(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))

    with refused(PlanFaults):
        apply_plan(event.event_id, layout=hall("A1 A1"))
    with refused(NotFound):
        apply_plan(event.event_id + 1, layout=hall(OLD))


@pytest.mark.parametrize("seed", range(12))
def test_any_plan_onto_any_event_loses_nothing(app_context: AppContext, seed: int) -> None:
    chance = random.Random(seed)
    event = planned_event(_any_hall(chance))
    for _ in range(4):
        _people_do_something(event, chance)
        before = seats_of(event)
        layout = _any_hall(chance)
        diff = diff_plan(event.event_id, layout=layout)
        try:
            apply(event, layout)
        except PlanRefused as refusal:
            assert diff.faults()
            assert refusal.data["faults"] == diff.faults()
            assert seats_of(event) == before
            continue
        assert diff.faults() == []
        after = seats_of(event)
        wanted = {
            f"{one.name}/{seat.label}": seat
            for one in diff.layout.areas[0].sections
            for row in one.rows
            for seat in row.seats
        }
        # Whoever had a seat has it; every seat of the plan is there, in its place.
        for seat in diff.event.seats:
            if seat.state in ("held", "sold"):
                label = f"{seat.section}/{seat.label}"
                assert after[label][2:4] == before[label][2:4]
        assert {label: (seat.x, seat.y) for label, seat in wanted.items()} == {
            label: row[:2] for label, row in after.items() if label in wanted
        }
        assert {row[3] for label, row in after.items() if label not in wanted} <= {"blocked"}
        # Nothing is left to do, but for the categories of seats that somebody has.
        rest = diff_plan(event.event_id, layout=layout)
        assert (rest.comes, rest.goes, rest.areas) == ((), (), ())
        assert all(change.seat.state in ("held", "sold") for change in rest.changes)
        assert db.session.scalar(select(func.count()).select_from(Seat)) == len(statuses(event))


def _any_hall(chance: random.Random) -> PlanLayout:
    def rows(letters: str) -> str:
        return "|".join(
            " ".join(chance.choice((f"{letter}{n}", f"{letter}{n}", ".")) for n in range(1, 6))
            + f" {letter}9"
            for letter in letters
        )

    def part(name: str, top: int) -> PlanSection:
        return section(rows("ABC"), name=name, top=top, category=chance.choice(("Stalls", "Gold")))

    both = hall(part("Main", 0), part("Side", 5), areas=(standing("Pit", chance.randint(1, 9)),))
    # Every event knows both categories, so that no price is missing.
    return replace(
        both,
        categories=tuple(replace(both.categories[0], name=name) for name in ("Stalls", "Gold", "Standing")),
    )


def _people_do_something(event: Hall, chance: random.Random) -> None:
    rows = db.session.execute(
        select(Seat.id, Seat.status).where(Seat.event_id == event.event_id).order_by(Seat.id)
    ).all()
    free = [row.id for row in rows if row.status == "available"]
    chance.shuffle(free)
    for act in range(3):
        seats, free = free[:2], free[2:]
        if not seats:
            return
        if act == 2:
            block_seats(event.event_id, seat_ids=seats, reason="camera", actor_user_id=None)
            continue
        ann = make_holder()
        basket = hold_seats(event.event_id, seat_ids=seats, holder=ann)
        if act == 0 and chance.random() < 0.5:
            confirm_reservation(event.event_id, reservation_id=basket.reservation_id, holder=ann)
        elif chance.random() < 0.7:
            let_hold_end(event, basket.reservation_id)
