"""What one can do next with an answer: links from a route's answer to the routes that take a part of it."""

from __future__ import annotations

from typing import Any

EVENT_OF_LIST = {"event_id": "$response.body#/events/0/id"}
SAME_EVENT = {"event_id": "$request.path.event_id"}
SEAT_OF_LIST = SAME_EVENT | {"seat_id": "$response.body#/seats/0/id"}
RESERVATION = {"reference": "$response.body#/reservation_id"}
ENDPOINT = {"endpoint_id": "$response.body#/endpoint/id"}
DELIVERY = {"endpoint_id": "$request.path.endpoint_id", "delivery_id": "$response.body#/delivery_id"}
DELIVERY_OF_LIST = DELIVERY | {"delivery_id": "$response.body#/deliveries/0/id"}
EVENT_MADE = {"event_id": "$response.body#/event/id"}
ROOM = {"event_id": "$response.body#/event_id", "area_id": "$response.body#/rooms/0/area_id"}
PAYMENT = {"reference": "$request.path.reference", "payment_id": "$response.body#/reservation/payments/0/id"}
REFUND = {
    "reference": "$request.path.reference",
    "refund_id": "$response.body#/reservation/payments/0/refunds/0/id",
}
# What the back office does with an event that it has before it.
WITH_EVENT = (
    "get_staff_event",
    "edit_event",
    "publish_staff_event",
    "open_event_sale",
    "close_event_sale",
    "list_codes",
    "list_concessions",
    "list_rooms",
    "generate_room_slots",
    "list_staff_seats",
)
RESERVATION_OF_LIST = {"reference": "$response.body#/reservations/0/id"}
BATCH = {"show_id": "$response.body#/show_id", "seat_ids": "$response.body#/seat_ids"}
BATCH_OF_LIST = {"show_id": "$response.body#/show_id", "seat_ids": ["$response.body#/seats/0/id"]}

# From which answer, to which operations, with which parameters.
LINKS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "list_events": (
        ("get_event", EVENT_OF_LIST),
        ("list_seats", EVENT_OF_LIST),
        ("hold_best_available", EVENT_OF_LIST),
    ),
    "get_event": (("list_seats", SAME_EVENT), ("hold_best_available", SAME_EVENT)),
    "list_seats": (
        ("get_seat", SEAT_OF_LIST),
        ("lock_seat", SEAT_OF_LIST),
        ("unlock_seat", SEAT_OF_LIST),
        ("list_changes", SAME_EVENT | {"since": "$response.body#/cursor"}),
    ),
    "list_changes": (("list_changes", SAME_EVENT | {"since": "$response.body#/cursor"}),),
    "lock_seat": (
        ("unlock_seat", SAME_EVENT | {"seat_id": "$response.body#/seat/id"}),
        ("get_basket", SAME_EVENT),
        ("extend_hold", SAME_EVENT),
        ("sell_now", SAME_EVENT),
    ),
    "reserve": (
        ("get_reservation", RESERVATION),
        ("begin_checkout", RESERVATION),
        ("cancel_reservation", RESERVATION),
    ),
    "book_batch": (("get_reservation", RESERVATION), ("cancel_reservation", RESERVATION)),
    "list_reservations": (
        ("get_reservation", RESERVATION_OF_LIST),
        ("cancel_reservation", RESERVATION_OF_LIST),
    ),
    "get_reservation": (("list_tickets", {"reference": "$response.body#/reservation/id"}),),
    "list_tickets": (
        (
            "reissue_ticket",
            {"reference": "$request.path.reference", "ticket": "$response.body#/tickets/0/ticket"},
        ),
    ),
    "list_shows": (("list_show_seats", {"show_id": "$response.body#/shows/0/id"}),),
    "create_endpoint": (
        ("get_endpoint", ENDPOINT),
        ("test_endpoint", ENDPOINT),
        ("rotate_secret", ENDPOINT),
        ("list_deliveries", ENDPOINT),
        ("delete_endpoint", ENDPOINT),
    ),
    "test_endpoint": (("get_delivery", DELIVERY), ("redeliver", DELIVERY)),
    "list_deliveries": (("get_delivery", DELIVERY_OF_LIST), ("redeliver", DELIVERY_OF_LIST)),
    "list_orders": (
        ("get_order", RESERVATION_OF_LIST),
        ("take_money", RESERVATION_OF_LIST),
        ("give_up_order", RESERVATION_OF_LIST),
        ("cancel_order", RESERVATION_OF_LIST),
    ),
    "get_order": (
        ("ask_provider", PAYMENT),
        ("decide_payment", PAYMENT),
    ),
    "cancel_order": (("note_paid_out", REFUND), ("try_refund_again", REFUND)),
    "list_staff_events": tuple((name, EVENT_OF_LIST) for name in WITH_EVENT),
    "create_staff_event": tuple((name, EVENT_MADE) for name in WITH_EVENT),
    "list_rooms": (("change_room", ROOM),),
    "list_tokens": (("revoke_token", {"token_id": "$response.body#/tokens/0/id"}),),
}
# Links whose request needs a body made of the answer.
BODIES: dict[str, tuple[tuple[str, dict[str, str], Any], ...]] = {
    "register": (
        ("login", {}, {"username": "$request.body#/username", "password": "$request.body#/password"}),
    ),
    "lock_seat": (("reserve", SAME_EVENT, {"seat_ids": ["$response.body#/seat/id"]}),),
    "hold_best_available": (
        ("reserve", SAME_EVENT, {"seat_ids": ["$response.body#/seats/0/id"]}),
        (
            "choose_concessions",
            SAME_EVENT,
            {"choices": [{"seat_id": "$response.body#/seats/0/id", "concession_id": None}]},
        ),
    ),
    "create_code": (
        ("stop_code", SAME_EVENT, {"code": "$request.body#/code"}),
        ("start_code", SAME_EVENT, {"code": "$request.body#/code"}),
        ("apply_code", SAME_EVENT, {"code": "$request.body#/code"}),
    ),
    "list_show_seats": (("hold_batch", {}, BATCH_OF_LIST), ("release_hold_batch", {}, BATCH_OF_LIST)),
    "hold_batch": (("book_batch", {}, BATCH), ("release_hold_batch", {}, BATCH)),
}


def links_of(name: str) -> dict[str, Any]:
    links = {
        target: {"operationId": target, "parameters": parameters}
        for target, parameters in LINKS.get(name, ())
    }
    for target, parameters, body in BODIES.get(name, ()):
        links[target] = {"operationId": target, "parameters": parameters, "requestBody": body}
    return links
