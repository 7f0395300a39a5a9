from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from seatbook import create_app
from seatbook.domain import accounts
from seatbook.domain.accounts import Account
from seatbook.embedded.redis_server import RedisServer
from seatbook.extensions import db, limiter
from tests.factories import make_event
from tests.paying import make_online_event
from tests.visitor import TOKEN, Visitor
from tests.web.basket import pay_fields


@pytest.fixture
def limited_app(app: Flask, redis_url: str) -> Iterator[Flask]:
    """seatbook with its rate limits, as it runs for customers."""
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    limited = create_app(replace(app.extensions["seatbook"], rate_limits=True, pool_size=5))
    yield limited
    with limited.app_context():
        db.engine.dispose()


def visitors(app: Flask, number: int) -> list[Visitor]:
    return [Visitor(app, address=f"198.51.100.{n + 1}") for n in range(number)]


@pytest.mark.parametrize("act", ["prices", "pay"])
def test_codes_are_not_guessed_by_forms_without_a_script(limited_app: Flask, act: str) -> None:
    with limited_app.app_context():
        hall = make_online_event(seats=1)
    (guesser,) = visitors(limited_app, 1)
    guesser.register("alice")
    guesser.pick(hall.event_id, hall.seat_ids[0])
    checkout = f"/events/{hall.event_id}/checkout"
    form = pay_fields(guesser.open(checkout).text)
    guesses = [
        guesser.send(f"{checkout}/{act}", page=checkout, **form, code=f"GUESS{n}").status_code
        for n in range(21)
    ]
    assert guesses == [303] * 20 + [429]
    # The same form without a code is no guess.
    assert guesser.send(f"{checkout}/prices", page=checkout).status_code == 303


def count_up(pattern: str, *, by: int) -> None:
    """Pretend that what the one counter of this name counts has happened `by` times more."""
    redis = limiter.storage.storage  # type: ignore[attr-defined]
    (key,) = redis.keys(pattern)
    redis.incrby(key, by)


def test_a_password_cannot_be_guessed_from_one_address(limited_app: Flask) -> None:
    (guesser,) = visitors(limited_app, 1)
    names = ["alice", "ALICE", " alice "] * 4
    statuses = [guesser.sign_in(name, password="wrong wrong wrong").status_code for name in names]

    assert statuses == [422] * 10 + [429] * 2
    assert guesser.sign_in("bob", password="wrong wrong wrong").status_code == 422


def test_a_composed_and_a_decomposed_letter_are_tries_at_one_name(limited_app: Flask) -> None:
    (guesser,) = visitors(limited_app, 1)
    names = ["\xc9mile", "E\u0301mile"] * 6
    statuses = [guesser.sign_in(name, password="wrong wrong wrong").status_code for name in names]

    assert statuses == [422] * 10 + [429] * 2


def test_nobody_is_locked_out_by_the_wrong_guesses_of_others(limited_app: Flask) -> None:
    alice, *guessers = visitors(limited_app, 4)
    assert alice.register("alice").status_code == 303
    alice.send("/sign-out", page="/account")
    for guesser in guessers:
        for _ in range(11):
            answer = guesser.sign_in("alice", password="wrong wrong wrong")
        assert answer.status_code == 429

    assert alice.sign_in("alice").status_code == 303


def test_a_right_password_is_no_try(limited_app: Flask) -> None:
    (alice,) = visitors(limited_app, 1)
    alice.register("alice")
    statuses = []
    for _ in range(12):
        alice.send("/sign-out", page="/account")
        statuses.append(alice.sign_in("alice").status_code)

    assert statuses == [303] * 12


def test_a_crowd_of_addresses_cannot_guess_at_one_name_for_ever(limited_app: Flask) -> None:
    first, second, third = visitors(limited_app, 3)
    first.sign_in("alice", password="wrong wrong wrong")
    # 198 wrong tries more, of a crowd, have been in this minute.
    count_up("*sign-in name/*/minute*", by=198)

    assert second.sign_in("alice", password="wrong wrong wrong").status_code == 422
    assert third.sign_in("alice", password="wrong wrong wrong").status_code == 429
    assert third.sign_in("bob", password="wrong wrong wrong").status_code == 422


