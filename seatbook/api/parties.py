"""Who of a party pays less, as answers say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from seatbook.api.shapes import Id, Part
from seatbook.domain.party_concessions import PeopleWhoPayLess


class PartyConcession(Part):
    """So many `people` of the party pay by this concession; those that none counts pay the full price."""

    concession_id: Id
    name: str
    people: Annotated[int, Field(ge=1)]


def party_concessions_of(fewer: Iterable[PeopleWhoPayLess]) -> list[PartyConcession]:
    return [
        PartyConcession(concession_id=one.concession_id, name=one.name, people=one.people) for one in fewer
    ]
