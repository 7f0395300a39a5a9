"""What the worker can do: each task takes ids, calls the domain once and returns nothing.

A task runs in an app context of its own. Its name is what stands in Redis, so
a task that is renamed leaves those that wait under the old name undone.
"""

from __future__ import annotations

from flask import current_app

from seatbook.domain import mail
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.mail_carriers import carrier_of
from seatbook.jobs.stop_flag import stop_requested


def sweep() -> None:
    """Write down the holds that are over; asked to stop, it finishes the batch in hand."""
    batch = current_app.extensions["seatbook"].sweep_batch
    sweep_expired_holds(batch=batch, trigger="schedule", should_stop=stop_requested)


def deliver_mail() -> None:
    """Send what is due in the outbox; asked to stop, it finishes the letter in hand."""
    mail.deliver_mail(carrier=carrier_of(current_app.extensions["seatbook"]), should_stop=stop_requested)
