"""Events as the back office has them: made, changed, published, opened and closed, with what they brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from flask import current_app
from pydantic import Field

from seatbook.api.catalogue import Counted, Kind, counted, full_name
from seatbook.api.credentials import STAFF, user_id
from seatbook.api.routes import Routes
from seatbook.api.shapes import (
    Answer,
    Body,
    Id,
    Instant,
    Money,
    OneOf,
    Part,
    Query,
    SentInstant,
    SentMoney,
    Text,
    money,
)
from seatbook.config import Config
from seatbook.domain.added_areas import AddedArea, layout_with_areas
from seatbook.domain.catalogue import NewShow, NewVenue, PlanRecord, find_venue, load_plan
from seatbook.domain.events import SaleTerms, create_event, publish_event
from seatbook.domain.local_time import checked_time_zone
from seatbook.domain.money import checked_currency, price_minor
from seatbook.domain.plans import MAX_PLACES, PlanLayout
from seatbook.domain.sale_changes import SaleChanges, change_sale, close_sale, open_sale
from seatbook.domain.timetables import Room
from seatbook.errors import Busy, InvalidInput, NotFound, WrongState
from seatbook.queries.reductions import terms_of_event
from seatbook.queries.sale import load_sale
from seatbook.queries.staff_events import (
    EventMoney,
    StaffEvent,
    find_staff_events,
    load_staff_event,
    load_staff_event_page,
)

routes = Routes("Staff: events")

PAYMENTS = ("none", "counter", "online")
SECONDS_OF_A_WEEK = 604_800
Name = Annotated[Text, Field(min_length=1, max_length=200)]


class EventLine(Counted):
    """`orders` are bought and not cancelled, and cost `value` together."""

    id: Id
    name: str
    venue: str
    time_zone: str
    starts_at: Instant
    ends_at: Instant
    status: Annotated[str, OneOf("draft", "published", "cancelled")]
    payment: Annotated[str, OneOf(*PAYMENTS)]
    currency: str
    is_past: bool
    orders: int
    value: Money


class EventLines(Answer):
    events: list[EventLine]
    next: Annotated[
        str | None, Field(description="Send it as `after` for the next page; null: there is none.")
    ]


class SoldPart(Part):
    """The places of one area and category, and what those that are sold cost."""

    area_id: Id
    area: str
    category: str
    price: Money
    available: int
    held: int
    reserved: int
    blocked: int
    sold: Money
    fees: Money


class CameIn(Part):
    provider: str
    amount: Money


class OtherMoney(Part):
    currency: str
    came_in: Money
    refunded: Money


class Takings(Part):
    """`came_in` by provider; `refunded` went back of it, `refund_due` still goes, `refund_failed` could not;
    `in_review` waits for a decision. What was bought is `paid_for`, and `unpaid` is to be paid at the window.
    What came in `other_currencies` is in none of these sums, and buys nothing."""

    came_in: list[CameIn]
    refunded: Money
    refund_due: Money
    refund_failed: Money
    in_review: Money
    paid_for: Money
    unpaid: Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
    other_currencies: list[OtherMoney]


class PricedCategory(Part):
    id: Id
    name: str


class StaffEventDetails(EventLine):
    listed: bool
    on_sale_from: Instant
    on_sale_until: Instant
    hold_ttl_seconds: int
    max_seats: int
    leave_no_single: bool
    cancel_seconds_before_start: Annotated[
        int | None, Field(description="The buyer's deadline; null: buyers cannot cancel by themselves.")
    ]
    fee_per_place: Money
    fee_per_order: Money
    categories: list[PricedCategory]
    parts: list[SoldPart]
    takings: Takings


class OneStaffEvent(Answer):
    message: str
    event: StaffEventDetails


class WhichEvents(Query):
    q: Annotated[Text, Field(max_length=200, description="Its number, or a part of its title.")] = ""
    past: Annotated[
        Annotated[str, OneOf("0", "1")], Field(description="1: those that are over, the latest first.")
    ] = "0"
    after: Annotated[Text, Field(max_length=100, description="`next` of the page before.")] = ""


class ShowOfEvent(Body):
    """Where there is a show of that title and kind, it is meant, and its texts stay."""

    title: Annotated[Name, Field(examples=["The Quiet Hour"])]
    kind: Annotated[Kind, Field(examples=["theatre"])]
    tagline: Annotated[Text, Field(max_length=200)] = ""
    description: Annotated[Text, Field(max_length=10_000)] = ""


class VenueOfEvent(Body):
    """Where there is a venue of that name, it is meant; its address stays, and another `time_zone` than its own is
    refused. A new one without any is in UTC."""

    name: Annotated[Name, Field(examples=["Lyric Hall"])]
    address: Annotated[Text, Field(max_length=200)] = ""
    time_zone: Annotated[Text, Field(min_length=1, max_length=80, examples=["Europe/Berlin"])] | None = None


class AreaOfEvent(Body):
    """Places without numbers. standing, stock: `capacity` of them. slots: a room, whose slots are made by its
    timetable (`rooms/`). `category` names their price; else it is called as the area. `more_categories`: others
    that a room's timetable may name."""

    kind: Annotated[str, OneOf("standing", "stock", "slots")]
    name: Name
    capacity: Annotated[int, Field(ge=1, le=MAX_PLACES)] | None = None
    category: Name | None = None
    more_categories: list[Name] = Field(default_factory=list, max_length=20)


