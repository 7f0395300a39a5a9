"""What the worker can do: each task takes ids, calls the domain once and returns nothing.

A task runs in an app context of its own. Its name is what stands in Redis, so
a task that is renamed leaves those that wait under the old name undone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from flask import current_app
from sqlalchemy.exc import InterfaceError, OperationalError

from seatbook.domain import mail, orders, webhooks
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.forgetting import forget_what_was_asked
from seatbook.domain.mail_carriers import carrier_of
from seatbook.domain.timetables import generate_all_slots
from seatbook.jobs.stop_flag import stop_requested

log = logging.getLogger("seatbook.tasks")


def _late_without_database(task: Callable[[], None]) -> Callable[[], None]:
    """A database that is away is one line in the log: the schedule asks for the task again and again."""

    @wraps(task)
    def attempt() -> None:
        try:
            task()
        except (OperationalError, InterfaceError) as error:
            reason = str(error.orig).strip().splitlines()[0]
            log.warning(
                "%s waits for its next turn: the database does not answer (%s)", task.__name__, reason
            )

    return attempt


@_late_without_database
def sweep() -> None:
    """Write down the holds that are over; asked to stop, it finishes the batch in hand."""
    batch = current_app.extensions["seatbook"].sweep_batch
    sweep_expired_holds(batch=batch, trigger="schedule", should_stop=stop_requested)


@_late_without_database
def deliver_mail() -> None:
    """Send what is due in the outbox; asked to stop, it finishes the letter in hand."""
    mail.deliver_mail(
        carrier=carrier_of(current_app.extensions["seatbook"]),
        write=current_app.extensions["seatbook_letters"],
        should_stop=stop_requested,
    )


@_late_without_database
def purge_mail() -> None:
    """Forget letters that were sent long ago."""
    mail.purge_sent_mail(should_stop=stop_requested)


@_late_without_database
def bring_webhooks() -> None:
    """Write down who is to be told of what happened, and tell them; asked to stop, it finishes what is on its way."""
    config = current_app.extensions["seatbook"]
    webhooks.follow_logs(should_stop=stop_requested)
    webhooks.bring_messages(
        sender=webhooks.sender_of(config), secret_key=config.secret_key, should_stop=stop_requested
    )


@_late_without_database
def purge_webhooks() -> None:
    """Forget what was brought, or could not be, long ago."""
    webhooks.purge_deliveries(should_stop=stop_requested)


@_late_without_database
def settle_payments() -> None:
    """Ask about payments whose time is up, end offers that are over, give money back that is owed.

    Asked to stop, it finishes the one in hand.
    """
    till = orders.till_of(current_app.extensions["seatbook"])
    orders.deliver_sandbox_notices(till=till)
    orders.ask_due_payments(till=till, should_stop=stop_requested)
    orders.end_due_offers()
    orders.send_due_refunds(till=till, should_stop=stop_requested)


@_late_without_database
def cancel_events() -> None:
    """Go on with events that are being cancelled; asked to stop, it finishes the purchase in hand."""
    orders.continue_event_cancellations(should_stop=stop_requested)


@_late_without_database
def forget_what_was_asked_long_ago() -> None:
    """Delete what was kept of requests with a key, a day after them; asked to stop, it finishes the batch in hand."""
    forget_what_was_asked(should_stop=stop_requested)


@_late_without_database
def generate_slots() -> None:
    """Make the slots of the days to come, as the timetables of all rooms say."""
    done = generate_all_slots()
    added = sum(room.added for room in done.rooms)
    if added:
        log.info("%s new slots in %s rooms", added, len(done.rooms))
    for event_id, error in done.failed.items():
        log.warning("event %s has no new slots: %s", event_id, error)
