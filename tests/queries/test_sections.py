"""Sections of a hall one by one: their seats, what they have left, and where they stand."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from seatbook.domain.plan_apply import apply_plan
from seatbook.domain.plans import PlanArea, PlanLayout, PlanShape
from seatbook.extensions import db
from seatbook.queries.event import EventView, load_event
from seatbook.queries.figures import SectionFigures, figures_of_areas, figures_of_sections
from seatbook.queries.seats import SeatView, seats_of, seats_of_section
from seatbook.queries.viewer import STRANGER, load_viewer
from tests.factories import Hall, let_hold_end, make_area, make_event, make_holder
from tests.planned import hall, planned_event, seat_id, section, standing
from tests.query_count import statements

pytestmark = pytest.mark.usefixtures("app_context")


def now_of(event: Hall) -> EventView:
    db.session.rollback()
    return load_event(event.event_id)


def two_sections() -> PlanLayout:
    return hall(
        section("A1 A2 A3 | B1 B2", name="Front", category="Dear"),
        section("C1 C2 C3 C4", name="Back", top=5.0, category="Cheap"),
        areas=(standing("Floor", 20),),
    )


def price(event: Hall, category: str, minor: int) -> None:
    db.session.execute(
        text("UPDATE category SET price_minor = :minor WHERE event_id = :event AND name = :name"),
        {"minor": minor, "event": event.event_id, "name": category},
    )
    db.session.commit()


def figures(event: Hall, only: list[str] | None = None) -> dict[str, SectionFigures]:
    view = now_of(event)
    names = {one.id: one.name for one in view.sections}
    ids = None if only is None else [id_ for id_, name in names.items() if name in only]
    found = figures_of_sections(event.event_id, at=view.moment.now, section_ids=ids)
    assert all(section_id == of.section_id for section_id, of in found.items())
    return {names[section_id]: of for section_id, of in found.items()}


def seats_in(event: Hall, name: str, holder_id: int | None = None) -> list[SeatView]:
    view = now_of(event)
    at = view.moment.now
    (of_name,) = (one for one in view.sections if one.name == name)
    viewer = load_viewer(event.event_id, holder_id=holder_id, at=at)
    found = seats_of_section(event.event_id, section_id=of_name.id, viewer=viewer, at=at)
    whole = seats_of(event.event_id, viewer=viewer, at=at)
    assert found == [seat for seat in whole if seat.section_id == of_name.id]
    return found


def test_a_section_has_its_own_seats_as_the_viewer_sees_them() -> None:
    event = planned_event(two_sections())
    me = make_holder()
    hold_seats(event.event_id, seat_ids=[seat_id(event, "C2", section="Back")], holder=me)
    hold_seats(event.event_id, seat_ids=[seat_id(event, "C3", section="Back")], holder=make_holder())

    seats = seats_in(event, "Back", me.holder_id)
    assert [(seat.label, seat.status, seat.own) for seat in seats] == [
        ("C1", "available", False),
        ("C2", "mine", True),
        ("C3", "held", False),
        ("C4", "available", False),
    ]
    assert [seat.label for seat in seats_in(event, "Front")] == ["A1", "A2", "A3", "B1", "B2"]


def test_a_section_of_another_event_has_no_seats_here() -> None:
    event, other = planned_event(two_sections()), planned_event(two_sections())
    here, there = now_of(event), now_of(other)
    at = here.moment.now
    (front, _) = there.sections
    assert seats_of_section(event.event_id, section_id=front.id, viewer=STRANGER, at=at) == []
    assert figures_of_sections(event.event_id, at=at, section_ids=[front.id]) == {}
    assert len(figures_of_sections(event.event_id, at=at)) == 2


def test_a_seat_says_what_is_special_about_it() -> None:
    event = planned_event(hall("A1 A2"))
    special = "UPDATE seat SET features = '{wheelchair,restricted_view}' WHERE id = :seat"
    db.session.execute(text(special), {"seat": event.seat_ids[0]})
    db.session.commit()

    first, second = seats_in(event, "Main")
    assert first.features == ["wheelchair", "restricted_view"]
    assert second.features is None


def test_figures_count_what_is_left_and_name_the_prices_the_dearest_first() -> None:
    event = planned_event(
        hall(section("A1 A2", name="Mixed"), section("B1 B2 B3", name="Plain", top=3.0, category="Rear"))
    )
    price(event, "Rear", 2000)
    db.session.execute(
        text(
            "UPDATE seat SET category_id = (SELECT id FROM category WHERE event_id = :e AND name = 'Rear')"
            " WHERE event_id = :e AND label = 'A1'"
        ),
        {"e": event.event_id},
    )
    db.session.commit()
    by_name = {category.name: category.id for category in now_of(event).categories}
    me = make_holder()
    held = hold_seats(event.event_id, seat_ids=[seat_id(event, "B1", section="Plain")], holder=me)
    confirm_reservation(event.event_id, reservation_id=held.reservation_id, holder=me)
    hold_seats(event.event_id, seat_ids=[seat_id(event, "A1", section="Mixed")], holder=me)
    block_seats(
        event.event_id,
        seat_ids=[seat_id(event, "B3", section="Plain")],
        reason="camera",
        actor_user_id=None,
    )

    found = figures(event)
    assert found["Mixed"][1:] == (1, 2, 2000, 4500, (by_name["Stalls"], by_name["Rear"]))
    assert found["Plain"][1:] == (1, 2, 2000, 2000, (by_name["Rear"],))
    assert figures(event, only=["Plain"]) == {"Plain": found["Plain"]}
    assert figures(event, only=[]) == {}


def test_a_hold_that_has_ended_is_left_again() -> None:
    event = planned_event(two_sections())
    held = hold_seats(event.event_id, seat_ids=[seat_id(event, "A1", section="Front")], holder=make_holder())
    assert figures(event)["Front"].available == 4
    let_hold_end(event, held.reservation_id)
    assert figures(event)["Front"].available == 5


def test_seats_that_a_plan_removed_count_nowhere() -> None:
    before = hall(section("A1 A2 A3", name="Front"), section("B1", name="Corner", top=3.0))
    event = planned_event(before)
    for name, label in (("Front", "A3"), ("Corner", "B1")):
        gone = seat_id(event, label, section=name)
        held = hold_seats(event.event_id, seat_ids=[gone], holder=make_holder())
        let_hold_end(event, held.reservation_id)
    apply_plan(event.event_id, layout=hall(section("A1 A2", name="Front")))

    assert {name: of[1:3] for name, of in figures(event).items()} == {"Front": (2, 2)}
    assert [seat.label for seat in seats_in(event, "Front")] == ["A1", "A2"]
    assert seats_in(event, "Corner") == []


def test_sections_and_areas_agree_however_many_there_are_in_one_statement() -> None:
    small, large = planned_event(two_sections()), make_event(seats=900)
    make_area(large, kind="standing", places=50)
    for event in (small, large):
        at = now_of(event).moment.now
        with statements() as made:
            of_sections = figures_of_sections(event.event_id, at=at)
        assert len(made) == 1
        seated = {category for of in of_sections.values() for category in of.category_ids}
        of_areas = figures_of_areas(event.event_id, at=at)
        assert sum(of.available for of in of_sections.values()) == sum(
            of.available
            for (area_id, category_id), of in of_areas.items()
            if area_id == event.area_id and category_id in seated
        )


def test_an_event_brings_its_drawing_only_where_somebody_looks_at_it() -> None:
    outline = PlanShape("polygon", points=((0, 0), (4, 0), (4, 3)), rotation=20)
    floor = PlanShape("rectangle", 0, 9, 20, 8)
    stage = PlanShape("rectangle", 0, -4, 12, 3, text="Stage", role="stage")
    layout = hall(
        section("A1 A2", shape=outline),
        areas=(PlanArea("standing", "Floor", capacity=5, category="Standing", shape=floor),),
        drawings=(stage,),
        focal_point=(0.0, -4.0),
    )
    event = planned_event(layout)

    view = now_of(event)
    assert [area.shape for area in view.areas] == [
        None,
        {"kind": "rectangle", "x": 0, "y": 9, "width": 20, "height": 8},
    ]
    (only,) = view.sections
    assert only.shape == {"kind": "polygon", "points": [[0, 0], [4, 0], [4, 3]], "rotation": 20}
    assert view.drawing is not None
    assert view.drawing["focal_point"] == [0, -4]
    assert view.drawing["shapes"][0]["role"] == "stage"

    plain = load_event(event.event_id, with_drawing=False)
    assert plain.drawing is None
    assert [area.shape for area in plain.areas] == [None, None]
    assert [one.shape for one in plain.sections] == [None]
    assert [one.name for one in plain.sections] == [one.name for one in view.sections]
