"""One key, one effect: by one request or many, at once or later, answered or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from seatbook.domain import once
from seatbook.domain.forgetting import forget_what_was_asked
from seatbook.domain.holders import HolderRef, holder_of_browser
from seatbook.domain.inventory import (
    HoldResult,
    Wish,
    hold_best,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
)
from seatbook.domain.kept_results import pack, unpack
from seatbook.domain.transaction import run_transaction
from seatbook.errors import Busy, KeyReused, NotEnoughLeft, SeatsTaken, TooManySeats
from seatbook.extensions import db
from seatbook.models import AskedAct, Reservation, Seat
from tests.factories import (
    Hall,
    let_hold_end,
    make_area,
    make_event,
    make_holder,
    statuses,
)
from tests.query_count import statements
from tests.race import patiently, race, won
from tests.snapshot import nothing_changes

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def anna() -> HolderRef:
    return make_holder("anna")


def under(key: str, act: Callable[[], HoldResult], *, asker: str = "anna", word: str = "3") -> HoldResult:
    with once.asked(asker=asker, key=key, fingerprint=word):
        return act()


def kept() -> list[str]:
    """Names of the acts that are kept."""
    db.session.rollback()
    return list(db.session.scalars(select(AskedAct.act).order_by(AskedAct.asked_at)))


def make_floor(places: int = 30, **fields: int) -> tuple[Hall, int]:
    hall = make_event(**fields)
    return hall, make_area(hall, kind="standing", places=places)


def held(hall: Hall) -> int:
    return statuses(hall).count("held")


# What comes again


def test_asking_again_with_the_key_gives_the_first_result_and_no_second_effect(anna: HolderRef) -> None:
    hall, floor = make_floor()

    def take() -> HoldResult:
        return hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna)

    first = under("one", take)
    with nothing_changes():
        assert under("one", take) == first
    assert held(hall) == 3
    assert under("two", take) != first
    assert held(hall) == 6


def test_a_key_is_its_askers_own(anna: HolderRef) -> None:
    hall, floor = make_floor()
    ben = make_holder("ben")
    for holder in (anna, ben):
        under(
            "one",
            lambda holder=holder: hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=holder),  # type: ignore[misc]
            asker=f"user:{holder.user_id}",
        )
    assert held(hall) == 6


def test_the_request_knows_whether_it_is_a_repetition(anna: HolderRef) -> None:
    hall = make_event(seats=2)
    for is_repeated in (False, True):
        with once.asked(asker="anna", key="one", fingerprint="") as request:
            hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna)
        assert request.is_repeated == is_repeated


def test_a_hold_that_arrives_again_after_the_release_holds_nothing(anna: HolderRef) -> None:
    hall = make_event(seats=1)

    def hold() -> HoldResult:
        return hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna)

    first = under("one", hold)
    under("two", lambda: release_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna))  # type: ignore[arg-type,return-value]
    with nothing_changes():
        assert under("one", hold) == first
    assert statuses(hall) == ["available"]


def test_giving_all_back_again_leaves_what_was_held_since(anna: HolderRef) -> None:
    hall = make_event(seats=2)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=anna)
    for _ in range(2):
        under("one", lambda: release_hold(hall.event_id, holder=anna))  # type: ignore[arg-type,return-value]
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:], holder=anna)
    assert statuses(hall) == ["available", "held"]


@pytest.mark.parametrize("left", [3, 5])
def test_what_the_first_one_left_too_few_of_is_no_refusal_for_the_second(left: int, anna: HolderRef) -> None:
    hall, floor = make_floor(left)

    def take() -> HoldResult:
        return hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna)

    first = under("one", take)
    assert under("one", take) == first
    with pytest.raises(NotEnoughLeft):
        under("two", take)


def test_a_limit_that_the_first_one_reached_is_no_refusal_for_the_second(anna: HolderRef) -> None:
    hall = make_event(seats=9, max_seats=4)

    def find() -> HoldResult:
        return hold_best(hall.event_id, wish=Wish(3), holder=anna)

    first = under("one", find)
    assert under("one", find) == first
    with pytest.raises(TooManySeats):
        under("two", find)


def test_a_seat_that_somebody_else_has_by_now_is_still_the_answer_of_the_first_time(anna: HolderRef) -> None:
    hall = make_event(seats=1)

    def hold() -> HoldResult:
        return hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna)

    first = under("one", hold)
    let_hold_end(hall, first.reservation_id)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    assert under("one", hold) == first
    with pytest.raises(SeatsTaken):
        under("two", hold)


# What is refused


def test_a_refusal_is_not_kept_so_the_same_request_may_succeed_later(anna: HolderRef) -> None:
    hall = make_event(seats=1)
    rival = make_holder()
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=rival)

    def hold() -> HoldResult:
        return hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna)

    with pytest.raises(SeatsTaken):
        under("one", hold)
    assert kept() == []
    release_hold(hall.event_id, holder=rival)
    assert under("one", hold).seat_ids == hall.seat_ids


def test_a_transaction_that_fails_leaves_no_key_behind(anna: HolderRef) -> None:
    hall = make_event(seats=1)

    def act(session: Session) -> None:
        session.execute(update(Seat).where(Seat.id == hall.seat_ids[0]).values(label="Z1"))
        session.execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero"), once.asked(asker="a", key="one", fingerprint=""):
        run_transaction(act)
    assert kept() == []


def test_another_request_with_the_same_key_is_refused_and_changes_nothing(anna: HolderRef) -> None:
    hall, floor = make_floor()

    def take(quantity: int) -> Callable[[], HoldResult]:
        return lambda: hold_quantity(hall.event_id, area_id=floor, quantity=quantity, holder=anna)

    under("one", take(3), word="3")
    with nothing_changes(), pytest.raises(KeyReused):
        under("one", take(2), word="2")
    with nothing_changes(), pytest.raises(KeyReused):
        under("one", take(1000), word="1000")


# Several transactions


def test_an_act_of_several_transactions_is_repeated_as_a_whole(anna: HolderRef) -> None:
    """The holder's old hold is written off in a transaction of its own."""
    hall, floor = make_floor()
    old = hold_quantity(hall.event_id, area_id=floor, quantity=1, holder=anna)
    let_hold_end(hall, old.reservation_id)

    def take() -> HoldResult:
        return hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna)

    first = under("one", take)
    assert len(kept()) == 3
    with nothing_changes():
        assert under("one", take) == first
    assert held(hall) == 3


