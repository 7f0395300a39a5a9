"""Changing how an event that is there is sold: its name, its sale window, its limits, its prices.

What somebody holds or bought stays as it was when they took it. When and where an event takes place, and until when its
buyers may cancel, was promised to them, and is not changed here. Each act is one statement that judges as it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from seatbook.domain.catalogue import MAX_TEXT_LENGTH
from seatbook.domain.money import MAX_PRICE_MINOR
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.transaction import run_transaction, violated_constraint
from seatbook.errors import N_, InvalidInput, NotFound, WrongState
from seatbook.models import Area, Category, Event

CLOCK = func.clock_timestamp()
# A sale that is closed before it begins still has a beginning that is before its end.
A_MOMENT_AGO = CLOCK - literal_column("interval '1 millisecond'")


@dataclass(frozen=True, slots=True)
class SaleChanges:
    """What is to be another; None: it stays. Instants are aware. `prices` are in minor units, by category."""

    name: str | None = None
    listed: bool | None = None
    on_sale_from: datetime | None = None
    on_sale_until: datetime | None = None
    hold_ttl_seconds: int | None = None
    max_seats: int | None = None
    leave_no_single: bool | None = None
    prices: Mapping[str, int] = field(default_factory=dict)


def change_sale(event_id: int, *, changes: SaleChanges, actor_user_id: int | None = None) -> None:
    """Repeating it changes nothing. A new price is that of who picks a place from now on.

    Raises InvalidInput, NotFound, WrongState (cancelled).
    """
    _check(changes)
    columns = ("name", "listed", "on_sale_from", "on_sale_until", "hold_ttl_seconds", "max_seats")
    given = {name: getattr(changes, name) for name in (*columns, "leave_no_single")}
    values = {name: value for name, value in given.items() if value is not None}

    def act(session: Session) -> None:
        _write(session, event_id, values)
        _set_prices(session, event_id, changes.prices)
        note_staff_act(session, event_id, "changed_event", actor=actor_user_id)

    _in_words(act)


def open_sale(event_id: int, *, until: datetime | None = None, actor_user_id: int | None = None) -> None:
    """Sell from this moment on, until `until`. A draft stays one.

    Without `until` a sale that is not over ends when it was to end anyway. Closing is the end of a sale, whatever end
    it had before: one that is over goes on until the event starts, or ends where it has slots or stock only.

    Raises InvalidInput (it would be over already), NotFound, WrongState (cancelled).
    """

    def act(session: Session) -> None:
        closes = _end_by_itself() if until is None else until
        written = _write(
            session,
            event_id,
            {"on_sale_from": func.least(Event.on_sale_from, A_MOMENT_AGO), "on_sale_until": closes},
        )
        if written.is_over:
            raise InvalidInput(
                field="until", reason=N_("This sale would be over already. Please say until when it goes on.")
            )
        note_staff_act(session, event_id, "opened_sale", actor=actor_user_id)

    _in_words(act, end="until")


def close_sale(event_id: int, *, actor_user_id: int | None = None) -> None:
    """Sell nothing from this moment on. Who holds something may still buy it.

    Where the sale is over already it changes nothing. Raises NotFound, WrongState (cancelled).
    """

    def act(session: Session) -> None:
        is_over = Event.on_sale_until <= CLOCK
        _write(
            session,
            event_id,
            {
                "on_sale_from": case(
                    (is_over, Event.on_sale_from), else_=func.least(Event.on_sale_from, A_MOMENT_AGO)
                ),
                "on_sale_until": case((is_over, Event.on_sale_until), else_=CLOCK),
            },
        )
        note_staff_act(session, event_id, "closed_sale", actor=actor_user_id)

    _in_words(act)


def _end_by_itself() -> ColumnElement[datetime]:
    """The end that a sale has; of one that is over the end that an event's sale has unless another is said."""
    begins = select(Area.id).where(Area.event_id == Event.id, Area.kind.in_(("seated", "standing"))).exists()
    usual = case((begins, Event.starts_at), else_=Event.ends_at)
    is_to_go_on = (Event.on_sale_until <= CLOCK) & (usual > CLOCK)
    return case((is_to_go_on, usual), else_=Event.on_sale_until)


def _check(changes: SaleChanges) -> None:
    name = changes.name
    if name and (len(name) > MAX_TEXT_LENGTH or not name.isprintable()):
        raise InvalidInput(
            field="name", reason=N_("An event's name has at most %(most)s characters."), most=MAX_TEXT_LENGTH
        )
    for category, minor in changes.prices.items():
        if not 0 <= minor <= MAX_PRICE_MINOR:
            raise InvalidInput(
                field="prices", reason=N_("The price of “%(name)s” is out of range."), name=category
            )


def _write(session: Session, event_id: int, values: Mapping[str, Any]) -> Any:
    """Write it into an event that is not cancelled; what its sale is then."""
    written = session.execute(
        update(Event)
        .where(Event.id == event_id, Event.status != "cancelled")
        .values({"name": Event.name, **values})
        .execution_options(synchronize_session=False)
        .returning((Event.on_sale_until <= CLOCK).label("is_over"))
    ).one_or_none()
    if written is None:
        if session.scalar(select(Event.id).where(Event.id == event_id)) is None:
            raise NotFound(what="event")
        raise WrongState(state="cancelled")
    return written


def _set_prices(session: Session, event_id: int, prices: Mapping[str, int]) -> None:
    if not prices:
        return
    rows = session.execute(
        select(Category.name, Category.id).where(Category.event_id == event_id).order_by(Category.id)
    )
    ids = {row.name: row.id for row in rows}
    for name, minor in prices.items():
        if name not in ids:
            raise InvalidInput(
                field="prices",
                reason=N_("There is no category “%(name)s” here. The categories are %(categories)s."),
                name=name,
                categories=", ".join(f"“{one}”" for one in ids),
            )
        session.execute(
            update(Category)
            .where(Category.event_id == event_id, Category.id == ids[name])
            .values(price_minor=minor)
            .execution_options(synchronize_session=False)
        )


def _in_words(act: Any, *, end: str = "on_sale_until") -> None:
    """The schema knows the limits; what it refuses is told in words, by the name that the `end` was sent under."""
    try:
        run_transaction(act)
    except IntegrityError as error:
        constraint = violated_constraint(error) or ""
        if constraint.endswith("sale_window"):
            raise InvalidInput(field=end, reason=N_("A sale ends after it begins.")) from error
        raise
