"""What reductions make of prices, to the last minor unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatbook.domain.reductions import Reduction, reduced, without

prices = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("price", "percent", "less"),
    [(4500, 25, 3375), (999, 50, 500), (1, 50, 1), (1, 51, 0), (4500, 0, 4500), (4500, 100, 0)],
)
def test_a_part_of_a_price_is_rounded_to_the_nearest_unit(price: int, percent: int, less: int) -> None:
    assert without(price, percent=percent) == less


@pytest.mark.parametrize(
    ("amount", "left"),
    [(100, [967, 967, 966]), (1, [999, 1000, 1000]), (3000, [0, 0, 0]), (9999, [0, 0, 0])],
)
def test_an_amount_is_spread_over_the_places(amount: int, left: list[int]) -> None:
    assert sorted(reduced([1000, 1000, 1000], Reduction(amount_minor=amount))) == sorted(left)


@given(prices, st.integers(1, 10**10))
def test_the_whole_amount_is_taken_off_and_no_place_costs_less_than_nothing(
    full: list[int], amount: int
) -> None:
    left = reduced(full, Reduction(amount_minor=amount))
    assert sum(left) == max(0, sum(full) - amount)
    assert all(0 <= now <= before for now, before in zip(left, full, strict=True))


@given(prices, st.integers(1, 100))
def test_a_percentage_is_of_each_place(full: list[int], percent: int) -> None:
    assert reduced(full, Reduction(percent=percent)) == [without(price, percent=percent) for price in full]


def test_without_a_code_everything_costs_what_it_costs() -> None:
    assert reduced([1, 2], None) == [1, 2]
