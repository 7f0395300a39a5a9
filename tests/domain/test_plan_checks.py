"""What makes a drawn hall unusable, and how it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatbook.domain.plan_checks import FilePlaces, PlanFaults, layout_faults, shown
from seatbook.domain.plans import (
    PlanArea,
    PlanCategory,
    PlanLayout,
    PlanRow,
    PlanSeat,
    PlanSection,
    PlanShape,
    check_layout,
)

STAGE = PlanShape("rectangle", 0, -3, 4, 2, role="stage")


def hall(*seats: PlanSeat, **of_row: object) -> PlanLayout:
    row = PlanRow("A", 0.0, seats, **of_row)  # type: ignore[arg-type]
    section = PlanSection("Stalls", 0, "centre", 0, (row,))
    return PlanLayout((PlanCategory("All"),), (PlanArea("seated", "Hall", sections=(section,)),))


def seat(number: int, x: float, y: float = 0.0, features: tuple[str, ...] = ()) -> PlanSeat:
    return PlanSeat(str(number), f"A{number}", x, y, "All", features)


@pytest.mark.parametrize(("x", "y"), [(0.29, 0.0), (-0.2, 0.2), (0.0, -0.29), (0.0, 0.0)])
def test_seats_that_cover_each_other_are_found_in_every_direction(x: float, y: float) -> None:
    # Two seats near the border of a cell of the search lie in two cells.
    for corner in (0.0, 0.15, 0.299, -7.3):
        layout = hall(seat(1, corner, corner), seat(2, corner + x, corner + y))

        assert len(list(layout_faults(layout))) == 1


def test_seats_at_a_small_table_do_not_cover_each_other() -> None:
    assert list(layout_faults(hall(seat(1, 0), seat(2, 0.3), seat(3, 0, 0.31)))) == []


def test_places_in_the_file_are_named_where_they_are_known() -> None:
    layout = hall(seat(1, 0), seat(2, 0.1))
    places: FilePlaces = {(0, 0, 0, 0): "rows[0].seats[0]", (0, 0, 0, 1): "rows[0].seats[1]"}

    assert list(layout_faults(layout, places=places)) == [
        "rows[0].seats[1] (seat “A2”): rows[0].seats[0] is in the same place (x 0.1, y 0)."
    ]


@pytest.mark.parametrize(
    "features", [("golden",), ("wheelchair", "wheelchair"), ("companion", "wheelchair"), ("wheelchair", "")]
)
def test_features_are_those_that_are_known_once_and_in_order(features: tuple[str, ...]) -> None:
    [fault] = layout_faults(hall(seat(1, 0, features=features)))

    assert fault.endswith(
        "features are some of wheelchair, companion, restricted_view, each once and in this order."
    )


def test_a_row_is_a_row_a_table_or_a_booth() -> None:
    [fault] = layout_faults(hall(seat(1, 0), kind="sofa"))

    assert fault.endswith("kind “sofa” is not one of row, table, booth.")


def test_a_wrong_shape_is_named_wherever_it_is() -> None:
    wrong = PlanShape("circle", 0, 0, 1, 2)
    layout = hall(seat(1, 0), kind="table", shape=wrong)
    area = layout.areas[0]
    section = replace(area.sections[0], shape=wrong)
    standing = PlanArea("standing", "Floor", capacity=5, category="All", shape=wrong)
    layout = replace(layout, areas=(replace(area, sections=(section,)), standing), drawings=(STAGE, wrong))

    assert [fault.split(": ")[0] for fault in layout_faults(layout)] == [
        "area 1 “Hall”, section 1 “Stalls”, shape",
        "area 1 “Hall”, section 1 “Stalls”, row “A”, shape",
        "area 2 “Floor”, shape",
        "drawing 2",
    ]


def test_a_plan_is_no_painting() -> None:
    many = replace(hall(seat(1, 0)), drawings=(STAGE,) * 2_001)
    detailed = PlanShape("line", points=((0, 0), (1, 1)) * 100)
    fine = replace(hall(seat(1, 0)), drawings=(detailed,) * 101)

    for layout in (many, fine):
        [fault] = layout_faults(layout)
        assert fault.startswith("The plan has ")
        assert fault.endswith("at most 2,000 shapes with 20,000 points are possible.")


def test_names_of_floors_and_zones_are_names() -> None:
    layout = hall(seat(1, 0))
    section = replace(layout.areas[0].sections[0], floor="x" * 121, zone=" North")
    faults = list(layout_faults(replace(layout, areas=(replace(layout.areas[0], sections=(section,)),))))

    assert len(faults) == 2


def test_a_focal_point_outside_of_any_hall_is_refused() -> None:
    with pytest.raises(PlanFaults, match="The focal point does not lie within 10,000 seats"):
        check_layout(replace(hall(seat(1, 0)), focal_point=(float("nan"), 0.0)))


def test_a_file_cannot_play_with_the_terminal_that_shows_its_faults() -> None:
    [fault] = layout_faults(hall(PlanSeat("\x1b[2J", "\x1b[2J", 0, 0, "All")))

    refusal = PlanFaults([fault, "lone \ud800"], source="evil\x07.json")

    assert "\x1b" not in str(refusal)
    assert "\\x1b[2J" in str(refusal)
    assert "lone \\ud800" in str(refusal)
    assert shown("“Näyttämö”") == "“Näyttämö”"


def test_a_name_with_a_percent_sign_is_shown_as_it_is() -> None:
    layout = hall(PlanSeat("1", "A1", 0, 0, "50%s off"))

    with pytest.raises(PlanFaults, match="category “50%s off” is not among the plan's categories"):
        check_layout(layout)
