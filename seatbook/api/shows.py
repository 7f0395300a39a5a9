"""The second vocabulary: shows, and seats that are AVAILABLE, HELD or BOOKED. The same acts and the same seats.

What is called a show here is one dated event.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from seatbook.api import limits
from seatbook.api.catalogue import full_name, location
from seatbook.api.credentials import BOOK, holder, holder_id
from seatbook.api.holds import REFUSE_HOLD, REFUSE_RELEASE, REFUSE_RESERVE, SeatIds, reserve_held
from seatbook.api.routes import Routes
from seatbook.api.shapes import (
    Answer,
    Body,
    Id,
    IdInAddress,
    Instant,
    Money,
    OneOf,
    Part,
    Query,
    Seconds,
    Whole,
    money,
)
from seatbook.api.words import listed, span
from seatbook.domain import inventory
from seatbook.domain.reference import format_reference
from seatbook.errors import NotFound
from seatbook.queries.currency import currency_of
from seatbook.queries.event import load_event
from seatbook.queries.event_index import coming_events
from seatbook.queries.places import places_of
from seatbook.queries.seat_names import seat_names
from seatbook.queries.viewer import load_viewer

routes = Routes("The second vocabulary")

Status = Annotated[str, OneOf("AVAILABLE", "HELD", "BOOKED", "BLOCKED")]
STATUSES: dict[str, str] = {
    "available": "AVAILABLE",
    "held": "HELD",
    "reserved": "BOOKED",
    "blocked": "BLOCKED",
}


class Show(Part):
    id: Annotated[Id, Field(description="Of the event: what the other addresses call show_id.")]
    name: str
    description: str
    show_time: Instant
    venue: str
    total_seats: int
    available_seats: int
    held_seats: int
    booked_seats: int


class ShowList(Answer):
    shows: list[Show]
    next: Annotated[
        str | None, Field(description="Send it as `after` for the next page; null: there is none.")
    ]


class ShowSeat(Part):
    id: Id
    seat_number: str
    status: Status
    is_mine: bool
    price: Money


class ShowSeats(Answer):
    show_id: Id
    seats: list[ShowSeat]


class ShowFilter(Query):
    limit: Annotated[int, Whole(1, 100)] = 50
    after: Annotated[str | None, Field(max_length=40, pattern=r"^[0-9]{1,17}\.[0-9]{1,18}$")] = None


class OfShow(Query):
    show_id: IdInAddress


class Batch(Body):
    show_id: Annotated[Id, Field(examples=[7])]
    seat_ids: SeatIds


class HeldBatch(Answer):
    message: str
    show_id: Id
    seat_ids: list[Id]
    seats: list[str]
    status: Annotated[str, OneOf("HELD")]
    expires_at: Instant
    expires_in_seconds: Seconds


class BookedBatch(Answer):
    """`status` PENDING: the buyer pays at `pay_url` until `expires_at`."""

    message: str
    show_id: Id
    reservation_id: str
    seats: list[str]
    status: Annotated[str, OneOf("BOOKED", "PENDING")]
    total_price: Money
    pay_url: str | None
    expires_at: Instant | None
    expires_in_seconds: Seconds | None


class ReleasedBatch(Answer):
    message: str
    show_id: Id
    seat_ids: list[Id]
    status: Annotated[str, OneOf("AVAILABLE")]


@routes.get("/seats/shows/", ShowList)
def list_shows(query: ShowFilter) -> ShowList:
    """Coming events under the name of shows, the soonest first."""
    index = coming_events(after=query.after, limit=query.limit)
    return ShowList(
        shows=[
            Show(
                id=entry.id,
                name=full_name(entry.title, entry.name),
                description=entry.description,
                show_time=entry.starts_at,
                venue=location(entry.venue, entry.address),
                total_seats=entry.figures.total,
                available_seats=entry.figures.available,
                held_seats=entry.figures.held,
                booked_seats=entry.figures.reserved,
            )
            for entry in index.events
        ],
        next=index.next,
    )


@routes.get("/seats/", ShowSeats, refuses=(NotFound,))
def list_show_seats(query: OfShow) -> ShowSeats:
    """The seats of a show."""
    event = load_event(query.show_id, with_drawing=False)
    viewer = load_viewer(event.id, holder_id=holder_id(), at=event.moment.now)
    prices = {category.id: money(category.price_minor, event.currency) for category in event.categories}
    areas = {area.id: area.name for area in event.areas}
    return ShowSeats(
        show_id=event.id,
        seats=[
            ShowSeat(
                id=place.id,
                seat_number=place.label or areas[place.area_id],
                status=STATUSES[place.status],
                is_mine=place.own,
                price=prices[place.category_id],
            )
            for place in places_of(event.id, viewer=viewer, at=event.moment.now)
        ],
    )


@routes.post("/seats/hold-batch/", HeldBatch, scope=BOOK, refuses=REFUSE_HOLD, limits=limits.HOLDING)
def hold_batch(body: Batch) -> HeldBatch:
    """Hold many seats, all or none."""
    held = inventory.hold_seats(body.show_id, seat_ids=body.seat_ids, holder=holder())
    names = seat_names(body.show_id, held.seat_ids)
    return HeldBatch(
        message=f"{listed(list(names.values()))} held for {span(held.seconds_left)}",
        show_id=body.show_id,
        seat_ids=list(names),
        seats=list(names.values()),
        status="HELD",
        expires_at=held.expires_at,
        expires_in_seconds=held.seconds_left,
    )


@routes.post("/seats/book-batch/", BookedBatch, scope=BOOK, refuses=REFUSE_RESERVE)
def book_batch(body: Batch) -> BookedBatch:
    """Buy the seats that you hold, all or none, or begin to pay for them."""
    order = reserve_held(body.show_id, body.seat_ids)
    names = list(seat_names(body.show_id, body.seat_ids).values())
    reference = format_reference(order.event_id, order.code)
    is_booked = order.status == "confirmed"
    kept = "" if is_booked else f" kept for {span(order.seconds_left or 0)} while you pay"
    return BookedBatch(
        message=f"{listed(names)}{kept or ' booked'}: {reference}",
        show_id=body.show_id,
        reservation_id=reference,
        seats=names,
        status="BOOKED" if is_booked else "PENDING",
        total_price=money(order.total_minor, currency_of(body.show_id)),
        pay_url=order.pay_url,
        expires_at=order.due_at,
        expires_in_seconds=order.seconds_left,
    )


@routes.post("/seats/release-hold-batch/", ReleasedBatch, scope=BOOK, refuses=REFUSE_RELEASE)
def release_hold_batch(body: Batch) -> ReleasedBatch:
    """Give many held seats back, all or none."""
    inventory.release_seats(body.show_id, seat_ids=body.seat_ids, holder=holder())
    names = seat_names(body.show_id, body.seat_ids)
    return ReleasedBatch(
        message=f"{listed(list(names.values()))} released",
        show_id=body.show_id,
        seat_ids=list(names),
        status="AVAILABLE",
    )
