"""Halls from CSV files: where seats come to stand, and what is wrong with a file, by line."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatbook.domain.plan_csv import CsvPlan, plan_from_csv
from seatbook.domain.plans import PlanFaults, PlanSeat, PlanSection

HEADER = "zone,row,start,end\n"


def read(lines: str) -> CsvPlan:
    return plan_from_csv((HEADER + lines).encode(), file_name="hall.csv")


def faults_of(content: bytes | str) -> list[str]:
    with pytest.raises(PlanFaults) as refusal:
        plan_from_csv(content.encode() if isinstance(content, str) else content, file_name="hall.csv")
    faults: list[str] = refusal.value.data["faults"]
    return faults


def section(plan: CsvPlan, name: str) -> PlanSection:
    return next(s for area in plan.layout.areas for s in area.sections if s.name == name)


def seats(plan: CsvPlan, name: str) -> list[PlanSeat]:
    return [seat for row in section(plan, name).rows for seat in row.seats]


def line(plan: CsvPlan, name: str, y: float) -> list[tuple[str, float]]:
    """(number, x) of a zone's seats at one distance from the stage, from left to right."""
    at = [seat for seat in seats(plan, name) if seat.y == y]
    return [(seat.number, seat.x) for seat in sorted(at, key=lambda seat: seat.x)]


# --- Where seats stand ---------------------------------------------------------------------------


def test_left_and_right_share_a_band_with_an_aisle_on_the_axis() -> None:
    plan = read("Stalls left,A,1,3\nStalls right,A,4,6\n")

    assert line(plan, "Stalls left", 0.0) == [("1", -3.5), ("2", -2.5), ("3", -1.5)]
    assert line(plan, "Stalls right", 0.0) == [("4", 1.5), ("5", 2.5), ("6", 3.5)]
    left, right = section(plan, "Stalls left"), section(plan, "Stalls right")
    assert (left.band, left.side, right.band, right.side) == (0, "left", 0, "right")


def test_numbers_fall_from_left_to_right_where_the_left_zone_has_the_higher_ones() -> None:
    plan = read("Stalls left,A,4,6\nStalls right,A,1,3\n")

    assert line(plan, "Stalls left", 0.0) == [("6", -3.5), ("5", -2.5), ("4", -1.5)]
    assert line(plan, "Stalls right", 0.0) == [("3", 1.5), ("2", 2.5), ("1", 3.5)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Permanto vasen (1. krs)", "Permanto oikea (1. krs)"),
        ("Parkett links", "Parkett rechts"),
        ("linke Galerie", "rechte Galerie"),
        ("Balkong vänster", "Balkong höger"),
        ("Orchestre gauche", "Orchestre droite"),
        ("LEFT circle", "Right Circle"),
        ("Stalls (left)", "Stalls (right)"),
    ],
)
def test_sides_are_understood_in_several_languages(left: str, right: str) -> None:
    plan = read(f"{right},1,1,2\n{left},1,3,4\n")

    assert section(plan, left).side == "left"
    assert section(plan, right).side == "right"
    assert section(plan, left).band == section(plan, right).band
    assert len(plan.layout.categories) == 1


@pytest.mark.parametrize("name", ["Rightmost block", "Linkstraße", "Left or right", "Oikeakätiset"])
def test_a_word_that_only_begins_like_a_side_says_nothing(name: str) -> None:
    assert section(read(f"{name},1,1,2\n"), name).side == "centre"


def test_left_centre_and_right_stand_beside_each_other() -> None:
    plan = read("Stalls right,A,6,7\nStalls,A,3,5\nStalls left,A,1,2\n")

    assert line(plan, "Stalls left", 0.0) == [("1", -5.0), ("2", -4.0)]
    assert line(plan, "Stalls", 0.0) == [("3", -1.0), ("4", 0.0), ("5", 1.0)]
    assert line(plan, "Stalls right", 0.0) == [("6", 4.0), ("7", 5.0)]


def test_bands_follow_the_file_and_zones_of_another_floor_are_another_band() -> None:
    names = ("Balcony left (2nd)", "Balcony left (3rd)", "Gods")
    plan = read(
        "Balcony left (2nd),A,1,2\nBalcony right (2nd),A,3,4\n"
        "Balcony left (3rd),A,1,2\nBalcony right (3rd),A,3,4\nGods,A,1,2\n"
    )

    assert [section(plan, name).band for name in names] == [0, 1, 2]
    assert [seats(plan, name)[0].y for name in names] == [0, 3, 6]


