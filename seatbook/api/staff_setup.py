"""What an event is given by the back office: codes, concessions, the timetables of its rooms, a plan of the hall."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

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
    SentInstant,
    SentMoney,
    Text,
    Words,
    money,
)
from seatbook.api.staff_events import Name, Prices, amount_minor, prices_of, venue_called
from seatbook.domain import orders
from seatbook.domain.catalogue import load_plan, store_plan
from seatbook.domain.orders.reductions import MOST_USES
from seatbook.domain.plan_apply import apply_plan, diff_plan
from seatbook.domain.plan_formats import read_plan
from seatbook.domain.plans import PlanLayout
from seatbook.domain.timetable_document import timetable_from_document
from seatbook.domain.timetables import DAYS_AHEAD, MOST_DAYS_AHEAD, Room, RoomSlots, generate_slots, set_room
from seatbook.errors import Busy, InvalidInput, NotFound, SeatsTaken, WrongState
from seatbook.models.inventory import PRICE_PER
from seatbook.queries.plans import list_plans
from seatbook.queries.reductions import CodeLine, codes_of, concessions_of, terms_of_event
from seatbook.queries.timetables import RoomRecord, rooms_of

routes = Routes("Staff: what an event has")

FILE = "plan"


class DiscountCode(Part):
    """It takes `percent_off` off each price, or `amount_off` off the basket. `uses` counts purchases, checkouts and
    baskets that have it. No `categories`: it is for all."""

    code: str
    percent_off: int | None
    amount_off: Money | None
    max_uses: int | None
    max_uses_per_buyer: int | None
    valid_from: Instant | None
    valid_until: Instant | None
    is_active: bool
    uses: int
    categories: list[str]


class CodeList(Answer):
    event_id: Id
    codes: list[DiscountCode]


class NewCode(Body):
    """`percent_off`, or `amount_off`. `category_ids`: only for their places. A code is written in capitals."""

    code: Annotated[Words, Field(min_length=1, max_length=100, examples=["EARLY10"])]
    percent_off: Annotated[int | None, Field(ge=1, le=100, examples=[10])] = None
    amount_off: SentMoney | None = None
    max_uses: Annotated[int, Field(ge=1, le=MOST_USES)] | None = None
    max_uses_per_buyer: Annotated[int, Field(ge=1, le=MOST_USES)] | None = None
    category_ids: list[Id] = Field(default_factory=list, max_length=100)
    valid_from: SentInstant | None = None
    valid_until: SentInstant | None = None


class WhichCode(Body):
    code: Annotated[Text, Field(min_length=1, max_length=100, examples=["EARLY10"])]


class StaffConcession(Part):
    id: Id
    name: str
    percent_off: int
    is_active: bool


class ConcessionList(Answer):
    event_id: Id
    concessions: list[StaffConcession]


class NewConcession(Body):
    name: Annotated[Words, Field(min_length=1, max_length=80, examples=["Child"])]
    percent_off: Annotated[int, Field(ge=1, le=100, examples=[50])]


class WhichConcession(Body):
    concession_id: Id


class StaffRoom(Part):
    """An area with time slots. `coming` slots have not begun, `free` of them can be had."""

    area_id: Id
    name: str
    time_zone: str
    timetable: Annotated[
        dict[str, Any] | None, Field(description="docs/timetables.md describes it; null: none yet.")
    ]
    min_party: int | None
    max_party: int | None
    price_per: Annotated[str, OneOf(*PRICE_PER)]
    coming: int
    free: int
    until: Instant | None


class RoomList(Answer):
    event_id: Id
    rooms: list[StaffRoom]


class ChangedRoom(Body):
    """What is left out stays. Its slots change when they are generated next, which is done every day."""

    timetable: Annotated[
        dict[str, Any] | None,
        Field(
            examples=[
                {"rules": [{"weekdays": ["sat", "sun"], "starts": ["14:00", "15:30"], "duration": "1:00"}]}
            ]
        ),
    ] = None
    party: Annotated[
        list[Annotated[int, Field(ge=1, le=1_000)]] | None,
        Field(min_length=2, max_length=2, description="How many it takes, at least and at most: [2, 6]."),
    ] = None
    price_per: Annotated[str, OneOf(*PRICE_PER)] | None = None


class DaysAhead(Body):
    days: Annotated[int, Field(ge=0, le=MOST_DAYS_AHEAD, examples=[60])] = DAYS_AHEAD


class MadeSlots(Part):
    """`kept` are not as the timetable says, because somebody has them; `left_out` begin when a slot that stays, or a
    change of the clocks, is in their way."""

    area_id: Id
    area: str
    added: int
    changed: int
    withdrawn: int
    kept: list[Instant]
    left_out: list[str]
    until: Instant | None


class SlotsMade(Answer):
    event_id: Id
    rooms: list[MadeSlots]


class PlanLine(Part):
    """A hall. `places` counts its seats and what its other areas hold."""

    id: Id
    name: str
    venue: str
    places: int
    events: int
    created_at: Instant


class PlanList(Answer):
    plans: list[PlanLine]


File = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=60_000,
        description="The text of a file: a table with the columns zone,row,start,end, or JSON of seats.io, pretix or "
        "seatbook (docs/plans.md).",
        examples=["zone,row,start,end\nStalls,A,1,12\nStalls,B,1,14\n"],
    ),
]


class NewPlan(Body):
    """A plan of a venue, which is made where there is none of that name; one that is there keeps its address, and
    another `time_zone` than its own is refused. A new one without any is in UTC. `replace`: one of the same name
    that has other seats; events keep theirs. What is too large for a request is imported by `flask plan import`."""

    file: File
    name: Annotated[Name, Field(examples=["Great hall"])]
    venue: Annotated[Name, Field(examples=["Lyric Hall"])]
    address: Annotated[Text, Field(max_length=200)] = ""
    time_zone: Annotated[Text, Field(min_length=1, max_length=80, examples=["Europe/Berlin"])] | None = None
    replace: bool = False


class StoredPlan(Answer):
    """`notes` say what of the file was not used."""

    plan_id: Id
    venue_id: Id
    outcome: Annotated[str, OneOf("created", "replaced", "unchanged")]
    places: int
    categories: list[str]
    notes: list[str]


class PlanForEvent(Body):
    """`plan_id`, or a `file`. `prices`: each category that is new to the event needs one."""

    plan_id: Annotated[Id | None, Field(examples=[1])] = None
    file: Annotated[Text, Field(min_length=1, max_length=60_000)] | None = None
    prices: Prices = Field(default_factory=list)


class ResizedArea(Part):
    """An area of alike places: how many it has, how many of them are held or sold, and how many it would have."""

    area: str
    places: int
    taken: int
    places_then: int


class PlanTried(Answer):
    """What the plan would do. `faults`: why it cannot be applied now, none where it can. `resizes`: areas of alike
    places that would have another number of them. `beside`: areas that are not seated and that the plan does not
    name; they stay as they are."""

    event_id: Id
    faults: list[str]
    comes: int
    goes: int
    changes: int
    stays: int
    resizes: list[ResizedArea]
    beside: list[str]
    new_categories: list[str]


class PlanApplied(Answer):
    """What was done with seats, and how many sold or held ones keep the category that they were taken for."""

    event_id: Id
    added: int
    returned: int
    deleted: int
    blocked: int
    moved: int
    recategorised: int
    kept_category: int


# Codes and concessions


@routes.get("/staff/events/<int:event_id>/codes/", CodeList, scope=STAFF, refuses=(NotFound,))
def list_codes(event_id: int) -> CodeList:
    """The discount codes of an event, and how often each is used now."""
    return _codes(event_id)


@routes.post(
    "/staff/events/<int:event_id>/codes/",
    CodeList,
    status=201,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, Busy),
)
def create_code(event_id: int, body: NewCode) -> CodeList:
    """Make a code that takes a part of each price off, or an amount of the basket.

    Fees stay as they are.
    """
    currency = terms_of_event(event_id).currency
    orders.create_code(
        event_id,
        code=body.code,
        percent_off=body.percent_off,
        amount_off_minor=None
        if body.amount_off is None
        else amount_minor(body.amount_off, field="amount_off", currency=currency),
        max_uses=body.max_uses,
        max_uses_per_holder=body.max_uses_per_buyer,
        category_ids=body.category_ids,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        actor_user_id=user_id(),
    )
    return _codes(event_id)


@routes.post("/staff/events/<int:event_id>/codes/stop/", CodeList, scope=STAFF, refuses=(NotFound, Busy))
def stop_code(event_id: int, body: WhichCode) -> CodeList:
    """Nobody can use a code from now on; baskets and purchases that have it keep it.

    Again changes nothing.
    """
    orders.stop_code(event_id, code=body.code, actor_user_id=user_id())
    return _codes(event_id)


@routes.post("/staff/events/<int:event_id>/codes/start/", CodeList, scope=STAFF, refuses=(NotFound, Busy))
def start_code(event_id: int, body: WhichCode) -> CodeList:
    """A code that was stopped is good again, within its limits and its time.

    Again changes nothing.
    """
    orders.start_code(event_id, code=body.code, actor_user_id=user_id())
    return _codes(event_id)


@routes.get("/staff/events/<int:event_id>/concessions/", ConcessionList, scope=STAFF, refuses=(NotFound,))
def list_concessions(event_id: int) -> ConcessionList:
    """Who pays less at an event."""
    return _concessions(event_id)


@routes.post(
    "/staff/events/<int:event_id>/concessions/",
    ConcessionList,
    status=201,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, Busy),
)
def create_concession(event_id: int, body: NewConcession) -> ConcessionList:
    """Let buyers say that a place is for somebody who pays less: a child, a student."""
    terms_of_event(event_id)
    orders.create_concession(event_id, name=body.name, percent_off=body.percent_off, actor_user_id=user_id())
    return _concessions(event_id)


@routes.post(
    "/staff/events/<int:event_id>/concessions/stop/", ConcessionList, scope=STAFF, refuses=(NotFound, Busy)
)
def stop_concession(event_id: int, body: WhichConcession) -> ConcessionList:
    """Nobody can choose it from now on; baskets and purchases that have it keep it.

    Again changes nothing.
    """
    orders.stop_concession(event_id, concession_id=body.concession_id, actor_user_id=user_id())
    return _concessions(event_id)


@routes.post(
    "/staff/events/<int:event_id>/concessions/start/", ConcessionList, scope=STAFF, refuses=(NotFound, Busy)
)
def start_concession(event_id: int, body: WhichConcession) -> ConcessionList:
    """A concession that was stopped can be chosen again.

    Again changes nothing.
    """
    orders.start_concession(event_id, concession_id=body.concession_id, actor_user_id=user_id())
    return _concessions(event_id)


# Rooms


@routes.get("/staff/events/<int:event_id>/rooms/", RoomList, scope=STAFF, refuses=(NotFound,))
def list_rooms(event_id: int) -> RoomList:
    """The rooms of an event, with their timetables."""
    return _rooms(event_id)


@routes.post(
    "/staff/events/<int:event_id>/rooms/<int:area_id>/",
    RoomList,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, Busy),
)
def change_room(event_id: int, area_id: int, body: ChangedRoom) -> RoomList:
    """Give a room a timetable, say how many it takes, and what a price is for.

    Who holds or bought a slot keeps what they have. Again changes nothing.
    """
    timetable = None if body.timetable is None else timetable_from_document(body.timetable)
    party = None if body.party is None else (body.party[0], body.party[1])
    set_room(event_id, area_id=area_id, room=Room(timetable, party, body.price_per), actor_user_id=user_id())
    return _rooms(event_id)


@routes.post(
    "/staff/events/<int:event_id>/slots/generate/",
    SlotsMade,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, WrongState, Busy),
)
def generate_room_slots(event_id: int, body: DaysAhead) -> SlotsMade:
    """Make the slots of every room what its timetable says, so many days ahead from today.

    Slots that are held or sold are never touched. Again changes nothing.
    """
    made = generate_slots(event_id, days=body.days, actor_user_id=user_id())
    return SlotsMade(event_id=event_id, rooms=[_made(room) for room in made])


# Plans


@routes.get("/staff/plans/", PlanList, scope=STAFF)
def list_halls() -> PlanList:
    """The plans of all venues."""
    return PlanList(
        plans=[
            PlanLine(
                id=line.plan_id,
                name=line.name,
                venue=line.venue,
                places=line.places,
                events=line.events,
                created_at=line.created_at,
            )
            for line in list_plans()
        ]
    )


@routes.post("/staff/plans/", StoredPlan, scope=STAFF, refuses=(InvalidInput, NotFound, Busy))
def import_plan(body: NewPlan) -> StoredPlan:
    """Keep a hall as a plan of a venue, for events to be made from.

    The same again changes nothing.
    """
    read = read_plan(body.file.encode(), file_name=FILE)
    stored = store_plan(
        read.layout,
        name=body.name,
        venue=venue_called(body.venue, address=body.address, time_zone=body.time_zone),
        replace=body.replace,
    )
    return StoredPlan(
        plan_id=stored.plan_id,
        venue_id=stored.venue.venue_id,
        outcome=stored.outcome,
        places=read.layout.place_count,
        categories=[category.name for category in read.layout.categories],
        notes=list(read.notes),
    )


@routes.post(
    "/staff/events/<int:event_id>/plan/try/", PlanTried, scope=STAFF, refuses=(NotFound, InvalidInput, Busy)
)
def try_plan(event_id: int, body: PlanForEvent) -> PlanTried:
    """Say what a plan would do to an event that is on sale.

    Changes nothing.
    """
    diff = diff_plan(event_id, layout=_layout(body))
    return PlanTried(
        event_id=event_id,
        faults=diff.faults(),
        comes=len(diff.comes),
        goes=len(diff.goes),
        changes=len(diff.changes),
        stays=diff.stays,
        resizes=[
            ResizedArea(area=a.area, places=a.places, taken=a.taken, places_then=a.places_then)
            for a in diff.areas
        ],
        beside=list(diff.beside),
        new_categories=list(diff.new_categories),
    )


@routes.post(
    "/staff/events/<int:event_id>/plan/",
    PlanApplied,
    scope=STAFF,
    refuses=(NotFound, InvalidInput, SeatsTaken, Busy),
)
def apply_event_plan(event_id: int, body: PlanForEvent) -> PlanApplied:
    """Bring a plan to an event that is on sale, all of it or nothing.

    No sold or held seat is ever lost, and none changes its category. Standing places, stock and rooms that the plan
    does not name stay as they are. Again changes nothing.
    """
    currency = terms_of_event(event_id).currency
    done = apply_plan(
        event_id,
        layout=_layout(body),
        prices=prices_of(body.prices, currency=currency),
        actor_user_id=user_id(),
    )
    return PlanApplied(
        event_id=event_id,
        added=done.added,
        returned=done.returned,
        deleted=done.deleted,
        blocked=done.blocked,
        moved=done.moved,
        recategorised=done.recategorised,
        kept_category=done.kept_category,
    )


def _layout(body: PlanForEvent) -> PlanLayout:
    if (body.plan_id is None) == (body.file is None):
        raise InvalidInput(field="plan_id", reason="Give plan_id, or a file.")
    if body.file is not None:
        return read_plan(body.file.encode(), file_name=FILE).layout
    return load_plan(body.plan_id or 0).layout


def _codes(event_id: int) -> CodeList:
    currency = terms_of_event(event_id).currency
    return CodeList(event_id=event_id, codes=[_code(line, currency) for line in codes_of(event_id)])


def _code(line: CodeLine, currency: str) -> DiscountCode:
    return DiscountCode(
        code=line.code,
        percent_off=line.percent_off,
        amount_off=None if line.amount_off_minor is None else money(line.amount_off_minor, currency),
        max_uses=line.max_uses,
        max_uses_per_buyer=line.max_uses_per_holder,
        valid_from=line.valid_from,
        valid_until=line.valid_until,
        is_active=line.is_active,
        uses=line.uses,
        categories=list(line.categories),
    )


def _concessions(event_id: int) -> ConcessionList:
    terms_of_event(event_id)
    return ConcessionList(
        event_id=event_id,
        concessions=[
            StaffConcession(id=one.id, name=one.name, percent_off=one.percent_off, is_active=one.is_active)
            for one in concessions_of(event_id)
        ],
    )


def _rooms(event_id: int) -> RoomList:
    return RoomList(event_id=event_id, rooms=[_room(room) for room in rooms_of(event_id)])


def _room(room: RoomRecord) -> StaffRoom:
    return StaffRoom(
        area_id=room.area_id,
        name=room.name,
        time_zone=room.time_zone,
        timetable=room.timetable,
        min_party=room.min_party,
        max_party=room.max_party,
        price_per=room.price_per,
        coming=room.coming,
        free=room.free,
        until=room.until,
    )


def _made(room: RoomSlots) -> MadeSlots:
    return MadeSlots(
        area_id=room.area_id,
        area=room.area,
        added=room.added,
        changed=room.changed,
        withdrawn=room.withdrawn,
        kept=[slot.starts_at for slot in room.kept],
        left_out=[
            *(moment.isoformat() for moment in room.in_the_way),
            *(f"{one.day} {one.at:%H:%M}" for one in room.left_out),
        ],
        until=room.until,
    )
