"""What is to be done again and again, as data. Every job here is harmless when it comes twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seatbook.config import Config
from seatbook.jobs import tasks

# Whoever forgot a password looks at their mail at once.
MAIL_INTERVAL_SECONDS = 10
# So long after its deadline a place that nobody paid for is on sale again, at most.
PAYMENTS_INTERVAL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`task()` is asked for when the scheduler starts, and then every so many seconds."""

    task: Callable[[], None]
    every_seconds: int


def schedule(config: Config) -> tuple[Scheduled, ...]:
    return (
        Scheduled(tasks.sweep, every_seconds=config.sweep_interval_seconds),
        Scheduled(tasks.deliver_mail, every_seconds=MAIL_INTERVAL_SECONDS),
        Scheduled(tasks.settle_payments, every_seconds=PAYMENTS_INTERVAL_SECONDS),
    )