def test_row_1_is_nearest_to_the_stage_whatever_the_order_of_the_file() -> None:
    plan = read("Stalls,10,1,2\nStalls,2,1,2\nStalls,1,1,2\n")

    assert [(row.label, row.y) for row in section(plan, "Stalls").rows] == [("1", 0), ("2", 1), ("10", 2)]


def test_rows_of_letters_go_from_a_to_z_before_aa() -> None:
    plan = read("Stalls,AA,1,2\nStalls,B,1,2\nStalls,A,1,2\n")

    assert [row.label for row in section(plan, "Stalls").rows] == ["A", "B", "AA"]


def test_rows_of_a_pair_are_level_even_where_one_side_has_fewer() -> None:
    plan = read("Stalls left,1,1,2\nStalls left,2,1,2\nStalls left,3,1,2\nStalls right,3,3,4\n")

    assert seats(plan, "Stalls right")[0].y == 2


def test_rows_of_one_number_whose_seats_go_on_are_one_line() -> None:
    plan = read("Stalls,B3,95,96\nStalls,A3,93,94\n")

    assert line(plan, "Stalls", 0.0) == [("93", -1.5), ("94", -0.5), ("95", 0.5), ("96", 1.5)]
    assert [row.label for row in section(plan, "Stalls").rows] == ["A3", "B3"]


def test_a_few_missing_numbers_are_a_hole_in_the_line() -> None:
    plan = read("Stalls,A3,1,2\nStalls,B3,4,5\n")

    assert line(plan, "Stalls", 0.0) == [("1", -2.0), ("2", -1.0), ("4", 1.0), ("5", 2.0)]


def test_rows_of_one_number_that_do_not_go_on_are_blocks_behind_each_other() -> None:
    plan = read("Field,B1,1,2\nField,A2,1,2\nField,A1,1,2\n")

    assert [(row.label, row.y) for row in section(plan, "Field").rows] == [("A1", 0), ("A2", 1), ("B1", 2)]


def test_a_row_that_comes_twice_has_an_aisle_and_the_aisles_of_all_rows_are_in_line() -> None:
    plan = read("Stalls,A,1,2\nStalls,A,3,5\nStalls,B,1,3\nStalls,B,4,5\n")

    assert line(plan, "Stalls", 0.0) == [("1", -2.0), ("2", -1.0), ("3", 1.0), ("4", 2.0), ("5", 3.0)]
    assert line(plan, "Stalls", 1.0) == [("1", -3.0), ("2", -2.0), ("3", -1.0), ("4", 1.0), ("5", 2.0)]
    assert [row.label for row in section(plan, "Stalls").rows] == ["A", "B"]


def test_outer_seats_without_inner_ones_stay_outside() -> None:
    plan = read("Side right,B2,1,2\nSide right,B3,3,4\nSide right,A3,5,7\nSide left,A3,8,9\n")

    assert line(plan, "Side right", 1.0) == [("7", 1.5), ("6", 2.5), ("5", 3.5), ("4", 4.5), ("3", 5.5)]
    # B2 stands where B3 stands, and not in the place of a row A2 that is not there.
    assert [x for _, x in line(plan, "Side right", 0.0)] == [4.5, 5.5]


def test_a_box_stands_beside_the_band_with_its_row_numbers() -> None:
    plan = read(
        "Stalls left,1,1,2\nStalls right,1,3,4\nCircle left,8,1,2\nCircle right,8,3,4\nBox right,1,1,2\n"
    )

    box = seats(plan, "Box right")
    assert section(plan, "Box right").side == "right"
    assert {seat.y for seat in box} == {seats(plan, "Stalls right")[0].y}
    assert min(seat.x for seat in box) == max(seat.x for seat in seats(plan, "Stalls right")) + 3


def test_boxes_of_one_side_stand_behind_each_other() -> None:
    plan = read("Box 1 left,1,1,2\nBox 2 left,1,1,2\nStalls left,1,1,2\nStalls right,1,3,4\n")

    assert [seats(plan, name)[0].y for name in ("Box 1 left", "Box 2 left")] == [0, 3]
    assert max(s.x for s in seats(plan, "Box 2 left")) < min(s.x for s in seats(plan, "Stalls left"))