class PriceOfCategory(Body):
    category: Name
    price: SentMoney


Prices = Annotated[list[PriceOfCategory], Field(max_length=100)]


class NewEvent(Body):
    """Seats come from a plan of the venue (`plans/`), other places are `areas`; at least one of both. `price` is of
    every category that `prices` does not name. `payment`: online where anything costs something, else none.
    `cancel_seconds_before_start` null: buyers cannot cancel by themselves."""

    show: Annotated[
        ShowOfEvent | None,
        Field(examples=[{"title": "The Quiet Hour", "kind": "theatre"}]),
    ] = None
    show_id: Id | None = None
    venue: Annotated[
        VenueOfEvent | None,
        Field(examples=[{"name": "Lyric Hall", "time_zone": "Europe/Berlin"}]),
    ] = None
    venue_id: Id | None = None
    plan_id: Id | None = None
    areas: list[AreaOfEvent] = Field(
        default_factory=list,
        max_length=100,
        examples=[[{"kind": "standing", "name": "Floor", "capacity": 200}]],
    )
    name: Annotated[Text, Field(max_length=200, description="What this date of the show is called.")] = ""
    starts_at: Annotated[SentInstant, Field(examples=["2030-03-14T18:30:00Z"])]
    ends_at: Annotated[SentInstant, Field(examples=["2030-03-14T21:00:00Z"])]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])] = "EUR"
    price: Annotated[SentMoney | None, Field(examples=["45.00"])] = None
    prices: Prices = Field(default_factory=list)
    on_sale_from: SentInstant | None = None
    on_sale_until: SentInstant | None = None
    payment: Annotated[str, OneOf(*PAYMENTS)] | None = None
    payment_ttl_seconds: Annotated[int, Field(ge=1, le=SECONDS_OF_A_WEEK)] | None = None
    late_offer_seconds: Annotated[int, Field(ge=1, le=SECONDS_OF_A_WEEK)] | None = None
    hold_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    max_seats: Annotated[int, Field(ge=1, le=1_000)] | None = None
    leave_no_single: bool = False
    cancel_seconds_before_start: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = 0
    fee_per_place: SentMoney = "0"
    fee_per_order: SentMoney = "0"
    listed: bool = True
    publish: bool = False


