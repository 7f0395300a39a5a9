"""How old a change is when it goes out to the open pages, counted in this process.

From the moment at which the change was written, a little before its commit, to
the moment at which the last stream of the process was given it, both by the
database's clock. Buckets are cumulative, as Prometheus counts.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

BUCKETS_SECONDS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class FreshnessFigures:
    """`up_to` counts changes by the upper end of each bucket, cumulative; `count` is all of them."""

    up_to: dict[float, int]
    count: int
    sum_seconds: float

    def quantile(self, share: float) -> float | None:
        """An upper bound: the end of the bucket in which that share of the changes is reached.
        None when there was no change, infinity beyond the last bucket."""
        if not self.count:
            return None
        reached = (end for end, count in self.up_to.items() if count >= share * self.count)
        return next(reached, float("inf"))


class Freshness:
    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self._sum_seconds = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self._sum_seconds += seconds

    def figures(self) -> FreshnessFigures:
        up_to: dict[float, int] = {}
        total = 0
        for end, count in zip(BUCKETS_SECONDS, self._counts, strict=False):
            total += count
            up_to[end] = total
        return FreshnessFigures(up_to, total + self._counts[-1], self._sum_seconds)
