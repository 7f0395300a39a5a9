"""What was asked once has its effect once, however often the request for it arrives.

An edge opens `asked(...)` around what one request asks for, with a key that a
repetition of the request brings again. Each transaction of the acts inside
writes, as its last statement, its own name under that key and what it returns:
in the same commit as the effect, so that neither is ever there without the
other. Whoever comes second finds the row there (or waits for the first one's
commit, and then finds it), is rolled back with all it did, and returns what the
first one returned. So does whoever is refused for what the first one changed.

- A double click, a lost answer, a process that died after its commit: one effect, and the first result.
- A refusal has no effect, so none is kept: the same request may succeed later.
- An act of several transactions goes on where it stopped.

It costs one statement in a transaction that there is anyway, and nothing where there is no key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from seatbook.domain.kept_results import pack, unpack
from seatbook.errors import KeyReused
from seatbook.models import AskedAct

P = ParamSpec("P")
T = TypeVar("T")

KEY_IN_USE = "pk_asked_act"


@dataclass(slots=True)
class Asked:
    """One request: whose it is, its key, and a word that differs when something else is asked for.

    `is_repeated`: some of it had been done before.
    """

    asker: str
    key: str
    fingerprint: str
    is_repeated: bool = False
    acts: Counter[str] = field(default_factory=Counter)


_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)


def begin(*, asker: str, key: str, fingerprint: str) -> Asked:
    """From now on, until `end`, what is done in this thread or greenlet is done for this request."""
    request = Asked(asker, key, fingerprint)
    _asked.set(request)
    return request


def end() -> None:
    _asked.set(None)


@contextmanager
def asked(*, asker: str, key: str, fingerprint: str) -> Iterator[Asked]:
    """What is done inside is done once under this key. Acts raise KeyReused when the fingerprint is another."""
    before = _asked.get()
    request = begin(asker=asker, key=key, fingerprint=fingerprint)
    try:
        yield request
    finally:
        _asked.set(before)


@contextmanager
def aside() -> Iterator[None]:
    """What is done inside is no part of the request's effect: it happens each time it is asked for."""
    before = _asked.get()
    _asked.set(None)
    try:
        yield
    finally:
        _asked.set(before)


def safe_to_repeat(act: Callable[P, T]) -> Callable[P, T]:
    """For an act that takes turns with somebody else's system, and answers a repetition by how things stand
    now: an old result in the middle of it would be worth less than that."""

    @wraps(act)
    def by_itself(*args: P.args, **kwargs: P.kwargs) -> T:
        with aside():
            return act(*args, **kwargs)

    return by_itself


class First(NamedTuple):
    """What the first one who asked got. In a record of its own, as it may be None."""

    result: Any


@dataclass(frozen=True, slots=True)
class KeyedAct:
    """One transaction of a request with a key."""

    request: Asked
    name: str

    def keep(self, session: Session, result: Any) -> None:
        """Write down what this transaction did. A unique violation: it was done before.

        It is the last statement, so whoever waits here for the first one holds nothing that the first one needs.
        """
        session.execute(
            insert(AskedAct).values(
                asker=self.request.asker,
                key=self.request.key,
                act=self.name,
                fingerprint=self.request.fingerprint,
                result=pack(result),
            )
        )

    def first(self, session: Session) -> First | None:
        """What the first one got, if there was one. Reads in a transaction of its own. Raises KeyReused."""
        row = session.execute(
            select(AskedAct.fingerprint, AskedAct.result).where(
                AskedAct.asker == self.request.asker,
                AskedAct.key == self.request.key,
                AskedAct.act == self.name,
            )
        ).one_or_none()
        session.rollback()
        if row is None:
            return None
        if row.fingerprint != self.request.fingerprint:
            raise KeyReused()
        self.request.is_repeated = True
        return First(unpack(row.result))


def keyed(act: Callable[..., Any]) -> KeyedAct | None:
    """The transaction that begins now as a part of the request; None: the request has no key.

    It is told by the name of its function, and by how often that came before within
    the request: a repetition may need fewer steps, as when a holder is known by now.
    """
    request = _asked.get()
    if request is None:
        return None
    while isinstance(act, partial):
        act = act.func
    name = f"{act.__module__}.{act.__qualname__}".removeprefix("seatbook.domain.")
    request.acts[name] += 1
    count = request.acts[name]
    return KeyedAct(request, name if count == 1 else f"{name} {count}")
