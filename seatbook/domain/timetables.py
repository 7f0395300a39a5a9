"""Rooms: their timetable, whom they take, what a price is for; and their slots, made ahead again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from seatbook.domain.inventory.replan import one_plan_at_a_time
from seatbook.domain.inventory.rows import clock
from seatbook.domain.inventory.slots import KeptSlot, WantedSlot, fit_slots
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.timetable import LeftOut, Timetable, closed_on, open_on, slots_between
from seatbook.domain.timetable_document import document_from_timetable, timetable_from_document
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, InvalidInput, NotFound, SeatbookError, WrongState
from seatbook.models import Area, Category, Event, Seat, Venue
from seatbook.models.inventory import PRICE_PER

# A room can be booked so long ahead, unless somebody says otherwise.
DAYS_AHEAD = 60
MOST_DAYS_AHEAD = 730
MOST_PEOPLE = 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """What makes an area with slots a room. None leaves as it is what there was.

    `party` is how many people it takes at least, and at most. `price_per` is slot or person; a room without
    a party has no price for a person.
    """

    timetable: Timetable | None = None
    party: tuple[int, int] | None = None
    price_per: str | None = None


@dataclass(frozen=True, slots=True)
class RoomSlots:
    """What became of the slots of one room.

    `added` counts those that came back, too. `kept` are not as the timetable says, because somebody has them;
    `in_the_way` are wanted slots that are not there for their sake; `left_out` are those that a change of the
    clocks took. `until` is the end of the last slot; None: there is none to come.
    """

    event_id: int
    area_id: int
    area: str
    time_zone: str
    added: int
    changed: int
    withdrawn: int
    kept: tuple[KeptSlot, ...]
    in_the_way: tuple[datetime, ...]
    left_out: tuple[LeftOut, ...]
    until: datetime | None


def set_room(event_id: int, *, area_id: int, room: Room, actor_user_id: int | None = None) -> None:
    """Give a room a timetable, a party, a price for each person. Its slots change when they are generated next.

    Whoever holds or bought a slot keeps the party and the price. Raises InvalidInput, NotFound.
    """
    check_room(room)

    def act(session: Session) -> None:
        name = write_room(session, event_id, area_id=area_id, room=room)
        note_staff_act(session, event_id, "changed_room", actor=actor_user_id, subject=name)

    run_transaction(act)


def check_room(room: Room) -> None:
    if room.party is not None:
        least, most = room.party
        if not 1 <= least <= most <= MOST_PEOPLE:
            raise InvalidInput(
                field="party",
                reason=N_("A room takes from 1 to %(most)s people, and no more at least than at most."),
                most=MOST_PEOPLE,
            )
    if room.price_per is not None and room.price_per not in PRICE_PER:
        raise InvalidInput(field="price_per", reason=N_("A price is for a slot, or for a person."))


def write_room(session: Session, event_id: int, *, area_id: int, room: Room) -> str:
    """The same within an open transaction; the room's name."""
    area = session.execute(
        select(Area.kind, Area.name, Area.min_party).where(Area.event_id == event_id, Area.id == area_id)
    ).one_or_none()
    if area is None:
        raise NotFound(what="area")
    if area.kind != "slots":
        raise InvalidInput(
            field="area", reason=N_("“%(name)s” has no time slots, so it has no timetable."), name=area.name
        )
    if room.price_per == "person" and room.party is None and area.min_party is None:
        raise InvalidInput(
            field="price_per", reason=N_("A price for each person needs to know how many the room takes.")
        )
    values: dict[str, Any] = {}
    if room.timetable is not None:
        timetable = _with_categories(session, event_id, area_id=area_id, timetable=room.timetable)
        values["timetable"] = document_from_timetable(timetable)
    if room.party is not None:
        values |= {"min_party": room.party[0], "max_party": room.party[1]}
    if room.price_per is not None:
        values["price_per"] = room.price_per
    if values:
        session.execute(
            update(Area)
            .where(Area.event_id == event_id, Area.id == area_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )
    return str(area.name)


def make_room(session: Session, event_id: int, *, area_id: int, room: Room) -> int:
    """A room of an event that is being made, with its slots; how many."""
    write_room(session, event_id, area_id=area_id, room=room)
    if room.timetable is None:
        return 0
    return fit_room(session, event_id=event_id, area_id=area_id, days=DAYS_AHEAD).added


def close_day(
    event_id: int,
    *,
    area_id: int,
    day: date,
    reason: str = "",
    reopen: bool = False,
    actor_user_id: int | None = None,
) -> None:
    """The room has no slots on that day; with `reopen` it has those of every week again. Slots change when they are
    generated next. Days that are closed at the same time are all closed.

    Raises InvalidInput (the day is over, by the venue's clock; the room has no timetable), NotFound.
    """

    def act(session: Session) -> None:
        # Each takes its turn: the document is read, changed and written as a whole.
        one_plan_at_a_time(session, event_id)
        area = session.execute(
            select(Area.name, Area.timetable, Venue.time_zone)
            .join(Event, Event.id == Area.event_id)
            .join(Venue, Venue.id == Event.venue_id)
            .where(Area.event_id == event_id, Area.id == area_id)
        ).one_or_none()
        if area is None:
            raise NotFound(what="area")
        if area.timetable is None:
            raise InvalidInput(
                field="area", reason=N_("“%(name)s” has no timetable yet, so no day of it."), name=area.name
            )
        if day < clock(session).astimezone(ZoneInfo(area.time_zone)).date():
            raise InvalidInput(
                field="day", reason=N_("%(day)s is over: nothing can change on it."), day=day.isoformat()
            )
        before = timetable_from_document(area.timetable)
        after = open_on(before, day) if reopen else closed_on(before, day, reason=reason)
        write_room(session, event_id, area_id=area_id, room=Room(after))
        note_staff_act(session, event_id, "changed_room", actor=actor_user_id, subject=area.name)

    run_transaction(act)


def _with_categories(session: Session, event_id: int, *, area_id: int, timetable: Timetable) -> Timetable:
    """The same with the category of every rule, which is there: what the room's slots are of already, or all
    that there is."""
    categories = _category_ids(session, event_id, named_in=timetable)
    if None not in timetable.categories:
        return timetable
    of_slots = session.scalar(
        select(Category.name)
        .join(Seat, (Seat.event_id == Category.event_id) & (Seat.category_id == Category.id))
        .where(Seat.event_id == event_id, Seat.area_id == area_id)
        .order_by(Seat.starts_at.desc())
        .limit(1)
    )
    own = of_slots or (next(iter(categories)) if len(categories) == 1 else None)
    if own is None:
        raise InvalidInput(
            field="category",
            reason=N_("Please say for each rule which category's price it has: %(categories)s."),
            categories=_listing(categories),
        )
    return timetable.priced(own)


def _category_ids(session: Session, event_id: int, *, named_in: Timetable) -> dict[str, int]:
    """Ids by name. Raises InvalidInput where the timetable names one that is not there."""
    rows = session.execute(
        select(Category.name, Category.id).where(Category.event_id == event_id).order_by(Category.id)
    )
    ids = {row.name: row.id for row in rows}
    for name in sorted(name for name in named_in.categories if name is not None):
        if name not in ids:
            raise InvalidInput(
                field="category",
                reason=N_("There is no category “%(name)s” here. The categories are %(categories)s."),
                name=name,
                categories=_listing(ids),
            )
    return ids


def _listing(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def generate_slots(
    event_id: int, *, days: int = DAYS_AHEAD, actor_user_id: int | None = None
) -> tuple[RoomSlots, ...]:
    """Make the slots of every room of the event what its timetable says, `days` ahead from today.

    One transaction a room. Slots that are held, sold or running are never touched. Doing it again, and at the
    same time, changes nothing more. An event of nothing but slots has none before its own start, from which the days
    are counted while it is to come; it goes on until its last one, and so does its sale, unless that was to end at
    another time. One that sells other places too keeps its end, and no slot is made beyond it.
    Raises InvalidInput, NotFound, WrongState (cancelled), Busy.
    """
    if not 0 <= days <= MOST_DAYS_AHEAD:
        raise InvalidInput(
            field="days",
            reason=N_("Slots can be made from 0 to %(most)s days ahead."),
            most=MOST_DAYS_AHEAD,
        )
    area_ids = run_transaction(lambda session: _rooms_of(session, event_id))

    def fit(session: Session, *, area_id: int) -> RoomSlots:
        made = fit_room(session, event_id=event_id, area_id=area_id, days=days)
        if made.added or made.changed or made.withdrawn:
            note_staff_act(session, event_id, "made_slots", actor=actor_user_id, subject=made.area)
        return made

    return tuple(run_transaction(partial(fit, area_id=area_id)) for area_id in area_ids)


def _rooms_of(session: Session, event_id: int) -> Sequence[int]:
    status = session.scalar(select(Event.status).where(Event.id == event_id))
    if status is None:
        raise NotFound(what="event")
    if status == "cancelled":
        raise WrongState(state=status)
    return session.scalars(
        select(Area.id)
        .where(Area.event_id == event_id, Area.timetable.is_not(None))
        .order_by(Area.position, Area.id)
    ).all()


def fit_room(session: Session, *, event_id: int, area_id: int, days: int) -> RoomSlots:
    """The slots of one room that has a timetable, within an open transaction."""
    one_plan_at_a_time(session, event_id)
    area = session.execute(
        select(
            Area.name,
            Area.timetable,
            Venue.time_zone,
            Event.starts_at,
            Event.ends_at,
            _sells_only_slots().label("only_slots"),
        )
        .join(Event, Event.id == Area.event_id)
        .join(Venue, Venue.id == Event.venue_id)
        .where(Area.event_id == event_id, Area.id == area_id)
    ).one()
    timetable = timetable_from_document(area.timetable)
    zone = ZoneInfo(area.time_zone)
    now = clock(session)
    # What is nothing but its slots begins with the first of them. Days count from there, as it may be on sale long
    # before it opens.
    opens = max(now, area.starts_at) if area.only_slots else now
    first = opens.astimezone(zone).date()
    last = first + timedelta(days=days)
    # What was made further ahead at another time is looked at as well; new slots end with the last day.
    furthest = session.scalar(
        select(func.max(Seat.starts_at)).where(Seat.event_id == event_id, Seat.area_id == area_id)
    )
    until = max(last, furthest.astimezone(zone).date()) if furthest else last
    found = slots_between(timetable, zone=zone, first=first, last=until)
    category_ids = _category_ids(session, event_id, named_in=timetable)
    wanted = [
        WantedSlot(slot.starts_at, slot.ends_at, category_ids[slot.category or ""])
        for slot in found.slots
        # A concert does not end later because somebody is shown around the house after it.
        if slot.starts_at > now
        and slot.starts_at >= opens
        and (area.only_slots or slot.ends_at <= area.ends_at)
    ]
    add_until = datetime.combine(last, datetime.max.time(), zone)
    fitted = fit_slots(session, event_id, area_id=area_id, wanted=wanted, add_until=add_until, zone=zone)
    end = session.scalar(
        select(func.max(Seat.ends_at)).where(Seat.event_id == event_id, Seat.area_id == area_id)
    )
    if end is not None and area.only_slots:
        _go_on_until(session, event_id, end=end)
    return RoomSlots(
        event_id=event_id,
        area_id=area_id,
        area=area.name,
        time_zone=area.time_zone,
        added=fitted.added,
        changed=fitted.changed,
        withdrawn=fitted.withdrawn,
        kept=fitted.kept,
        in_the_way=tuple(slot.starts_at for slot in fitted.in_the_way),
        left_out=tuple(one for one in found.left_out if one.day <= last),
        until=end,
    )


def _sells_only_slots() -> ColumnElement[bool]:
    other = aliased(Area)
    return ~exists().where(other.event_id == Event.id, other.kind != "slots").correlate(Event)


def _go_on_until(session: Session, event_id: int, *, end: datetime) -> None:
    """The event ends no earlier than its last slot. Its sale goes with it where it was to end with the event."""
    session.execute(
        update(Event)
        .where(Event.id == event_id, Event.ends_at < end)
        .values(
            ends_at=end,
            on_sale_until=case((Event.on_sale_until == Event.ends_at, end), else_=Event.on_sale_until),
        )
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class GeneratedSlots:
    """What came of all rooms; by event, why nothing came of some."""

    rooms: tuple[RoomSlots, ...]
    failed: dict[int, SeatbookError]


def generate_all_slots(*, days: int = DAYS_AHEAD) -> GeneratedSlots:
    """The same for every event with rooms that is not cancelled. One that fails does not stop the others."""
    rooms: list[RoomSlots] = []
    failed: dict[int, SeatbookError] = {}
    for event_id in run_transaction(events_with_rooms):
        try:
            rooms += generate_slots(event_id, days=days)
        except SeatbookError as error:
            failed[event_id] = error
    return GeneratedSlots(tuple(rooms), failed)


def events_with_rooms(session: Session) -> Sequence[int]:
    return session.scalars(
        select(Event.id)
        .where(
            Event.status != "cancelled",
            select(Area.id).where(Area.event_id == Event.id, Area.timetable.is_not(None)).exists(),
        )
        .order_by(Event.id)
    ).all()
