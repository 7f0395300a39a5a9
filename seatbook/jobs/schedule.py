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
# Staff look at the bar of an event that they cancel.
CANCELLATIONS_INTERVAL_SECONDS = 5
# A till or an app elsewhere follows what happens here.
WEBHOOKS_INTERVAL_SECONDS = 3
# Rooms are booked weeks ahead: a day more each day.
SLOTS_INTERVAL_SECONDS = 86_400

# What is kept for a day may be kept for an hour more.
FORGETTING_INTERVAL_SECONDS = 3600
PURGE_INTERVAL_SECONDS = 3_600


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
        Scheduled(tasks.cancel_events, every_seconds=CANCELLATIONS_INTERVAL_SECONDS),
        Scheduled(tasks.generate_slots, every_seconds=SLOTS_INTERVAL_SECONDS),
        Scheduled(tasks.forget_what_was_asked_long_ago, every_seconds=FORGETTING_INTERVAL_SECONDS),
        Scheduled(tasks.bring_webhooks, every_seconds=WEBHOOKS_INTERVAL_SECONDS),
        Scheduled(tasks.purge_webhooks, every_seconds=PURGE_INTERVAL_SECONDS),
        Scheduled(tasks.purge_mail, every_seconds=PURGE_INTERVAL_SECONDS),
    )
