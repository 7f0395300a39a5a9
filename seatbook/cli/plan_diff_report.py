"""What `flask plan diff` and `flask plan apply` say: what comes, goes and changes, and whose seats are touched."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import Any

import click

from seatbook.cli.tables import echo_table
from seatbook.domain.plan_apply import AppliedPlan
from seatbook.domain.plan_diff import PlanDiff
from seatbook.domain.plan_formats import FORMAT_NAMES, ReadPlan

MAX_LABELS = 12
MAX_TOUCHED = 50


def report_diff(diff: PlanDiff, read: ReadPlan, *, file_name: str) -> None:
    """Say what a plan would do to an event."""
    click.echo(f"“{file_name}”, {FORMAT_NAMES[read.format]}, against event {diff.event.event_id}:\n")
    _echo_labels("Coming", [(one.section or one.area, one.seat.label) for one in diff.comes])
    for what, seats in (
        ("Going", diff.goes),
        ("Moving", [one.seat for one in diff.changes if one.moves]),
        ("Changing category", [one.seat for one in diff.changes if one.changes_category]),
        ("With other row, number or features", [one.seat for one in diff.changes if one.is_described_anew]),
    ):
        _echo_labels(what, [(seat.section or seat.area, seat.label) for seat in seats])
    click.echo(f"Unchanged: {_seats(diff.stays)}")
    for area in diff.areas:
        click.echo(f"“{area.area}”: {area.places:,} → {area.places_then:,} places")
    for name in diff.beside:
        click.echo(f"“{name}” is not in the plan, and stays as it is.")
    if diff.shift != (0.0, 0.0):
        click.echo("The plan counts from another origin; it was moved to where the hall stands.")
    for name in diff.new_categories:
        click.echo(f"“{name}” is a new category: `flask plan apply` needs --price “{name}=…”.")
    _echo_touched(diff)
    for note in read.notes:
        click.echo(f"Note: {note}")
    if faults := diff.faults():
        click.echo("\nIt cannot be applied:\n" + "\n".join(faults))
    elif not diff.is_empty:
        click.echo(f"\nNext: flask plan apply {quote(file_name)} --event {diff.event.event_id}")


def diff_as_json(diff: PlanDiff) -> dict[str, Any]:
    """The same for programs. Coordinates are in seats; `touched` are sold and held seats."""
    return {
        "event_id": diff.event.event_id,
        "applicable": not diff.faults(),
        "faults": diff.faults(),
        "shift": list(diff.shift),
        "comes": [
            {
                "area": one.area,
                "section": one.section,
                "label": one.seat.label,
                "x": one.seat.x,
                "y": one.seat.y,
                "category": one.seat.category,
            }
            for one in diff.comes
        ],
        "goes": [{"seat_id": one.seat_id, "section": one.section, "label": one.label} for one in diff.goes],
        "changes": [
            {
                "seat_id": one.seat.seat_id,
                "section": one.seat.section,
                "label": one.seat.label,
                "moves": one.moves,
                "category": one.new.category if one.changes_category else None,
                "described_anew": one.is_described_anew,
            }
            for one in diff.changes
        ],
        "stays": diff.stays,
        "areas": [
            {"area": one.area, "places": one.places, "places_then": one.places_then, "taken": one.taken}
            for one in diff.areas
        ],
        "beside": list(diff.beside),
        "new_categories": list(diff.new_categories),
        "touched": [
            {"seat_id": seat.seat_id, "label": seat.label, "state": seat.state, "what": what}
            for seat, what in diff.touched
        ],
    }


def report_applied(done: AppliedPlan, read: ReadPlan) -> None:
    """Say what applying a plan did."""
    for note in read.notes:
        click.echo(f"Note: {note}")
    counts = {
        "added": done.added,
        "returned": done.returned,
        "deleted": done.deleted,
        "removed and kept as blocked, because they have a history": done.blocked,
        "moved": done.moved,
        "of another category now": done.recategorised,
    }
    did = [f"{count:,} {what}" for what, count in counts.items() if count]
    if did:
        click.echo(f"Event {done.event_id} has the new plan. Places: {', '.join(did)}.")
    else:
        click.echo(f"Event {done.event_id} has these places already; the drawing is that of the plan.")
    if done.kept_category:
        click.echo(
            f"{done.kept_category:,} that are sold or held keep the category that they were taken for."
        )


def _echo_labels(what: str, places: Iterable[tuple[str, str]]) -> None:
    by_section: dict[str, list[str]] = {}
    for section, label in places:
        by_section.setdefault(section, []).append(label)
    if not by_section:
        return
    click.echo(f"{what}: {_seats(sum(map(len, by_section.values())))}")
    for section, labels in by_section.items():
        more = f" … and {len(labels) - MAX_LABELS:,} more" if len(labels) > MAX_LABELS else ""
        click.echo(f"  {section}: {', '.join(labels[:MAX_LABELS])}{more}")


def _echo_touched(diff: PlanDiff) -> None:
    if not diff.touched:
        return
    click.echo("\nSold and held seats that it touches:")
    echo_table(
        ("Section", "Seat", "State", "What happens"),
        [(seat.section, seat.label, seat.state, what) for seat, what in diff.touched[:MAX_TOUCHED]],
    )
    if len(diff.touched) > MAX_TOUCHED:
        click.echo(f"… and {len(diff.touched) - MAX_TOUCHED:,} more.")


def _seats(number: int) -> str:
    return f"{number:,} seat" if number == 1 else f"{number:,} seats"
