"""Makes the demonstration: accounts, venues, plans, shows, events, and what was sold before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from seatbook.domain.catalogue import store_plan
from seatbook.domain.demonstration.accounts import make_accounts
from seatbook.domain.demonstration.arena_crowd import fill_arena
from seatbook.domain.demonstration.crowd import Crowd
from seatbook.domain.demonstration.online import pay_online_from_now_on, sandbox_till
from seatbook.domain.demonstration.programme import (
    CURRENCY,
    Date,
    Production,
    programme,
)
from seatbook.domain.events import CreatedEvent, SaleTerms, create_event
from seatbook.domain.holders import holder_of_user
from seatbook.domain.local_time import instant_of
from seatbook.domain.money import price_minor
from seatbook.domain.orders import cancel_order, create_code, create_concession
from seatbook.payments.till import Till

# Later in the day, "tonight" is tomorrow: nothing of the demonstration has begun already.
LAST_HOUR_OF_TODAY = 15
ON_SALE_SINCE = timedelta(days=14)
A_MOMENT = timedelta(minutes=1)
SALE_OPENS_AT = "10:00"
# Events further away than this look as if nobody had a look at them yet.
HELD_WITHIN = timedelta(days=6)
HELD_GROUPS = 2


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was made."""

    venues: int
    shows: int
    events: int
    places: int
    sold: int


def step_count() -> int:
    """How often `make_demonstration` will call `on_step`."""
    return 1 + sum(len(production.dates) for production in programme())


def make_demonstration(*, now: datetime, on_step: Callable[[str], None], till: Till) -> Demonstration:
    """Fill an empty, migrated database; `on_step` is told what comes next, `step_count()` times.

    Several transactions: when it is interrupted, a part is there. `now` is aware
    and decides the dates only; sales are judged by the database's clock.
    """
    on_step("Accounts")
    users = make_accounts()
    crowd = Crowd()
    till = sandbox_till(till)
    productions = programme()
    events: dict[str, list[CreatedEvent]] = {}
    sold = 0
    for production in productions:
        for date in production.dates:
            on_step(production.show.title)
            event = _make_event(production, date, now=now)
            events.setdefault(production.show.title, []).append(event)
            _make_reductions(production, event)
            if production.blocked and len(events[production.show.title]) == 1:
                crowd.block(event.event_id, labels=production.blocked, actor_user_id=users["boxoffice"])
            if date.opens_in_days is None:
                if production.is_arena:
                    sold += fill_arena(event.event_id)
                sold += crowd.fill(
                    event.event_id,
                    share=date.sold,
                    keep=date.keep,
                    max_seats=production.max_seats,
                    held_groups=HELD_GROUPS if date.sold and event.starts_at - now < HELD_WITHIN else 0,
                )
            if production.prices:
                pay_online_from_now_on(event.event_id, till=till)
    sold += _buy_for_users(crowd, users, events, till=till)
    made = [event for of_show in events.values() for event in of_show]
    return Demonstration(
        venues=len({event.venue.venue_id for event in made}),
        shows=len(events),
        events=len(made),
        places=sum(event.places for event in made),
        sold=sold,
    )


@dataclass(frozen=True, slots=True)
class Times:
    """When an event begins, ends and is on sale from. A room begins now, and goes on until its last slot."""

    starts_at: datetime
    ends_at: datetime
    on_sale_from: datetime


def times_of(production: Production, date: Date, *, now: datetime) -> Times:
    """The date as instants. Nothing begins before `now`, but the fortnight in which shirts are collected."""
    zone = production.venue.time_zone
    starts_at = _instant(date.day, date.time, now=now, time_zone=zone)
    ends_at = starts_at + timedelta(minutes=production.minutes)
    on_sale_from = now - ON_SALE_SINCE
    if date.opens_in_days is not None:
        on_sale_from = _instant(date.opens_in_days, SALE_OPENS_AT, now=now, time_zone=zone)
    if production.rooms:
        starts_at, ends_at = now + A_MOMENT, now + A_MOMENT + timedelta(minutes=production.minutes)
    return Times(starts_at, ends_at, on_sale_from)


def _make_event(production: Production, date: Date, *, now: datetime) -> CreatedEvent:
    free = not production.prices
    prices = {
        category.name: 0 if free else price_minor(production.prices[category.name], currency=CURRENCY)
        for category in production.layout.categories
    }
    plan_id = None
    if production.plan is not None:
        plan_id = store_plan(production.layout, name=production.plan, venue=production.venue).plan_id
    times = times_of(production, date, now=now)
    return create_event(
        show=production.show,
        venue=production.venue,
        layout=production.layout,
        plan_id=plan_id,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        currency=CURRENCY,
        prices=prices,
        status="published",
        rooms=production.rooms,
        terms=SaleTerms(
            on_sale_from=times.on_sale_from,
            # Until the crowd has bought; see `online.py`.
            payment="none" if free else "counter",
            fee_per_place_minor=price_minor(production.fee_per_place, currency=CURRENCY),
            fee_per_order_minor=price_minor(production.fee_per_order, currency=CURRENCY),
            late_offer_seconds=production.late_offer_seconds,
            hold_ttl_seconds=production.hold_ttl_seconds,
            max_seats=production.max_seats,
            cancel_seconds_before_start=None
            if production.cancel_hours is None
            else production.cancel_hours * 3600,
        ),
    )


def _make_reductions(production: Production, event: CreatedEvent) -> None:
    for name, percent_off in production.concessions.items():
        create_concession(event.event_id, name=name, percent_off=percent_off)
    for name, percent_off in production.codes.items():
        create_code(event.event_id, code=name, percent_off=percent_off, max_uses=100, max_uses_per_holder=1)


def _instant(day: int, time: str, *, now: datetime, time_zone: str) -> datetime:
    """The instant of a local time `day` days from the first day of the demonstration."""
    local = now.astimezone(ZoneInfo(time_zone))
    first = local.date() + timedelta(days=1 if local.hour > LAST_HOUR_OF_TODAY else 0)
    return instant_of(f"{first + timedelta(days=day)} {time}", time_zone=time_zone)


def _buy_for_users(
    crowd: Crowd, users: dict[str, int], events: dict[str, list[CreatedEvent]], *, till: Till
) -> int:
    """alice and bob have bought before, and one of them has thought better of it."""
    alice, bob = holder_of_user(users["alice"]), holder_of_user(users["bob"])
    bought = 0
    for holder, title, nth, size in (
        (alice, "The Glass Orchard", 0, 2),
        (alice, "The Last Lighthouse", 0, 1),
        (bob, "Velvet Tramlines", 0, 4),
        (bob, "Paper Moons", 1, 3),
    ):
        crowd.buy_for(events[title][nth].event_id, holder=holder, size=size, till=till)
        bought += size
    event_id = events["The Salt Road"][1].event_id
    reservation_id = crowd.buy_for(event_id, holder=alice, size=2, till=till)
    cancel_order(event_id, reservation_id=reservation_id, holder=alice)
    return bought
