"""How many people of a party pay less, as a line says it: read together with the line, or after it where clicks do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator


class PeopleWhoPayLess(NamedTuple):
    """So many `people` of a party pay by one concession, `percent_off` less (0 to 100)."""

    concession_id: int
    name: str
    percent_off: int
    people: int

    def __str__(self) -> str:
        """ "2 × Child", in any language."""
        return f"{self.people} × {self.name}"


# For statements that are written out: one JSON list for the row called `line`, in the order in which concessions are
# offered; NULL, and never looked for, where nobody asks how many come.
PARTY_CONCESSIONS = """
    CASE WHEN {line}.party_size IS NOT NULL THEN (
        SELECT jsonb_agg(jsonb_build_array(said.concession_id, kind.name, kind.percent_off, said.people)
                         ORDER BY kind.position, kind.id)
          FROM party_concession said
          JOIN concession kind ON kind.event_id = said.event_id AND kind.id = said.concession_id
         WHERE said.event_id = {line}.event_id AND said.reservation_seat_id = {line}.id) END
"""


def read_party_concessions(found: list[list[Any]] | None) -> tuple[PeopleWhoPayLess, ...]:
    """What PARTY_CONCESSIONS found, as records."""
    return tuple(PeopleWhoPayLess(*one) for one in found or ())


class _Read(TypeDecorator[tuple[PeopleWhoPayLess, ...]]):
    impl = JSONB
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> tuple[PeopleWhoPayLess, ...]:
        return read_party_concessions(value)


def may_say_who_pays_less(
    *, party_size: int | None, price_per: str, price_minor: int, full_price_minor: int
) -> bool:
    """Whether a line may say it: where each pays, or where less is paid than the full price (both without fees), as a
    room may be sold as a whole since. Clicks ask nothing of all other places."""
    return party_size is not None and (price_per == "person" or price_minor != full_price_minor)


def party_concessions_of(
    session: Session, event_id: int, line_ids: Collection[int]
) -> dict[int, tuple[PeopleWhoPayLess, ...]]:
    """Who of the parties of these lines pays less, by line: one statement, and none for no line."""
    if not line_ids:
        return {}
    rows = session.execute(OF_LINES, {"event": event_id, "lines": list(line_ids)})
    return {row.id: read_party_concessions(row.found) for row in rows}


OF_LINES = text(f"""
    SELECT line.id, {PARTY_CONCESSIONS.format(line="line")} AS found FROM reservation_seat line
     WHERE line.event_id = :event AND line.id = ANY(CAST(:lines AS bigint[]))
""")  # noqa: S608


def party_concessions() -> ColumnElement[tuple[PeopleWhoPayLess, ...]]:
    """Who of the party of a `ReservationSeat` pays less."""
    return literal_column(PARTY_CONCESSIONS.format(line="reservation_seat"), _Read()).label(
        "party_concessions"
    )
