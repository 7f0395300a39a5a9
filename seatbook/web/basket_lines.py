"""The basket as a person reads it: chairs one by one, alike places counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seatbook.queries.basket import BasketLine
from seatbook.queries.event import BY_QUANTITY
from seatbook.queries.reservations import ReservedPlace
from seatbook.web.formats import clock, weekday_and_day
from seatbook.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One line: what it is, where, how many, and what they cost together (minor units).

    `seat_ids` are the places it stands for; giving one back gives back the last.
    """

    name: str
    where: str
    colour: int
    count: int
    price_minor: int
    seat_ids: tuple[int, ...]


def place_lines(lines: Sequence[BasketLine | ReservedPlace], *, time_zone: str) -> list[PlaceLine]:
    """Lines in the order of the hall. Alike places of one area and price become one line."""
    groups: dict[tuple[object, ...], list[BasketLine | ReservedPlace]] = {}
    for line in lines:
        is_alike = line.area_kind in BY_QUANTITY
        key = (line.area, line.category, line.price_minor) if is_alike else (line.seat_id,)
        groups.setdefault(key, []).append(line)
    return [
        PlaceLine(
            name=place_name(group[0], time_zone=time_zone),
            where=_where(group[0]),
            colour=group[0].colour,
            count=len(group),
            price_minor=sum(line.price_minor for line in group),
            seat_ids=tuple(line.seat_id for line in group),
        )
        for group in groups.values()
    ]


def place_name(line: BasketLine | ReservedPlace, *, time_zone: str) -> str:
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
    return " · ".join(name for name in (where, category) if name)