def test_an_act_that_stopped_between_its_transactions_goes_on_there() -> None:
    done: list[str] = []

    def first(session: Session) -> str:
        done.append("first")
        return "one"

    def second(session: Session) -> str:
        done.append("second")
        return "two"

    with once.asked(asker="a", key="one", fingerprint=""):
        run_transaction(first)
    with once.asked(asker="a", key="one", fingerprint=""):
        assert [run_transaction(first), run_transaction(second)] == ["one", "two"]
    assert len(kept()) == 2


def test_a_repetition_that_needs_fewer_steps_meets_its_own(anna: HolderRef) -> None:
    """The first click makes the browser's holder; the second one has it in its cookie already."""
    hall, floor = make_floor()

    def take(holder: HolderRef) -> HoldResult:
        return hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=holder)

    first = under("one", lambda: take(holder_of_browser("a browser")))
    assert under("one", lambda: take(holder_of_browser("a browser"))) == first
    assert under("one", lambda: take(_holder_of(first))) == first
    assert held(hall) == 3


def _holder_of(result: HoldResult) -> HolderRef:
    query = select(Reservation.holder_id).where(Reservation.id == result.reservation_id)
    return HolderRef(db.session.scalars(query).one())


def test_what_is_done_aside_happens_each_time() -> None:
    happened: list[int] = []

    @once.safe_to_repeat
    def look() -> None:
        run_transaction(lambda session: happened.append(1))

    for _ in range(2):
        with once.asked(asker="a", key="one", fingerprint=""):
            look()
            with once.aside():
                run_transaction(lambda session: happened.append(1))
    assert len(happened) == 4
    assert kept() == []


# At the same moment


def test_twenty_who_ask_at_once_with_one_key_have_one_effect(app: Flask, anna: HolderRef) -> None:
    hall, floor = make_floor(100, max_seats=100)

    def take() -> HoldResult:
        return patiently(
            lambda: under("one", lambda: hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna))
        )

    outcomes = race(app, *[take] * 20)
    assert len(won(outcomes)) == 20, outcomes
    assert len({result.seat_ids for result in won(outcomes)}) == 1
    assert held(hall) == 3


def test_twenty_who_ask_at_once_for_the_last_places_are_all_told_the_same(
    app: Flask, anna: HolderRef
) -> None:
    hall, floor = make_floor(4)

    def take() -> HoldResult:
        return patiently(
            lambda: under("one", lambda: hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna))
        )

    outcomes = race(app, *[take] * 20)
    assert len(won(outcomes)) == 20, outcomes
    assert held(hall) == 3


