"""What `flask event create` takes in its options: areas, prices, durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import click

from seatbook.domain.money import price_minor
from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout
from seatbook.errors import InvalidInput
from seatbook.models.inventory import MAX_CATEGORY_COLOURS


@dataclass(frozen=True, slots=True)
class AreaOption:
    """One --area. `category` is the area's own name unless it is given."""

    kind: str
    name: str
    capacity: int
    category: str


@dataclass(frozen=True, slots=True)
class PriceOption:
    """One --price. `category` None: for every category that has none of its own."""

    category: str | None
    amount: str


class _Area(click.ParamType[AreaOption]):
    name = "area"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> AreaOption:
        match = re.fullmatch(r"(standing|stock):([^=@]+)=([0-9]{1,6})(?:@(.+))?", str(value))
        if match is None:
            self.fail(
                f"“{value}” is not an area. Write “standing:Floor=800” or “stock:Size M=50@T-shirt”.",
                param,
                ctx,
            )
        name = match[2].strip()
        return AreaOption(match[1], name, int(match[3]), (match[4] or name).strip())


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


def layout_with_areas(layout: PlanLayout | None, areas: Sequence[AreaOption]) -> PlanLayout:
    """The plan's layout with the named areas behind it, whose categories are added where they are new."""
    categories = list(layout.categories if layout else ())
    for area in areas:
        if area.category not in (category.name for category in categories):
            colour = len(categories) % MAX_CATEGORY_COLOURS + 1
            categories.append(PlanCategory(area.category, colour))
    added = (PlanArea(a.kind, a.name, capacity=a.capacity, category=a.category) for a in areas)
    plan = layout or PlanLayout((), ())
    return replace(plan, categories=tuple(categories), areas=(*plan.areas, *added))


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
