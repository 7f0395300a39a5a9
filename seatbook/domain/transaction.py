"""One transaction for one act: commit, rollback, and what to do when PostgreSQL says "not now"."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar, cast

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from seatbook.domain import once
from seatbook.errors import Busy, SeatbookError
from seatbook.extensions import db

T = TypeVar("T")

MAX_RETRIES = 3
RETRY_PAUSE_SECONDS = 0.02

DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"
UNIQUE_VIOLATION = "23505"
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"

# Collisions that the next try does not meet: a random code that was drawn before, and a hold that the
# same holder opened in another window at this very moment.
# And a key that was in use, whose row is gone again since.
RETRIED_CONSTRAINTS = ("uq_reservation_event_id_code", "uq_reservation_open_hold", once.KEY_IN_USE)


def run_transaction(act: Callable[[Session], T]) -> T:
    """Run `act` and commit; its result is true only once this returns.

    After a deadlock or a serialisation failure the whole act runs again, at most
    3 times with a random pause, so `act` must not touch anything outside the
    database. A lock or a statement that took too long raises Busy. A connection
    lost at COMMIT is an unknown outcome and is raised as it is: every act is
    safe to repeat, so the caller may ask again, never guess.

    Within `once.asked(...)` a request that comes again gets what the first one got, and changes nothing.
    """
    session = db.session()
    keyed = once.keyed(act)
    attempt = 0
    while True:
        try:
            result = act(session)
            if keyed is not None:
                keyed.keep(session, result)
            session.commit()
            return result
        except (DBAPIError, SeatbookError) as error:
            session.rollback()
            first = _first(keyed, session) if keyed is not None else None
            if first is not None:
                return cast(T, first.result)
            if isinstance(error, SeatbookError):
                raise
            if _is_worth_another_try(error) and attempt < MAX_RETRIES:
                attempt += 1
                time.sleep(random.uniform(0, RETRY_PAUSE_SECONDS * 2**attempt))  # noqa: S311
                continue
            if _is_worth_another_try(error) or _sqlstate(error) in (LOCK_NOT_AVAILABLE, QUERY_CANCELED):
                raise Busy() from error
            raise
        except BaseException:
            session.rollback()
            raise


def _first(keyed: once.KeyedAct, session: Session) -> once.First | None:
    """What was done before under the same key; None also while the database cannot be asked."""
    try:
        return keyed.first(session)
    except DBAPIError:
        session.rollback()
        return None


def violated_constraint(error: DBAPIError) -> str | None:
    """The name of the constraint that refused, as the migrations gave it."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def _is_worth_another_try(error: DBAPIError) -> bool:
    state = _sqlstate(error)
    if state == UNIQUE_VIOLATION:
        return violated_constraint(error) in RETRIED_CONSTRAINTS
    return state in (DEADLOCK_DETECTED, SERIALIZATION_FAILURE)


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)
