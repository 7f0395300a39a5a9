"""What a place costs with a concession and a code: whole minor units, pure arithmetic.

A concession takes a part of one place's price, rounded to the nearest unit, a
half upwards. Then a code takes a part of each price in the same way, or an
amount of the whole, which is spread over the places in proportion, so that each
place has a price of its own that can be given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a code takes off: one of the two. `amount_minor` is of the whole basket."""

    percent: int | None = None
    amount_minor: int | None = None


def without(price_minor: int, *, percent: int) -> int:
    """The price less that part of it: 4500 less 25 % is 3375; 999 less 50 % is 500."""
    return (price_minor * (100 - percent) + 50) // 100


def reduced(prices: Sequence[int], code: Reduction | None) -> list[int]:
    """What each place costs with the code, in the order given; nothing becomes less than 0."""
    if code is None:
        return list(prices)
    if code.percent is not None:
        return [without(price, percent=code.percent) for price in prices]
    return _less_amount(prices, code.amount_minor or 0)


def _less_amount(prices: Sequence[int], amount_minor: int) -> list[int]:
    """The amount in shares, whose fractions go to those with the largest; together they are exactly the amount."""
    total = sum(prices)
    taken = min(amount_minor, total)
    if taken == 0:
        return list(prices)
    shares = [price * taken // total for price in prices]
    by_fraction = sorted(range(len(prices)), key=lambda n: (-(prices[n] * taken % total), n))
    for number in by_fraction[: taken - sum(shares)]:
        shares[number] += 1
    return [price - share for price, share in zip(prices, shares, strict=True)]