def test_many_names_cannot_be_tried_from_one_address(limited_app: Flask) -> None:
    guesser, somebody_else = visitors(limited_app, 2)
    statuses = [guesser.sign_in(f"user{n}", password="password123").status_code for n in range(32)]

    assert statuses == [422] * 30 + [429] * 2
    assert somebody_else.sign_in("user1", password="password123").status_code == 422


@pytest.mark.parametrize("htmx", [False, True])
def test_a_limit_says_when_to_try_again(limited_app: Flask, htmx: bool) -> None:
    (guesser,) = visitors(limited_app, 1)
    for _ in range(10):
        guesser.sign_in("alice", password="wrong wrong wrong")

    answer = guesser.send("/sign-in", htmx=htmx, name="alice", password="wrong wrong wrong")

    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 60
    assert f"Please try again in {seconds} seconds." in answer.text
    assert ("<html" in answer.text) is not htmx


def test_a_form_that_was_sent_too_often_can_be_gone_back_to(limited_app: Flask) -> None:
    (visitor,) = visitors(limited_app, 1)
    for _ in range(3):
        visitor.send("/forgot-password", email="alice@example.org")
    token = TOKEN.search(visitor.open("/forgot-password").text)
    assert token is not None

    answer = visitor.client.post(
        "/forgot-password",
        data={"csrf_token": token[1], "email": "alice@example.org"},
        headers={"Referer": "http://localhost/forgot-password"},
    )

    assert answer.status_code == 429
    assert '<a class="button" href="/forgot-password">' in answer.text


def test_looking_at_the_form_counts_nothing(limited_app: Flask) -> None:
    (visitor,) = visitors(limited_app, 1)

    assert {visitor.open("/sign-in").status_code for _ in range(40)} == {200}


@pytest.mark.parametrize(
    ("path", "fields", "allowed"),
    [
        ("/register", {"username": "al"}, 10),
        ("/forgot-password", {"email": "alice@example.org"}, 3),
    ],
)
def test_registering_and_asking_for_links_has_a_limit(
    limited_app: Flask, path: str, fields: dict[str, Any], allowed: int
) -> None:
    (visitor,) = visitors(limited_app, 1)
    statuses = [visitor.send(path, **fields).status_code for _ in range(allowed + 2)]

    assert statuses[allowed:] == [429, 429]
    assert 429 not in statuses[:allowed]


def test_one_household_of_ipv6_is_one_address(limited_app: Flask) -> None:
    statuses = [
        Visitor(limited_app, address=f"2001:db8:1:2::{n:x}").send("/register", username="al").status_code
        for n in range(12)
    ]

    assert statuses == [422] * 10 + [429] * 2
    neighbour = Visitor(limited_app, address="2001:db8:1:3::1")
    assert neighbour.send("/register", username="al").status_code == 422


def test_a_holder_who_clicks_like_a_script_is_slowed_down(limited_app: Flask) -> None:
    with limited_app.app_context():
        hall = make_event(seats=2)
    clicker, other = visitors(limited_app, 2)
    clicker.pick(hall.event_id, hall.seat_ids[0])
    # The second click finds a holder, and counts for it. 297 more have been in this minute.
    clicker.pick(hall.event_id, hall.seat_ids[0])
    count_up("*/holder */hold/*", by=298)

    statuses = [clicker.pick(hall.event_id, hall.seat_ids[0]).status_code for _ in range(3)]

    assert statuses == [303, 429, 429]
    assert other.pick(hall.event_id, hall.seat_ids[1]).status_code == 303


def test_one_address_makes_a_bounded_number_of_holders_and_this_machine_any(limited_app: Flask) -> None:
    with limited_app.app_context():
        hall = make_event(seats=3)
    (first,) = visitors(limited_app, 1)
    assert first.pick(hall.event_id, hall.seat_ids[0]).status_code == 303
    count_up("*new holder*", by=299)

    same_address, local = (
        Visitor(limited_app, address="198.51.100.1"),
        Visitor(limited_app, address="127.0.0.1"),
    )

    assert same_address.pick(hall.event_id, hall.seat_ids[1]).status_code == 429
    assert first.pick(hall.event_id, hall.seat_ids[1]).status_code == 303, "it has its holder already"
    assert local.pick(hall.event_id, hall.seat_ids[2]).status_code == 303


