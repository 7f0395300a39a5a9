"""Any sequence of acts by several people, with time moving, compared with a model small enough to be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import (
    adopt_holds,
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_seats,
    release_hold,
    release_seats,
    unblock_seats,
)
from seatbook.errors import (
    AlreadyYours,
    HoldExpired,
    SeatbookError,
    SeatsTaken,
    TooManySeats,
    WrongState,
)
from seatbook.extensions import db
from tests.factories import let_hold_end, make_event, make_holder, reservation_row
from tests.invariants import assert_books_are_right

SEATS = 5
MAX_SEATS = 3
PEOPLE = ("ann", "ben", "cleo")

T = TypeVar("T")
Refusal = type[SeatbookError] | None


@dataclass(eq=False)
class Basket:
    """What one reservation has, as the model sees it. `is_over`: time has passed its end."""

    holder: str
    seats: set[int] = field(default_factory=set)
    status: str = "held"
    is_over: bool = False
    id: int = 0

    @property
    def is_live(self) -> bool:
        return self.status == "confirmed" or (self.status == "held" and not self.is_over)


class BoxOffice(RuleBasedStateMachine):
    """The model is two facts: which basket has a seat, and whether its time is over. All else follows."""

    def __init__(self) -> None:
        super().__init__()
        # Nothing of the sequence before is due any more.
        sweep_expired_holds(batch=1_000, trigger="command")
        self.hall = make_event(seats=SEATS, max_seats=MAX_SEATS)
        self.people: dict[str, HolderRef] = {name: make_holder() for name in PEOPLE}
        self.baskets: list[Basket] = []
        self.blocked: set[int] = set()

    # What the model knows

    def owner(self, seat: int) -> Basket | None:
        return next((b for b in self.baskets if seat in b.seats and b.is_live), None)

    def is_bought(self, seat: int) -> bool:
        owner = self.owner(seat)
        return owner is not None and owner.status == "confirmed"

    def open_hold(self, name: str) -> Basket | None:
        return next(
            (b for b in self.baskets if b.holder == name and b.status == "held" and not b.is_over), None
        )

    def places(self, name: str) -> int:
        return sum(len(b.seats) for b in self.baskets if b.holder == name and b.is_live)

    def give_back(self, basket: Basket, seats: set[int], *, status: str) -> None:
        basket.seats -= seats
        if not basket.seats:
            basket.status = status

    def expire(self, basket: Basket) -> None:
        if basket.status == "held" and basket.is_over:
            self.give_back(basket, set(basket.seats), status="expired")

    def ids(self, seats: set[int]) -> list[int]:
        return [self.hall.seat_ids[seat] for seat in sorted(seats)]

    def does(self, act: Callable[[], T], refusal: Refusal) -> T | None:
        """Do it, and compare how it ends with what the model says."""
        try:
            result = act()
        except SeatbookError as error:
            assert type(error) is refusal, f"{error!r} instead of {refusal}"
            return None
        assert refusal is None, f"{result!r} instead of {refusal}"
        return result

    # What people do

    @rule(name=st.sampled_from(PEOPLE), seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=4))
    def hold(self, name: str, seats: set[int]) -> None:
        mine = self.open_hold(name)
        new = seats - (mine.seats if mine else set())
        sold = {seat for seat in new if seat in self.blocked or self.is_bought(seat)}
        refusal = self.refusal_of_hold(name, new=new, sold=sold)
        if not sold:
            # An old hold of one's own stands in the way and is closed, whatever becomes of the request.
            for basket in self.baskets:
                if basket.holder == name:
                    self.expire(basket)
        result = self.does(
            lambda: hold_seats(self.hall.event_id, seat_ids=self.ids(seats), holder=self.people[name]),
            refusal,
        )
        if result is None:
            return
        for basket in self.baskets:
            if basket.is_over and basket.status == "held" and basket.seats & new:
                self.give_back(basket, basket.seats & new, status="expired")
        if mine is None:
            mine = Basket(holder=name, id=result.reservation_id)
            self.baskets.append(mine)
        assert result.reservation_id == mine.id
        assert set(result.seat_ids) == set(self.ids(seats))
        mine.seats |= new

    def refusal_of_hold(self, name: str, *, new: set[int], sold: set[int]) -> Refusal:
        if sold:
            is_own = all((owner := self.owner(seat)) and owner.holder == name for seat in sold)
            return AlreadyYours if is_own else SeatsTaken
        if any(self.owner(seat) for seat in new):
            return SeatsTaken
        if new and self.places(name) + len(new) > MAX_SEATS:
            return TooManySeats
        return None

    @rule(name=st.sampled_from(PEOPLE), seats=st.sets(st.integers(0, SEATS - 1), min_size=1))
    def release(self, name: str, seats: set[int]) -> None:
        refusal: Refusal = None
        freed = set()
        for seat in sorted(seats):
            owner = self.owner(seat)
            if seat in self.blocked or (owner and owner.holder != name):
                refusal = SeatsTaken
            elif owner and owner.status == "confirmed":
                refusal = WrongState
            elif owner:
                freed.add(seat)
            if refusal:
                break
        result = self.does(
            lambda: release_seats(self.hall.event_id, seat_ids=self.ids(seats), holder=self.people[name]),
            refusal,
        )
        if result is not None:
            assert set(result.seat_ids) == set(self.ids(freed))
            if mine := self.open_hold(name):
                self.give_back(mine, freed, status="released")

    @rule(name=st.sampled_from(PEOPLE))
    def release_all(self, name: str) -> None:
        mine = self.open_hold(name)
        result = release_hold(self.hall.event_id, holder=self.people[name])
        assert set(result.seat_ids) == set(self.ids(mine.seats if mine else set()))
        if mine:
            self.give_back(mine, set(mine.seats), status="released")

    @rule(number=st.integers(0, 10))
    def confirm(self, number: int) -> None:
        if not self.baskets:
            return
        basket = self.baskets[-1 - number % len(self.baskets)]
        result = self.does(
            lambda: confirm_reservation(
                self.hall.event_id, reservation_id=basket.id, holder=self.people[basket.holder]
            ),
            None if basket.is_live else HoldExpired,
        )
        if result is not None:
            assert set(result.seat_ids) == set(self.ids(basket.seats))
            basket.status = "confirmed"

    @rule(number=st.integers(0, 10))
    def cancel(self, number: int) -> None:
        if not self.baskets:
            return
        basket = self.baskets[-1 - number % len(self.baskets)]
        result = self.does(
            lambda: cancel_reservation(
                self.hall.event_id, reservation_id=basket.id, holder=self.people[basket.holder]
            ),
            None if basket.status in ("confirmed", "cancelled") else WrongState,
        )
        if result is not None:
            assert set(result.seat_ids) == set(self.ids(basket.seats))
            self.give_back(basket, set(basket.seats), status="cancelled")

    @rule(giver=st.sampled_from(PEOPLE), taker=st.sampled_from(PEOPLE))
    def sign_in(self, giver: str, taker: str) -> None:
        basket, mine = self.open_hold(giver), self.open_hold(taker)
        room = MAX_SEATS - self.places(taker)
        adopt_holds(from_holder_id=self.people[giver].holder_id, to=self.people[taker])
        if basket is None or giver == taker:
            # Whatever was over stays so; at most the taker's own old hold is written down as ended.
            return
        kept = set(sorted(basket.seats)[:room])
        self.give_back(basket, basket.seats - kept, status="released")
        for old in self.baskets:
            if old.holder == taker:
                self.expire(old)
        if mine is not None:
            self.give_back(basket, kept, status="released")
            mine.seats |= kept
        elif kept:
            basket.holder = taker

    @rule(seats=st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=2))
    def block(self, seats: set[int]) -> None:
        result = self.does(
            lambda: block_seats(
                self.hall.event_id, seat_ids=self.ids(seats), reason="Camera", actor_user_id=None
            ),
            SeatsTaken if any(self.owner(seat) for seat in seats) else None,
        )
        if result is not None:
            for basket in self.baskets:
                if basket.is_over and basket.status == "held" and basket.seats & seats:
                    self.give_back(basket, basket.seats & seats, status="expired")
            self.blocked |= seats

    @rule(seats=st.sets(st.integers(0, SEATS - 1), min_size=1))
    def unblock(self, seats: set[int]) -> None:
        result = unblock_seats(self.hall.event_id, seat_ids=self.ids(seats), actor_user_id=None)
        assert set(result.seat_ids) == set(self.ids(seats & self.blocked))
        self.blocked -= seats

    # What time does, and what writes it down

    @rule(name=st.sampled_from(PEOPLE))
    def time_passes(self, name: str) -> None:
        if mine := self.open_hold(name):
            let_hold_end(self.hall, mine.id)
            mine.is_over = True

    @rule()
    def sweep(self) -> None:
        due = [basket for basket in self.baskets if basket.is_over and basket.status == "held"]
        result = sweep_expired_holds(batch=2, trigger="command")
        assert result.seats == sum(len(basket.seats) for basket in due)
        for basket in due:
            self.expire(basket)

    # What is true after every step

    @invariant()
    def every_seat_is_what_the_model_says(self) -> None:
        db.session.rollback()
        seats = db.session.execute(SEATS_NOW, {"event": self.hall.event_id}).all()
        told = [(row.status, row.reservation_id) for row in seats]
        expected: list[tuple[str, int | None]] = []
        for seat in range(SEATS):
            owner = self.owner(seat)
            if seat in self.blocked:
                expected.append(("blocked", None))
            elif owner:
                expected.append(("reserved" if owner.status == "confirmed" else "held", owner.id))
            else:
                expected.append(("available", None))
        assert told == expected

    def teardown(self) -> None:
        for basket in self.baskets:
            assert reservation_row(self.hall, basket.id).status == basket.status
            assert reservation_row(self.hall, basket.id).holder_id == self.people[basket.holder].holder_id
        assert_books_are_right()


# As everybody sees the seats: a hold whose end has come is no hold.
SEATS_NOW = text("""
    SELECT CASE WHEN is_over THEN 'available' ELSE status END AS status,
           CASE WHEN is_over THEN NULL ELSE reservation_id END AS reservation_id
      FROM (SELECT id, status, reservation_id,
                   status = 'held' AND held_until <= clock_timestamp() AS is_over
              FROM seat WHERE event_id = :event) AS seat
     ORDER BY id
""")


@pytest.mark.usefixtures("app_context")
def test_any_sequence_of_acts_ends_as_the_model_says() -> None:
    run_state_machine_as_test(
        BoxOffice,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            # The same sequences each time: a run that fails can be run again. Change it to search for more.
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
