"""What was asked under a key is kept for a day, and then forgotten: nobody asks for it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session, class_mapper

from seatbook.domain.transaction import run_transaction
from seatbook.models import AskedAct, AskedAnswer

KEPT_FOR = timedelta(hours=24)
BATCH = 1_000


def forget_what_was_asked(
    *, batch: int = BATCH, should_stop: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Delete the acts and answers of keys that are older than a day, the oldest first, in short transactions.

    Returns how many of each table. Safe to repeat, and to run several times at once.
    """
    gone = {}
    for table in (AskedAct, AskedAnswer):
        gone[table.__tablename__] = 0
        deleted = batch
        while deleted == batch and not should_stop():
            deleted = run_transaction(partial(_forget, table=table, batch=batch))
            gone[table.__tablename__] += deleted
    return gone


def _forget(session: Session, *, table: type[AskedAct] | type[AskedAnswer], batch: int) -> int:
    key = class_mapper(table).primary_key
    old = (
        select(*key)
        .where(table.asked_at < func.statement_timestamp() - KEPT_FOR)
        .order_by(table.asked_at)
        .limit(batch)
    )
    deleted = session.scalars(
        delete(table)
        .where(tuple_(*key).in_(old))
        .returning(table.asked_at)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())
