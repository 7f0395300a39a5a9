"""Areas and prices that are given as options, beside a plan or without one."""

from __future__ import annotations

from dataclasses import replace

from seatbook.domain.added_areas import AddedArea, layout_with_areas
from seatbook.domain.plans import PlanShape
from tests.planned import hall


def test_an_area_joins_a_plan_whose_drawing_stays() -> None:
    stage = PlanShape("rectangle", 0, -3, 4, 2, role="stage")
    plan = replace(hall("A1 A2"), drawings=(stage,), focal_point=(0.0, -3.0))

    layout = layout_with_areas(plan, [AddedArea("standing", "Pit", 50, "Stalls")])

    assert [area.name for area in layout.areas] == ["Hall", "Pit"]
    assert (layout.drawings, layout.focal_point) == ((stage,), (0.0, -3.0))


def test_areas_alone_are_a_plan_too() -> None:
    layout = layout_with_areas(
        None, [AddedArea("stock", "Size M", 5, "Shirt"), AddedArea("stock", "L", 5, "Shirt")]
    )

    assert [category.name for category in layout.categories] == ["Shirt"]
    assert [area.capacity for area in layout.areas] == [5, 5]
