"""Brings a new version of a plan to an event that is on sale, without losing a seat that somebody has.

One transaction: everything is applied, or nothing. What is touched is locked,
seats by id, and judged again under the locks; buyers of other seats notice
nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, update
from sqlalchemy.orm import Session

from seatbook.domain.event_places import (
    Place,
    draw_event,
    drawn_shape,
    insert_area,
    insert_category,
    insert_seats,
    insert_section,
    outline_document,
)
from seatbook.domain.event_plan import read_event_plan
from seatbook.domain.inventory.replan import (
    Arrangement,
    arrange_seats,
    bring_back_seats,
    lock_given_seats,
    lock_removed_places,
    lock_spare_places,
    one_plan_at_a_time,
    withdraw_seats,
)
from seatbook.domain.inventory.rows import Locked, clock, is_free, lock_reservations
from seatbook.domain.money import MAX_PRICE_MINOR
from seatbook.domain.plan_checks import check_layout
from seatbook.domain.plan_diff import AreaChange, PlanDiff, PlanRefused, compare_plan, lost_places, lost_seat
from seatbook.domain.plan_layout import PlanLayout, PlanSeat
from seatbook.domain.transaction import run_transaction
from seatbook.models import Area, Seat, Section


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """What was done. `kept_category` counts sold and held seats whose category the plan would change."""

    event_id: int
    added: int
    returned: int
    deleted: int
    blocked: int
    moved: int
    recategorised: int
    kept_category: int


def diff_plan(event_id: int, *, layout: PlanLayout) -> PlanDiff:
    """What the plan would do to the event now; nothing is written. Raises PlanFaults, NotFound."""
    check_layout(layout)
    event = run_transaction(lambda session: read_event_plan(session, event_id))
    return compare_plan(event, layout)


def apply_plan(
    event_id: int,
    *,
    layout: PlanLayout,
    prices: Mapping[str, int] | None = None,
    actor_user_id: int | None = None,
) -> AppliedPlan:
    """Make the event's hall that of the plan. Repeating it changes nothing more.

    `prices` gives each category that is new its price in minor units. Seats come,
    go, move and change their category; what is sold or held keeps the category
    that it was taken for, and never goes. A seat that goes is deleted, or blocked
    where it has a history; it returns when a later plan has it again. Areas that
    are not seated and that the plan does not name stay as they are.

    Raises PlanRefused (with every reason; nothing is changed), PlanFaults, Busy, NotFound.
    """

    # Long work on a large plan, and no transaction waits for it.
    check_layout(layout)

    def act(session: Session) -> AppliedPlan:
        one_plan_at_a_time(session, event_id)
        event = read_event_plan(session, event_id)
        return _Apply(session, compare_plan(event, layout), prices or {}, actor_user_id).run()

    return run_transaction(act)


class _Apply:
    """One application: locks, judges, writes, in this order."""

    def __init__(
        self, session: Session, diff: PlanDiff, prices: Mapping[str, int], actor: int | None
    ) -> None:
        self.session = session
        self.diff = diff
        self.prices = prices
        self.actor = actor
        self.event_id = diff.event.event_id
        self.area_ids = {name: area.area_id for name, area in diff.event.areas.items()}
        self.section_ids = dict(diff.event.section_ids)
        self.category_ids = dict(diff.event.category_ids)
        # How many removed places of an area return, by its name.
        self.returned: dict[str, int] = defaultdict(int)

    def run(self) -> AppliedPlan:
        self._refuse([*self.diff.faults(), *self._price_faults()])
        locked = lock_given_seats(self.session, self.event_id, self._numbered_ids())
        going = [locked[seat.seat_id] for seat in self.diff.goes]
        returning = [locked[seat.returns] for seat in self.diff.comes if seat.returns is not None]
        for area in self.diff.areas:
            self._lock_places(area, going, returning)
        lock_reservations(
            self.session, self.event_id, {seat.reservation_id for seat in going if seat.reservation_id}
        )
        now = clock(self.session)
        self._refuse_lost(locked, at=now)

        gone = withdraw_seats(self.session, self.event_id, going, at=now, actor=self.actor)
        self._write_categories()
        self._write_areas()
        taken = {
            seat.id for seat in locked.values() if not (is_free(seat, at=now) or seat.status == "blocked")
        }
        recategorised, kept = self._arrange(taken)
        bring_back_seats(self.session, self.event_id, returning, actor=self.actor)
        added = self._insert()
        self._remove_empty_parts()
        draw_event(
            self.session,
            self.event_id,
            layout=self.diff.layout,
            area_ids=self.area_ids,
            section_ids=self.section_ids,
        )
        return AppliedPlan(
            event_id=self.event_id,
            added=added,
            returned=len(returning),
            deleted=len(gone.deleted),
            blocked=len(gone.blocked),
            moved=sum(change.moves for change in self.diff.changes),
            recategorised=recategorised,
            kept_category=kept,
        )

    def _numbered_ids(self) -> set[int]:
        ids = {seat.seat_id for seat in self.diff.goes}
        ids |= {change.seat.seat_id for change in self.diff.changes}
        return ids | {seat.returns for seat in self.diff.comes if seat.returns is not None}

    def _lock_places(self, area: AreaChange, going: list[Locked], returning: list[Locked]) -> None:
        """Lock the places of an area that go, or return: any of them are as good as any other."""
        area_id = self.area_ids.get(area.area)
        if area_id is None:
            return
        more = area.places_then - area.places
        if more > 0:
            removed = lock_removed_places(self.session, self.event_id, area_id=area_id, count=more)
            returning += removed
            self.returned[area.area] = len(removed)
            return
        spare = lock_spare_places(self.session, self.event_id, area_id=area_id, count=-more)
        if len(spare) < -more:
            # Somebody took places since we looked, or is about to.
            taken = area.places - len(spare)
            raise PlanRefused([lost_places(area.area, places=area.places_then, taken=taken)], seat_ids=[])
        going += spare

    def _refuse_lost(self, locked: Mapping[int, Locked], *, at: datetime) -> None:
        """Judge the seats that go as they are now, under the lock."""
        lost = []
        for seat in self.diff.goes:
            row = locked[seat.seat_id]
            if row.status == "reserved":
                lost.append(seat._replace(state="sold"))
            elif row.status == "held" and not is_free(row, at=at):
                lost.append(seat._replace(state="held"))
        if lost:
            raise PlanRefused([lost_seat(seat) for seat in lost], seat_ids=[seat.seat_id for seat in lost])

    def _refuse(self, faults: list[str]) -> None:
        if faults:
            lost = [seat.seat_id for seat in self.diff.goes if seat.state in ("held", "sold")]
            raise PlanRefused(faults, seat_ids=lost)

    def _price_faults(self) -> list[str]:
        faults = [f"“{name}” is a new category and needs a price." for name in self._unpriced()]
        faults += [
            f"“{name}” is no new category of this event, so no price is needed."
            for name in self.prices
            if name not in self.diff.new_categories
        ]
        faults += [
            f"The price of “{name}” is out of range."
            for name, minor in self.prices.items()
            if not 0 <= minor <= MAX_PRICE_MINOR
        ]
        return faults

    def _unpriced(self) -> list[str]:
        return [name for name in self.diff.new_categories if name not in self.prices]

    def _write_categories(self) -> None:
        for category in self.diff.layout.categories:
            if category.name in self.diff.new_categories:
                self.category_ids[category.name] = insert_category(
                    self.session, self.event_id, category, price_minor=self.prices[category.name]
                )

    def _write_areas(self) -> None:
        """Areas and sections with their order and shapes, new ones too. What is beside the plan follows it."""
        for position, area in enumerate(self.diff.layout.areas):
            if area.name in self.area_ids:
                self.session.execute(
                    update(Area)
                    .where(Area.event_id == self.event_id, Area.id == self.area_ids[area.name])
                    .values(position=position, shape=drawn_shape(area))
                )
            else:
                self.area_ids[area.name] = insert_area(self.session, self.event_id, area, position=position)
            for section in area.sections:
                key = (area.name, section.name)
                if key not in self.section_ids:
                    self.section_ids[key] = insert_section(
                        self.session, self.event_id, self.area_ids[area.name], section
                    )
                    continue
                self.session.execute(
                    update(Section)
                    .where(Section.event_id == self.event_id, Section.id == self.section_ids[key])
                    .values(
                        band=section.band,
                        side=section.side,
                        position=section.position,
                        shape=outline_document(section),
                    )
                )

        for position, name in enumerate(self.diff.beside, start=len(self.diff.layout.areas)):
            self.session.execute(
                update(Area)
                .where(Area.event_id == self.event_id, Area.id == self.area_ids[name])
                .values(position=position)
            )

    def _arrange(self, taken: set[int]) -> tuple[int, int]:
        """Write what changes of seats that stay or return; how many changed their category, and how many
        kept it because somebody has them."""
        arrangements = []
        recategorised = kept = 0
        for change in self.diff.changes:
            category = change.new.category
            if change.changes_category and change.seat.seat_id in taken:
                category = change.seat.category
                kept += 1
            elif change.changes_category:
                recategorised += 1
            arrangements.append(self._arrangement(change.seat.seat_id, change.row, change.new, category))
        for coming in self.diff.comes:
            if coming.returns is not None:
                arrangements.append(
                    self._arrangement(coming.returns, coming.row, coming.seat, coming.seat.category)
                )
        arrange_seats(self.session, self.event_id, arrangements)
        return recategorised, kept

    def _arrangement(self, seat_id: int, row: str, seat: PlanSeat, category: str) -> Arrangement:
        return Arrangement(
            seat_id, self.category_ids[category], row, seat.number, seat.x, seat.y, seat.features
        )

    def _insert(self) -> int:
        """Write the places that the event never had; how many."""
        new: dict[str, list[Place]] = defaultdict(list)
        for coming in self.diff.comes:
            if coming.returns is None:
                seat = coming.seat
                new[coming.area].append(
                    Place(
                        category_id=self.category_ids[seat.category],
                        section_id=self.section_ids[coming.area, coming.section],
                        row_label=coming.row,
                        number=seat.number,
                        label=seat.label,
                        x=seat.x,
                        y=seat.y,
                        features=seat.features,
                    )
                )
        categories = {area.name: area.category for area in self.diff.layout.areas}
        for area in self.diff.areas:
            more = area.places_then - area.places - self.returned[area.area]
            category = categories.get(area.area)
            if more > 0 and category is not None:
                new[area.area] += [Place(self.category_ids[category])] * more
        return sum(
            count
            for area_name, places in new.items()
            for count in insert_seats(self.session, self.event_id, self.area_ids[area_name], places)
        )

    def _remove_empty_parts(self) -> None:
        """Sections and seated areas that the plan has no more, and that hold no row of the past."""
        layout = self.diff.layout
        sections = {
            self.section_ids[area.name, section.name] for area in layout.areas for section in area.sections
        }
        areas = {self.area_ids[area.name] for area in layout.areas}
        in_section = exists().where(Seat.event_id == self.event_id, Seat.section_id == Section.id)
        self.session.execute(
            delete(Section).where(Section.event_id == self.event_id, Section.id.not_in(sections), ~in_section)
        )
        in_area = exists().where(Seat.event_id == self.event_id, Seat.area_id == Area.id)
        of_area = exists().where(Section.event_id == self.event_id, Section.area_id == Area.id)
        self.session.execute(
            delete(Area).where(
                Area.event_id == self.event_id,
                Area.kind == "seated",
                Area.id.not_in(areas),
                ~in_area,
                ~of_area,
            )
        )
