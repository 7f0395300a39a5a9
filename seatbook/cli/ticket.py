"""`flask ticket`: check a code by hand, and look after the keys that tickets are signed with."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext

from seatbook.domain.money import amount_text
from seatbook.domain.ticket_keys import known_keys, revoke_key, signing_key
from seatbook.domain.tickets import CheckedTicket, check_ticket
from seatbook.queries.named_places import in_english

WHY = {
    "unreadable": "This is no ticket of seatbook.",
    "unknown_key": "It was signed with a key that is not ours.",
    "revoked_key": "It was signed with a key that is revoked.",
    "bad_signature": "Its signature is wrong: somebody changed or invented it.",
    "no_such_ticket": "We signed it, and this database has no such ticket.",
    "reissued": "It has got a new code since: this one is an old copy.",
    "cancelled": "Its place was cancelled.",
    "moved": "Its place was changed for another.",
    "event_cancelled": "The event does not take place.",
}


@click.group("ticket")
def ticket() -> None:
    """Tickets: check one, and look after their keys."""


@ticket.command("verify")
@click.argument("code")
@with_appcontext
def verify(code: str) -> None:
    """Say what the CODE of a ticket is worth now. Exit code 1 when it is not valid."""
    checked = check_ticket(code, config=current_app.extensions["seatbook"])
    click.echo(checked.verdict.upper() + (f": {WHY[checked.reason]}" if checked.reason else ""))
    for line in _lines(checked):
        click.echo(f"  {line}")
    if checked.verdict != "valid":
        raise SystemExit(1)


def _lines(checked: CheckedTicket) -> list[str]:
    if checked.from_when is None:
        return []
    at = checked.from_when.astimezone(ZoneInfo(checked.time_zone))
    lines = [
        f"{checked.title}, {checked.venue}, {at:%Y-%m-%d %H:%M} ({checked.time_zone})",
        f"{_place(checked)}, reservation {checked.reference}",
    ]
    if checked.party_size is not None:
        lines.append(
            f"It lets in {checked.party_size:,} {'person' if checked.party_size == 1 else 'people'}."
        )
    fewer = checked.concession or ", ".join(map(str, checked.party_concessions))
    if fewer:
        lines.append(f"At a lower price: {fewer}")
    if checked.to_pay_minor:
        price = amount_text(checked.to_pay_minor, currency=checked.currency)
        lines.append(f"The reservation is not paid yet: {price}")
    return lines


def _place(checked: CheckedTicket) -> str:
    return in_english(
        checked.label,
        row_label=checked.row_label,
        number=checked.number,
        area=checked.area,
        section=checked.section,
    )


@ticket.command("keys")
@with_appcontext
def keys() -> None:
    """The keys that tickets were signed with, the present one first."""
    config = current_app.extensions["seatbook"]
    present = signing_key(config).id
    for key in known_keys(config):
        state = (
            f"revoked {key.revoked_at:%Y-%m-%d}"
            if key.revoked_at
            else "signs"
            if key.id == present
            else "good"
        )
        click.echo(f"{key.id}  since {key.created_at:%Y-%m-%d}  {state}")


@ticket.command("revoke-key")
@click.argument("key_id")
@with_appcontext
def revoke(key_id: str) -> None:
    """Make every ticket that was signed with KEY_ID worthless, because somebody else may have the key.

    Change TICKET_KEY first and start anew: buyers find tickets of the new key on their pages.
    """
    revoke_key(key_id.upper())
    click.echo(f"{key_id.upper()} is revoked. Tickets that were signed with it are not valid any more.")


commands = [ticket]
