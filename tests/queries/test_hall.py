from __future__ import annotations

from seatbook.queries.event import SectionView
from seatbook.queries.hall import CELLS_PER_SEAT, Block, Hall, lay_out
from seatbook.queries.seats import SeatView

STALLS = SectionView(1, 1, "Stalls", 0, "centre", 0)
LEFT = SectionView(1, 1, "Left", 0, "left", 0)
RIGHT = SectionView(2, 1, "Right", 0, "right", 0)
BALCONY = SectionView(3, 1, "Balcony", 1, "centre", 0)


def row(
    label: str,
    *,
    section: SectionView = STALLS,
    x: float | None = 0.0,
    y: float | None = 0.0,
    count: int = 3,
    first_id: int,
) -> list[SeatView]:
    return [
        SeatView(
            id=first_id + n,
            area_id=1,
            section_id=section.id,
            category_id=1,
            row_label=label,
            number=str(n + 1),
            label=f"{label}{n + 1}",
            x=None if x is None else x + n,
            y=y,
            starts_at=None,
            ends_at=None,
            status="available",
            own=False,
        )
        for n in range(count)
    ]


def place_of(hall: Hall, seat_id: int) -> tuple[float, float]:
    """Where the seat stands from the hall's own corner, in seats."""
    for block in hall.blocks:
        for run in block.runs:
            for n, seat in enumerate(run.seats):
                if seat.id == seat_id:
                    return (
                        (block.column + run.column - 2) / CELLS_PER_SEAT + n,
                        (block.line + run.line - 2) / CELLS_PER_SEAT,
                    )
    raise AssertionError(seat_id)


def labels(block: Block) -> list[tuple[str | None, str | None]]:
    return [(run.label_before, run.label_after) for run in block.runs]


def test_seats_stand_where_the_plan_puts_them() -> None:
    seats = row("A", x=-1.5, y=0, first_id=1) + row("B", x=-2.0, y=1, count=4, first_id=10)
    hall = lay_out(seats, sections=[STALLS])
    assert place_of(hall, 1) == (0.5, 0.0)
    assert place_of(hall, 10) == (0.0, 1.0)
    assert (hall.width, hall.height) == (4, 2)


def test_the_stage_stands_on_the_axis_of_a_lopsided_hall() -> None:
    hall = lay_out(row("A", x=-2.0, count=10, first_id=1), sections=[STALLS])
    assert hall.axis == 2.5 * CELLS_PER_SEAT + 1


def test_without_an_axis_the_stage_stands_in_the_middle() -> None:
    hall = lay_out(row("A", x=0.0, count=10, first_id=1), sections=[STALLS])
    assert hall.axis == 5 * CELLS_PER_SEAT + 1


def test_a_gap_cuts_a_row_into_runs_with_labels_at_its_ends_only() -> None:
    seats = row("A", x=0.0, first_id=1) + row("A", x=4.5, first_id=10)
    (block,) = lay_out(seats, sections=[STALLS]).blocks
    assert [len(run.seats) for run in block.runs] == [3, 3]
    assert [run.column for run in block.runs] == [1, 4.5 * CELLS_PER_SEAT + 1]
    assert labels(block) == [("A", None), (None, "A")]


def test_seats_that_stand_apart_by_half_a_seat_are_not_one_run() -> None:
    seats = row("A", x=0.0, count=2, first_id=1) + row("A", x=2.5, count=2, first_id=10)
    (block,) = lay_out(seats, sections=[STALLS]).blocks
    assert [len(run.seats) for run in block.runs] == [2, 2]


def test_two_blocks_share_the_label_in_the_aisle_between_them() -> None:
    seats = row("A", section=LEFT, x=-3.5, first_id=1) + row("A", section=RIGHT, x=1.5, first_id=10)
    left, right = lay_out(seats, sections=[LEFT, RIGHT]).blocks
    assert labels(left) == [("A", "A")]
    assert left.runs[0].aisle == 2 * CELLS_PER_SEAT
    assert labels(right) == [(None, "A")]


def test_different_rows_beside_a_narrow_aisle_do_not_cover_each_other() -> None:
    seats = row("A", section=LEFT, x=-3.5, first_id=1) + row("B", section=RIGHT, x=1.5, first_id=10)
    left, right = lay_out(seats, sections=[LEFT, RIGHT]).blocks
    assert labels(left) == [("A", None)]
    assert labels(right) == [("B", "B")]


def test_seats_without_places_are_laid_out_by_band_side_and_row() -> None:
    seats = (
        row("A", section=LEFT, x=None, y=None, count=2, first_id=1)
        + row("B", section=LEFT, x=None, y=None, count=4, first_id=10)
        + row("A", section=RIGHT, x=None, y=None, count=2, first_id=20)
        + row("B", section=RIGHT, x=None, y=None, count=4, first_id=30)
        + row("K", section=BALCONY, x=None, y=None, count=6, first_id=40)
    )
    hall = lay_out(seats, sections=[LEFT, RIGHT, BALCONY])
    # The left block ends at the aisle, the right one begins there.
    assert place_of(hall, 2)[0] == place_of(hall, 13)[0]
    assert place_of(hall, 20)[0] == place_of(hall, 30)[0] == place_of(hall, 13)[0] + 3
    # The balcony stands behind both and in the middle.
    assert place_of(hall, 40)[1] > place_of(hall, 30)[1] > place_of(hall, 20)[1]
    assert place_of(hall, 40)[0] - place_of(hall, 10)[0] == place_of(hall, 33)[0] - place_of(hall, 45)[0]


def test_a_hall_without_seats_is_empty() -> None:
    assert lay_out([], sections=[STALLS]).blocks == ()
