"""Events: one dated offering of a show, with prices, a sale window and an inventory of its own.

`create_event` is one transaction: the venue and the show when they are new, the
event, its categories and areas, and one row for every place that it sells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.domain.catalogue import (
    MAX_TEXT_LENGTH,
    NewShow,
    NewVenue,
    PlanRecord,
    ShowRecord,
    StoredPlan,
    VenueRecord,
    check_show,
    check_venue,
    create_show,
    create_venue,
    find_plan,
    find_show,
    find_venue,
    show_in_transaction,
    store_plan,
    venue_in_transaction,
)
from seatbook.domain.event_places import PlaceWritten, Slot, insert_places
from seatbook.domain.local_time import checked_time_zone
from seatbook.domain.money import MAX_PRICE_MINOR, checked_currency
from seatbook.domain.plans import PlanLayout, check_layout
from seatbook.domain.staff_record import note_staff_act
from seatbook.domain.timetables import Room, check_room, make_room
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, InvalidInput, NotFound, WrongState
from seatbook.models import Event, Plan

__all__ = [
    "CreatedEvent",
    "NewShow",
    "NewVenue",
    "PlanRecord",
    "SaleTerms",
    "ShowRecord",
    "Slot",
    "StoredPlan",
    "VenueRecord",
    "create_event",
    "create_show",
    "create_venue",
    "find_plan",
    "find_show",
    "find_venue",
    "publish_event",
    "store_plan",
]

SLOT_PAYMENT_TTL_SECONDS = 1_800
PAYMENT_TTL_SECONDS = 900
MAX_EVENT_LENGTH = timedelta(days=400)
MAX_SLOTS = 10_000


@dataclass(frozen=True, slots=True)
class SaleTerms:
    """How an event is sold. Instants are aware; None means the default that is named here.

    on_sale_from            from now on
    on_sale_until           until the event starts; its end, where it has slots or stock only
    payment                 none: reserving is all there is; counter: paid at the window; online: paid first
    payment_ttl_seconds     1,800 with time slots and without stock, else 900
    payment_grace_seconds   how long places wait for the provider's answer after the buyer's deadline
    late_offer_seconds      how long equal places are offered to who paid too late; None: the money goes back
    leave_no_single         choices that strand one seat are refused, where there are others
    cancel_seconds_before_start   the buyer's deadline; None: buyers cannot cancel by themselves
    fee_per_place_minor, fee_per_order_minor   on top of each price, and of each order; what costs nothing has no fee
    """

    on_sale_from: datetime | None = None
    on_sale_until: datetime | None = None
    payment: str = "none"
    hold_ttl_seconds: int = 300
    payment_ttl_seconds: int | None = None
    payment_grace_seconds: int = 900
    late_offer_seconds: int | None = None
    max_seats: int = 8
    leave_no_single: bool = False
    cancel_seconds_before_start: int | None = 0
    fee_per_place_minor: int = 0
    fee_per_order_minor: int = 0


@dataclass(frozen=True, slots=True)
class CreatedEvent:
    """A new event: how many places it sells, and its areas and categories by name with their ids."""

    event_id: int
    show: ShowRecord
    venue: VenueRecord
    starts_at: datetime
    on_sale_from: datetime
    on_sale_until: datetime
    places: int
    area_ids: Mapping[str, int]
    category_ids: Mapping[str, int]


def create_event(
    *,
    show: NewShow | int,
    venue: NewVenue | int,
    layout: PlanLayout,
    starts_at: datetime,
    ends_at: datetime,
    currency: str,
    prices: Mapping[str, int],
    plan_id: int | None = None,
    name: str = "",
    status: str = "draft",
    listed: bool = True,
    terms: SaleTerms = SaleTerms(),
    slots: Mapping[str, Sequence[Slot]] | None = None,
    rooms: Mapping[str, Room] | None = None,
    progress: PlaceWritten | None = None,
    actor_user_id: int | None = None,
) -> CreatedEvent:
    """Make an event with all its places, on sale at once where `status` is "published".

    `prices` gives every category of the layout its price in minor units of
    `currency`; `slots` gives every slots area, by its name, its (start, end)
    pairs in any order, but those in `rooms`, whose timetable makes slots for the next 60 days: an event of
    nothing but slots then has none before its start and lasts until the last of them at least, and any other has
    none beyond its end.
    `plan_id` only notes which plan the layout came from. An event that is not `listed` is sold to whoever
    knows its address.
    `progress` is called with the number of places written so far.

    One transaction; nothing of it is there when it is refused. Not idempotent:
    twice makes two events. Raises InvalidInput, PlanFaults, NotFound.
    """
    check_layout(layout)
    currency = checked_currency(currency)
    _check_prices(prices, layout)
    _check_terms(terms)
    rooms = _checked_rooms(rooms or {}, layout)
    slots = _checked_slots(slots or {}, layout, besides=rooms)
    if isinstance(venue, NewVenue):
        check_venue(venue)
    if isinstance(show, NewShow):
        check_show(show)
    if len(name) > MAX_TEXT_LENGTH or (name and not name.isprintable()):
        raise InvalidInput(
            field="name", reason=N_("An event's name has at most %(most)s characters."), most=MAX_TEXT_LENGTH
        )
    if status not in ("draft", "published"):
        raise InvalidInput(
            field="status",
            reason=N_("“%(status)s” is not possible: a new event is draft or published."),
            status=status,
        )
    for what, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        _check_instant(moment, field=what)
    if not starts_at < ends_at <= starts_at + MAX_EVENT_LENGTH:
        raise InvalidInput(
            field="ends_at",
            reason=N_("The event must end after it starts, and at most %(most)s days later."),
            most=MAX_EVENT_LENGTH.days,
        )

    def act(session: Session) -> CreatedEvent:
        at = venue_in_transaction(session, venue)
        of = show_in_transaction(session, show)
        if plan_id is not None:
            _check_plan(session, plan_id, venue_id=at.venue_id)
        now = session.execute(select(func.clock_timestamp())).scalar_one()
        time_zone = checked_time_zone(at.time_zone)
        opens, closes = _sale_window(
            terms, layout, starts_at=starts_at, ends_at=ends_at, now=now, time_zone=time_zone
        )
        event_id = session.execute(
            insert(Event)
            .values(
                show_id=of.show_id,
                venue_id=at.venue_id,
                plan_id=plan_id,
                name=name,
                status=status,
                listed=listed,
                starts_at=starts_at,
                ends_at=ends_at,
                on_sale_from=opens,
                on_sale_until=closes,
                currency=currency,
                payment=terms.payment,
                hold_ttl_seconds=terms.hold_ttl_seconds,
                payment_ttl_seconds=_default_payment_ttl(layout)
                if terms.payment_ttl_seconds is None
                else terms.payment_ttl_seconds,
                payment_grace_seconds=terms.payment_grace_seconds,
                late_offer_seconds=terms.late_offer_seconds,
                max_seats=terms.max_seats,
                leave_no_single=terms.leave_no_single,
                cancel_seconds_before_start=terms.cancel_seconds_before_start,
                fee_per_place_minor=terms.fee_per_place_minor,
                fee_per_order_minor=terms.fee_per_order_minor,
            )
            .returning(Event.id)
        ).scalar_one()
        written = insert_places(
            session,
            event_id,
            layout=layout,
            prices=prices,
            slots=slots,
            time_zone=time_zone,
            progress=progress,
        )
        made = written.places
        for room_name, room in rooms.items():
            made += make_room(session, event_id, area_id=written.area_ids[room_name], room=room)
        note_staff_act(session, event_id, "created_event", actor=actor_user_id)
        if status == "published":
            note_staff_act(session, event_id, "published_event", actor=actor_user_id)
        return CreatedEvent(
            event_id=event_id,
            show=of,
            venue=at,
            starts_at=starts_at.astimezone(UTC),
            on_sale_from=opens,
            on_sale_until=closes,
            places=made,
            area_ids=written.area_ids,
            category_ids=written.category_ids,
        )

    return run_transaction(act)


def publish_event(event_id: int, *, actor_user_id: int | None = None) -> bool:
    """Put a draft on sale, from its `on_sale_from` on. True when this act did it, False when it was published.

    Raises NotFound, and WrongState for a cancelled event.
    """

    def act(session: Session) -> bool:
        published = session.execute(
            update(Event)
            .where(Event.id == event_id, Event.status == "draft")
            .values(status="published")
            .execution_options(synchronize_session=False)
            .returning(Event.id)
        ).scalar_one_or_none()
        if published is not None:
            note_staff_act(session, event_id, "published_event", actor=actor_user_id)
            return True
        status = session.execute(select(Event.status).where(Event.id == event_id)).scalar_one_or_none()
        if status is None:
            raise NotFound(what="event")
        if status != "published":
            raise WrongState(state=status)
        return False

    return run_transaction(act)


def _check_prices(prices: Mapping[str, int], layout: PlanLayout) -> None:
    names = [category.name for category in layout.categories]
    listing = ", ".join(f"“{name}”" for name in names)
    if unknown := [name for name in prices if name not in names]:
        raise InvalidInput(
            field="prices",
            reason=N_("There is no category “%(name)s” here. The categories are %(categories)s."),
            name=unknown[0],
            categories=listing,
        )
    if missing := [name for name in names if name not in prices]:
        wanted = ", ".join(f"“{name}”" for name in missing)
        raise InvalidInput(
            field="prices", reason=N_("A price is missing for %(categories)s."), categories=wanted
        )
    for name, minor in prices.items():
        if not 0 <= minor <= MAX_PRICE_MINOR:
            raise InvalidInput(
                field="prices", reason=N_("The price of “%(name)s” is out of range."), name=name
            )


def _check_terms(terms: SaleTerms) -> None:
    for field_name, value, lowest, highest, reason in (
        (
            "hold_ttl",
            terms.hold_ttl_seconds,
            1,
            86_400,
            N_("A hold lasts from 1 second to a day (86,400 seconds), and %(value)s is not possible."),
        ),
        (
            "max_seats",
            terms.max_seats,
            1,
            1_000,
            N_("One buyer can have from 1 to 1,000 places, and %(value)s is not possible."),
        ),
        (
            "payment_ttl",
            PAYMENT_TTL_SECONDS if terms.payment_ttl_seconds is None else terms.payment_ttl_seconds,
            1,
            604_800,
            N_(
                "A payment may take from 1 second to a week (604,800 seconds), and %(value)s is not possible."
            ),
        ),
        (
            "payment_grace",
            terms.payment_grace_seconds,
            1,
            604_800,
            N_(
                "Places can wait from 1 second to a week (604,800 seconds) for a payment, "
                "and %(value)s is not possible."
            ),
        ),
        (
            "late_offer",
            1 if terms.late_offer_seconds is None else terms.late_offer_seconds,
            1,
            604_800,
            N_("An offer stands from 1 second to a week (604,800 seconds), and %(value)s is not possible."),
        ),
        (
            "cancel",
            terms.cancel_seconds_before_start or 0,
            0,
            2**31 - 1,
            N_(
                "The deadline for cancelling is a number of seconds before the start, from 0, "
                "and %(value)s is not possible."
            ),
        ),
        ("fee_per_place", terms.fee_per_place_minor, 0, MAX_PRICE_MINOR, N_("A fee is from 0 upwards.")),
        ("fee_per_order", terms.fee_per_order_minor, 0, MAX_PRICE_MINOR, N_("A fee is from 0 upwards.")),
    ):
        if not lowest <= value <= highest:
            raise InvalidInput(field=field_name, reason=reason, value=value)
    if terms.payment not in ("none", "counter", "online"):
        raise InvalidInput(
            field="payment",
            reason=N_(
                "“%(payment)s” is not a way to pay: none (free), counter (at the window) or online (first)."
            ),
            payment=terms.payment,
        )
    for field_name, moment in (("on_sale_from", terms.on_sale_from), ("on_sale_until", terms.on_sale_until)):
        if moment is not None:
            _check_instant(moment, field=field_name)


def _checked_rooms(rooms: Mapping[str, Room], layout: PlanLayout) -> dict[str, Room]:
    """The rooms, whose slots cost what their area says where their timetable says nothing else."""
    own = {area.name: area.category for area in layout.areas if area.kind == "slots"}
    if unknown := [name for name in rooms if name not in own]:
        raise InvalidInput(
            field="slots", reason=N_("“%(name)s” is not an area with time slots here."), name=unknown[0]
        )
    checked = {}
    for name, room in rooms.items():
        check_room(room)
        timetable = room.timetable.priced(own[name] or "") if room.timetable else None
        checked[name] = replace(room, timetable=timetable)
    return checked


def _checked_slots(
    slots: Mapping[str, Sequence[Slot]], layout: PlanLayout, *, besides: Collection[str]
) -> dict[str, list[Slot]]:
    """Every area with slots has some, besides those that make them by a timetable."""
    rooms = [area.name for area in layout.areas if area.kind == "slots" and area.name not in besides]
    if unknown := [name for name in slots if name not in rooms]:
        raise InvalidInput(
            field="slots", reason=N_("“%(name)s” is not an area with time slots here."), name=unknown[0]
        )
    checked = {}
    for room in rooms:
        timetable = sorted(slots.get(room, ()))
        if not 1 <= len(timetable) <= MAX_SLOTS:
            raise InvalidInput(
                field="slots",
                reason=N_("“%(name)s” needs from 1 to %(most)s time slots."),
                name=room,
                most=MAX_SLOTS,
            )
        for start, end in timetable:
            _check_instant(start, field="slots")
            _check_instant(end, field="slots")
            if end <= start:
                raise InvalidInput(
                    field="slots",
                    reason=N_("“%(name)s”: the slot at %(start)s ends before it starts."),
                    name=room,
                    start=start.isoformat(" ", "minutes"),
                )
        for (first, first_end), (second, _) in pairwise(timetable):
            if second < first_end:
                raise InvalidInput(
                    field="slots",
                    reason=N_("“%(name)s”: the slots at %(first)s and %(second)s overlap."),
                    name=room,
                    first=first.isoformat(" ", "minutes"),
                    second=second.isoformat(" ", "minutes"),
                )
        checked[room] = timetable
    return checked


def _check_instant(moment: datetime, *, field: str) -> None:
    if moment.utcoffset() is None:
        reason = N_("%(moment)s has no time zone, so it names no instant.")
        raise InvalidInput(field=field, reason=reason, moment=str(moment))


def _check_plan(session: Session, plan_id: int, *, venue_id: int) -> None:
    of_venue = session.execute(select(Plan.venue_id).where(Plan.id == plan_id)).scalar_one_or_none()
    if of_venue is None:
        raise NotFound(what="plan")
    if of_venue != venue_id:
        raise InvalidInput(field="plan", reason=N_("This plan belongs to another venue than the event's."))


def _sale_window(
    terms: SaleTerms,
    layout: PlanLayout,
    *,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    time_zone: ZoneInfo,
) -> tuple[datetime, datetime]:
    # What begins at a moment is not sold after it; slots and stock are sold as long as there are any.
    begins = any(area.kind in ("seated", "standing") for area in layout.areas)
    opens = terms.on_sale_from or now
    closes = terms.on_sale_until or (starts_at if begins else ends_at)
    if closes > opens:
        return opens, closes
    opening, closing = (f"{moment.astimezone(time_zone):%Y-%m-%d %H:%M}" for moment in (opens, closes))
    if terms.on_sale_from is None and terms.on_sale_until is None:
        raise InvalidInput(
            field="starts_at",
            reason=N_("%(closing)s has passed, so nothing of this event could be sold."),
            closing=closing,
        )
    raise InvalidInput(
        field="on_sale_until",
        reason=N_("The sale would begin at %(opening)s and end at %(closing)s, so nothing could be sold."),
        opening=opening,
        closing=closing,
    )


def _default_payment_ttl(layout: PlanLayout) -> int:
    """Half an hour to gather a group for a room; whoever waits for a shirt in a drop waits for less."""
    kinds = {area.kind for area in layout.areas}
    return SLOT_PAYMENT_TTL_SECONDS if "slots" in kinds and "stock" not in kinds else PAYMENT_TTL_SECONDS
