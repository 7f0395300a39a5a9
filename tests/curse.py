"""A hold that the database refuses to end: a real fault, which no code can know of beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from seatbook.extensions import db

# Whoever holds a seat at this price has a cursed claim.
CURSED_PRICE = 666
# What PostgreSQL answers.
CURSE = "this claim is cursed"


@contextmanager
def cursed_claims() -> Iterator[None]:
    """Within the block, no claim of the cursed price can be ended."""
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{CURSE}'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER curse BEFORE UPDATE ON reservation_seat FOR EACH ROW"
                f" WHEN (OLD.price_minor = {CURSED_PRICE}) EXECUTE FUNCTION curse()"
            )
        )
    try:
        yield
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION curse CASCADE"))
