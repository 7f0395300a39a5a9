"""What the fields of requests and answers mean, where the field itself does not say it: for the description.

By "Shape.field", or by "field" where it means the same in every request.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_SEAT_IDS = "Ids of `seats[]`, each once."
_ON_TOP = "On top of what the places cost, in the event's currency."
_PRICES = "Each category by its name with its price."
_SALE_UNTIL = "Left out: until the event starts; until its end where it has slots or stock only."

ABOUT: dict[str, str] = {
    # Of addresses.
    "event_id": "The event's `id`.",
    "seat_id": "The place's `id`, of `seats/`.",
    "area_id": "The area's `id`, of the event.",
    "reference": "The reservation's `id`, such as 7-K2M9QX.",
    "ticket": "The ticket's number, of `tickets/`.",
    "token_id": "The token's `id`, of the list of tokens.",
    "payment_id": "The payment's `id`, of the reservation.",
    "refund_id": "The refund's `id`, of the reservation's payment.",
    "endpoint_id": "The endpoint's `id`.",
    "delivery_id": "The delivery's `id`.",
    "show_id": "The show's `id`; below `/api/seats/`, the event's.",
    "venue_id": "The venue's `id`.",
    "plan_id": "The `id` of a plan of `GET /api/staff/plans/`.",
    "limit": "How many a page has at most.",
    "after": "`next` of the page before.",
    "before": "`next` of the page before.",
    "area": "An area's `id`: only its places.",
    "status": "Only those in this state.",
    "EventFilter.kind": "Only shows of this kind.",
    # Holding, reserving, the basket.
    "seat_ids": _SEAT_IDS,
    "Quantity.quantity": "How many places of the area; an event's `max_seats` is how many one may have in all.",
    "Wish.quantity": "How many places, side by side where that is possible.",
    "Wish.area": "Only in this area, by its `id`.",
    "Wish.category": "Only in this category, by its `id`.",
    "Wish.max_price_minor": "What one place may cost at most, in minor units: 4500 is 45.00 EUR.",
    "Wish.wheelchair": "true: only places for wheelchairs.",
    "choices": "Places that you hold, each with what is chosen for it.",
    "ForWhom.concession_id": "The `id` of one of the event's concessions; null: full price.",
    "Party.people": "How many come, from the room's `min_party` to its `max_party`.",
    "Party.party_concessions": "How many of them pay less, and by which concession; left out: as until now.",
    "PeopleWhoPayLess.concession_id": "The `id` of one of the event's concessions.",
    "PeopleWhoPayLess.people": "How many of the party pay by it.",
    "Code.code": "The discount code, in letters of any size.",
    "CancelOrder.seat_ids": "Only these places; without it, all.",
    "WhatToCancel.seat_ids": "Only these places; without it, all.",
    "SeenVersion.version": "The `version` of the ticket whose code leaked.",
    # Accounts.
    "Registration.username": "A name in one alphabet, without “@”.",
    "Registration.email": "Where letters and tickets go.",
    "password": "A few words in a row are fine.",
    "SignIn.username": "The name, or the mail address.",
    "SignIn.scopes": "What the token is good for; left out: read and book. read: reservations and tickets. book: hold, "
    "reserve, pay, cancel. staff: the box office, as far as the account's role reaches.",
    # Staff: selling.
    "Blocked.reason": "Why, for the staff; buyers do not see it.",
    "Taken.how": "How it was paid at the window.",
    "SoldNow.how": "How it was paid at the window.",
    "seen_minor": "The total that you saw, in minor units (4500 is 45.00 EUR): another amount is refused with "
    "`amount_changed`, so that nobody takes what was not agreed. Left out: whatever it costs now.",
    "SoldNow.seat_ids": "The places that you saw in the basket: another basket is refused. Left out: all that is held.",
    "Shown.code": "What the QR code of the ticket says.",
    "Decided.decision": "accept: sell for what came. refund_difference: sell, and give back what is too much. "
    "refund_all: sell nothing, all of it goes back.",
    "Decided.note": "Why, for the record.",
    # Staff: events.
    "show": "What is on: made where there is none of that title and kind. Or `show_id`.",
    "title": "As it stands on tickets.",
    "tagline": "One line below the title.",
    "ShowOfEvent.kind": "What sort of show it is.",
    "ShowOfEvent.description": "A few paragraphs for its page.",
    "venue": "Where: made where there is none of that name. Or `venue_id`; of `plan_id` it is known.",
    "VenueOfEvent.name": "As it stands on tickets.",
    "address": "Street and town, on one line.",
    "time_zone": "Its IANA name: times are shown to people in it.",
    "NewEvent.show_id": "A show that is there, instead of `show`.",
    "NewEvent.venue_id": "A venue that is there, instead of `venue`.",
    "NewEvent.plan_id": "The hall with its numbered seats.",
    "NewEvent.areas": "Places without numbers: standing, stock, rooms with time slots.",
    "AreaOfEvent.kind": "standing: N places. stock: N items. slots: a room with a timetable.",
    "AreaOfEvent.name": "As buyers read it.",
    "AreaOfEvent.capacity": "How many places, of standing and stock; a room has none.",
    "AreaOfEvent.category": "What names its price; left out: the area's own name.",
    "AreaOfEvent.more_categories": "Others that the room's timetable may name.",
    "starts_at": "When it begins, with its offset.",
    "ends_at": "When it is over: after `starts_at`.",
    "currency": "ISO 4217.",
    "NewEvent.price": "The price of every category that `prices` does not name.",
    "NewEvent.prices": _PRICES,
    "ChangedEvent.prices": "The categories whose price changes, for who picks a place from now on.",
    "PlanForEvent.prices": "Each category that is new to the event needs one.",
    "PriceOfCategory.category": "The category's name.",
    "NewEvent.on_sale_from": "When selling begins; left out: now.",
    "NewEvent.on_sale_until": _SALE_UNTIL,
    "ChangedEvent.on_sale_from": "When selling begins.",
    "ChangedEvent.on_sale_until": "When selling ends.",
    "payment": "none: reserving is all. counter: paid at the window. online: paid before it is theirs.",
    "NewEvent.payment": "none: reserving is all. counter: paid at the window. online: paid before it is theirs. Left "
    "out: online where anything costs something, else none.",
    "payment_ttl_seconds": "How long places are kept while their buyer pays online. Left out: 900, and 1800 with time "
    "slots and no stock.",
    "late_offer_seconds": "How long equal places are offered to who paid too late; left out: the money goes back.",
    "hold_ttl_seconds": "How long a hold lasts before it is reserved.",
    "NewEvent.hold_ttl_seconds": "How long a hold lasts before it is reserved; left out: as the box office is set up, "
    "300 unless told.",
    "max_seats": "How many places one buyer may have.",
    "NewEvent.max_seats": "How many places one buyer may have; left out: as the box office is set up, 8 unless told.",
    "leave_no_single": "true: a choice that leaves one seat alone between others is refused where there is another.",
    "cancel_seconds_before_start": "Until so long before the start buyers may cancel by themselves; null: never.",
    "fee_per_place": f"{_ON_TOP} For each place that costs something.",
    "fee_per_order": f"{_ON_TOP} Once for each order that costs something.",
    "listed": "false: only who has its address finds it.",
    "publish": "true: shown to the public at once; else it is a draft.",
    "ChangedEvent.name": "What this date of the show is called.",
    "SaleUntil.until": "When selling ends.",
    # Staff: what an event has.
    "NewCode.code": "Letters and digits; it is kept in capitals.",
    "WhichCode.code": "The code.",
    "NewCode.percent_off": "Off each price; or `amount_off`.",
    "NewCode.amount_off": "Off the basket, in the event's currency; or `percent_off`.",
    "max_uses": "How often it may be used in all; null: no end.",
    "max_uses_per_buyer": "How often one buyer may use it; null: no end.",
    "NewCode.category_ids": "Only for places of these categories; none: for all.",
    "valid_from": "From when it is good; null: at once.",
    "valid_until": "Until when it is good; null: as long as the event sells.",
    "NewConcession.name": "For whom: Child, Student.",
    "NewConcession.percent_off": "Off the price of a place.",
    "WhichConcession.concession_id": "The concession's `id`.",
    "ChangedRoom.timetable": "Rules of which slots begin when; docs/timetables.md has all of it.",
    "ChangedRoom.price_per": "What a price is for: the slot, or each person.",
    "DaysAhead.days": "How many days from today; where nothing but slots is sold, from the event's start if that is "
    "later.",
    "NewPlan.name": "The hall's name.",
    "NewPlan.venue": "The venue's name; made where there is none.",
    "Move.to_seat_id": "The free place's `id`, of the same price.",
    "replace": "true: takes the place of a plan of the same name; events keep their seats.",
    "PlanForEvent.plan_id": "A plan that is kept, or a `file`.",
    "PlanForEvent.file": "The text of a file as `POST /api/staff/plans/` takes it, or a `plan_id`.",
    # Webhooks.
    "NewEndpoint.url": "Begins with https:// and is on the public internet.",
    "NewEndpoint.name": "For the staff.",
    "types": "Which messages are sent: single names, or `seat.*`, `reservation.*`, `payment.*`.",
}

# Names that mean the same in every answer.
ABOUT_ANSWERS: dict[str, str] = {
    "pay_url": "A page for a person: send the buyer's browser there. null: nothing is to be paid online.",
    "settlement": "What the money did. confirmed: it bought the places. offered: it came too late, and equal places "
    "are offered. refunded: it goes back. review: the box office decides.",
    "cursor": "A place in the log: ask `changes/?since=` with it next. It is good for weeks.",
    "more": "true: there is more than came at once, so ask again now with the new `cursor`.",
    "is_lost": "true: the cursor is not of this database, as after a restore; read all seats again.",
    "takings": "What came in by provider, what went back of it or will, what waits for a decision (`in_review`), what "
    "was paid for, and what is still to be paid at the window (`unpaid`).",
    "came_in": "All money that came, by where it was paid; refunds are not taken off.",
    "refunded": "What went back.",
    "refund_due": "What will go back.",
    "refund_failed": "What should go back and could not: somebody has to see to it.",
    "in_review": "Money that fits no purchase, until `decide/` says what becomes of it.",
    "other_currencies": "Money in another currency than the event's, which stands in no other sum here.",
    "paid_for": "What bought places cost that are paid.",
    "unpaid": "What bought places cost that are to be paid at the window.",
    **{
        name: ABOUT[name]
        for name in ("payment_ttl_seconds", "hold_ttl_seconds", "max_seats", "leave_no_single")
    },
}


def describe_fields(schemas: dict[str, Any], *, asked: Collection[str]) -> None:
    """Write into each field of these shapes what it means, where it says nothing yet. `asked` are the shapes of
    requests: an answer's `area` is a name, and that of an address an id."""
    for shape, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            about = about_field(shape, name) if shape in asked else ABOUT_ANSWERS.get(name, "")
            if about and "description" not in field:
                field["description"] = about


def about_field(shape: str, name: str) -> str:
    """What a field of a request, or a name of an address, means; empty where nothing is known of it."""
    return ABOUT.get(f"{shape}.{name}") or ABOUT.get(name, "")