def test_a_hall_of_nothing_but_one_side_can_be_laid_out() -> None:
    plan = read("Box left,1,1,2\nLoge left,1,1,2\n")

    assert plan.seats == 4
    assert len({(seat.x, seat.y) for seat in plan.layout.seats}) == 4


def test_categories_are_the_kinds_of_zones_without_side_and_floor() -> None:
    plan = read(
        "Stalls left (1st),A,1,2\nStalls right (1st),A,3,4\nstalls left (2nd),B,1,2\nBox A right,A,1,2\n"
    )

    assert [(c.name, c.colour) for c in plan.layout.categories] == [("Stalls", 1), ("Box A", 2)]
    assert seats(plan, "stalls left (2nd)")[0].category == "Stalls"


def test_more_kinds_than_colours_become_one_category() -> None:
    assert len(read("".join(f"Block {n},1,1,2\n" for n in range(8))).layout.categories) == 8
    plan = read("".join(f"Block {n},1,1,2\n" for n in range(9)))

    assert [(c.name, c.colour) for c in plan.layout.categories] == [("Standard", 1)]


def test_labels_are_row_and_number_and_a_dash_parts_digits() -> None:
    plan = read("Stalls,A,12,12\nStalls,A16,11,11\n")

    assert {seat.label for seat in plan.layout.seats} == {"A12", "A16-11"}


ZONES = [
    "Stalls",
    "Stalls left",
    "Stalls right",
    "Left stalls",
    "Box left",
    "Box right",
    "Loge 1 left",
    "Gods",
]
ROWS = ["1", "2", "10", "A", "B", "AA", "A1", "B1", "A2", "B2", "C2"]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(ZONES), st.sampled_from(ROWS)),
        st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), min_size=1, max_size=3),
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=100, deadline=None)
def test_every_seat_of_any_hall_has_a_place_of_its_own(
    hall: dict[tuple[str, str], list[tuple[int, int]]], chance: Random
) -> None:
    lines = []
    for (zone, row), runs in hall.items():
        number = chance.randint(0, 30)
        for gap, count in runs:
            lines.append(f"{zone},{row},{number + gap},{number + gap + count - 1}\n")
            number += gap + count
    chance.shuffle(lines)

    plan = read("".join(lines))

    assert plan.seats == sum(count for runs in hall.values() for _, count in runs)
    by_line: dict[float, list[float]] = {}
    for seat in plan.layout.seats:
        by_line.setdefault(seat.y, []).append(seat.x)
    for xs in by_line.values():
        xs.sort()
        assert all(right - left >= 1 for left, right in pairwise(xs))
    for part in (part for area in plan.layout.areas for part in area.sections):
        assert all(row.seats == tuple(sorted(row.seats, key=lambda seat: seat.x)) for row in part.rows)


# --- Real halls ----------------------------------------------------------------------------------


@pytest.fixture
def real_hall(shared_dir: Path) -> Callable[[str], CsvPlan]:
    def load(name: str) -> CsvPlan:
        file = shared_dir / "data" / "venues" / name
        if not file.is_file():
            pytest.skip(f"needs ../shared/data/venues/{name}, which is not here")
        return plan_from_csv(file.read_bytes(), file_name=name)

    return load


def test_the_big_hall_has_its_seats_and_looks_like_a_hall(real_hall: Callable[[str], CsvPlan]) -> None:
    plan = real_hall("tampere-talo-iso-sali.csv")

    assert (plan.seats, plan.zones, plan.notes) == (1563, 11, ())
    assert [c.name for c in plan.layout.categories] == [
        *["Etupermanto", "Takapermanto", "Aitio A", "Etuparveke", "Takaparveke"]
    ]
    for s in (s for area in plan.layout.areas for s in area.sections):
        xs = [seat.x for row in s.rows for seat in row.seats]
        assert max(xs) < 0 if "vasen" in s.name else min(xs) > 0, s.name
    # The third row, across the aisle: numbers fall from 102 at the left wall to 66 at the right one.
    row = line(plan, "Etupermanto vasen (1. krs)", 1.0) + line(plan, "Etupermanto oikea (1. krs)", 1.0)
    assert [number for number, _ in row] == [str(n) for n in range(102, 65, -1)]
    depths = {name: min(seat.y for seat in seats(plan, name)) for name in ("Takapermanto vasen (2. krs)",)}
    assert depths["Takapermanto vasen (2. krs)"] > max(s.y for s in seats(plan, "Etupermanto oikea (2. krs)"))


