"""Row locks and the schema: each of the two alone prevents a double sale, and with both off it happens.

The last part is what makes the others worth something: the very same test finds
the double sale when nothing prevents it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, get_ident
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import confirm_reservation, hold_seats
from seatbook.errors import HoldExpired, SeatsTaken
from seatbook.extensions import db
from tests.factories import Hall, make_event, make_holder, make_holders
from tests.race import PATIENCE_SECONDS, begun, lost, patiently, race, until_waiting_or_done, won

ROW_LOCKS = re.compile(r" FOR NO KEY UPDATE( SKIP LOCKED)?")

GUARDS = {
    "trigger": "ALTER TABLE seat DISABLE TRIGGER guard_seat",
    "open claim": "DROP INDEX uq_reservation_seat_open_claim",
}


@dataclass(frozen=True)
class Protection:
    """Which locks are on: those of the rows, and which of the schema's."""

    name: str
    row_locks: bool
    guards: frozenset[str]

    @property
    def is_off(self) -> bool:
        return not self.row_locks and not self.guards


PROTECTIONS = [
    Protection("both", row_locks=True, guards=frozenset(GUARDS)),
    Protection("row locks off", row_locks=False, guards=frozenset(GUARDS)),
    Protection("row locks off, trigger alone", row_locks=False, guards=frozenset({"trigger"})),
    Protection("row locks off, open claim alone", row_locks=False, guards=frozenset({"open claim"})),
    Protection("schema off", row_locks=True, guards=frozenset()),
    Protection("all off", row_locks=False, guards=frozenset()),
]


@pytest.fixture(params=PROTECTIONS, ids=lambda protection: protection.name)
def protection(request: pytest.FixtureRequest, fresh_app: Flask) -> Iterator[Protection]:
    """A database in which only this much protects the seats."""
    chosen: Protection = request.param
    with db.engine.begin() as connection:
        for name, switch_off in GUARDS.items():
            if name not in chosen.guards:
                connection.execute(text(switch_off))
    if chosen.row_locks:
        yield chosen
    else:
        with statements_changed(lambda statement: ROW_LOCKS.sub("", statement)):
            yield chosen


@contextmanager
def statements_changed(change: Any) -> Iterator[None]:
    """Send each statement as `change` makes it."""

    def rewrite(
        connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        return change(statement), values

    event.listen(db.engine, "before_cursor_execute", rewrite, retval=True)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", rewrite)


def buy(hall: Hall, holder: HolderRef) -> int:
    held = patiently(partial(hold_seats, hall.event_id, seat_ids=hall.seat_ids, holder=holder)).reservation_id
    bought = patiently(partial(confirm_reservation, hall.event_id, reservation_id=held, holder=holder))
    return bought.reservation_id


def sales() -> list[int]:
    """Confirmed reservations that claim a seat which another one claims too."""
    db.session.rollback()
    return list(
        db.session.scalars(
            text("""
                SELECT line.reservation_id FROM reservation_seat line
                  JOIN reservation ON reservation.id = line.reservation_id
                 WHERE line.ended_at IS NULL AND reservation.status = 'confirmed' ORDER BY 1
            """)
        )
    )


def test_one_seat_is_sold_once_to_two_buyers_who_meet_at_the_worst_moment(
    fresh_app: Flask, protection: Protection
) -> None:
    """Ben has judged the seat to be free; before he writes, Ann buys it, if anything lets her."""
    hall, ann, ben = make_event(seats=1), make_holder(), make_holder()
    has_judged, may_write = Event(), Event()
    bens_thread: list[int] = []

    def pause(statement: str) -> str:
        if "UPDATE seat SET status = 'held'" in statement and get_ident() in bens_thread:
            has_judged.set()
            may_write.wait(PATIENCE_SECONDS)
        return statement

    def bens_purchase() -> int:
        bens_thread.append(get_ident())
        return buy(hall, ben)

    with statements_changed(pause), begun(fresh_app, bens_purchase) as bens:
        assert has_judged.wait(PATIENCE_SECONDS)
        with begun(fresh_app, partial(buy, hall, ann)) as anns:
            until_waiting_or_done(anns)
            may_write.set()

    told = [purchase.result() for purchase in (anns, bens) if purchase.exception() is None]
    assert sorted(told) == sales()
    if protection.is_off:
        assert len(told) == 2
        return
    assert len(told) == 1
    (refusal,) = lost([anns.exception() or 0, bens.exception() or 0], SeatsTaken, IntegrityError)
    assert isinstance(refusal, SeatsTaken) == protection.row_locks


def test_a_crowd_gets_each_seat_once(fresh_app: Flask, protection: Protection) -> None:
    """The same by sheer number: 24 people at a barrier, one seat, several times."""
    twice = 0
    for _ in range(8):
        hall = make_event(seats=1)
        outcomes = race(fresh_app, *[partial(buy, hall, buyer) for buyer in make_holders(24)])
        lost(outcomes, SeatsTaken, IntegrityError, *([HoldExpired] if protection.is_off else []))
        assert won(outcomes)
        twice += len(_holds_acknowledged(hall)) > 1
        if not protection.is_off:
            assert len(won(outcomes)) == 1
    assert bool(twice) == protection.is_off


def _holds_acknowledged(hall: Hall) -> list[int]:
    """Reservations that were told that the seat is theirs."""
    db.session.rollback()
    query = text("SELECT reservation_id FROM reservation_seat WHERE event_id = :event AND ended_at IS NULL")
    return list(db.session.scalars(query, {"event": hall.event_id}))
