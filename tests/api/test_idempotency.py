"""`Idempotency-Key`, at a small blueprint of its own: one effect, and the first answer again, byte for byte."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, jsonify, request
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from seatbook import create_app
from seatbook.api.idempotency import answer_once
from seatbook.domain import asked_answers
from seatbook.domain.forgetting import forget_what_was_asked
from seatbook.domain.holders import HolderRef
from seatbook.domain.inventory import hold_quantity
from seatbook.errors import SeatbookError
from seatbook.extensions import csrf, db
from seatbook.models import AskedAnswer
from seatbook.web.errors import status_of
from tests.factories import Hall, make_area, make_event, make_holder, make_holders, statuses


@dataclass
class Shop:
    """An application that sells one floor: what its view did, and what it shall do."""

    app: Flask
    hall: Hall
    floor: int
    holder: HolderRef
    # Of askers that hold for themselves.
    holders: dict[str, HolderRef] = field(default_factory=dict)
    works: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None

    def hold(self) -> Response:
        self.works.append("hold")
        self.before()
        held = hold_quantity(
            self.hall.event_id,
            area_id=self.floor,
            quantity=request.get_json()["quantity"],
            holder=self.holders.get(request.headers["X-Asker"], self.holder),
        )
        self.after()
        # No two answers are the same by themselves.
        response = jsonify(seat_ids=held.seat_ids, work=len(self.works), ends=held.expires_at.isoformat())
        response.status_code = 201
        response.headers["Location"] = f"/here/{len(self.works)}"
        return response

    def post(
        self, key: str | None = "one", quantity: Any = 3, *, asker: str = "user 1", path: str = "/idem/hold/"
    ) -> TestResponse:
        headers = {"X-Asker": asker} | ({} if key is None else {"Idempotency-Key": key})
        with self.app.app_context():
            return self.app.test_client().post(path, json={"quantity": quantity}, headers=headers)

    @property
    def held(self) -> int:
        return statuses(self.hall).count("held")


def refused(error: SeatbookError) -> Response:
    response = jsonify(code=error.code, detail=str(error))
    response.status_code = status_of(error)
    return response


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    application = create_app(app.extensions["seatbook"])
    with application.app_context():
        hall = make_event(max_seats=1000)
        shop = Shop(application, hall, make_area(hall, kind="standing", places=100), make_holder("anna"))
        blueprint = Blueprint("idem", __name__, url_prefix="/idem")
        csrf.exempt(blueprint)

        @blueprint.post("/hold/")
        def hold() -> Response:
            if request.get_json()["quantity"] == "many":
                abort(422)
            return answer_once(shop.hold, asker=request.headers["X-Asker"], refused=refused)

        @blueprint.post("/also/")
        def also() -> Response:
            return answer_once(shop.hold, asker=request.headers["X-Asker"], refused=refused)

        application.register_blueprint(blueprint)
        yield shop
        db.session.remove()
        db.engine.dispose()
    csrf._exempt_blueprints.discard(blueprint)


def kept() -> list[tuple[str, int | None]]:
    db.session.rollback()
    rows = db.session.execute(select(AskedAnswer.key, AskedAnswer.status).order_by(AskedAnswer.asked_at))
    return [(row.key, row.status) for row in rows]


# The same again


def test_the_first_answer_comes_again_byte_for_byte(shop: Shop) -> None:
    first = shop.post()
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    for _ in range(3):
        again = shop.post()
        assert (again.status_code, again.data) == (201, first.data)
        assert again.headers["Location"] == first.headers["Location"] == "/here/1"
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert again.headers["Idempotency-Replayed"] == "true"
    assert shop.held == 3
    assert shop.works == ["hold"]


def test_another_key_and_another_asker_are_other_requests(shop: Shop) -> None:
    shop.post()
    shop.post("two")
    shop.post(asker="user 2")
    assert shop.held == 9


def test_without_a_key_every_request_counts(shop: Shop) -> None:
    assert [shop.post(None).status_code for _ in range(2)] == [201, 201]
    assert shop.held == 6
    assert kept() == []


def test_another_body_or_address_with_the_same_key_is_refused_with_422(shop: Shop) -> None:
    shop.post()
    for again in (shop.post(quantity=2), shop.post(path="/idem/also/"), shop.post(path="/idem/hold/?x=1")):
        assert again.status_code == 422
        assert again.json is None or again.json["code"] == "key_reused"
    assert shop.held == 3


def test_the_same_json_with_other_spaces_is_the_same_content(shop: Shop) -> None:
    client = shop.app.test_client()
    headers = {"X-Asker": "user 1", "Idempotency-Key": "one", "Content-Type": "application/json"}

    with shop.app.app_context():
        first, again, other = (
            client.post("/idem/hold/", data=body, headers=headers)
            for body in ('{"quantity": 3}', ' {\n"quantity":3.0 }', '{"quantity": 30}')
        )

    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert other.status_code == 422
    assert shop.held == 3


@pytest.mark.parametrize("key", ["x" * 255, "!", "~" * 10, "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_a_key_has_up_to_255_visible_characters(shop: Shop, key: str) -> None:
    assert [shop.post(key).status_code for _ in range(2)] == [201, 201]
    assert shop.held == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "schlüssel", "tab\tbed"])
def test_what_is_no_key_is_refused_and_nothing_is_done(shop: Shop, key: str) -> None:
    assert shop.post(key).status_code == 422
    assert shop.held == 0


# What is refused


def test_what_was_refused_for_what_was_on_sale_then_stays_refused(shop: Shop) -> None:
    first = shop.post(quantity=101)
    assert first.status_code == 409
    assert shop.post(quantity=101).data == first.data
    assert kept() == [("one", 409)]


def test_a_request_that_was_not_fit_is_not_kept(shop: Shop) -> None:
    assert shop.post(quantity="many").status_code == 422
    assert shop.post(quantity=0).status_code == 422
    assert kept() == []
    assert shop.post(quantity=1).status_code == 201


def test_a_view_that_breaks_leaves_the_key_free(shop: Shop) -> None:
    def fall() -> None:
        raise RuntimeError("broken")

    shop.before = fall
    with pytest.raises(RuntimeError):
        shop.app.config["PROPAGATE_EXCEPTIONS"] = True
        shop.post()
    assert kept() == []
    shop.before = lambda: None
    assert shop.post().status_code == 201


# At the same time


def test_a_second_one_is_told_that_the_first_is_being_worked_on(shop: Shop) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    shop.before = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.post)
        assert begun.wait(20)
        second = shop.post()
        other = shop.post(quantity=1)
        go_on.set()
    assert second.status_code == 409
    assert second.json is not None
    assert second.json["code"] == "key_in_flight"
    assert 1 <= int(second.headers["Retry-After"]) <= 20
    assert other.status_code == 422
    assert first.result().status_code == 201
    assert shop.post().data == first.result().data
    assert shop.held == 3


def test_twenty_at_once_have_one_effect_and_one_answer(shop: Shop) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.post(), range(20)))
    good = {answer.data for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(good) == 1
    assert shop.post().data in good
    assert shop.held == 3


# Lost and killed


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


def test_killed_between_the_commit_and_the_answer_it_is_done_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise Killed()

    shop.after = die
    with monkeypatch.context() as dead:
        # Nor does the dying process tidy up.
        dead.setattr("seatbook.api.idempotency.give_up_claim", lambda claim: None)
        with pytest.raises(Killed):
            shop.post()
    assert shop.held == 3
    shop.after = lambda: None
    # As long as it could still be at work, nobody else begins.
    assert shop.post().status_code == 409
    _let_claims_end()
    answer = shop.post()
    assert answer.status_code == 201
    assert shop.held == 3
    assert shop.post().data == answer.data


def test_of_two_who_do_the_same_work_the_first_answer_is_both_their_answer(shop: Shop) -> None:
    """The first one was slow for longer than its claim is believed."""
    begun, go_on = threading.Event(), threading.Event()
    turns = itertools.count()

    def slow_the_first() -> None:
        if next(turns) == 0:
            begun.set()
            assert go_on.wait(20)

    shop.after = slow_the_first
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(shop.post)
        assert begun.wait(20)
        _let_claims_end()
        quick = shop.post()
        go_on.set()
    assert quick.status_code == 201
    assert slow.result().data == quick.data
    assert slow.result().headers["Idempotency-Replayed"] == "true"
    assert shop.works == ["hold", "hold"]
    assert shop.held == 3


def test_five_hundred_requests_that_are_sent_three_times_have_one_effect_and_one_answer_each(
    shop: Shop,
) -> None:
    """Eight clients; of each three deliveries one comes while another one may still be worked on."""
    shop.floor = make_area(shop.hall, kind="standing", places=1_100, name="Field")
    shop.holders = {f"user {number}": holder for number, holder in enumerate(make_holders(50))}

    def ask(number: int) -> set[bytes]:
        answers = []
        for delivery in range(3):
            answer = shop.post(f"key-{number}", quantity=1, asker=f"user {number % 50}")
            while answer.status_code in (409, 503):
                answer = shop.post(f"key-{number}", quantity=1, asker=f"user {number % 50}")
            assert answer.status_code == 201
            assert ("Idempotency-Replayed" in answer.headers) == (delivery > 0)
            answers.append(answer.data)
        return set(answers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(500)))
    assert all(len(same) == 1 for same in answers)
    assert len(set.union(*answers)) == 500
    assert shop.held == 500


# How it is kept


def test_nothing_of_an_answer_can_be_read_in_the_table(shop: Shop) -> None:
    shop.post()
    db.session.rollback()
    body = db.session.scalars(select(AskedAnswer.body)).one()
    assert body is not None
    assert b"seat_ids" not in body


def test_with_another_secret_nothing_is_done_again(shop: Shop) -> None:
    shop.post()
    shop.app.config["SECRET_KEY"] = "another one, as after a leak, is what this is"
    assert shop.post().status_code == 422
    assert shop.held == 3


def test_answers_are_forgotten_after_a_day(shop: Shop) -> None:
    shop.post("one")
    shop.post("two")
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM asked_answer WHERE key = 'one'"))
        connection.execute(
            text(
                "INSERT INTO asked_answer (asker, key, fingerprint, claim, claimed_until, asked_at, status, headers,"
                " body) VALUES ('user 1', 'one', '', '', now(), now() - interval '25 h', 200, '{}', '')"
            )
        )
    assert forget_what_was_asked() == {"asked_act": 0, "asked_answer": 1}
    assert kept() == [("two", 201)]


def _let_claims_end() -> None:
    with db.engine.begin() as connection:
        connection.execute(
            text("UPDATE asked_answer SET claimed_until = now() - interval '1 s' WHERE status IS NULL")
        )


def test_a_claim_is_believed_longer_than_any_statement_may_run() -> None:
    assert asked_answers.CLAIMED_FOR.total_seconds() > 15