def test_the_small_hall_has_its_seats_and_its_boxes_on_the_left(real_hall: Callable[[str], CsvPlan]) -> None:
    plan = real_hall("tampere-talo-pieni-sali.csv")

    assert (plan.seats, plan.zones) == (421, 5)
    stalls = min(seat.x for seat in seats(plan, "Permanto vasen (2. krs)"))
    for box in ("Aitio 2 vasen (2. krs)", "Aitio 3 vasen (2. krs)", "Aitio 4 vasen (2. krs)"):
        assert max(seat.x for seat in seats(plan, box)) < stalls


# --- Files as people have them -------------------------------------------------------------------


def test_a_byte_order_mark_windows_lines_blank_lines_and_quotes_are_fine() -> None:
    content = '\ufeffzone,row,start,end\r\n\r\n"Stalls, left",A,1,2\r\n ,,,\r\nStalls, B ,1,2'

    plan = plan_from_csv(content.encode(), file_name="hall.csv")

    assert (plan.zones, plan.seats) == (2, 4)
    assert {seat.label for seat in plan.layout.seats} == {"A1", "A2", "B1", "B2"}


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_separators_of_other_spreadsheets_are_understood(delimiter: str) -> None:
    content = "Zone,ROW,start,end\nStalls,A,1,2\n".replace(",", delimiter)

    assert plan_from_csv(content.encode(), file_name="hall.csv").seats == 2


def test_columns_may_come_in_any_order_and_others_are_noted() -> None:
    plan = plan_from_csv(b"end,start,price,row,zone\n2,1,99,A,Stalls\n", file_name="hall.csv")

    assert plan.seats == 2
    assert plan.notes == ("Columns that were not used: “price”.",)


def test_an_old_windows_file_is_read_and_the_report_says_so() -> None:
    plan = plan_from_csv((HEADER + "Läktare vänster,A,1,2\n").encode("cp1252"), file_name="hall.csv")

    assert section(plan, "Läktare vänster").side == "left"
    assert "read as Windows-1252" in plan.notes[0]
    assert "line 2" in plan.notes[0]


def test_names_that_look_the_same_are_the_same() -> None:
    plan = read("Läktare,A,1,2\nLa\u0308ktare,B,1,2\nLäktare ,C,1,2\n")

    assert plan.zones == 1


# --- Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "hall.csv: the file is empty. Its first line must be “zone,row,start,end”."),
        (b"\xef\xbb\xbf \r\n", "hall.csv: the file is empty. Its first line must be “zone,row,start,end”."),
        (b"zone,row,start,end\n", "hall.csv: there is no line with seats below the header."),
        (
            b"zone,row,from,to\nS,A,1,2\n",
            "hall.csv, line 1: the header has no column “start”, “end”. The first line must be “zone,row,start,end”.",
        ),
        (
            b"Stalls,A,1,2\n",
            "hall.csv, line 1: the header has no column “zone”, “row”, “start”, “end”. "
            "The first line must be “zone,row,start,end”.",
        ),
        (
            b"zone,row,start,end,zone\nS,A,1,2,S\n",
            "hall.csv, line 1: the header has the column “zone” more than once.",
        ),
        (
            "zone,row,start,end\nS,A,1,2\n".encode("utf-16"),
            "hall.csv: the file is in UTF-16. Save it as “CSV UTF-8” and import it again.",
        ),
        (
            b"zone,row,start,end\nS,A,1,2\nS,\x00,1,2\n",
            "hall.csv, line 3: there is a NUL byte, so this is no text file. Save the table as “CSV UTF-8”.",
        ),
        (
            b"zone,row,start,end\nS\x81\x8d,A,1,2\n",
            "hall.csv, line 2: the text is neither UTF-8 nor Windows-1252. Save the file as “CSV UTF-8”.",
        ),
        (
            b'zone,row,start,end\n"S,A,1,2\n',
            "hall.csv, line 2: the line cannot be read as CSV (unexpected end of data).",
        ),
        (b"x" * (16 * 1024 * 1024 + 1), "hall.csv: the file is larger than 16 MB, so it is no plan."),
    ],
)
def test_a_file_that_is_no_table_of_seats_is_refused(content: bytes, fault: str) -> None:
    assert faults_of(content) == [fault]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ("Stalls,A,5,1", "start 5 is greater than end 1."),
        ("Stalls,A,one,2", "start “one” is not a whole number."),
        ("Stalls,A,1,2.5", "end “2.5” is not a whole number."),
        ("Stalls,A,-1,2", "start “-1” is not a whole number."),
        ("Stalls,A,,2", "start “” is not a whole number."),
        ("Stalls,A,\u0663,\u0664", "start “\u0663” is not a whole number."),
        ("Stalls,A,1,1001", "1 to 1001 are 1,001 seats; a run has at most 1,000."),
        ("Stalls,A,1,99999999999999999999", "end 99999999999999999999 is more than 999,999."),
        ("Stalls,A,1,9" + "9" * 5000, f"end {'9' * 40}… is more than 999,999."),
        ("Stalls,A,1", "there are 3 values for 4 columns."),
        ("Stalls,A,1,2,3", "there are 5 values for 4 columns."),
        (",A,1,2", "the zone is empty."),
        ("Stalls, ,1,2", "the row is empty."),
        ("x" * 121 + ",A,1,2", "the zone has 121 characters; 120 are possible."),
        ("Sta\x07lls,A,1,2", "the zone has a character that cannot be shown."),
    ],
)
def test_a_bad_line_is_named_by_its_number(bad: str, fault: str) -> None:
    assert fault in faults_of(f"{HEADER}Balcony,A,1,2\n{bad}\n")[0]
    assert faults_of(f"{HEADER}Balcony,A,1,2\n{bad}\n")[0].startswith("hall.csv, line 3: ")


