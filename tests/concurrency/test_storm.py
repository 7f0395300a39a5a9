"""Everything at once, by many people in many windows, with time running out; then the books are audited."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    Wish,
    adopt_holds,
    block_seats,
    cancel_reservation,
    confirm_reservation,
    expire_due_holds,
    hold_best,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
    unblock_seats,
)
from seatbook.errors import Busy, SeatbookError
from seatbook.extensions import db
from tests.factories import Hall, make_area, make_event, make_holder, make_holders
from tests.invariants import assert_books_are_right
from tests.race import race

pytestmark = pytest.mark.usefixtures("app_context")

THREADS = 16
ACTS_EACH = 90


class Passer_by:
    """One thread: does something at random, as anybody, again and again; counts what came of it."""

    def __init__(self, seed: int, halls: list[Hall], areas: list[int], people: list[HolderRef]) -> None:
        self.dice = random.Random(seed)
        self.halls, self.areas, self.people = halls, areas, people
        self.counts: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        deeds: list[tuple[Callable[[Hall, HolderRef], object], int]] = [
            (self.hold, 8),
            (self.hold_any, 4),
            (self.hold_best, 2),
            (self.release, 3),
            (self.release_all, 1),
            (self.confirm, 6),
            (self.cancel, 6),
            (self.sweep, 2),
            (self.adopt, 2),
            (self.block, 1),
            (self.unblock, 1),
        ]
        for _ in range(ACTS_EACH):
            (deed,) = self.dice.choices([d for d, _ in deeds], [weight for _, weight in deeds])
            try:
                deed(self.dice.choice(self.halls), self.dice.choice(self.people))
                self.counts[deed.__name__] += 1
            except SeatbookError as refusal:
                # Busy is an honest answer to a basket that other windows fill all the while; nobody else hears it.
                if isinstance(refusal, Busy) and deed != self.adopt:
                    raise
                self.counts[refusal.code] += 1
        return self.counts

    def hold(self, hall: Hall, holder: HolderRef) -> None:
        hold_seats(hall.event_id, seat_ids=self._some(hall), holder=holder)

    def hold_any(self, hall: Hall, holder: HolderRef) -> None:
        area_id = self.areas[self.halls.index(hall)]
        hold_quantity(hall.event_id, area_id=area_id, quantity=self.dice.randint(1, 3), holder=holder)

    def hold_best(self, hall: Hall, holder: HolderRef) -> None:
        hold_best(hall.event_id, wish=Wish(quantity=self.dice.randint(1, 3)), holder=holder)

    def release(self, hall: Hall, holder: HolderRef) -> None:
        release_seats(hall.event_id, seat_ids=self._some(hall), holder=holder)

    def release_all(self, hall: Hall, holder: HolderRef) -> None:
        release_hold(hall.event_id, holder=holder)

    def confirm(self, hall: Hall, holder: HolderRef) -> None:
        confirm_reservation(
            hall.event_id, reservation_id=self._reservation(hall, holder, "held"), holder=holder
        )

    def cancel(self, hall: Hall, holder: HolderRef) -> None:
        cancel_reservation(
            hall.event_id, reservation_id=self._reservation(hall, holder, "confirmed"), holder=holder
        )

    def sweep(self, _hall: Hall, _holder: HolderRef) -> None:
        if self.dice.random() < 0.5:
            expire_due_holds(batch=self.dice.randint(1, 5))
        else:
            sweep_expired_holds(batch=3, trigger="command")

    def adopt(self, _hall: Hall, holder: HolderRef) -> None:
        adopt_holds(from_holder_id=holder.holder_id, to=self.dice.choice(self.people))

    def block(self, hall: Hall, _holder: HolderRef) -> None:
        block_seats(
            hall.event_id, seat_ids=[self.dice.choice(hall.seat_ids)], reason="Storm", actor_user_id=None
        )

    def unblock(self, hall: Hall, _holder: HolderRef) -> None:
        unblock_seats(hall.event_id, seat_ids=hall.seat_ids, actor_user_id=None)

    def _some(self, hall: Hall) -> list[int]:
        return self.dice.sample(hall.seat_ids, self.dice.randint(1, 4))

    def _reservation(self, hall: Hall, holder: HolderRef, status: str) -> int:
        db.session.rollback()
        query = text(
            "SELECT id FROM reservation"
            " WHERE event_id = :event AND holder_id = :holder AND status = :status LIMIT 1"
        )
        found = {"event": hall.event_id, "holder": holder.holder_id, "status": status}
        return db.session.scalar(query, found) or 0


def test_after_a_storm_of_everything_the_books_are_right(app: Flask) -> None:
    # A hold lasts a second, so that many end while the storm blows.
    halls = [make_event(seats=24, max_seats=6, hold_ttl_seconds=1) for _ in range(2)]
    areas = [make_area(hall, kind="standing", places=8) for hall in halls]
    people = [*make_holders(6), *(make_holder(f"user{number}") for number in range(4))]

    storm = [Passer_by(seed, halls, areas, people) for seed in range(THREADS)]
    outcomes = race(app, *[partial(passer_by.run) for passer_by in storm])

    counts: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        counts += outcome
    assert counts.total() == THREADS * ACTS_EACH
    # It was a storm: every deed was done, and the usual refusals were met.
    for met in ("hold", "hold_any", "hold_best", "release", "confirm", "cancel", "sweep", "adopt", "block"):
        assert counts[met] > 0, counts
    for met in ("seats_taken", "hold_expired", "too_many_seats"):
        assert counts[met] > 0, counts
    assert_books_are_right()
