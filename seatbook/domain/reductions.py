"""What a place costs with a concession, a code and fees: whole minor units, pure arithmetic.

A concession takes a part of one place's price, rounded to the nearest unit, a
half upwards; of a party where each pays, of the price of each who has it. Then a
code takes a part of each price in the same way, or an amount of the whole, which
is spread over the places in proportion, so that each place has a price of its
own that can be given back.

Fees come on top of that, and nothing makes them less: one for each place, or
for each person where the price is for each, and one for the whole, which is
spread in the same way. What costs nothing by then has no fee.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a code takes off: one of the two. `amount_minor` is of the whole basket."""

    percent: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Fees:
    """What an event asks for on top of its prices, in minor units."""

    per_place_minor: int = 0
    per_order_minor: int = 0


def without(price_minor: int, *, percent: int) -> int:
    """The price less that part of it: 4500 less 25 % is 3375; 999 less 50 % is 500."""
    return (price_minor * (100 - percent) + 50) // 100


def for_party(price_minor: int, *, people: int, fewer: Iterable[tuple[int, int]]) -> int:
    """The price of so many people, of whom some pay less: `fewer` has how many, and their percentage. Each of those
    pays as for a place of their own: 3 × 999, one of them less 50 %, is 2498. What does not divide by the people
    (a price that was agreed for all together) nobody gets off."""
    of_each = price_minor // people
    return price_minor - sum(
        count * (of_each - without(of_each, percent=percent)) for count, percent in fewer
    )


def reduced(prices: Sequence[int], code: Reduction | None) -> list[int]:
    """What each place costs with the code, in the order given; nothing becomes less than 0."""
    if code is None:
        return list(prices)
    if code.percent is not None:
        return [without(price, percent=code.percent) for price in prices]
    taken = min(code.amount_minor or 0, sum(prices))
    return [price - share for price, share in zip(prices, spread(taken, prices), strict=True)]


def fees_of(prices: Sequence[int], fees: Fees, *, times: Sequence[int]) -> list[int]:
    """The fee of each place, in the order given: its own, so many times, and its share of the order's; 0 for what
    costs nothing."""
    shares = spread(fees.per_order_minor, prices)
    return [
        fees.per_place_minor * count + share if price else 0
        for price, share, count in zip(prices, shares, times, strict=True)
    ]


def spread(amount_minor: int, prices: Sequence[int]) -> list[int]:
    """An amount in shares in proportion to the prices, the fractions to those with the largest; together they
    are exactly the amount. Where nothing costs anything there is nothing to spread it over."""
    total = sum(prices)
    if amount_minor == 0 or total == 0:
        return [0] * len(prices)
    shares = [price * amount_minor // total for price in prices]
    by_fraction = sorted(range(len(prices)), key=lambda n: (-(prices[n] * amount_minor % total), n))
    for number in by_fraction[: amount_minor - sum(shares)]:
        shares[number] += 1
    return shares
