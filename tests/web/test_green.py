from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from time import monotonic, sleep
from typing import Any

import pytest

from seatbook.domain import passwords
from seatbook.web.errors import DATABASE_HANGS
from seatbook.web.green import HasherAside, Turns

PATIENCE_SECONDS = 30


def until(condition: Callable[[], bool]) -> None:
    """Wait for what other threads are about to do."""
    give_up_at = monotonic() + PATIENCE_SECONDS
    while not condition():
        assert monotonic() < give_up_at
        sleep(0.001)


def until_in_line(turns: Turns, count: int) -> None:
    until(lambda: turns.waiting == count)


def test_requests_are_worked_on_in_the_order_in_which_they_came() -> None:
    """Also when the first, once it is answered, comes again at once: it goes to the end of the line."""
    order: list[int] = []
    may_end = threading.Event()

    def app(environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        order.append(environ["number"])
        assert may_end.wait(PATIENCE_SECONDS)
        return []

    turns = Turns(app, at_once=1)

    def come(*numbers: int) -> threading.Thread:
        def ask() -> None:
            for number in numbers:
                turns({"number": number}, None)

        thread = threading.Thread(target=ask)
        thread.start()
        return thread

    threads = [come(0, 4)]
    until(lambda: order == [0])
    for number in (1, 2, 3):
        threads.append(come(number))
        until_in_line(turns, number)
    may_end.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert order == [0, 1, 2, 3, 4]


def test_no_more_than_so_many_requests_are_worked_on_at_once() -> None:
    inside: list[int] = []
    may_end = threading.Event()

    def app(environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        inside.append(environ["number"])
        assert may_end.wait(PATIENCE_SECONDS)
        inside.remove(environ["number"])
        return []

    turns = Turns(app, at_once=3)
    threads = [threading.Thread(target=turns, args=({"number": n}, None)) for n in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: turns.waiting == 5)
    assert len(inside) == 3
    may_end.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert (inside, turns.waiting) == ([], 0)


def test_a_request_that_fails_gives_its_place_to_the_next() -> None:
    def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        raise ValueError

    turns = Turns(app, at_once=1)
    for _ in range(3):
        with pytest.raises(ValueError):
            turns({}, None)


def test_whoever_stands_in_line_can_be_sent_away_and_takes_nobodys_place() -> None:
    sent_away: list[int] = []
    answered: list[int] = []
    may_end = threading.Event()

    def app(environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        if DATABASE_HANGS in environ:
            sent_away.append(environ["number"])
            return []
        assert may_end.wait(PATIENCE_SECONDS)
        answered.append(environ["number"])
        return []

    turns = Turns(app, at_once=1)
    threads = []
    for number in range(4):
        threads.append(threading.Thread(target=turns, args=({"number": number}, None)))
        threads[-1].start()
        until_in_line(turns, number)
    turns.send_away()
    for thread in threads[1:]:
        thread.join(PATIENCE_SECONDS)
    assert (sorted(sent_away), answered) == ([1, 2, 3], [])

    # The next one stands in line as ever, and its turn comes.
    threads.append(threading.Thread(target=turns, args=({"number": 4}, None)))
    threads[-1].start()
    until_in_line(turns, 1)
    may_end.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert answered == [0, 4]


def test_a_form_is_read_before_its_turn_comes() -> None:
    class Slow(BytesIO):
        is_read = False

        def read(self, size: int | None = -1) -> bytes:
            self.is_read = True
            return super().read(size)

    sent = Slow(b"hold=7")
    seen: list[bytes] = []

    def app(environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        assert environ["wsgi.input"] is not sent
        seen.append(environ["wsgi.input"].read())
        return []

    Turns(app, at_once=1)({"CONTENT_LENGTH": "6", "wsgi.input": sent}, None)
    assert seen == [b"hold=7"]


def test_a_password_that_is_hashed_aside_is_the_same_password(capfd: pytest.CaptureFixture[str]) -> None:
    aside = HasherAside(time_cost=1, memory_cost=64, parallelism=1)
    kept = aside.hash("velvet tram piano")
    assert aside.verify(kept, "velvet tram piano")
    capfd.readouterr()
    assert aside.verify(kept, "another") is False
    assert aside.verify("no hash", "another") is False
    # gevent's pool writes what is raised on it to stderr.
    assert capfd.readouterr().err == ""
    assert passwords.hasher.verify(kept, "velvet tram piano")
