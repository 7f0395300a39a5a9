"""Many threads that begin at the same moment, each with a session and a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from time import monotonic, sleep
from typing import TypeVar

from flask import Flask
from sqlalchemy import text

from seatbook.errors import Busy
from seatbook.extensions import db

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

# Nobody waits this long; it turns a thread that died on the way into a failure instead of a hang.
PATIENCE_SECONDS = 30


def patiently(act: Callable[[], T]) -> T:
    """Ask again while the answer is Busy, as it says. Where many threads share two busy cores, whoever waits
    for a lock behind all others may be told so, the later winner too."""
    give_up_at = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except Busy:
            if monotonic() > give_up_at:
                raise


def race(app: Flask, *acts: Callable[[], T]) -> list[T | Exception]:
    """Run every act in its own thread, all from one barrier; what each returned or raised, in their order.

    Every thread has its connection before any of them begins: a race on
    connecting would let the first one finish before the last one starts.
    """
    barrier = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        with app.app_context():
            db.session.connection()
            barrier.wait(PATIENCE_SECONDS)
            db.session.rollback()
            barrier.wait(PATIENCE_SECONDS)
            try:
                return act()
            except Exception as refusal:
                return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def crowd(app: Flask, *, threads: int, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run many acts by a few threads which take the next one as soon as they are free; outcomes in order."""
    outcomes: list[T | Exception | None] = [None] * len(acts)
    # Taking the next of an iterator is one step under the interpreter's lock.
    following = iter(range(len(acts)))

    def take_turns() -> None:
        for number in following:
            with app.app_context():
                try:
                    outcomes[number] = acts[number]()
                except Exception as refusal:
                    outcomes[number] = refusal

    for broken in race(app, *[take_turns] * threads):
        assert broken is None
    return outcomes  # type: ignore[return-value]  # the iterator gave out every number


def won(outcomes: Sequence[T | Exception]) -> list[T]:
    """What the winners got."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def lost(outcomes: Sequence[T | Exception], *kinds: type[E]) -> list[E]:
    """The refusals, all of these kinds; anything else is raised, as nobody should have met it."""
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    for refusal in refusals:
        if not isinstance(refusal, kinds):
            raise refusal
    return refusals  # type: ignore[return-value]


@contextmanager
def begun(app: Flask, act: Callable[[], T]) -> Iterator[Future[T]]:
    """Begin an act in a thread of its own; in the block, look at it from outside. It must end soon after it."""
    with ThreadPoolExecutor(1) as pool:

        def run() -> T:
            with app.app_context():
                return act()

        future = pool.submit(run)
        yield future
        future.exception(PATIENCE_SECONDS)


def until_waiting(*, sessions: int = 1) -> None:
    """Return when that many sessions of this database wait for somebody else's lock."""
    _look_until(lambda waiting: waiting >= sessions)


def until_waiting_or_done(act: Future[T]) -> None:
    """Return when the act has ended, or somebody waits for a lock."""
    _look_until(lambda waiting: waiting > 0 or act.done())


def _look_until(is_so: Callable[[int], bool]) -> None:
    give_up_at = monotonic() + PATIENCE_SECONDS
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not is_so(connection.execute(WAITING).scalar_one()):
            assert monotonic() < give_up_at, "nobody waits for a lock"
            # Looking a hundred times a second is enough; the next step does not depend on this pause.
            sleep(0.01)


WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
