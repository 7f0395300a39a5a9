"""A new version of a plan against an event: what comes, goes, moves, changes, and whose seats it touches.

A seat is the same one when area, section and label are the same; a seat that is
in another section goes there and comes here. Where the event and the plan have
one seated area each, these are the same area whatever they are called.

An area without numbered seats that the plan does not name is the event's own,
beside the plan: it stays as it is.

A drawing has its origin anywhere: when most seats seem to have moved by the same
distance, the hall stands where it stood, and only the origin is another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from seatbook.domain.event_plan import TAKEN, EventPlan, EventSeat
from seatbook.domain.plan_checks import MAX_FAULTS_LISTED
from seatbook.domain.plan_formats.units import DECIMALS, transformed
from seatbook.domain.plan_layout import PlanLayout, PlanSeat
from seatbook.domain.plan_shapes import Point
from seatbook.errors import InvalidInput

SeatKey = tuple[str, str, str]


class PlanRefused(InvalidInput):
    """A plan that an event cannot take. `faults` are sentences; `seat_ids` those that would be lost."""

    def __init__(self, faults: list[str], *, seat_ids: list[int]) -> None:
        listed = faults[:MAX_FAULTS_LISTED]
        if len(faults) > len(listed):
            listed.append(f"… and {len(faults) - len(listed)} more.")
        listing = "\n".join(["This plan cannot be applied, and nothing was changed:", *listed])
        super().__init__(
            field="layout", reason="%(listing)s", listing=listing, faults=faults, seat_ids=seat_ids
        )


@dataclass(frozen=True, slots=True)
class ComingSeat:
    """A seat that the plan has and the event has not. `returns` is the id of one that a plan once removed."""

    area: str
    section: str
    row: str
    seat: PlanSeat
    returns: int | None


@dataclass(frozen=True, slots=True)
class ChangedSeat:
    """A seat that stays and is another than it was: `seat` is, `row` and `new` what it shall be."""

    seat: EventSeat
    row: str
    new: PlanSeat

    @property
    def moves(self) -> bool:
        return not _same_place(self.seat, self.new)

    @property
    def changes_category(self) -> bool:
        return self.seat.category != self.new.category

    @property
    def is_described_anew(self) -> bool:
        """Its row, its number or its features are others."""
        old = (self.seat.row, self.seat.number, self.seat.features)
        return old != (self.row, self.new.number, self.new.features)


@dataclass(frozen=True, slots=True)
class AreaChange:
    """An area without numbered seats whose number of places changes. `taken` are held or sold."""

    area: str
    places: int
    places_then: int
    taken: int


@dataclass(frozen=True)
class PlanDiff:
    """What a plan would do to an event. `layout` is the plan as it would be applied: moved by `shift`.

    `stays` counts the seats that stay as they are. `beside` are the event's areas
    without numbered seats that the plan does not name, in their order: they stay.
    `impossible` are sentences about what no event on sale can take, whoever has
    which seat.
    """

    event: EventPlan
    layout: PlanLayout
    shift: Point
    comes: tuple[ComingSeat, ...]
    goes: tuple[EventSeat, ...]
    changes: tuple[ChangedSeat, ...]
    stays: int
    areas: tuple[AreaChange, ...]
    beside: tuple[str, ...]
    impossible: tuple[str, ...]

    @cached_property
    def new_categories(self) -> tuple[str, ...]:
        """Categories that the event does not have: each needs a price."""
        return tuple(
            category.name
            for category in self.layout.categories
            if category.name not in self.event.category_ids
        )

    @cached_property
    def touched(self) -> tuple[tuple[EventSeat, str], ...]:
        """Sold and held seats to which something happens, and what."""
        return tuple(self._touched())

    @property
    def is_empty(self) -> bool:
        return not (self.comes or self.goes or self.changes or self.areas)

    def faults(self) -> list[str]:
        """Why it cannot be applied now, as sentences; none where it can."""
        lost = [seat for seat in self.goes if seat.state in TAKEN]
        shrunk = [area for area in self.areas if area.places_then < area.taken]
        return [
            *self.impossible,
            *(lost_seat(seat) for seat in lost),
            *(lost_places(area.area, places=area.places_then, taken=area.taken) for area in shrunk),
        ]

    def _touched(self) -> Iterator[tuple[EventSeat, str]]:
        for seat in self.goes:
            if seat.state in TAKEN:
                yield seat, "would be lost"
        for change in self.changes:
            if change.seat.state not in TAKEN:
                continue
            if change.changes_category:
                yield change.seat, f"keeps its category “{change.seat.category}”"
            if change.moves:
                yield change.seat, "moves"
            if change.is_described_anew:
                yield change.seat, "is described anew"


def compare_plan(event: EventPlan, layout: PlanLayout) -> PlanDiff:
    """Compare a checked plan with an event."""
    layout = _with_the_event_s_name(event, layout)
    present = {(seat.area, seat.section, seat.label): seat for seat in event.seats}
    shift = _shift(present, layout)
    if shift != (0.0, 0.0):
        layout = transformed(layout, scale=1.0, by=shift)
    comes: list[ComingSeat] = []
    changes: list[ChangedSeat] = []
    stays = 0
    for key, row, new in _seats(layout):
        seat = present.pop(key, None)
        if seat is None or seat.state == "gone":
            comes.append(ComingSeat(key[0], key[1], row, new, seat.seat_id if seat else None))
            continue
        change = ChangedSeat(seat, row, new)
        if change.moves or change.changes_category or change.is_described_anew:
            changes.append(change)
        else:
            stays += 1
    return PlanDiff(
        event=event,
        layout=layout,
        shift=shift,
        comes=tuple(comes),
        goes=tuple(seat for seat in present.values() if seat.state != "gone"),
        changes=tuple(changes),
        stays=stays,
        areas=tuple(_area_changes(event, layout)),
        beside=tuple(_beside(event, layout)),
        impossible=tuple(_impossible(event, layout)),
    )


def lost_seat(seat: EventSeat) -> str:
    """The sentence about a seat that somebody has and the plan has not."""
    where = f"seat {seat.label} of “{seat.section or seat.area}”"
    return f"{where} is {seat.state}, and the plan has no such seat."


def lost_places(area: str, *, places: int, taken: int) -> str:
    """The sentence about an area that is sold beyond what the plan has."""
    return f"“{area}” would have {places:,} places, and {taken:,} are held or sold."


def _with_the_event_s_name(event: EventPlan, layout: PlanLayout) -> PlanLayout:
    """The plan with its one seated area named as the event's."""
    named = [name for name, area in event.areas.items() if area.kind == "seated"]
    seated = [area for area in layout.areas if area.kind == "seated"]
    if len(named) != 1 or len(seated) != 1 or seated[0].name in event.areas:
        return layout
    areas = tuple(replace(area, name=named[0]) if area is seated[0] else area for area in layout.areas)
    if len({area.name for area in areas}) < len(areas):
        return layout
    return replace(layout, areas=areas)