def test_a_seat_that_comes_twice_names_both_lines() -> None:
    assert faults_of(HEADER + "Stalls,A,1,10\nBalcony,A,1,10\nStalls,A,9,12\nStalls,A,5,5\n") == [
        "hall.csv, line 4: seats A9 to A10 of “Stalls” came already in line 2.",
        "hall.csv, line 5: seat A5 of “Stalls” came already in line 2.",
    ]


def test_all_faults_come_at_once_and_twenty_are_listed() -> None:
    content = HEADER + "Stalls,A,x,1\n" * 30

    assert len(faults_of(content)) == 30
    with pytest.raises(PlanFaults) as refusal:
        plan_from_csv(content.encode(), file_name="hall.csv")
    lines = str(refusal.value).splitlines()
    assert lines[0] == "hall.csv cannot be used as a plan:"
    assert lines[-1] == "… and 10 more."
    assert len(lines) == 22


def test_a_file_with_more_seats_than_any_hall_is_refused_where_it_passes_the_limit() -> None:
    content = HEADER + "".join(f"Field,{row},1,1000\n" for row in range(101))

    assert faults_of(content) == [
        "hall.csv, line 102: at most 100,000 seats are possible, and this line goes beyond."
    ]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (
            "".join(f"Field,{row},1,1\n" for row in range(12_000)),
            "hall.csv, line 5002: at most 5,000 rows are possible, and “5000” of “Field” is one more.",
        ),
        (
            "".join(f"Box {number},A,1,1\n" for number in range(3_000)),
            "hall.csv, line 2002: at most 2,000 zones are possible, and “Box 2000” is one more.",
        ),
        (
            "".join(f"Field,A,{first},{first + 999}\n" for first in range(1, 30_000, 1_000)),
            "hall.csv, line 4: at most 2,000 seats are possible in a row, and “A” of “Field” has more.",
        ),
    ],
    ids=["rows", "zones", "seats in a row"],
)
def test_too_many_of_anything_is_one_fault_with_its_line(lines: str, fault: str) -> None:
    assert faults_of(HEADER + lines) == [fault]


def test_a_hall_too_wide_to_be_drawn_is_one_fault_with_its_file() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    runs = [f"Field,{letter}1,{n * 1000 + 1},{n * 1000 + 1000}\n" for n, letter in enumerate(letters)]

    (fault,) = faults_of(HEADER + "".join(runs))

    assert fault.startswith("hall.csv: the rows would reach 13,000 seats from the middle of the stage;")
    assert "at most 10,000 are possible" in fault


def test_zeros_before_a_number_mean_nothing() -> None:
    assert read(f"Stalls,A,{'0' * 5000}1,{'0' * 20}3\n").seats == 3


def test_as_many_seats_as_possible_stand_in_places_of_their_own() -> None:
    plan = read("".join(f"Field,{row},1,1000\n" for row in range(100)))

    assert plan.seats == 100_000
    assert len({(seat.x, seat.y) for seat in plan.layout.seats}) == 100_000
