"""Areas that an event has beside the seats of its plan, or without one: standing places, stock, rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatbook.domain.plans import PlanArea, PlanCategory, PlanLayout
from seatbook.models.inventory import MAX_CATEGORY_COLOURS


@dataclass(frozen=True, slots=True)
class AddedArea:
    """`capacity` places, 0 for a room. `category` is whose price they have; a room may have more of them."""

    kind: str
    name: str
    capacity: int
    category: str
    more_categories: tuple[str, ...] = ()


def layout_with_areas(layout: PlanLayout | None, areas: Sequence[AddedArea]) -> PlanLayout:
    """The plan's layout with the named areas behind it, whose categories are added where they are new."""
    categories = list(layout.categories if layout else ())
    for area in areas:
        for name in (area.category, *area.more_categories):
            if name not in (category.name for category in categories):
                colour = len(categories) % MAX_CATEGORY_COLOURS + 1
                categories.append(PlanCategory(name, colour))
    added = (PlanArea(a.kind, a.name, capacity=a.capacity or None, category=a.category) for a in areas)
    plan = layout or PlanLayout((), ())
    return replace(plan, categories=tuple(categories), areas=(*plan.areas, *added))
