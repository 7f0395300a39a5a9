"""What `flask event create` takes in its options: areas, prices, durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import click

from seatbook.domain.added_areas import AddedArea
from seatbook.domain.money import price_minor
from seatbook.domain.plans import MAX_PLACES, PlanLayout
from seatbook.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PriceOption:
    """One --price. `category` None: for every category that has none of its own."""

    category: str | None
    amount: str


class _Area(click.ParamType[AddedArea]):
    name = "area"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> AddedArea:
        if room := re.fullmatch(r"slots:([^=@]+)(?:@(.+))?", str(value)):
            name = room[1].strip()
            category, *more = [part.strip() for part in (room[2] or name).split(",")]
            return AddedArea("slots", name, 0, category, tuple(more))
        match = re.fullmatch(r"(standing|stock):([^=@]+)=([0-9]+)(?:@(.+))?", str(value))
        if match is None:
            self.fail(
                f"“{value}” is not an area. Write “standing:Floor=800”, “stock:Size M=50@T-shirt” "
                "or “slots:The Vault@Off-peak,Peak”.",
                param,
                ctx,
            )
        # Digits are counted first: Python refuses to read a number of some thousands of them.
        digits = match[3].lstrip("0") or "0"
        if len(digits) > len(str(MAX_PLACES)) or int(digits) > MAX_PLACES:
            self.fail(f"“{value}” has too many places: at most {MAX_PLACES:,} are possible.", param, ctx)
        name = match[2].strip()
        return AddedArea(match[1], name, int(digits), (match[4] or name).strip())


class _Price(click.ParamType[PriceOption]):
    name = "price"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> PriceOption:
        category, _, amount = str(value).rpartition("=")
        return PriceOption(category.strip() or None, amount.strip())


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([0-9]{1,4}):([0-5][0-9])", str(value))
        if match is None or match[0].strip("0:") == "":
            self.fail(f"“{value}” is not a duration. Write hours and minutes, such as 2:15.", param, ctx)
        return timedelta(hours=int(match[1]), minutes=int(match[2]))


AREA, PRICE, DURATION = _Area(), _Price(), _Duration()


def prices_by_category(
    options: Sequence[PriceOption], layout: PlanLayout, *, currency: str
) -> dict[str, int]:
    """Minor units for every category that got a price; no option at all is free.

    Raises InvalidInput for a category that is not there, one that is named twice, or no amount.
    """
    names = [category.name for category in layout.categories]
    if not options:
        return dict.fromkeys(names, 0)
    prices: dict[str, int] = {}
    for_all: int | None = None
    for option in options:
        minor = price_minor(option.amount, currency=currency)
        if option.category is None:
            if for_all is not None:
                raise InvalidInput(
                    field="prices", reason="There are two prices for everything. Name their categories."
                )
            for_all = minor
            continue
        # Whoever types a name may be careless with capitals; an exact name comes first.
        meant = [n for n in names if n == option.category] or [
            n for n in names if n.casefold() == option.category.casefold()
        ]
        name = meant[0] if meant else option.category
        if name in prices:
            raise InvalidInput(field="prices", reason=f"There are two prices for “{name}”.")
        prices[name] = minor
    if for_all is not None:
        prices = dict.fromkeys(names, for_all) | prices
    return prices
