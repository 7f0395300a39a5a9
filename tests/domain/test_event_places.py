"""A drawn hall becomes an event: features, shapes and the drawing are there, beside every place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask.ctx import AppContext
from sqlalchemy import select

from seatbook.domain.events import NewShow, NewVenue, create_event
from seatbook.domain.outline import outline_points
from seatbook.domain.plans import PlanLayout, layout_from_document
from seatbook.extensions import db
from seatbook.models import Area, Event, Seat, Section
from tests.domain.test_plan_document import drawn_document


def make(layout: PlanLayout) -> int:
    starts_at = datetime.now(UTC) + timedelta(days=7)
    return create_event(
        show=NewShow("The Quiet Hour", "concert"),
        venue=NewVenue("Lyric Hall"),
        layout=layout,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        currency="EUR",
        prices={category.name: 4500 for category in layout.categories},
    ).event_id


def drawn_layout() -> PlanLayout:
    document = drawn_document()
    seats = document["areas"][0]["sections"][0]["rows"][0]["seats"]
    seats.append(seats[0] | {"number": "2", "label": "T1-2", "x": 1.0, "features": []})
    return layout_from_document(document)


def test_seats_have_their_features(app_context: AppContext) -> None:
    event_id = make(drawn_layout())

    features = db.session.execute(
        select(Seat.label, Seat.features).where(Seat.event_id == event_id, Seat.label.is_not(None))
    ).all()
    assert sorted(features) == [("T1-1", ["wheelchair", "restricted_view"]), ("T1-2", [])]
    places = db.session.scalars(
        select(Seat.features).where(Seat.event_id == event_id, Seat.label.is_(None)).distinct()
    ).all()
    assert places == [[]]


def test_areas_and_sections_have_their_shapes(app_context: AppContext) -> None:
    event_id = make(drawn_layout())

    rows = db.session.execute(select(Area.name, Area.shape).where(Area.event_id == event_id))
    areas = {row.name: row.shape for row in rows}
    assert areas == {
        "Hall": None,
        "Floor": {"kind": "rectangle", "x": 0.0, "y": 9.0, "width": 20.0, "height": 8.0},
    }
    assert db.session.scalar(select(Section.shape).where(Section.event_id == event_id)) == {
        "kind": "polygon",
        "points": [[-2.0, -1.0], [2.0, -1.0], [0.0, 4.0]],
        "rotation": 28.0,
    }


def test_a_section_that_nobody_drew_gets_an_outline_and_the_plan_stays_as_it_is(
    app_context: AppContext,
) -> None:
    drawn = drawn_layout()
    (hall, *others) = drawn.areas
    undrawn = replace(hall, sections=tuple(replace(one, shape=None) for one in hall.sections))
    layout = replace(drawn, areas=(undrawn, *others))
    event_id = make(layout)

    shape = db.session.scalar(select(Section.shape).where(Section.event_id == event_id))
    places = [(seat.x, seat.y) for seat in layout.seats]
    assert shape == {"kind": "polygon", "points": [list(point) for point in outline_points(places)]}
    assert all(section.shape is None for section in undrawn.sections)


def test_the_drawing_names_sections_and_areas_by_their_ids(app_context: AppContext) -> None:
    event_id = make(drawn_layout())
    section_id = db.session.scalar(select(Section.id).where(Section.event_id == event_id))
    floor_id = db.session.scalar(select(Area.id).where(Area.event_id == event_id, Area.name == "Floor"))

    assert db.session.get_one(Event, event_id).drawing == {
        "focal_point": [0.0, -3.0],
        "shapes": [
            {"kind": "rectangle", "x": 0.0, "y": -4.0, "width": 12.0, "height": 3.0, "role": "stage"},
            {"kind": "text", "x": 0.0, "y": 15.0, "height": 0.8, "text": "Entrance"},
        ],
        "tables": [
            {
                "section_id": section_id,
                "row": "T1",
                "kind": "table",
                "as_a_whole": True,
                "shape": {"kind": "circle", "x": 0.0, "y": 0.5, "width": 0.8, "height": 0.8},
            }
        ],
        "floors": [
            {"name": "Ground floor", "section_ids": [section_id], "area_ids": []},
            {"name": "Cellar", "section_ids": [], "area_ids": [floor_id]},
        ],
        "zones": [{"name": "North", "section_ids": [section_id], "area_ids": []}],
    }


def test_a_hall_that_nobody_drew_has_no_drawing(app_context: AppContext) -> None:
    document = drawn_document()
    del document["drawings"], document["focal_point"], document["areas"][1]["floor"]
    section = document["areas"][0]["sections"][0]
    del section["floor"], section["zone"], section["shape"]
    del section["rows"][0]["kind"], section["rows"][0]["shape"], section["rows"][0]["as_a_whole"]
    event_id = make(layout_from_document(document))

    assert db.session.get_one(Event, event_id).drawing is None
    # Not the JSON null: a query can ask IS NULL.
    assert (
        db.session.scalar(select(Event.id).where(Event.id == event_id, Event.drawing.is_(None))) == event_id
    )
