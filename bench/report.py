"""Figures as a person reads them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence


def print_machine() -> None:
    load = os.getloadavg()[0]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"
    )


def print_table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")


def quantiles_ms(seconds: Sequence[float]) -> str:
    """p50, p95, p99 and the longest, in milliseconds."""
    if not seconds:
        return "nothing"
    ordered = sorted(seconds)
    named = [
        (f"p{share}", ordered[min(len(ordered) - 1, len(ordered) * share // 100)]) for share in (50, 95, 99)
    ]
    return " · ".join(f"{name} {value * 1000:,.0f}" for name, value in [*named, ("max", ordered[-1])]) + " ms"