def test_no_name_and_no_mail_address_is_kept_in_redis(limited_app: Flask, redis_url: str) -> None:
    (visitor,) = visitors(limited_app, 1)
    visitor.sign_in("alice", password="wrong wrong wrong")
    visitor.send("/forgot-password", email="alice@example.org")

    with Redis.from_url(redis_url) as redis:
        keys = b" ".join(redis.keys("*"))
    assert b"sign-in name" in keys
    assert b"alice" not in keys


def test_limits_can_be_switched_off(app: Flask) -> None:
    statuses = {Visitor(app).sign_in("alice", password="wrong wrong wrong").status_code for _ in range(12)}

    assert statuses == {422}


def test_with_redis_stopped_people_sign_in_and_guesses_are_counted_all_the_same(
    app: Flask, tmp_path: Path, server_dir: Path
) -> None:
    sockets = server_dir / "r2"
    redis = RedisServer(socket_dir=sockets, log_file=tmp_path / "redis.log")
    redis.start()
    limited = create_app(
        replace(app.extensions["seatbook"], rate_limits=True, redis_url=redis.url(), pool_size=5)
    )
    try:
        alice, guesser, late = visitors(limited, 3)
        assert alice.register("alice").status_code == 303
        redis.stop()

        assert Visitor(limited, address="198.51.100.20").sign_in("alice").status_code == 303
        statuses = [guesser.sign_in("bob", password="wrong wrong wrong").status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]

        redis.start()
        # The limiter looks for Redis again after a second, and at most every 32.
        give_up_at = time.monotonic() + 60
        with Redis(unix_socket_path=str(redis.socket)) as client:
            while not client.keys("*sign-in*"):
                assert time.monotonic() < give_up_at, "nobody counts in Redis again"
                late.sign_in("alice", password="wrong wrong wrong")
                time.sleep(0.5)
    finally:
        redis.stop()
        with limited.app_context():
            db.engine.dispose()


def test_redis_may_stop_while_a_password_is_checked(
    app: Flask, tmp_path: Path, server_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = RedisServer(socket_dir=server_dir / "r4", log_file=tmp_path / "redis.log")
    redis.start()
    limited = create_app(
        replace(app.extensions["seatbook"], rate_limits=True, redis_url=redis.url(), pool_size=5)
    )

    def check_slowly(name: str, *, password: str) -> Account:
        redis.stop()
        return sign_in(name, password=password)

    sign_in = accounts.sign_in
    monkeypatch.setattr(accounts, "sign_in", check_slowly)
    try:
        assert Visitor(limited).sign_in("alice", password="wrong wrong wrong").status_code == 422
    finally:
        redis.stop()
        with limited.app_context():
            db.engine.dispose()


def test_nobody_waits_for_a_redis_that_hangs(app: Flask, tmp_path: Path, server_dir: Path) -> None:
    redis = RedisServer(socket_dir=server_dir / "r3", log_file=tmp_path / "redis.log")
    redis.start()
    limited = create_app(
        replace(app.extensions["seatbook"], rate_limits=True, redis_url=redis.url(), pool_size=5)
    )
    assert redis._process is not None
    try:
        os.kill(redis._process.pid, signal.SIGSTOP)
        # It hangs until this is answered, so without an end of waiting neither would ever come.
        assert Visitor(limited).register("alice").status_code == 303
    finally:
        os.kill(redis._process.pid, signal.SIGCONT)
        redis.stop()
        with limited.app_context():
            db.engine.dispose()


def test_a_proxy_that_nobody_told_us_of_is_in_the_log_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    fresh = create_app(app.extensions["seatbook"])
    for _ in range(3):
        fresh.test_client().get("/sign-in", headers={"X-Forwarded-For": "203.0.113.9"})

    assert caplog.text.count("TRUSTED_PROXIES is 0") == 1
