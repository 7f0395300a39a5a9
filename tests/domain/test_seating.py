"""Stretches, groups and seats left alone, on halls small enough to check by trying everything."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import cos, pi, sin
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from seatbook.domain.seating import (
    Place,
    best_apart,
    best_together,
    better_choices,
    rows_of,
    stranded_by,
    stretches_of,
)

STAGE = (0.0, -2.0)


def line(pattern: str, *, row: str = "A", y: float = 0.0, first_id: int = 1) -> list[Place]:
    """`.` is a free seat, `x` a taken one, a space an aisle."""
    middle = (len(pattern) - 1) / 2
    return [
        Place(first_id + index, (1, row), index - middle, y, is_free=mark == ".")
        for index, mark in enumerate(pattern)
        if mark != " "
    ]


def test_an_aisle_ends_a_line_and_a_taken_seat_ends_a_stretch() -> None:
    lines = rows_of(line("..x.  ..."))

    assert [[place.seat_id for place in one] for one in lines] == [[1, 2, 3, 4], [7, 8, 9]]
    assert [[p.seat_id for p in stretch] for stretch in stretches_of(lines[0])] == [[1, 2], [4]]


@given(st.floats(0, 6.28), st.floats(9, 300), st.integers(1, 25), st.randoms(use_true_random=False))
def test_a_curved_row_is_one_line_however_it_is_turned(
    turn: float, radius: float, seats: int, order: Random
) -> None:
    # Less than half a circle, as a section's rows are.
    angles = [turn + nth / radius for nth in range(seats)]
    row = [Place(nth, (1, "A"), radius * cos(a), radius * sin(a)) for nth, a in enumerate(angles)]
    (one,) = rows_of(order.sample(row, len(row)))

    ids = [place.seat_id for place in one]
    assert ids in (list(range(seats)), list(range(seats))[::-1])


def test_an_aisle_ends_a_line_of_a_row_that_leads_up_too() -> None:
    row = [Place(nth, (1, "A"), 0.1 * abs(nth - 4), float(nth)) for nth in (0, 1, 2, 5, 6)]

    assert [[place.seat_id for place in one] for one in rows_of(row)] == [[6, 5], [2, 1, 0]]


def test_people_at_a_table_are_neighbours() -> None:
    table = [Place(nth, (1, "T1"), 1.55 * sin(nth * pi / 3), 1.55 * cos(nth * pi / 3)) for nth in range(6)]

    assert [len(one) for one in rows_of(table)] == [6]
    (four, *_) = best_together(table, 4, focus=STAGE)
    ids = sorted(four.seat_ids)
    assert any({(first + nth) % 6 for nth in range(4)} == set(ids) for first in range(6))


def test_a_group_sits_in_one_row_nearest_to_the_stage() -> None:
    hall = line("x..x...x", row="A") + line("........", row="B", y=1.0, first_id=11)

    assert best_together(hall, 2, focus=STAGE)[0].seat_ids == (5, 6)
    assert best_together(hall, 4, focus=STAGE)[0].seat_ids == (13, 14, 15, 16)
    assert best_together(hall, 9, focus=STAGE) == []


def test_seats_that_do_not_fit_are_not_offered_but_count_as_free_neighbours() -> None:
    hall = [Place(p.seat_id, p.row, p.x, p.y, fits=p.seat_id > 2) for p in line(".....")]

    assert {seat for block in best_together(hall, 2, focus=STAGE) for seat in block.seat_ids} == {3, 4, 5}


def test_a_block_that_leaves_a_seat_alone_is_offered_only_where_nothing_else_is_possible() -> None:
    assert [b.seat_ids for b in best_together(line("...."), 2, focus=STAGE, leave_no_single=True)] == [
        (1, 2),
        (3, 4),
    ]
    assert len(best_together(line("..."), 2, focus=STAGE, leave_no_single=True)) == 2


def test_a_group_without_a_row_is_split_into_few_parts_with_nobody_alone() -> None:
    hall = line("...x.x..", row="A") + line("..x...xx", row="B", y=1.0, first_id=11)

    seats = best_apart(hall, 4, focus=STAGE)

    assert seats is not None
    parts = sorted(len(s) for s in _runs(hall, seats))
    assert parts == [2, 2]


def test_a_group_larger_than_what_is_free_gets_nothing() -> None:
    assert best_apart(line("..x.x"), 4, focus=STAGE) is None


def test_the_parts_of_a_group_sit_near_each_other() -> None:
    near = line("xx..xx", row="A", y=0.0) + line("xx..xx", row="B", y=1.0, first_id=11)
    far = line("..xxxx", row="Z", y=30.0, first_id=101)

    assert best_apart(near + far, 4, focus=STAGE) == [3, 4, 13, 14]


def test_a_choice_that_strands_a_seat_is_told_with_better_ones() -> None:
    row = line(".....")

    assert [p.seat_id for p in stranded_by(row, {2, 3})] == [1]
    assert better_choices(row, {2, 3}) == [(1, 2), (4, 5)]


def test_an_unavoidable_single_seat_is_allowed() -> None:
    assert stranded_by(line("..."), {1, 2}) == []
    assert stranded_by(line("x.x..x"), {4, 5}) == []
    assert stranded_by(line("x.x.."), {2}) == []


def test_stranding_both_sides_is_refused_although_one_is_unavoidable() -> None:
    assert [p.seat_id for p in stranded_by(line("..."), {2})] == [1, 3]


@given(st.text(alphabet=".x", min_size=1, max_size=9), st.data())
def test_stranded_seats_agree_with_trying_every_choice(pattern: str, data: st.DataObject) -> None:
    row = line(pattern)
    for stretch in stretches_of(row):
        ids = [place.seat_id for place in stretch]
        chosen = set(data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=len(ids), unique=True)))
        if len(ids) == 1:
            continue
        fewest = min(_left_alone(ids, set(other)) for other in combinations(ids, len(chosen)))
        refused = {place.seat_id for place in stranded_by(row, chosen)} & set(ids)

        assert bool(refused) == (_left_alone(ids, chosen) > fewest)
        for better in better_choices(row, chosen):
            assert _left_alone(ids, set(better)) <= fewest
            assert len(better) == len(chosen)


@given(st.lists(st.text(alphabet=".x", min_size=4, max_size=7), min_size=1, max_size=3), st.integers(1, 5))
def test_a_group_is_split_only_when_no_row_has_room_and_never_over_taken_seats(
    rows: list[str], quantity: int
) -> None:
    hall = [
        place
        for index, pattern in enumerate(rows)
        for place in line(pattern, row=str(index), y=float(index), first_id=100 * index + 1)
    ]
    free = {place.seat_id for place in hall if place.is_free}
    longest = max((len(s) for one in rows_of(hall) for s in stretches_of(one)), default=0)

    together = best_together(hall, quantity, focus=STAGE)

    assert bool(together) == (longest >= quantity)
    assert all(set(block.seat_ids) <= free for block in together)
    if not together:
        apart = best_apart(hall, quantity, focus=STAGE)
        assert (apart is None) == (len(free) < quantity)
        assert apart is None or (set(apart) <= free and len(set(apart)) == quantity)


def _left_alone(ids: list[int], chosen: set[int]) -> int:
    """Counts single free seats in a free stretch the plain way: as lengths of the rests between chosen seats."""
    marks = "".join("x" if seat in chosen else "." for seat in ids)
    return sum(len(rest) == 1 for rest in marks.split("x"))


def _runs(hall: list[Place], seats: list[int]) -> list[list[int]]:
    chosen = sorted((p for p in hall if p.seat_id in seats), key=lambda p: (p.y, p.x))
    runs = [[chosen[0].seat_id]]
    for left, right in pairwise(chosen):
        if left.y == right.y and right.x - left.x < 1.5:
            runs[-1].append(right.seat_id)
        else:
            runs.append([right.seat_id])
    return runs
