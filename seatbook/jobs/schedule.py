"""What is to be done again and again, as data. Every job here is harmless when it comes twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seatbook.config import Config
from seatbook.jobs import tasks


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`task()` is asked for when the scheduler starts, and then every so many seconds."""

    task: Callable[[], None]
    every_seconds: int


def schedule(config: Config) -> tuple[Scheduled, ...]:
    return (Scheduled(tasks.sweep, every_seconds=config.sweep_interval_seconds),)
