"""The basket as a person reads it: chairs one by one, alike places counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seatbook.queries.basket import BasketLine
from seatbook.queries.event import BY_QUANTITY
from seatbook.queries.reservations import ReservedPlace
from seatbook.queries.staff_events import StaffSeat
from seatbook.queries.staff_order import OrderPlace
from seatbook.web.formats import clock, weekday_and_day
from seatbook.web.texts import gettext as _
from seatbook.web.texts import ngettext


class Party(NamedTuple):
    """How many people come, and every number that the room takes with its words."""

    size: int
    sizes: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One line: what it is, where, how many, and what they cost together (minor units), without the fee for the order.

    `seat_ids` are the places it stands for; giving one back gives back the last. `before_minor` is the
    price without a concession or a code; `concession` who pays less, or how many of a party; `party` how many
    people come to a slot of a room that asks, which is part of `where`, too.
    """

    name: str
    where: str
    colour: int
    count: int
    price_minor: int
    seat_ids: tuple[int, ...]
    before_minor: int = 0
    concession: str = ""
    party: Party | None = None

    @property
    def name_and_count(self) -> str:
        """ "Row A, seat 1", "Floor × 2"."""
        return f"{self.name} × {self.count}" if self.count > 1 else self.name


def place_lines(lines: Sequence[BasketLine | ReservedPlace], *, time_zone: str) -> list[PlaceLine]:
    """Lines in the order of the hall. Alike places of one area and price become one line."""
    groups: dict[tuple[object, ...], list[BasketLine | ReservedPlace]] = {}
    for line in lines:
        is_alike = line.area_kind in BY_QUANTITY
        alike = (line.area, line.category, _own_price(line), line.before_minor, line.concession)
        key: tuple[object, ...] = alike if is_alike else (line.seat_id,)
        groups.setdefault(key, []).append(line)
    return [
        PlaceLine(
            name=place_name(group[0], time_zone=time_zone),
            where=_where(group[0]),
            colour=group[0].colour,
            count=len(group),
            price_minor=sum(_own_price(line) for line in group),
            seat_ids=tuple(line.seat_id for line in group),
            before_minor=sum(line.before_minor for line in group),
            concession=for_whom(group[0]),
            party=_party(group[0]),
        )
        for group in groups.values()
    ]


def _own_price(line: BasketLine | ReservedPlace) -> int:
    """Without its share of the fee for the order, which is a line of its own."""
    return line.price_minor - line.order_fee_minor


def place_name(line: BasketLine | ReservedPlace | OrderPlace | StaffSeat, *, time_zone: str) -> str:
    """ "Row B, seat 12"; a slot's day and hours; the area of alike places."""
    if line.starts_at is not None and line.ends_at is not None:
        return _(
            "%(day)s, %(start)s to %(end)s",
            day=weekday_and_day(line.starts_at, time_zone),
            start=clock(line.starts_at, time_zone),
            end=clock(line.ends_at, time_zone),
        )
    if line.row_label and line.number:
        return _("Row %(row)s, seat %(number)s", row=line.row_label, number=line.number)
    return line.label or line.area


def _where(line: BasketLine | ReservedPlace) -> str:
    """The section or area, and the category where that says more."""
    where = line.section or ("" if line.area_kind in BY_QUANTITY else line.area)
    category = "" if line.category in (where, line.area) or where.startswith(line.category) else line.category
    party = people(line.party_size) if line.party_size else ""
    return " · ".join(name for name in (where, category, party) if name)


def people(count: int) -> str:
    """ "4 people" """
    return ngettext("%(num)s person", "%(num)s people", count)


def for_whom(line: BasketLine | ReservedPlace | OrderPlace) -> str:
    """Who pays less: "Child"; of a party "2 × Child, 1 × Student"; "": nobody."""
    return line.concession or ", ".join(map(str, line.party_concessions))


def _party(line: BasketLine | ReservedPlace) -> Party | None:
    if line.party_size is None or not isinstance(line, BasketLine):
        return None
    sizes = range(line.min_party or line.party_size, (line.max_party or line.party_size) + 1)
    return Party(line.party_size, [(size, people(size)) for size in sizes])