class ChangedEvent(Body):
    """What is left out stays. A new price is that of who picks a place from now on."""

    name: Annotated[Text, Field(max_length=200)] | None = None
    listed: bool | None = None
    on_sale_from: SentInstant | None = None
    on_sale_until: SentInstant | None = None
    hold_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    max_seats: Annotated[int, Field(ge=1, le=1_000, examples=[8])] | None = None
    leave_no_single: bool | None = None
    prices: Prices = Field(default_factory=list)


class SaleUntil(Body):
    until: SentInstant | None = None


@routes.get("/staff/events/", EventLines, scope=STAFF)
def list_staff_events(query: WhichEvents) -> EventLines:
    """Events with what is sold, the soonest first, drafts too."""
    found = find_staff_events(words=query.q.strip(), past=query.past == "1", after=query.after)
    return EventLines(events=[EventLine(**_line(event)) for event in found.events], next=found.after)


@routes.post("/staff/events/", OneStaffEvent, status=201, scope=STAFF, refuses=(NotFound, InvalidInput, Busy))
def create_staff_event(body: NewEvent) -> OneStaffEvent:
    """Make an event with all its places, a draft unless it is published at once.

    All or none. Asked again it makes another: send an Idempotency-Key.
    """
    plan = load_plan(body.plan_id) if body.plan_id is not None else None
    layout = layout_with_areas(plan.layout if plan else None, [_area(area) for area in body.areas])
    currency = checked_currency(body.currency)
    prices = _prices(body, layout, currency=currency)
    made = create_event(
        show=_show(body),
        venue=_venue(body, plan),
        layout=layout,
        plan_id=plan.plan_id if plan else None,
        name=body.name,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        currency=currency,
        prices=prices,
        status="published" if body.publish else "draft",
        listed=body.listed,
        terms=_terms(body, prices, currency=currency),
        rooms={area.name: Room() for area in layout.areas if area.kind == "slots"},
        actor_user_id=user_id(),
    )
    return _shown(made.event_id, f"Event {made.event_id} is made, with {made.places} places.")


@routes.get("/staff/events/<int:event_id>/", OneStaffEvent, scope=STAFF, refuses=(NotFound,))
def get_staff_event(event_id: int) -> OneStaffEvent:
    """One event: how it is sold, what of it, and what that brought."""
    return _shown(event_id, "")


@routes.post(
    "/staff/events/<int:event_id>/edit/",
    OneStaffEvent,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, WrongState, Busy),
)
def edit_event(event_id: int, body: ChangedEvent) -> OneStaffEvent:
    """Change how an event is sold: its name, its sale window, its limits, its prices.

    What somebody holds or bought stays as it was. Again changes nothing.
    """
    currency = load_staff_event(event_id).currency
    change_sale(
        event_id,
        changes=SaleChanges(
            name=body.name,
            listed=body.listed,
            on_sale_from=body.on_sale_from,
            on_sale_until=body.on_sale_until,
            hold_ttl_seconds=body.hold_ttl_seconds,
            max_seats=body.max_seats,
            leave_no_single=body.leave_no_single,
            prices=prices_of(body.prices, currency=currency),
        ),
        actor_user_id=user_id(),
    )
    return _shown(event_id, f"Event {event_id} is changed.")


@routes.post(
    "/staff/events/<int:event_id>/publish/", OneStaffEvent, scope=STAFF, refuses=(NotFound, WrongState, Busy)
)
def publish_staff_event(event_id: int) -> OneStaffEvent:
    """Show a draft to the public.

    It is sold from its `on_sale_from` on. Again changes nothing.
    """
    done = publish_event(event_id, actor_user_id=user_id())
    return _shown(event_id, f"Event {event_id} is {'published' if done else 'published already'}.")


