"""A new version of a plan is compared with an event: what comes, goes, moves and changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.ctx import AppContext

from seatbook.domain.inventory import confirm_reservation, hold_quantity, hold_seats
from seatbook.domain.plan_apply import diff_plan
from seatbook.domain.plan_diff import PlanDiff
from seatbook.domain.plans import PlanArea, PlanFaults, PlanLayout
from seatbook.errors import NotFound
from tests.factories import Hall, let_hold_end, make_holder
from tests.planned import hall, planned_event, seat_id, section, standing
from tests.snapshot import nothing_changes

OLD = "A1 A2 A3 | B1 B2 B3"


def compare(event: Hall, layout: PlanLayout) -> PlanDiff:
    with nothing_changes():
        return diff_plan(event.event_id, layout=layout)


def sold(event: Hall, *labels: str) -> int:
    ann = make_holder()
    hold = hold_seats(event.event_id, seat_ids=[seat_id(event, label) for label in labels], holder=ann)
    confirm_reservation(event.event_id, reservation_id=hold.reservation_id, holder=ann)
    return hold.reservation_id


def held(event: Hall, *labels: str) -> int:
    seat_ids = [seat_id(event, label) for label in labels]
    return hold_seats(event.event_id, seat_ids=seat_ids, holder=make_holder()).reservation_id


def test_the_same_plan_changes_nothing(app_context: AppContext) -> None:
    diff = compare(planned_event(hall(OLD)), hall(OLD))

    assert diff.is_empty
    assert (diff.stays, diff.touched, diff.faults()) == (6, (), [])


def test_seats_come_go_move_and_change(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    new = hall(section("A1 A2 . A3 A4 | B1 B2"))
    row = new.areas[0].sections[0].rows[1]
    gold = replace(
        row, seats=(replace(row.seats[0], category="Gold", features=("wheelchair",)), row.seats[1])
    )
    rows = (new.areas[0].sections[0].rows[0], gold)
    new = hall(replace(new.areas[0].sections[0], rows=rows))
    diff = compare(event, new)

    assert [(one.section, one.seat.label, one.returns) for one in diff.comes] == [("Main", "A4", None)]
    assert [one.label for one in diff.goes] == ["B3"]
    assert [
        (one.seat.label, one.moves, one.changes_category, one.is_described_anew) for one in diff.changes
    ] == [
        ("A3", True, False, False),
        ("B1", False, True, True),
    ]
    assert (diff.stays, diff.new_categories, diff.faults()) == (3, ("Gold",), [])


def test_one_label_in_another_section_is_another_seat(app_context: AppContext) -> None:
    diff = compare(planned_event(hall(OLD)), hall(section(OLD, name="Other")))

    assert (len(diff.comes), len(diff.goes), diff.stays) == (6, 6, 0)


def test_another_origin_is_no_move(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    diff = compare(event, hall(section("A1 A2 A3 | B1 B2 B3 | C1", left=-7.5, top=3.0)))

    assert diff.shift == (7.5, -3.0)
    assert (diff.stays, diff.changes) == (6, ())
    assert [(one.seat.label, one.seat.x, one.seat.y) for one in diff.comes] == [("C1", 0, 2)]


def test_a_hall_that_is_turned_around_has_no_common_origin(app_context: AppContext) -> None:
    diff = compare(planned_event(hall(OLD)), hall("A3 A2 A1 | B3 B2 B1"))

    # A2 and B2 stand where they stood; the others changed places.
    assert (diff.shift, diff.stays, len(diff.changes)) == ((0.0, 0.0), 2, 4)


def test_the_one_seated_area_is_the_same_whatever_it_is_called(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    renamed = replace(hall(OLD), areas=(replace(hall(OLD).areas[0], name="Auditorium"),))

    assert compare(event, renamed).is_empty


def test_sold_and_held_seats_that_are_touched_are_named(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))
    sold(event, "A1", "B3")
    held(event, "A2")
    over = held(event, "B1")
    let_hold_end(event, over)
    new = hall(section(". A1 A2 A3 | . B2", category="Gold"))
    diff = compare(event, new)

    assert diff.shift == (-1.0, 0.0)
    new = hall(section("A1 . A2 . A3 | B2", category="Gold"))
    diff = compare(event, new)
    touched = [(seat.label, seat.state, what) for seat, what in diff.touched]
    assert touched == [
        ("B3", "sold", "would be lost"),
        ("A1", "sold", "keeps its category “Stalls”"),
        ("A2", "held", "keeps its category “Stalls”"),
        ("A2", "held", "moves"),
    ]
    # B1 goes too, and nobody has it any more.
    assert diff.faults() == ["seat B3 of “Main” is sold, and the plan has no such seat."]


def test_areas_without_numbers_are_counted(app_context: AppContext) -> None:
    event = planned_event(hall(OLD, areas=(standing("Pit", 5), standing("Bar", 2), standing("Same", 1))))
    diff = compare(event, hall(OLD, areas=(standing("Pit", 8), standing("Same", 1), standing("New", 3))))

    assert [(one.area, one.places, one.places_then, one.taken) for one in diff.areas] == [
        ("Pit", 5, 8, 0),
        ("New", 0, 3, 0),
    ]
    assert diff.beside == ("Bar",)


def test_an_area_cannot_have_fewer_places_than_are_taken(app_context: AppContext) -> None:
    event = planned_event(hall(areas=(standing("Pit", 5),)))
    hold_quantity(event.event_id, area_id=event.area_id, quantity=3, holder=make_holder())

    assert compare(event, hall(areas=(standing("Pit", 3),))).faults() == []
    assert compare(event, hall(areas=(standing("Pit", 2),))).faults() == [
        "“Pit” would have 2 places, and 3 are held or sold."
    ]


@pytest.mark.parametrize(
    ("area", "fault"),
    [
        (
            PlanArea("stock", "Pit", capacity=5, category="Standing"),
            "“Pit” is standing in the event, and stock in the plan.",
        ),
        (
            standing("Pit", 5, category="Gold"),
            "“Pit” is of the category “Standing” in the event, and of “Gold” in the plan. "
            "Give the area another name, or keep its category.",
        ),
        (
            PlanArea("slots", "Vault", category="Standing"),
            "“Vault” has time slots, which are given when an event is made; it cannot come later.",
        ),
    ],
)
def test_what_no_event_on_sale_can_take_is_said(app_context: AppContext, area: PlanArea, fault: str) -> None:
    event = planned_event(hall(areas=(standing("Pit", 5),)))

    assert fault in compare(event, hall(areas=(area,))).faults()


def test_a_plan_with_faults_and_an_event_that_is_not_there_are_refused(app_context: AppContext) -> None:
    event = planned_event(hall(OLD))

    with pytest.raises(PlanFaults):
        diff_plan(event.event_id, layout=hall("A1 A1"))
    with pytest.raises(NotFound):
        diff_plan(event.event_id + 1, layout=hall(OLD))
