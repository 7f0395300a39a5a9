"""`flask sweep`: write down the holds that are over, by hand or from cron."""

from __future__ import annotations

import logging
import signal
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from seatbook.domain import orders
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import ExpiredSeat

MAX_BATCH = 1_000


@click.command("sweep")
@click.option(
    "--batch", type=click.IntRange(1, MAX_BATCH), default=None, help="Seats a transaction.  [default: 100]"
)
@click.option("--dry-run", is_flag=True, help="Say what would be released, and write nothing.")
@click.option("--verbose", is_flag=True, help="One line for every seat.")
@with_appcontext
def sweep(batch: int | None, dry_run: bool, verbose: bool) -> None:
    """Release the seats whose hold is over.

    Where the time to pay is over, the payment service is asked first (not in a dry run).
    Safe to run at any time, any number at once. Ctrl-C and SIGTERM finish the
    batch in hand. Exit code 1 when a hold could not be released.
    """
    stop = StopRequest()
    # The lines below say the same; the log is for runs that nobody watches.
    logging.getLogger("seatbook.sweep").setLevel(logging.WARNING)

    def report(seats: list[ExpiredSeat]) -> None:
        if verbose or dry_run:
            for seat in seats:
                click.echo(
                    f"{'Would release' if dry_run else 'Released'} {seat.label} "
                    f"(event {seat.event_id}, was held by {seat.holder or 'a visitor'})"
                )

    if not dry_run:
        _ask_about_payments(stop)
    result = sweep_expired_holds(
        batch=batch or current_app.extensions["seatbook"].sweep_batch,
        trigger="command",
        dry_run=dry_run,
        on_batch=report,
        should_stop=stop.requested,
    )
    verb = "Would release" if dry_run else "Released"
    seats, holds = _count(result.seats, "seat"), _count(result.reservations, "hold")
    click.echo(f"{verb} {seats} of {holds} in {result.seconds:.1f} s.")
    if result.stopped:
        click.echo("Stopped after the batch in hand, as asked. What is left is released by the next sweep.")
    if result.failed:
        click.echo(
            f"{_count(len(result.failed), 'hold')} could not be released; the lines above say why.", err=True
        )
        raise SystemExit(1)


def _ask_about_payments(stop: StopRequest) -> None:
    till = orders.till_of(current_app.extensions["seatbook"])
    asked = orders.ask_due_payments(till=till, should_stop=stop.requested)
    orders.end_due_offers()
    if asked.paid + asked.ended + asked.waiting:
        click.echo(
            f"Asked about {_count(asked.paid + asked.ended + asked.waiting, 'payment')}: "
            f"{asked.paid} paid, {asked.ended} not, {asked.waiting} still on their way."
        )


class StopRequest:
    """Remembers Ctrl-C or SIGTERM, so that a batch is finished before the process ends."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)

    def requested(self) -> bool:
        return self._asked

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


commands = [sweep]