@routes.post(
    "/staff/events/<int:event_id>/sale/open/",
    OneStaffEvent,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, WrongState, Busy),
)
def open_event_sale(event_id: int, body: SaleUntil) -> OneStaffEvent:
    """Sell from this moment on, until `until`.

    Without it a sale that is not over ends when it was to end anyway; one that was closed, or is over, goes on until
    the event starts, or ends where it has time slots or stock only. A draft stays one.
    """
    open_sale(event_id, until=body.until, actor_user_id=user_id())
    is_draft = load_staff_event(event_id).status == "draft"
    when = "will be on sale when it is published" if is_draft else "is on sale"
    return _shown(event_id, f"Event {event_id} {when}.")


@routes.post(
    "/staff/events/<int:event_id>/sale/close/",
    OneStaffEvent,
    scope=STAFF,
    refuses=(NotFound, WrongState, Busy),
)
def close_event_sale(event_id: int) -> OneStaffEvent:
    """Sell nothing from this moment on.

    Who holds something may still buy it. The event takes place; `cancel/` calls it off.
    """
    close_sale(event_id, actor_user_id=user_id())
    return _shown(event_id, f"The sale of event {event_id} is closed.")


def prices_of(prices: Sequence[PriceOfCategory], *, currency: str) -> dict[str, int]:
    """Minor units by category. Raises InvalidInput for two prices of one, and for what is no amount."""
    found: dict[str, int] = {}
    for nth, one in enumerate(prices):
        if one.category in found:
            raise InvalidInput(
                field=f"prices/{nth}/category", reason=f"There are two prices for “{one.category}”."
            )
        found[one.category] = amount_minor(one.price, field=f"prices/{nth}/price", currency=currency)
    return found


def amount_minor(text: str, *, field: str, currency: str) -> int:
    """As `price_minor`, and what is no amount is refused by the field that has it. Raises InvalidInput."""
    try:
        return price_minor(text, currency=currency)
    except InvalidInput as error:
        raise InvalidInput(field=field, reason=str(error)) from error


def _prices(body: NewEvent, layout: PlanLayout, *, currency: str) -> dict[str, int]:
    for_all = None if body.price is None else price_minor(body.price, currency=currency)
    of_all = {} if for_all is None else {category.name: for_all for category in layout.categories}
    return of_all | prices_of(body.prices, currency=currency)


def _terms(body: NewEvent, prices: Mapping[str, int], *, currency: str) -> SaleTerms:
    config: Config = current_app.extensions["seatbook"]
    is_priced = any(prices.values())
    payment = body.payment or ("online" if is_priced else "none")
    if payment == "online" and not is_priced:
        raise InvalidInput(
            field="payment", reason="Nothing costs anything, so there is nothing to pay online."
        )
    return SaleTerms(
        on_sale_from=body.on_sale_from,
        on_sale_until=body.on_sale_until,
        payment=payment,
        hold_ttl_seconds=body.hold_ttl_seconds or config.hold_ttl_seconds,
        payment_ttl_seconds=body.payment_ttl_seconds,
        late_offer_seconds=body.late_offer_seconds,
        max_seats=body.max_seats or config.max_seats,
        leave_no_single=body.leave_no_single,
        cancel_seconds_before_start=body.cancel_seconds_before_start,
        fee_per_place_minor=amount_minor(body.fee_per_place, field="fee_per_place", currency=currency),
        fee_per_order_minor=amount_minor(body.fee_per_order, field="fee_per_order", currency=currency),
    )


def _show(body: NewEvent) -> NewShow | int:
    if (body.show is None) == (body.show_id is None):
        raise InvalidInput(field="show", reason="Say what is on: show, or show_id.")
    if body.show is None:
        return body.show_id or 0
    return NewShow(
        title=body.show.title,
        kind=body.show.kind,
        tagline=body.show.tagline,
        description=body.show.description,
    )


