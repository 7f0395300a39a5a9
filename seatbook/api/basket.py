"""What may be chosen about what is held: for whom a place is, how many come to a slot, a code, more time."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import Field

from seatbook.api import limits
from seatbook.api.credentials import BOOK, READ, holder, holder_id
from seatbook.api.parties import PartyConcession, party_concessions_of
from seatbook.api.routes import Routes
from seatbook.api.shapes import Answer, Body, Id, Instant, Money, OneOf, Part, Seconds, Text, money
from seatbook.domain import inventory, orders
from seatbook.errors import N_, Busy, CodeRefused, HoldExpired, InvalidInput, NotFound, PartyDoesNotFit
from seatbook.queries.basket import BasketLine
from seatbook.queries.checkout import load_checkout

routes = Routes("Basket")

MOST_CHOICES = 1_000
# All of these together, each number as long as can be, are a body that is still read (64 kB).
MOST_PARTIES, MOST_KINDS = 50, 20
Choice = TypeVar("Choice", "ForWhom", "Party")

REFUSE = (Busy, HoldExpired, InvalidInput, NotFound)


class HeldPlace(Part):
    """A place that is held. `price` is what it costs now, `fee` of which is fees; `full_price` what it would cost
    without a concession and a code. `takes_concession`: a concession makes a difference to it. `party_size`: so many
    come to the slot, of a room that takes from `min_party` to `max_party`; null: nobody asks. `party_concessions`: who
    of them pays less; `concession_id` is of places where no party comes."""

    seat_id: Id
    seat_number: str
    area: str
    section: str | None
    category: str
    price: Money
    fee: Money
    full_price: Money
    concession_id: Id | None
    concession: str | None
    takes_concession: bool
    party_size: int | None
    party_concessions: list[PartyConcession]
    min_party: int | None
    max_party: int | None
    starts_at: Instant | None
    ends_at: Instant | None


class Basket(Part):
    """`state` ended: time ended it a moment ago, and `places` are what was in it. `id` is the reference that the
    reservation will have; null where nothing is held. `code` is the discount code that it has."""

    state: Annotated[str, OneOf("empty", "open", "ended")]
    id: Annotated[str | None, Field(examples=["7-K2M9QX"])]
    places: list[HeldPlace]
    code: str | None
    full_price: Money
    fees: Money
    total_price: Annotated[Money, Field(description="What `reserve` asks for.")]
    currency: str
    expires_at: Instant | None
    expires_in_seconds: Seconds | None


class OneBasket(Answer):
    event_id: Id
    basket: Basket


class ForWhom(Body):
    """`concession_id` null: the full price. Of a slot where a party comes it is for everybody of the party."""

    seat_id: Id
    concession_id: Id | None


class PeopleWhoPayLess(Body):
    concession_id: Id
    people: Annotated[int, Field(ge=0, le=MOST_CHOICES)]


class Party(Body):
    """Without `party_concessions`, or with null, who pays less stays as it is; with it, those that it does not count
    pay the full price."""

    seat_id: Id
    people: Annotated[int, Field(ge=1, le=MOST_CHOICES)]
    party_concessions: Annotated[list[PeopleWhoPayLess] | None, Field(max_length=MOST_KINDS)] = None


class Concessions(Body):
    """Those of the event stand in `GET /api/events/{id}/`. What is not named stays as it is."""

    choices: Annotated[
        list[ForWhom],
        Field(min_length=1, max_length=MOST_CHOICES, examples=[[{"seat_id": 17, "concession_id": 3}]]),
    ]


class Parties(Body):
    """What is not named stays as it is."""

    choices: Annotated[
        list[Party],
        Field(
            min_length=1,
            max_length=MOST_PARTIES,
            examples=[
                [{"seat_id": 40, "people": 4, "party_concessions": [{"concession_id": 3, "people": 2}]}]
            ],
        ),
    ]


class Code(Body):
    code: Annotated[Text, Field(min_length=1, max_length=100, examples=["EARLY10"])]


@routes.get("/events/<int:event_id>/basket/", OneBasket, scope=READ, refuses=(NotFound,))
def get_basket(event_id: int) -> OneBasket:
    """What you hold of an event, and what it costs."""
    return _basket(event_id)


@routes.post("/events/<int:event_id>/basket/concessions/", OneBasket, scope=BOOK, refuses=REFUSE)
def choose_concessions(event_id: int, body: Concessions) -> OneBasket:
    """Say for whom places are that you hold: a child, a student.

    All or none. Again changes nothing.
    """
    choices = {one.seat_id: one.concession_id for one in _each_seat_once(body.choices)}
    orders.choose_concessions(event_id, choices=choices, holder=holder())
    return _basket(event_id)


@routes.post(
    "/events/<int:event_id>/basket/parties/", OneBasket, scope=BOOK, refuses=(*REFUSE, PartyDoesNotFit)
)
def choose_parties(event_id: int, body: Parties) -> OneBasket:
    """Say how many people come to time slots that you hold, and how many of them pay by which concession.

    Where the room's price is for each person, the slot costs so many times as much, less the concessions of those who
    have one. More who pay less than come are refused, also where only the party is said. All or none.
    """
    choices = {one.seat_id: one.people for one in _each_seat_once(body.choices)}
    people = {
        one.seat_id: _by_concession(one.party_concessions)
        for one in body.choices
        if one.party_concessions is not None
    }
    orders.choose_parties(event_id, choices=choices, people=people, holder=holder())
    return _basket(event_id)


@routes.post(
    "/events/<int:event_id>/basket/code/",
    OneBasket,
    scope=BOOK,
    refuses=(Busy, HoldExpired, NotFound, CodeRefused),
    limits=limits.CODE,
)
def apply_code(event_id: int, body: Code) -> OneBasket:
    """Give the basket a discount code, in the place of any other.

    Its use counts while the basket, its checkout or its purchase lasts. Again changes nothing.
    """
    orders.apply_code(event_id, code=body.code, holder=holder())
    return _basket(event_id)


@routes.post(
    "/events/<int:event_id>/basket/code/remove/",
    OneBasket,
    scope=BOOK,
    refuses=(Busy, HoldExpired, NotFound),
)
def remove_code(event_id: int) -> OneBasket:
    """Take the code off the basket.

    Where there is none it changes nothing.
    """
    orders.remove_code(event_id, holder=holder())
    return _basket(event_id)


@routes.post(
    "/events/<int:event_id>/basket/extend/", OneBasket, scope=BOOK, refuses=(Busy, HoldExpired, NotFound)
)
def extend_hold(event_id: int) -> OneBasket:
    """Hold what you hold for longer, as far as the event allows.

    Once its limit is reached, asking changes nothing.
    """
    inventory.extend_hold(event_id, holder=holder())
    return _basket(event_id)


def _each_seat_once(choices: list[Choice]) -> list[Choice]:
    if len({one.seat_id for one in choices}) < len(choices):
        raise InvalidInput(field="choices", reason=N_("Please name each seat once."))
    return choices


def _by_concession(said: list[PeopleWhoPayLess]) -> dict[int, int]:
    by_concession = {one.concession_id: one.people for one in said}
    if len(by_concession) < len(said):
        raise InvalidInput(field="party_concessions", reason=N_("Please name each concession once."))
    return by_concession


def _basket(event_id: int) -> OneBasket:
    page = load_checkout(event_id, holder_id=holder_id())
    basket = page.basket
    currency = page.event.currency
    return OneBasket(
        event_id=event_id,
        basket=Basket(
            state=basket.state,
            id=page.reference,
            places=[_place(line, currency) for line in basket.lines],
            code=page.code,
            full_price=money(page.before_minor, currency),
            fees=money(basket.fees_minor, currency),
            total_price=money(basket.total_minor, currency),
            currency=currency,
            expires_at=basket.until,
            expires_in_seconds=max(0.0, basket.seconds_left) if basket.state == "open" else None,
        ),
    )


def _place(line: BasketLine, currency: str) -> HeldPlace:
    return HeldPlace(
        seat_id=line.seat_id,
        seat_number=line.label or line.area,
        area=line.area,
        section=line.section,
        category=line.category,
        price=money(line.price_minor, currency),
        fee=money(line.fee_minor, currency),
        full_price=money(line.before_minor + line.order_fee_minor, currency),
        concession_id=line.concession_id,
        concession=line.concession,
        takes_concession=line.takes_concession,
        party_size=line.party_size,
        party_concessions=party_concessions_of(line.party_concessions),
        min_party=line.min_party,
        max_party=line.max_party,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
    )