def _seats(layout: PlanLayout) -> Iterator[tuple[SeatKey, str, PlanSeat]]:
    for area in layout.areas:
        for section in area.sections:
            for row in section.rows:
                for seat in row.seats:
                    yield (area.name, section.name, seat.label), row.label, seat


def _shift(present: dict[SeatKey, EventSeat], layout: PlanLayout) -> Point:
    """By how much the plan has to be moved, so that most seats stand where they stood."""
    distances: Counter[Point] = Counter()
    for key, _, new in _seats(layout):
        seat = present.get(key)
        if seat is not None and seat.x is not None and seat.y is not None:
            distances[round(seat.x - new.x, DECIMALS) + 0.0, round(seat.y - new.y, DECIMALS) + 0.0] += 1
    if not distances:
        return 0.0, 0.0
    ((shift, seats),) = distances.most_common(1)
    return shift if seats * 2 > distances.total() else (0.0, 0.0)


def _same_place(seat: EventSeat, new: PlanSeat) -> bool:
    if seat.x is None or seat.y is None:
        return False
    least: float = 10**-DECIMALS / 2
    return abs(seat.x - new.x) < least and abs(seat.y - new.y) < least


def _area_changes(event: EventPlan, layout: PlanLayout) -> Iterator[AreaChange]:
    capacities = {area.name: area.capacity or 0 for area in layout.areas if _is_counted(area.kind)}
    for name, area in event.areas.items():
        if not _is_counted(area.kind) or name not in capacities:
            continue
        places = sum(count for state, count in area.places.items() if state != "gone")
        then = capacities.pop(name)
        if places != then:
            taken = sum(area.places.get(state, 0) for state in TAKEN)
            yield AreaChange(name, places, then, taken)
    for name, then in capacities.items():
        yield AreaChange(name, 0, then, 0)


def _beside(event: EventPlan, layout: PlanLayout) -> Iterator[str]:
    named = {area.name for area in layout.areas}
    return (name for name, area in event.areas.items() if area.kind != "seated" and name not in named)


def _impossible(event: EventPlan, layout: PlanLayout) -> Iterator[str]:
    for area in layout.areas:
        now = event.areas.get(area.name)
        if now is None:
            if area.kind == "slots":
                yield f"“{area.name}” has time slots, which are given when an event is made; it cannot come later."
        elif now.kind != area.kind:
            yield f"“{area.name}” is {now.kind} in the event, and {area.kind} in the plan."
        elif now.category not in (None, area.category):
            # Any place of such an area is as good as any other, so they cannot cost differently.
            yield (
                f"“{area.name}” is of the category “{now.category}” in the event, and of “{area.category}” "
                "in the plan. Give the area another name, or keep its category."
            )


def _is_counted(kind: str) -> bool:
    return kind in ("standing", "stock")
