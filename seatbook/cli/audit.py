"""`flask audit`: proves that the books are right."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from seatbook.queries.audit import Audit, audit_books


@click.command("audit")
@click.option("--event", "event_id", type=click.IntRange(1, 2**63 - 1), help="Only this event.")
@with_appcontext
def audit(event_id: int | None) -> None:
    """Check that seats, claims, reservations and the log tell one story.

    Reads one moment of the database; the sale may go on. Exit code 1 when
    something contradicts itself.
    """
    verdict = audit_books(event_id)
    report_findings(verdict)
    if verdict.findings:
        raise SystemExit(1)
    click.echo(f"The books are right: {verdict.seats:,} seats, {verdict.changes:,} changes of state.")


def report_findings(verdict: Audit) -> None:
    """One line for every rule that is broken."""
    for finding in verdict.findings:
        examples = ", ".join(finding.examples)
        click.echo(
            f"WRONG: {finding.rule} Not so for {finding.rows:,}, among them (event/id) {examples}.", err=True
        )


commands = [audit]