def _venue(body: NewEvent, plan: PlanRecord | None) -> NewVenue | int:
    if body.venue is not None and body.venue_id is not None:
        raise InvalidInput(field="venue", reason="Give venue or venue_id, not both.")
    if body.venue_id is not None:
        return body.venue_id
    if body.venue is not None:
        venue = body.venue
        return venue_called(venue.name, address=venue.address, time_zone=venue.time_zone)
    if plan is None:
        raise InvalidInput(field="venue", reason="Say where it is: venue, venue_id, or plan_id.")
    return plan.venue_id


def venue_called(name: str, *, address: str, time_zone: str | None) -> NewVenue | int:
    """The venue of that name, or a new one. Raises InvalidInput: it is in another time zone than was said."""
    asked = None if time_zone is None else checked_time_zone(time_zone).key
    try:
        found = find_venue(name)
    except NotFound:
        return NewVenue(name=name, address=address, time_zone=asked or "UTC")
    if asked not in (None, found.time_zone):
        raise InvalidInput(
            field="time_zone",
            reason=f"“{found.name}” is there already, in the time zone {found.time_zone}. Leave the zone out, or give "
            "another name.",
        )
    return found.venue_id


def _area(area: AreaOfEvent) -> AddedArea:
    if (area.kind == "slots") != (area.capacity is None):
        raise InvalidInput(
            field="areas",
            reason=f"“{area.name}”: standing places and stock have a capacity, a room with time slots has none.",
        )
    return AddedArea(
        area.kind,
        area.name,
        area.capacity or 0,
        area.category or area.name,
        tuple(area.more_categories),
    )


def _line(event: StaffEvent) -> dict[str, Any]:
    return {
        **counted(event.figures),
        "id": event.id,
        "name": full_name(event.title, event.name),
        "venue": event.venue,
        "time_zone": event.time_zone,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "status": event.status,
        "payment": event.payment,
        "currency": event.currency,
        "is_past": event.is_past,
        "orders": event.orders,
        "value": money(event.value_minor, event.currency),
    }


def _shown(event_id: int, message: str) -> OneStaffEvent:
    page = load_staff_event_page(event_id)
    event, currency = page.event, page.event.currency
    sale = load_sale(event_id)
    return OneStaffEvent(
        message=message,
        event=StaffEventDetails(
            **_line(event),
            listed=sale.listed,
            on_sale_from=sale.on_sale_from,
            on_sale_until=sale.on_sale_until,
            hold_ttl_seconds=sale.hold_ttl_seconds,
            max_seats=sale.max_seats,
            leave_no_single=sale.leave_no_single,
            cancel_seconds_before_start=sale.cancel_seconds_before_start,
            fee_per_place=money(event.fee_per_place_minor, currency),
            fee_per_order=money(event.fee_per_order_minor, currency),
            categories=[
                PricedCategory(id=id_, name=name)
                for name, id_ in terms_of_event(event_id).category_ids.items()
            ],
            parts=[
                SoldPart(
                    area_id=part.area_id,
                    area=part.area,
                    category=part.category,
                    price=money(part.price_minor, currency),
                    available=part.available,
                    held=part.held,
                    reserved=part.reserved,
                    blocked=part.blocked,
                    sold=money(part.sold_minor, currency),
                    fees=money(part.fees_minor, currency),
                )
                for part in page.parts
            ],
            takings=_takings(page.money, currency),
        ),
    )


def _takings(found: EventMoney, currency: str) -> Takings:
    return Takings(
        came_in=[CameIn(provider=name, amount=money(minor, currency)) for name, minor in found.by_provider],
        refunded=money(found.refunded_minor, currency),
        refund_due=money(found.refund_due_minor, currency),
        refund_failed=money(found.refund_failed_minor, currency),
        in_review=money(found.review_minor, currency),
        paid_for=money(found.paid_for_minor, currency),
        unpaid=money(found.unpaid_minor, currency),
        other_currencies=[
            OtherMoney(
                currency=one.currency,
                came_in=money(one.came_minor, one.currency),
                refunded=money(one.refunded_minor, one.currency),
            )
            for one in found.others
        ],
    )
