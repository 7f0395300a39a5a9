"""Seats: all of an event, one, and what changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from json import dumps
from json.encoder import encode_basestring as text_of
from typing import Annotated, Any

from flask import Response, request
from pydantic import Field, create_model

from seatbook.api.answers import json_bytes
from seatbook.api.credentials import holder_id
from seatbook.api.routes import Routes
from seatbook.api.shapes import Answer, Id, IdInAddress, Instant, Money, OneOf, Part, Query, money, rfc3339
from seatbook.errors import InvalidInput, NotFound
from seatbook.models.inventory import SEAT_FEATURES
from seatbook.queries.changes import Cursor, changes_since
from seatbook.queries.event import EventView, load_event
from seatbook.queries.places import Place, places_of, version_of
from seatbook.queries.viewer import Viewer, load_viewer

routes = Routes("Seats")

Status = Annotated[str, OneOf("available", "locked", "reserved", "blocked")]
# What this vocabulary calls the states of a seat.
STATUSES: dict[str, str] = {
    "available": "available",
    "held": "locked",
    "reserved": "reserved",
    "blocked": "blocked",
}
STATES = {status: state for state, status in STATUSES.items()}


class Seat(Part):
    """One sellable place: a chair, one of N standing places, a time slot, an item of stock.

    Places that are alike share their area's name as `seat_number`. `is_mine`: held or bought by whoever asks.
    `x`, `y`: its place in the hall, in units of one seat's width.
    """

    id: Id
    seat_number: str
    status: Status
    is_locked: bool
    is_mine: bool
    locked_until: Annotated[Instant | None, Field(description="Of your own holds only.")]
    area_id: Id
    section_id: Id | None
    category_id: Id
    price: Money
    row: str | None
    number: str | None
    x: float | None
    y: float | None
    starts_at: Instant | None
    ends_at: Instant | None
    features: list[Annotated[str, OneOf(*SEAT_FEATURES)]]


FIELDS = tuple(Seat.model_fields)
# The same with only the fields that were asked for.
_picked: Any = {name: (field.rebuild_annotation() | None, None) for name, field in Seat.model_fields.items()}
PickedSeat = create_model("PickedSeat", __base__=Part, **_picked)
PickedSeat.model_config["json_schema_serialization_defaults_required"] = False


class SeatList(Answer):
    event_id: Id
    seats: list[Seat] | list[PickedSeat]  # type: ignore[valid-type]
    cursor: Annotated[str, Field(description="Ask `changes/?since=` with it for what happens from now on.")]


class OneSeat(Answer):
    event_id: Id
    seat: Seat


class Changes(Answer):
    """`seats` are as they are now, each once. `is_lost`: the cursor is not of this database, as after a restore;
    read all seats again. `more`: ask again at once."""

    event_id: Id
    seats: list[Seat]
    cursor: str
    more: bool
    is_lost: bool


class SeatFilter(Query):
    area: IdInAddress | None = None
    status: Status | None = None
    fields: Annotated[
        str | None,
        Field(
            max_length=200,
            pattern=rf"^({'|'.join(FIELDS)})(,({'|'.join(FIELDS)}))*$",
            description="Only these fields of each seat, with commas between: id,status",
            examples=["id,seat_number,status"],
        ),
    ] = None


CURSOR_PATTERN = r"^[0-9]{1,19}\.[0-9]{1,18}\.[0-9]{1,17}$"
CursorText = Annotated[str, Field(max_length=60, pattern=CURSOR_PATTERN)]


NO_CURSOR = "This is no cursor of ours. Read all seats again: their answer has one."


class Since(Query):
    since: Annotated[CursorText, Field(description="A cursor of ours.")]


@routes.get("/events/<int:event_id>/seats/", SeatList, refuses=(NotFound,), may_be_unchanged=True)
def list_seats(event_id: int, query: SeatFilter) -> Response:
    """The seats of an event, by id.

    Send the `ETag` of the last answer as `If-None-Match`: 304 says that nothing changed.
    """
    event = load_event(event_id, with_drawing=False)
    if query.area is not None and query.area not in {area.id for area in event.areas}:
        raise NotFound(what="area")
    now = event.moment.now
    viewer = load_viewer(event_id, holder_id=holder_id(), at=now)
    # Before the places themselves: what is written meanwhile is then in the answer, and not in its tag.
    tag = _tag(event, viewer)
    if request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    places = places_of(
        event_id,
        viewer=viewer,
        at=now,
        area_id=query.area,
        status=STATES[query.status] if query.status else None,
    )
    wanted = query.fields.split(",") if query.fields else FIELDS
    seats = ",".join(written(event, places, own_until=viewer.hold_until, fields=wanted))
    cursor = Cursor.at_moment(event.moment)
    body = f'{{"success":true,"event_id":{event_id},"seats":[{seats}],"cursor":"{cursor}"}}'
    return _tagged(json_bytes(body.encode()), tag)


@routes.get("/events/<int:event_id>/seats/<int:seat_id>/", OneSeat, refuses=(NotFound,))
def get_seat(event_id: int, seat_id: int) -> OneSeat:
    """One seat."""
    return OneSeat(event_id=event_id, seat=some_seats(event_id, [seat_id])[0])


@routes.get("/events/<int:event_id>/changes/", Changes, refuses=(NotFound, InvalidInput))
def list_changes(event_id: int, query: Since) -> Changes:
    """What changed since a cursor, and the next cursor.

    No change is ever missed, however late its transaction commits, and a cursor is good for weeks.
    Begin with the `cursor` of the list of seats. A seat may come that did not change: take it as it is.
    """
    seen = changes_since(event_id, cursor=cursor_of(query.since, field="since"))
    seats = some_seats(event_id, seen.seat_ids, all_there=False) if seen.seat_ids else []
    return Changes(
        event_id=event_id,
        seats=seats,
        cursor=str(seen.cursor),
        more=seen.cursor.id != 0,
        is_lost=seen.is_lost,
    )


def cursor_of(text: str, *, field: str) -> Cursor:
    """Raises InvalidInput, in words for a program: those of the page speak of the page."""
    try:
        return Cursor.parse(text)
    except InvalidInput as error:
        raise InvalidInput(field=field, reason=NO_CURSOR) from error


def some_seats(event_id: int, seat_ids: Iterable[int], *, all_there: bool = True) -> list[Seat]:
    """Seats as they are now for whoever asks. Raises NotFound when one is missing and `all_there`."""
    wanted = set(seat_ids)
    event = load_event(event_id, with_drawing=False)
    viewer = load_viewer(event_id, holder_id=holder_id(), at=event.moment.now)
    places = places_of(event_id, viewer=viewer, at=event.moment.now, seat_ids=wanted)
    if all_there and len(places) != len(wanted):
        raise NotFound(what="seat")
    return [Seat.model_validate_json(text) for text in written(event, places, own_until=viewer.hold_until)]


def written(
    event: EventView, places: Iterable[Place], *, own_until: datetime | None, fields: Sequence[str] = FIELDS
) -> list[str]:
    """Each place as the JSON text of a `Seat`, or of these fields of it.

    Texts at once, and not objects that are written later: of 20,000 dictionaries Python's collector alone takes
    as long as all of this.
    """
    prices = {c.id: text_of(money(c.price_minor, event.currency)) for c in event.categories}
    areas = {area.id: text_of(area.name) for area in event.areas}
    statuses = {state: text_of(status) for state, status in STATUSES.items()}
    until = instant_of(own_until)
    values: dict[str, Callable[[Place], str]] = {
        "id": lambda place: str(place.id),
        "seat_number": lambda place: text_of(place.label) if place.label else areas[place.area_id],
        "status": lambda place: statuses[place.status],
        "is_locked": lambda place: "true" if place.status == "held" else "false",
        "is_mine": lambda place: "true" if place.own else "false",
        "locked_until": lambda place: until if place.own and place.status == "held" else "null",
        "area_id": lambda place: str(place.area_id),
        "section_id": lambda place: "null" if place.section_id is None else str(place.section_id),
        "category_id": lambda place: str(place.category_id),
        "price": lambda place: prices[place.category_id],
        "row": lambda place: "null" if place.row_label is None else text_of(place.row_label),
        "number": lambda place: "null" if place.number is None else text_of(place.number),
        "x": lambda place: "null" if place.x is None else repr(place.x),
        "y": lambda place: "null" if place.y is None else repr(place.y),
        "starts_at": lambda place: instant_of(place.starts_at),
        "ends_at": lambda place: instant_of(place.ends_at),
        "features": lambda place: dumps(place.features) if place.features else "[]",
    }
    template = "{" + ",".join(f'"{name}":%s' for name in fields) + "}"
    chosen = [values[name] for name in fields]
    return [template % tuple([value(place) for value in chosen]) for place in places]


def instant_of(at: datetime | None) -> str:
    return "null" if at is None else f'"{rfc3339(at)}"'


def _tag(event: EventView, viewer: Viewer) -> str:
    """What the list for this viewer was made of: its places, their prices and names, and which are the viewer's."""
    made_of = (
        version_of(event.id, at=event.moment.now),
        event.categories,
        [(area.id, area.name) for area in event.areas],
        viewer,
    )
    return blake2b(repr(made_of).encode(), digest_size=12).hexdigest()


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