def test_twenty_keys_are_twenty_effects(app: Flask, anna: HolderRef) -> None:
    hall, floor = make_floor(100, max_seats=100)

    def take(key: str) -> Callable[[], HoldResult]:
        return lambda: patiently(
            lambda: under(key, lambda: hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna))
        )

    assert len(won(race(app, *[take(f"key {n}") for n in range(20)]))) == 20
    assert held(hall) == 60


# What is lost on the way


def test_an_answer_that_is_lost_at_the_commit_is_found_again(
    anna: HolderRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes away when the commit is done, and before anybody hears of it."""
    hall, floor = make_floor()
    session = db.session()
    commit = session.commit

    def lose_the_answer() -> None:
        commit()
        monkeypatch.undo()
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(session, "commit", lose_the_answer)
    got = under("one", lambda: hold_quantity(hall.event_id, area_id=floor, quantity=3, holder=anna))
    assert len(got.seat_ids) == 3
    assert held(hall) == 3


def test_a_first_one_that_takes_too_long_is_waited_for_and_then_busy(app: Flask, anna: HolderRef) -> None:
    hall = make_event(seats=1)
    connection = db.engine.connect()
    try:
        connection.execute(
            text(
                "INSERT INTO asked_act (asker, key, act, fingerprint, result)"
                " VALUES ('anna', 'one', :act, '', 'null')"
            ),
            {"act": "inventory.hold.hold_seats.<locals>.act"},
        )
        with pytest.raises(Busy):
            under("one", lambda: hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=anna), word="")
        connection.rollback()
    finally:
        connection.close()
    assert statuses(hall) == ["available"]


# What it costs


def test_a_key_costs_a_hold_one_statement(anna: HolderRef) -> None:
    hall = make_event(seats=4)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=anna)
    with statements() as plain:
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=anna)
    with statements() as keyed:
        under("one", lambda: hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:3], holder=anna))
    assert (len(plain), len(keyed)) == (4, 5)


# How long it is kept


def test_after_a_day_it_is_forgotten() -> None:
    for number, hours in enumerate((24.1, 25, 100, 23.9, 0)):
        db.session.execute(
            insert(AskedAct).values(
                asker="anna",
                key=f"key {number}",
                act="hold",
                fingerprint="",
                result=None,
                asked_at=func.clock_timestamp() - timedelta(hours=hours),
            )
        )
    db.session.commit()
    assert forget_what_was_asked(batch=2, should_stop=lambda: True)["asked_act"] == 0
    assert forget_what_was_asked(batch=2)["asked_act"] == 3
    assert list(db.session.scalars(select(AskedAct.key).order_by(AskedAct.key))) == ["key 3", "key 4"]


# What is kept


class Pair(NamedTuple):
    left: int
    right: str


def test_results_come_back_as_they_were() -> None:
    now = datetime.now(UTC)
    result = HoldResult(1, 2, (3, 4), now, 299.5)
    for value in (
        None,
        True,
        0.1,
        "Ä\n",
        [1, (2, [3])],
        {"a": 1, 2: (now, timedelta(seconds=1.5))},
        {1, 2},
        [now.date(), time(9, 30), Decimal("1.20")],
        frozenset({"x"}),
        b"\0\xff",
        result,
        (result, None),
    ):
        back = unpack(pack(value))
        assert back == value
        assert type(back) is type(value)


def test_a_row_comes_back_with_its_names() -> None:
    row = db.session.execute(text("SELECT 1 AS id, now() AS due_at, 'x' AS code")).one()
    back = unpack(pack(row))
    assert tuple(back) == tuple(row)
    assert (back.id, back.due_at, back.code) == (row.id, row.due_at, row.code)
    assert tuple(unpack(pack(back))) == tuple(row)


@pytest.mark.parametrize("value", [object(), Pair(1, "x"), lambda: None, Hall(1, 2, 3, ())])
def test_what_is_no_plain_value_of_ours_is_not_kept(value: object) -> None:
    if isinstance(value, Pair):
        # Of a test: its names stay, its class does not.
        assert tuple(unpack(pack(value))) == (1, "x")
        return
    with pytest.raises(TypeError):
        pack(value)


@pytest.mark.parametrize(
    "name", ["os:system", "seatbook.domain.once:asked", "seatbook.domain.once:nothing", "builtins:dict"]
)
def test_a_table_that_somebody_wrote_to_runs_nothing(name: str) -> None:
    with pytest.raises(TypeError):
        unpack({"record": [name, {}]})
