from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.ctx import AppContext
from redis import Redis
from redis.client import PubSub
from sqlalchemy.orm import Session

from seatbook import create_app
from seatbook.domain.changed_events import note_changed
from seatbook.domain.expiry import sweep_expired_holds
from seatbook.domain.inventory import (
    adopt_holds,
    block_seats,
    cancel_reservation,
    confirm_reservation,
    hold_quantity,
    hold_seats,
    release_hold,
    release_seats,
    unblock_seats,
)
from seatbook.domain.inventory.rows import clock
from seatbook.domain.transaction import run_transaction
from seatbook.errors import Busy, SeatbookError
from seatbook.extensions import db
from seatbook.live.announce import CHANNEL, parse
from tests.conftest import make_config
from tests.factories import make_area, make_event, make_holder, make_lapsed_holds

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def ear(redis_url: str) -> Iterator[PubSub]:
    """Hears what is announced from now on."""
    with Redis.from_url(redis_url) as redis, redis.pubsub() as subscription:
        subscription.subscribe(CHANNEL)
        assert subscription.get_message(timeout=5) is not None
        yield subscription


def heard(ear: PubSub) -> set[int]:
    """The events of everything that was announced since the last look."""
    events: set[int] = set()
    # What was published before this reaches us before the answer to this.
    ear.ping()
    while (word := ear.get_message(timeout=5)) and word["type"] != "pong":
        events |= parse(word["data"])
    return events


def test_every_act_on_places_is_announced_after_its_commit(ear: PubSub) -> None:
    hall = make_event(seats=6)
    area_id = make_area(hall, kind="standing", places=3)
    alice, bob = make_holder("alice"), make_holder()
    assert heard(ear) == set()

    held = hold_seats(hall.event_id, seat_ids=hall.seat_ids[:2], holder=alice)
    assert heard(ear) == {hall.event_id}
    confirm_reservation(hall.event_id, reservation_id=held.reservation_id, holder=alice)
    assert heard(ear) == {hall.event_id}
    cancel_reservation(hall.event_id, reservation_id=held.reservation_id, holder=None)
    assert heard(ear) == {hall.event_id}
    hold_quantity(hall.event_id, area_id=area_id, quantity=2, holder=bob)
    assert heard(ear) == {hall.event_id}
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[3:4], holder=bob)
    release_seats(hall.event_id, seat_ids=hall.seat_ids[3:4], holder=bob)
    assert heard(ear) == {hall.event_id}
    release_hold(hall.event_id, holder=bob)
    assert heard(ear) == {hall.event_id}
    block_seats(hall.event_id, seat_ids=hall.seat_ids[:2], reason="camera", actor_user_id=None)
    assert heard(ear) == {hall.event_id}
    unblock_seats(hall.event_id, seat_ids=hall.seat_ids[:2], actor_user_id=None)
    assert heard(ear) == {hall.event_id}


def test_seats_that_join_the_basket_of_an_account_are_announced(ear: PubSub) -> None:
    hall = make_event(seats=4)
    anonymous, alice = make_holder(), make_holder("alice")
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=anonymous)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids[1:2], holder=alice)
    heard(ear)
    adopt_holds(from_holder_id=anonymous.holder_id, to=alice)
    assert heard(ear) == {hall.event_id}


def test_a_sweep_announces_every_event_it_wrote_to(ear: PubSub) -> None:
    halls = [make_event(seats=2), make_event(seats=2), make_event(seats=2)]
    for hall in halls[:2]:
        make_lapsed_holds(hall)
    heard(ear)
    sweep_expired_holds(batch=100, trigger="test")
    assert heard(ear) == {hall.event_id for hall in halls[:2]}


def test_a_refusal_announces_nothing(ear: PubSub) -> None:
    hall = make_event(seats=2)
    hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    heard(ear)
    with pytest.raises(SeatbookError):
        hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
    db.session.commit()
    assert heard(ear) == set()


def test_what_a_rolled_back_act_wanted_to_say_is_not_said_by_the_next(ear: PubSub) -> None:
    hall, other = make_event(), make_event(seats=1)

    def act(session: Session) -> None:
        clock(session)
        note_changed(session, [hall.event_id])
        raise Busy()

    with pytest.raises(Busy):
        run_transaction(act)
    hold_seats(other.event_id, seat_ids=other.seat_ids, holder=make_holder())
    assert heard(ear) == {other.event_id}


def test_without_redis_every_act_works_and_says_nothing(database_url: str, short_dir: Path) -> None:
    nowhere = f"unix://{short_dir}/no-redis.sock"
    app: Flask = create_app(make_config(database_url, nowhere))
    with app.app_context():
        hall = make_event(seats=2)
        held = hold_seats(hall.event_id, seat_ids=hall.seat_ids, holder=make_holder())
        assert held.seat_ids == hall.seat_ids
        db.engine.dispose()


@pytest.mark.parametrize(
    ("word", "events"), [(b"7", {7}), (b"7,12", {7, 12}), (b"", set()), (b"nonsense,-1", set())]
)
def test_only_event_ids_are_understood(word: bytes, events: set[int], app_context: AppContext) -> None:
    assert parse(word) == events
