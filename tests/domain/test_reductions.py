"""What reductions make of prices, to the last minor unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatbook.domain.reductions import Fees, Reduction, fees_of, for_party, reduced, without

prices = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("price", "percent", "less"),
    [(4500, 25, 3375), (999, 50, 500), (1, 50, 1), (1, 51, 0), (4500, 0, 4500), (4500, 100, 0)],
)
def test_a_part_of_a_price_is_rounded_to_the_nearest_unit(price: int, percent: int, less: int) -> None:
    assert without(price, percent=percent) == less


@pytest.mark.parametrize(
    ("price", "people", "fewer", "less"),
    [
        (18000, 4, [(2, 50)], 13500),
        (18000, 4, [(1, 50), (1, 100), (2, 0)], 11250),
        # Rounded for each, as a place is: 500 each, and not 999 for the two.
        (2997, 3, [(2, 50)], 1999),
        (2997, 3, [], 2997),
        # What was agreed for all together does not divide: the rest stays.
        (1000, 3, [(3, 100)], 1),
    ],
)
def test_each_of_a_party_pays_as_for_a_place(
    price: int, people: int, fewer: list[tuple[int, int]], less: int
) -> None:
    assert for_party(price, people=people, fewer=fewer) == less


@given(st.integers(0, 10**7), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 100)), max_size=4))
def test_a_party_costs_what_its_people_cost_one_by_one(unit: int, fewer: list[tuple[int, int]]) -> None:
    people = sum(count for count, _ in fewer) + 1
    one_by_one = unit + sum(without(unit, percent=percent) for count, percent in fewer for _ in range(count))
    assert for_party(unit * people, people=people, fewer=fewer) == one_by_one


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


@pytest.mark.parametrize(
    ("full", "fees"),
    [
        ([1000, 1000, 1000], [217, 217, 216]),
        ([3000, 1000], [300, 200]),
        ([1000, 0], [350, 0]),
        ([0, 0], [0, 0]),
    ],
)
def test_fees_are_for_each_place_and_shared_and_what_costs_nothing_has_none(
    full: list[int], fees: list[int]
) -> None:
    assert fees_of(full, Fees(per_place_minor=150, per_order_minor=200), times=[1] * len(full)) == fees


@given(prices, st.integers(0, 10**6), st.integers(0, 10**6))
def test_fees_are_as_much_as_the_event_says(full: list[int], each: int, order: int) -> None:
    fees = fees_of(full, Fees(per_place_minor=each, per_order_minor=order), times=[1] * len(full))
    priced = sum(price > 0 for price in full)
    assert sum(fees) == each * priced + (order if priced else 0)
    assert all(fee >= 0 and (price or not fee) for fee, price in zip(fees, full, strict=True))


def test_without_a_code_everything_costs_what_it_costs() -> None:
    assert reduced([1, 2], None) == [1, 2]
