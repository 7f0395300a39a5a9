"""The second lock: what the schema refuses to anybody, asked by raw SQL as somebody with psql would."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask.ctx import AppContext
from psycopg2.errors import LockNotAvailable
from sqlalchemy import func, insert, select

from seatbook.domain.inventory import block_seats, confirm_reservation, hold_seats
from seatbook.domain.orders import (
    BegunCheckout,
    apply_code,
    begin_checkout,
    cancel_order,
    choose_parties,
    create_code,
    create_concession,
    record_answer,
)
from seatbook.extensions import db
from seatbook.models import AskedAct, AskedAnswer, ReservationSeat, WebhookDelivery, WebhookEndpoint
from seatbook.payments import Answer
from tests.factories import Hall, database_clock, let_hold_end, make_event, make_holder, make_slots
from tests.paying import make_online_event, make_till, payment_row
from tests.psql import Psql
from tests.snapshot import nothing_changes

Books = dict[str, Any]


@pytest.fixture
def books(app_context: AppContext) -> Books:
    """An event with a seat in every state, and another event; the ids, by what they are of."""
    hall, other = make_event(seats=7), make_event(seats=1)
    ann, ben, cleo, dan, eve = (make_holder(name) for name in ("ann", "ben", "cleo", "dan", "eve"))
    now = database_clock()
    slots = make_slots(hall, starts=[now])
    of_room = make_slots(hall, starts=[now], name="Vault", party=(2, 6), price_per="person")

    def held(place: int, holder: Any) -> int:
        seat_ids = [hall.seat_ids[place]]
        return hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id

    lapsed_hold = held(4, ann)
    let_hold_end(hall, lapsed_hold)
    bought = held(2, ben)
    confirm_reservation(hall.event_id, reservation_id=bought, holder=ben)
    _ask()
    endpoint = _subscribe(cleo.user_id)
    block_seats(hall.event_id, seat_ids=[hall.seat_ids[3]], reason="Camera", actor_user_id=None)
    return {
        "event": hall.event_id,
        "area": hall.area_id,
        "category": hall.category_id,
        "free": hall.seat_ids[0],
        "held": hall.seat_ids[1],
        "reserved": hall.seat_ids[2],
        "blocked": hall.seat_ids[3],
        "lapsed": hall.seat_ids[4],
        "unused": hall.seat_ids[6],
        "slot": slots[0],
        "room_slot": of_room[0],
        "now": now,
        "hold": held(1, cleo),
        "lapsed_hold": lapsed_hold,
        "bought": bought,
        "rival_hold": held(5, dan),
        "holder": cleo.holder_id,
        "fresh_holder": eve.holder_id,
        "user": cleo.user_id,
        "endpoint": endpoint,
        "other_event": other.event_id,
        "other_area": other.area_id,
        "other_category": other.category_id,
        "other_seat": other.seat_ids[0],
        "other_hold": hold_seats(other.event_id, seat_ids=other.seat_ids, holder=cleo).reservation_id,
        **_parties(hall),
        **_money(ann, ben),
    }


def _parties(hall: Hall) -> Books:
    """Two slots of a room for 2 to 6, each with three people of whom one is a child: one is held, and one bought."""
    child = create_concession(hall.event_id, name="Child", percent_off=50)
    starts = [database_clock() + timedelta(days=day) for day in (1, 2)]
    slots = make_slots(hall, starts=starts, name="Cellar", party=(2, 6), price_per="person")
    reservations = []
    for slot, name in zip(slots, ("fay", "gus"), strict=True):
        holder = make_holder(name)
        reservations.append(hold_seats(hall.event_id, seat_ids=[slot], holder=holder).reservation_id)
        choose_parties(hall.event_id, choices={slot: 3}, people={slot: {child: 1}}, holder=holder)
    confirm_reservation(hall.event_id, reservation_id=reservations[1], holder=holder)
    query = select(ReservationSeat.id).where(
        ReservationSeat.reservation_id.in_(reservations), ReservationSeat.ended_at.is_(None)
    )
    held, bought = db.session.scalars(query.order_by(ReservationSeat.id))
    db.session.rollback()
    return {
        "child": child,
        "student": create_concession(hall.event_id, name="Student", percent_off=20),
        "senior": create_concession(hall.event_id, name="Senior", percent_off=10),
        "party_line": held,
        "party_hold": reservations[0],
        "bought_party_line": bought,
    }


def _ask() -> None:
    """A key under which something was done, one that was answered, and one that is being worked on."""
    db.session.execute(insert(AskedAct).values(asker="ann", key="k", act="hold", fingerprint="", result=1))
    working = {"asker": "ann", "fingerprint": "", "claim": "c", "claimed_until": func.now()}
    db.session.execute(insert(AskedAnswer).values(key="working", **working))
    db.session.execute(
        insert(AskedAnswer).values(key="answered", status=200, headers={}, body=b"", **working)
    )
    db.session.commit()


def _subscribe(user_id: int | None) -> int:
    """An endpoint with one message that was not brought yet; its id."""
    assert user_id is not None
    endpoint: int = db.session.execute(
        insert(WebhookEndpoint)
        .values(
            name="Till", url="https://example.org", types=["seat.*"], salt=b"s" * 32, made_by_user_id=user_id
        )
        .returning(WebhookEndpoint.id)
    ).scalar_one()
    message = {"message_id": "m", "type": "seat.held", "body": "{}", "give_up_at": func.now()}
    db.session.execute(insert(WebhookDelivery).values(endpoint_id=endpoint, **message))
    db.session.commit()
    return endpoint


def _money(ann: Any, ben: Any) -> Books:
    """An event that is paid online: one payment of 45.00 is under way, one is paid and half of it went back."""
    hall, till = make_online_event(seats=3), make_till()

    def begun(places: slice, holder: Any) -> tuple[int, int]:
        seat_ids = hall.seat_ids[places]
        held = hold_seats(hall.event_id, seat_ids=seat_ids, holder=holder).reservation_id
        order = begin_checkout(hall.event_id, reservation_id=held, holder=holder, till=till)
        assert order.payment_id
        return held, order.payment_id

    pending, open_payment = begun(slice(1), ann)
    bought, paid = begun(slice(1, 3), ben)
    record_answer(hall.event_id, paid, answer=Answer("paid", 9000, "EUR"))
    cancel_order(hall.event_id, reservation_id=bought, holder=ben, seat_ids=hall.seat_ids[2:])
    code = create_code(hall.event_id, code="FEW", percent_off=50, max_uses=1)
    in_basket = hold_seats(hall.event_id, seat_ids=hall.seat_ids[2:], holder=ann).reservation_id
    apply_code(hall.event_id, code="few", holder=ann)
    row = payment_row(BegunCheckout(hall.event_id, pending, "", "pending", 4500, payment_id=open_payment))
    db.session.rollback()
    return {
        "online": hall.event_id,
        "pending": pending,
        "open_payment": open_payment,
        "paid_for": bought,
        "paid": paid,
        "session": row.provider_ref,
        "code": code,
        "in_basket": in_basket,
        "concession": create_concession(hall.event_id, name="Child", percent_off=50),
        **_codes(ann, ben),
    }


def _codes(ann: Any, ben: Any) -> Books:
    """A code that each buyer may use once: Ann has it in a basket, and Ben in another."""
    hall = make_online_event(seats=3)
    code = create_code(hall.event_id, code="MINE", percent_off=50, max_uses_per_holder=1)
    baskets = []
    for place, holder in enumerate((ann, ben)):
        held = hold_seats(hall.event_id, seat_ids=[hall.seat_ids[place]], holder=holder)
        apply_code(hall.event_id, code="MINE", holder=holder)
        baskets.append(held.reservation_id)
    db.session.rollback()
    return {
        "ann": ann.holder_id,
        "once_each": code,
        "of_once_each": hall.event_id,
        "anns_with_code": baskets[0],
        "bens_with_code": baskets[1],
    }


# What each guard refuses

NEW_SEAT = "INSERT INTO seat (event_id, area_id, category_id"
NEW_RESERVATION = "INSERT INTO reservation (event_id, holder_id, code, status"
NEW_LINE = "INSERT INTO reservation_seat (event_id, reservation_id, seat_id, price_minor"
NEW_CHANGE = "INSERT INTO seat_change (event_id, seat_id, from_status, to_status, reason) VALUES"
EVENT = "UPDATE event SET {} WHERE id = %(event)s"
NEW_PAYMENT = "INSERT INTO payment (event_id, reservation_id, provider, currency, due_at, amount_minor"
OPEN_PAYMENT = "UPDATE payment SET {} WHERE id = %(open_payment)s"
PAID = "UPDATE payment SET {} WHERE id = %(paid)s"
NEW_CODE = "INSERT INTO discount_code (event_id, code, percent_off, amount_off_minor"
CODE = "UPDATE discount_code SET {} WHERE id = %(code)s"
NEW_FEWER = "INSERT INTO party_concession (event_id, reservation_seat_id, concession_id, people)"
NEW_USE = "INSERT INTO discount_use (event_id, discount_code_id, reservation_id) VALUES"
CANCELLATION = "INSERT INTO event_cancellation (event_id, started_at, finished_at, orders, done)"
NEW_REFUND = "INSERT INTO refund (event_id, payment_id, reason, amount_minor"
REFUND = "UPDATE refund SET {}"
NEW_ANSWER = "INSERT INTO asked_answer (asker, key, fingerprint, claim, claimed_until) VALUES"
NEW_TOKEN = "INSERT INTO api_token (user_id, name, origin, scopes, token_hash, sign_in_version) VALUES"
ANSWER = "UPDATE asked_answer SET {} WHERE key = 'working'"
NEW_ACT = "INSERT INTO staff_act (event_id, actor_user_id, act, reservation_id) VALUES"
ENDPOINT = "UPDATE webhook_endpoint SET {}"
DELIVERY = "UPDATE webhook_delivery SET {}"
NEW_DELIVERY = "INSERT INTO webhook_delivery (endpoint_id, message_id, type, body, give_up_at) VALUES"
PAY = "status = 'paid', paid_at = now(), settlement = "

REFUSED: dict[str, list[str]] = {
    # What an event may say
    "ck_event_fees": [EVENT.format("fee_per_place_minor = -1"), EVENT.format("fee_per_order_minor = -1")],
    "ck_event_cancellation_progress": [
        CANCELLATION + " VALUES (%(event)s, now(), NULL, 1, 2)",
        CANCELLATION + " VALUES (%(event)s, now(), NULL, 1, -1)",
    ],
    "ck_event_cancellation_finished": [CANCELLATION + " VALUES (%(event)s, NULL, now(), 1, 1)"],
    "fk_event_cancellation_event": [CANCELLATION + " VALUES (0, NULL, NULL, 0, 0)"],
    "ck_event_cancel_deadline": [EVENT.format("cancel_seconds_before_start = -1")],
    "ck_event_hold_cap": [EVENT.format("hold_cap_seconds = 0"), EVENT.format("hold_cap_seconds = 604801")],
    "ck_event_late_offer": [
        EVENT.format("late_offer_seconds = 0"),
        EVENT.format("late_offer_seconds = 604801"),
    ],
    "ck_event_payment_grace": [
        EVENT.format("payment_grace_seconds = 0"),
        EVENT.format("payment_grace_seconds = 604801"),
    ],
    "ck_event_currency": [EVENT.format("currency = 'eur'"), EVENT.format("currency = 'EURO'")],
    "ck_event_ends_after_start": [EVENT.format("ends_at = starts_at")],
    "ck_event_hold_ttl": [EVENT.format("hold_ttl_seconds = 0"), EVENT.format("hold_ttl_seconds = 86401")],
    "ck_event_max_seats": [EVENT.format("max_seats = 0"), EVENT.format("max_seats = 1001")],
    "ck_event_payment": [EVENT.format("payment = 'credit'")],
    "ck_event_payment_ttl": [
        EVENT.format("payment_ttl_seconds = 0"),
        EVENT.format("payment_ttl_seconds = 604801"),
    ],
    "ck_event_sale_window": [EVENT.format("on_sale_until = on_sale_from")],
    "ck_event_status": [EVENT.format("status = 'open'")],
    "ck_show_kind": ["UPDATE show SET kind = 'circus'"],
    # Its parts
    "ck_area_kind": ["INSERT INTO area (event_id, kind, name) VALUES (%(event)s, 'balcony', 'Balcony')"],
    "ck_category_colour": ["UPDATE category SET colour = 0", "UPDATE category SET colour = 9"],
    "ck_category_price": ["UPDATE category SET price_minor = -1"],
    "ck_section_side": ["UPDATE section SET side = 'top'"],
    "uq_area_event_id_name": [
        "INSERT INTO area (event_id, kind, name) VALUES (%(event)s, 'stock', 'Seats')",
    ],
    "uq_category_event_id_name": [
        "INSERT INTO category (event_id, name, price_minor) VALUES (%(event)s, 'Stalls', 1)",
    ],
    "uq_section_event_id_area_id_name": [
        "INSERT INTO section (event_id, area_id, name) VALUES (%(event)s, %(area)s, 'Stalls')",
    ],
    # A seat's state, owner and end of hold
    "ck_seat_status_owner_and_end_agree": [
        "UPDATE seat SET held_until = now() WHERE id = %(free)s",
        "UPDATE seat SET blocked_reason = 'Camera' WHERE id = %(free)s",
        "UPDATE seat SET held_until = NULL WHERE id = %(held)s",
        "UPDATE seat SET blocked_reason = 'Camera' WHERE id = %(held)s",
        "UPDATE seat SET held_until = now() WHERE id = %(reserved)s",
        "UPDATE seat SET blocked_reason = 'Camera' WHERE id = %(reserved)s",
        "UPDATE seat SET blocked_reason = NULL WHERE id = %(blocked)s",
        "UPDATE seat SET held_until = now() WHERE id = %(blocked)s",
        "UPDATE seat SET status = 'held' WHERE id = %(free)s",
        "UPDATE seat SET status = 'held', held_until = now() WHERE id = %(free)s",
        "UPDATE seat SET status = 'held', reservation_id = %(hold)s WHERE id = %(free)s",
        "UPDATE seat SET status = 'blocked' WHERE id = %(free)s",
        "UPDATE seat SET status = 'available' WHERE id = %(held)s",
        "UPDATE seat SET status = 'available', reservation_id = NULL WHERE id = %(held)s",
        "UPDATE seat SET status = 'available', held_until = NULL WHERE id = %(held)s",
        "UPDATE seat SET status = 'reserved' WHERE id = %(held)s",
        "UPDATE seat SET status = 'available' WHERE id = %(reserved)s",
        "UPDATE seat SET status = 'available' WHERE id = %(blocked)s",
        NEW_SEAT + ", held_until) VALUES (%(event)s, %(area)s, %(category)s, now())",
        NEW_SEAT + ", reservation_id) VALUES (%(event)s, %(area)s, %(category)s, %(hold)s)",
    ],
    "ck_seat_slot_times": [
        NEW_SEAT + ", starts_at) VALUES (%(event)s, %(area)s, %(category)s, now())",
        NEW_SEAT + ", ends_at) VALUES (%(event)s, %(area)s, %(category)s, now())",
    ],
    "ck_seat_slot_ends_after_start": [
        NEW_SEAT + ", starts_at, ends_at) VALUES (%(event)s, %(area)s, %(category)s, now(), now())",
    ],
    "ck_seat_features": ["UPDATE seat SET features = ARRAY['wheelchair', 'golden'] WHERE id = %(free)s"],
    "ex_seat_slots_never_overlap": [
        NEW_SEAT + ", starts_at, ends_at) SELECT event_id, area_id, category_id,"
        f" starts_at + interval '{begin}', ends_at + interval '{end}' FROM seat WHERE id = %(slot)s"
        for begin, end in [
            ("0", "0"),
            ("59 min 59 s", "2 h"),
            ("-2 h", "-59 min 59 s"),
            ("10 min", "-10 min"),
            ("-1 h", "1 h"),
        ]
    ],
    "uq_seat_label": [
        NEW_SEAT + ", section_id, label) SELECT event_id, area_id, category_id, section_id, label"
        " FROM seat WHERE id = %(free)s",
        NEW_SEAT + ", label) SELECT event_id, area_id, category_id, label FROM seat WHERE id = %(slot)s",
    ],
    # Whose reservation
    "ck_reservation_status": [
        NEW_RESERVATION + ") VALUES (%(event)s, %(fresh_holder)s, 'AAAAAA', 'sold')",
    ],
    "ck_reservation_open_has_an_end": [
        NEW_RESERVATION + ") VALUES (%(event)s, %(fresh_holder)s, 'AAAAAA', 'held')",
        NEW_RESERVATION + ") VALUES (%(event)s, %(fresh_holder)s, 'AAAAAA', 'pending')",
        "UPDATE reservation SET expires_at = NULL WHERE id = %(hold)s",
    ],
    "ck_reservation_confirmed_at": [
        "UPDATE reservation SET status = 'confirmed' WHERE id = %(hold)s",
        "UPDATE reservation SET confirmed_at = now() WHERE id = %(hold)s",
        "UPDATE reservation SET confirmed_at = NULL WHERE id = %(bought)s",
    ],
    "ck_reservation_ended_at": [
        "UPDATE reservation SET status = 'released' WHERE id = %(hold)s",
        "UPDATE reservation SET status = 'expired' WHERE id = %(hold)s",
        "UPDATE reservation SET status = 'cancelled' WHERE id = %(bought)s",
        "UPDATE reservation SET ended_at = now() WHERE id = %(hold)s",
    ],
    "ck_reservation_checkout_has_a_deadline": [
        "UPDATE reservation SET checkout_at = now() WHERE id = %(hold)s",
        "UPDATE reservation SET payment_due_at = NULL WHERE id = %(pending)s",
    ],
    "ck_reservation_asked_before_the_end": [
        "UPDATE reservation SET payment_due_at = expires_at + interval '1 s' WHERE id = %(pending)s",
    ],
    "uq_reservation_open_hold": [
        NEW_RESERVATION + ", expires_at) VALUES (%(event)s, %(holder)s, 'AAAAAA', 'held', now())",
        "UPDATE reservation SET holder_id = %(holder)s WHERE id = %(lapsed_hold)s",
    ],
    "uq_reservation_event_id_code": [
        NEW_RESERVATION + ", expires_at) SELECT event_id, %(fresh_holder)s, code, 'held', now()"
        " FROM reservation WHERE id = %(bought)s",
    ],
    # The claims
    "uq_reservation_seat_open_claim": [
        NEW_LINE + f") VALUES (%(event)s, %(rival_hold)s, %({seat})s, 1)"
        for seat in ("held", "reserved", "lapsed")
    ],
    "ck_reservation_seat_price": [NEW_LINE + ") VALUES (%(event)s, %(hold)s, %(free)s, -1)"],
    "ck_reservation_seat_full_price": [
        NEW_LINE + ", full_price_minor) VALUES (%(event)s, %(hold)s, %(free)s, 2, 1)",
    ],
    "ck_reservation_seat_one_concession_or_by_people": [
        "UPDATE reservation_seat SET concession_id = %(child)s WHERE id = %(party_line)s",
        NEW_LINE
        + ", party_size, concession_id) VALUES (%(event)s, %(hold)s, %(room_slot)s, 1, 2, %(child)s)",
    ],
    "ck_reservation_seat_fee": [
        NEW_LINE + ", fee_minor) VALUES (%(event)s, %(hold)s, %(free)s, 1, 2)",
        NEW_LINE + ", fee_minor) VALUES (%(event)s, %(hold)s, %(free)s, 1, -1)",
    ],
    "fk_reservation_seat_concession": [
        NEW_LINE + ", concession_id) VALUES (%(event)s, %(hold)s, %(free)s, 1, %(concession)s)",
    ],
    "ck_reservation_seat_ended_with_outcome": [
        "UPDATE reservation_seat SET ended_at = now() WHERE seat_id = %(held)s",
        "UPDATE reservation_seat SET outcome = 'released' WHERE seat_id = %(held)s",
    ],
    "ck_reservation_seat_outcome": [
        "UPDATE reservation_seat SET ended_at = now(), outcome = 'lost' WHERE seat_id = %(held)s",
    ],
    # The log
    "ck_seat_change_status": [
        NEW_CHANGE + " (%(event)s, %(free)s, 'free', 'held', 'hold')",
        NEW_CHANGE + " (%(event)s, %(free)s, 'available', 'sold', 'hold')",
    ],
    "ck_seat_change_reason": [NEW_CHANGE + " (%(event)s, %(free)s, 'available', 'held', 'theft')"],
    # What staff did
    "ck_staff_act_act": [NEW_ACT + " (%(event)s, %(user)s, 'looked', NULL)"],
    "fk_staff_act_event": [NEW_ACT + " (0, %(user)s, 'gave_up', NULL)"],
    "fk_staff_act_user_account": [NEW_ACT + " (%(event)s, 0, 'gave_up', NULL)"],
    "fk_staff_act_reservation": [NEW_ACT + " (%(event)s, %(user)s, 'gave_up', %(other_hold)s)"],
    # Who is told over HTTP
    "ck_webhook_endpoint_types": [ENDPOINT.format("types = '{}'")],
    "ck_webhook_endpoint_salt": [
        ENDPOINT.format("salt = 'short'"),
        ENDPOINT.format("salt_before = 'short', salt_before_until = now()"),
    ],
    "ck_webhook_endpoint_salt_before": [
        ENDPOINT.format("salt_before = salt"),
        ENDPOINT.format("salt_before_until = now()"),
    ],
    "ck_webhook_endpoint_failing": [
        ENDPOINT.format("failures = -1"),
        ENDPOINT.format("failures = 1"),
        ENDPOINT.format("failing_since = now()"),
    ],
    "ck_webhook_endpoint_disabled_reason": [
        ENDPOINT.format("disabled_at = now(), disabled_reason = 'bored'"),
    ],
    "ck_webhook_endpoint_disabled": [
        ENDPOINT.format("disabled_at = now()"),
        ENDPOINT.format("disabled_reason = 'failing'"),
    ],
    "fk_webhook_endpoint_user_account": [ENDPOINT.format("made_by_user_id = 0")],
    "ck_webhook_delivery_status": [DELIVERY.format("status = 'lost', next_attempt_at = NULL")],
    "ck_webhook_delivery_next_attempt": [
        DELIVERY.format("next_attempt_at = NULL"),
        DELIVERY.format("status = 'failed'"),
    ],
    "ck_webhook_delivery_done_at": [
        DELIVERY.format("done_at = now()"),
        DELIVERY.format("status = 'done', next_attempt_at = NULL"),
    ],
    "fk_webhook_delivery_webhook_endpoint": [NEW_DELIVERY + " (0, 'n', 'seat.held', '{}', now())"],
    "uq_webhook_delivery_endpoint_id_message_id": [
        NEW_DELIVERY + " (%(endpoint)s, 'm', 'seat.held', '{}', now())"
    ],
    "ck_webhook_cursor_only_one": ["INSERT INTO webhook_cursor VALUES (2, '3', 0, '3', 0)"],
    # What makes it cheaper
    "ck_concession_percent_off": [
        "UPDATE concession SET percent_off = -1",
        "UPDATE concession SET percent_off = 101",
    ],
    "uq_concession_event_id_name": [
        "INSERT INTO concession (event_id, name, percent_off) VALUES (%(online)s, 'Child', 1)",
    ],
    "fk_concession_event": ["INSERT INTO concession (event_id, name, percent_off) VALUES (0, 'Child', 1)"],
    "fk_party_concession_concession": [NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(concession)s, 1)"],
    "fk_party_concession_reservation_seat": [NEW_FEWER + " VALUES (%(event)s, 0, %(child)s, 1)"],
    "ck_party_concession_people": [
        NEW_FEWER + f" VALUES (%(event)s, %(party_line)s, %(student)s, {people})" for people in (0, -1)
    ],
    "guard_party_concession": [
        # More than come, together with the child; where nobody comes together.
        NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(student)s, 3)",
        NEW_FEWER + " SELECT event_id, id, %(child)s, 1 FROM reservation_seat WHERE seat_id = %(held)s",
        # Another number; of what is bought, or was another line before.
        "UPDATE party_concession SET people = 2 WHERE reservation_seat_id = %(party_line)s",
        NEW_FEWER + " VALUES (%(event)s, %(bought_party_line)s, %(student)s, 1)",
        "DELETE FROM party_concession WHERE reservation_seat_id = %(bought_party_line)s",
        NEW_FEWER + " SELECT event_id, id, %(student)s, 1 FROM reservation_seat WHERE outcome = 'moved'",
    ],
    "ck_discount_code_code": [
        CODE.format("code = 'few'"),
        CODE.format("code = 'FEW '"),
        CODE.format("code = ''"),
    ],
    "ck_discount_code_percent_or_amount": [
        CODE.format("amount_off_minor = 1"),
        CODE.format("percent_off = NULL"),
    ],
    "ck_discount_code_percent_off": [CODE.format("percent_off = 0"), CODE.format("percent_off = 101")],
    "ck_discount_code_amount_off": [CODE.format("amount_off_minor = 0, percent_off = NULL")],
    "ck_discount_code_max_uses": [CODE.format("max_uses = 0")],
    "ck_discount_code_max_uses_per_holder": [CODE.format("max_uses_per_holder = 0")],
    "fk_discount_code_category_discount_code": [
        "INSERT INTO discount_code_category (event_id, discount_code_id, category_id)"
        " VALUES (%(event)s, %(code)s, %(category)s)",
    ],
    "fk_discount_code_category_category": [
        "INSERT INTO discount_code_category (event_id, discount_code_id, category_id)"
        " VALUES (%(online)s, %(code)s, %(category)s)",
    ],
    "ck_discount_code_validity": [CODE.format("valid_from = now(), valid_until = now()")],
    "uq_discount_code_event_id_code": [NEW_CODE + ") VALUES (%(online)s, 'FEW', 1, NULL)"],
    "fk_discount_code_event": [NEW_CODE + ") VALUES (0, 'MANY', 1, NULL)"],
    "fk_discount_use_discount_code": [NEW_USE + " (%(event)s, %(code)s, %(hold)s)"],
    "fk_discount_use_reservation": [
        "WITH many AS (" + NEW_CODE + ") VALUES (%(online)s, 'MANY', 1, NULL) RETURNING id)"
        " INSERT INTO discount_use (event_id, discount_code_id, reservation_id)"
        " SELECT %(online)s, id, %(hold)s + 1000000 FROM many",
    ],
    "guard_discount_use": [
        # Once more than it may be used; made into another.
        NEW_USE + " (%(online)s, %(code)s, %(paid_for)s)",
        "UPDATE discount_use SET created_at = now()",
    ],
    # How many come to a room
    "ck_area_timetable": ["UPDATE area SET timetable = '{}' WHERE id = %(area)s"],
    "ck_area_party": [
        "UPDATE area SET min_party = 2, max_party = 6 WHERE id = %(area)s",
        *(
            f"UPDATE area SET min_party = {least}, max_party = {most} WHERE min_party = 2"
            for least, most in ((0, 6), (6, 2), (2, "NULL"), ("NULL", 6), (2, 1001))
        ),
    ],
    "ck_area_price_per": [
        "UPDATE area SET price_per = 'hour' WHERE min_party = 2",
        # For each of how many?
        "UPDATE area SET min_party = NULL, max_party = NULL WHERE min_party = 2",
    ],
    "guard_party": [
        NEW_LINE + ") VALUES (%(event)s, %(hold)s, %(room_slot)s, 1)",
        *(
            NEW_LINE + f", party_size) VALUES (%(event)s, %(hold)s, %(room_slot)s, 1, {size})"
            for size in (1, 7, -2)
        ),
        # Where nobody asks.
        NEW_LINE + ", party_size) VALUES (%(event)s, %(hold)s, %(free)s, 1, 2)",
        "UPDATE reservation_seat SET party_size = 2 WHERE seat_id = %(held)s",
    ],
    # The money
    "ck_payment_status": [OPEN_PAYMENT.format("status = 'lost'")],
    "ck_payment_amount": [NEW_PAYMENT + ") VALUES (%(event)s, %(hold)s, 'sandbox', 'EUR', now(), 0)"],
    "ck_payment_received": [
        OPEN_PAYMENT.format("received_minor = 1"),
        OPEN_PAYMENT.format(PAY + "'review', received_minor = 0"),
    ],
    "ck_payment_received_currency": [
        OPEN_PAYMENT.format(PAY + "'review', received_minor = 5, received_currency = currency"),
        OPEN_PAYMENT.format(PAY + "'review', received_currency = 'USD'"),
    ],
    "guard_received": [PAID.format("received_minor = 1"), PAID.format("received_currency = 'USD'")],
    "ck_payment_paid_at": [
        OPEN_PAYMENT.format("paid_at = now()"),
        OPEN_PAYMENT.format("status = 'paid', settlement = 'review'"),
    ],
    "ck_payment_paid_is_settled": [
        OPEN_PAYMENT.format("status = 'paid', paid_at = now()"),
        OPEN_PAYMENT.format("settlement = 'review'"),
    ],
    "ck_payment_settlement": [OPEN_PAYMENT.format(PAY + "'kept'")],
    "ck_payment_settled_for_a_reservation": [
        OPEN_PAYMENT.format(PAY + "'confirmed'"),
        OPEN_PAYMENT.format(PAY + "'offered'"),
    ],
    "uq_payment_under_way": [
        NEW_PAYMENT + ") VALUES (%(online)s, %(pending)s, 'sandbox', 'EUR', now(), 4500)",
        NEW_PAYMENT
        + ", status) VALUES (%(online)s, %(pending)s, 'sandbox', 'EUR', now(), 4500, 'processing')",
    ],
    "uq_payment_settled_reservation": [
        OPEN_PAYMENT.format(PAY + "'confirmed', settled_reservation_id = %(paid_for)s"),
    ],
    "uq_payment_event_id_provider_provider_ref": [
        NEW_PAYMENT
        + ", provider_ref) VALUES (%(online)s, %(paid_for)s, 'sandbox', 'EUR', now(), 1, %(session)s)",
    ],
    "fk_payment_reservation": [
        NEW_PAYMENT + ") VALUES (%(event)s, %(other_hold)s, 'sandbox', 'EUR', now(), 1)"
    ],
    "fk_payment_settled_reservation": [
        OPEN_PAYMENT.format(PAY + "'confirmed', settled_reservation_id = %(hold)s"),
    ],
    "guard_payment": [
        "DELETE FROM payment WHERE id = %(open_payment)s",
        *(
            OPEN_PAYMENT.format(change)
            for change in (
                "event_id = %(event)s",
                "id = 0",
                "reservation_id = %(paid_for)s",
                "provider = 'counter'",
                "amount_minor = 1",
                "currency = 'USD'",
                "created_at = now()",
                "provider_ref = 'another'",
                "provider_ref = NULL",
            )
        ),
        PAID.format("paid_at = now()"),
        PAID.format("status = 'open', paid_at = NULL, settlement = NULL"),
        PAID.format("settlement = 'refunded'"),
        PAID.format("settlement = 'review'"),
        PAID.format("settled_reservation_id = %(pending)s"),
    ],
    "fk_payment_notice_payment": [
        "INSERT INTO payment_notice (event_id, payment_id, provider, notice_ref, status)"
        " VALUES (%(event)s, %(paid)s, 'sandbox', 'one', 'paid')",
    ],
    "uq_payment_notice_event_id_provider_notice_ref": [
        "INSERT INTO payment_notice (event_id, payment_id, provider, notice_ref, status)"
        " SELECT %(online)s, %(paid)s, 'sandbox', 'one', 'paid' FROM generate_series(1, 2)",
    ],
    "fk_payment_step_payment": [
        "INSERT INTO payment_step (event_id, payment_id, step) VALUES (%(event)s, %(paid)s, 'paid')",
    ],
    "ck_payment_step_step": [
        "INSERT INTO payment_step (event_id, payment_id, step) VALUES (%(online)s, %(paid)s, 'lost')",
    ],
    "fk_refund_payment": [NEW_REFUND + ") VALUES (%(event)s, %(paid)s, 'cancelled', 1)"],
    "ck_refund_amount": [NEW_REFUND + ") VALUES (%(online)s, %(paid)s, 'cancelled', 0)"],
    "ck_refund_status": [REFUND.format("status = 'lost'")],
    "ck_refund_done_at": [REFUND.format("done_at = now()"), REFUND.format("status = 'done'")],
    "guard_refund": [
        "DELETE FROM refund",
        # Of what is not paid, and more than was paid, 45.00 of 90.00 being back already.
        NEW_REFUND + ") VALUES (%(online)s, %(open_payment)s, 'cancelled', 1)",
        NEW_REFUND + ") VALUES (%(online)s, %(paid)s, 'cancelled', 4501)",
        REFUND.format("amount_minor = 1"),
        REFUND.format("payment_id = %(open_payment)s"),
        REFUND.format("reason = 'late'"),
        REFUND.format("actor_user_id = 1"),
    ],
    "guard_books": [
        # Money without the places, places without the money, and money that nobody decided about.
        NEW_REFUND + ") VALUES (%(online)s, %(paid)s, 'cancelled', 4500)",
        "UPDATE reservation SET status = 'cancelled', ended_at = now() WHERE id = %(paid_for)s",
        "UPDATE reservation SET total_minor = 1 WHERE id = %(paid_for)s",
        OPEN_PAYMENT.format(PAY + "'confirmed', settled_reservation_id = %(pending)s"),
        OPEN_PAYMENT.format(PAY + "'refunded'"),
    ],
    "ck_sandbox_session_refunded": ["UPDATE sandbox_session SET refunded_minor = amount_minor + 1"],
    "ck_sandbox_session_status": ["UPDATE sandbox_session SET status = 'lost'"],
    "uq_sandbox_session_key": [
        "INSERT INTO sandbox_session (ref, key, amount_minor, currency)"
        " SELECT 'another', key, amount_minor, currency FROM sandbox_session",
    ],
    "fk_sandbox_refund_sandbox_session": [
        "INSERT INTO sandbox_refund (key, ref, amount_minor) VALUES ('one', 'none', 1)",
    ],
    "fk_sandbox_notice_sandbox_session": [
        "INSERT INTO sandbox_notice (ref, notice_ref, status, due_at) VALUES ('none', 'one', 'paid', now())",
    ],
    # People
    "ck_holder_user_or_browser": [
        "INSERT INTO holder DEFAULT VALUES",
        "UPDATE holder SET browser_key = 'a key' WHERE id = %(holder)s",
    ],
    "uq_holder_user_id": ["INSERT INTO holder (user_id) VALUES (%(user)s)"],
    "uq_holder_browser_key": ["INSERT INTO holder (browser_key) VALUES ('one key'), ('one key')"],
    "ck_user_account_role": ["UPDATE user_account SET role = 'king'"],
    "ck_user_account_username_trimmed": [
        "UPDATE user_account SET username = ' ann' WHERE username = 'ann'",
        "UPDATE user_account SET username = '' WHERE username = 'ann'",
    ],
    "uq_user_account_username": ["UPDATE user_account SET username = 'ANN' WHERE username = 'ben'"],
    "uq_user_account_email": [
        "UPDATE user_account SET email = 'Ann@example.org' WHERE username = 'ben'",
    ],
    "uq_venue_name": ["INSERT INTO venue (name) SELECT upper(name) FROM venue"],
    "uq_plan_venue_id_name": [
        "INSERT INTO plan (venue_id, name, layout) SELECT id, 'Hall', '{}'::jsonb FROM venue, generate_series(1, 2)",
    ],
    # Everything belongs together, within one event
    "fk_seat_reservation": [
        "UPDATE seat SET status = 'held', reservation_id = %(other_hold)s, held_until = now()"
        " WHERE id = %(free)s",
    ],
    "fk_reservation_seat_reservation": [NEW_LINE + ") VALUES (%(event)s, %(other_hold)s, %(free)s, 1)"],
    "fk_reservation_seat_seat": [NEW_LINE + ") VALUES (%(event)s, %(hold)s, %(other_seat)s, 1)"],
    "fk_seat_change_seat": [NEW_CHANGE + " (%(event)s, %(other_seat)s, 'available', 'held', 'hold')"],
    "fk_seat_area": [NEW_SEAT + ") VALUES (%(event)s, %(other_area)s, %(category)s)"],
    "fk_seat_category": [NEW_SEAT + ") VALUES (%(event)s, %(area)s, %(other_category)s)"],
    "fk_seat_section": [
        NEW_SEAT + ", section_id) SELECT %(event)s, %(area)s, %(category)s, id"
        " FROM section WHERE event_id = %(other_event)s",
    ],
    "fk_section_area": [
        "INSERT INTO section (event_id, area_id, name) VALUES (%(event)s, %(other_area)s, 'Balcony')",
    ],
    "fk_area_event": ["INSERT INTO area (event_id, kind, name) VALUES (0, 'stock', 'Shirts')"],
    "fk_category_event": ["INSERT INTO category (event_id, name, price_minor) VALUES (0, 'Stalls', 1)"],
    "fk_event_plan": [EVENT.format("plan_id = 0")],
    "fk_event_show": [EVENT.format("show_id = 0")],
    "fk_event_venue": [EVENT.format("venue_id = 0")],
    "fk_holder_user_account": ["INSERT INTO holder (user_id) VALUES (0)"],
    "fk_plan_venue": ["INSERT INTO plan (venue_id, name, layout) VALUES (0, 'Hall', '{}')"],
    "fk_reservation_holder": [
        NEW_RESERVATION + ", expires_at) VALUES (%(event)s, 0, 'AAAAAA', 'held', now())"
    ],
    # Letters and tickets
    "ck_mail_words_or_kind": [
        "INSERT INTO mail (recipient, subject) VALUES ('a@example.org', 'Hello')",
        "INSERT INTO mail (recipient, body_text) VALUES ('a@example.org', 'Hello')",
    ],
    "ck_mail_kind_has_facts": [
        "INSERT INTO mail (recipient, kind, fact) VALUES ('a@example.org', 'confirmed', 'confirmed:1:1')",
        "INSERT INTO mail (recipient, kind, data) VALUES ('a@example.org', 'confirmed', '{}')",
    ],
    "uq_mail_fact": [
        "INSERT INTO mail (recipient, kind, data, fact) VALUES ('a@example.org', 'confirmed', '{}', 'one'),"
        " ('b@example.org', 'confirmed', '{}', 'one')",
    ],
    "ck_ticket_key_public_key": ["INSERT INTO ticket_key (key_id, public_key) VALUES ('AAAA', '\\x00')"],
    "ck_ticket_reissue_version": [
        "INSERT INTO ticket_reissue (event_id, reservation_seat_id, version)"
        " SELECT event_id, id, 1 FROM reservation_seat WHERE seat_id = %(reserved)s",
    ],
    "fk_ticket_reissue_reservation_seat": [
        "INSERT INTO ticket_reissue (event_id, reservation_seat_id, version) VALUES (%(event)s, 0, 2)",
    ],
    # What only a trigger sees
    "guard_seat": [
        NEW_SEAT + ", status, reservation_id, held_until)"
        " VALUES (%(event)s, %(area)s, %(category)s, 'held', %(hold)s, now())",
        NEW_SEAT + ", status, reservation_id)"
        " VALUES (%(event)s, %(area)s, %(category)s, 'reserved', %(bought)s)",
        "UPDATE seat SET event_id = %(other_event)s WHERE id = %(unused)s",
        "UPDATE seat SET id = 0 WHERE id = %(unused)s",
        "DELETE FROM seat WHERE id = %(held)s",
        "DELETE FROM seat WHERE id = %(lapsed)s",
        "DELETE FROM seat WHERE id = %(reserved)s",
    ],
    "guard_reservation": [
        "DELETE FROM reservation WHERE id = %(hold)s",
        "DELETE FROM reservation WHERE id = %(bought)s",
        "UPDATE reservation SET event_id = %(other_event)s WHERE id = %(hold)s",
        "UPDATE reservation SET id = 0 WHERE id = %(hold)s",
        "UPDATE reservation SET code = 'AAAAAA' WHERE id = %(hold)s",
        "UPDATE reservation SET holder_id = %(fresh_holder)s WHERE id = %(bought)s",
    ],
    "guard_code_of_holder": ["UPDATE reservation SET holder_id = %(ann)s WHERE id = %(bens_with_code)s"],
    "guard_reservation_seat": [
        "DELETE FROM reservation_seat WHERE seat_id = %(held)s",
        "UPDATE reservation_seat SET seat_id = %(free)s WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET reservation_id = %(rival_hold)s WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET event_id = %(other_event)s WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET id = 0 WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET held_at = now() WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET price_minor = 1 WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET price_minor = 1, full_price_minor = 4500 WHERE seat_id = %(reserved)s",
        "UPDATE reservation_seat SET price_minor = 1, full_price_minor = 4500"
        " WHERE reservation_id = %(pending)s",
        "UPDATE reservation_seat SET price_minor = 1 WHERE seat_id = %(held)s",
        "UPDATE reservation_seat SET price_minor = 1, full_price_minor = 9000 WHERE seat_id = %(held)s",
        # A price that is called a fee, and a fee of what is being paid.
        "UPDATE reservation_seat SET fee_minor = 4500 WHERE seat_id = %(held)s",
        "UPDATE reservation_seat SET price_minor = 4600, fee_minor = 100 WHERE reservation_id = %(pending)s",
    ],
    # Tokens
    "ck_api_token_scopes": [
        NEW_TOKEN + " (%(user)s, 'Till', 'page', '{}', sha256('a'), 1)",
        NEW_TOKEN + " (%(user)s, 'Till', 'page', '{everything}', sha256('a'), 1)",
    ],
    "ck_api_token_origin": [NEW_TOKEN + " (%(user)s, 'Till', 'mail', '{read}', sha256('a'), 1)"],
    "ck_api_token_token_hash": [NEW_TOKEN + " (%(user)s, 'Till', 'page', '{read}', 'a secret', 1)"],
    "ck_api_token_name_trimmed": [
        NEW_TOKEN + " (%(user)s, '', 'page', '{read}', sha256('a'), 1)",
        NEW_TOKEN + " (%(user)s, ' Till', 'page', '{read}', sha256('a'), 1)",
    ],
    "uq_api_token_token_hash": [
        NEW_TOKEN + " (%(user)s, 'One', 'page', '{read}', sha256('a'), 1),"
        " (%(user)s, 'Two', 'page', '{read}', sha256('a'), 1)",
    ],
    "fk_api_token_user_account": [NEW_TOKEN + " (0, 'Till', 'page', '{read}', sha256('a'), 1)"],
    # What was asked once
    "ck_asked_act_key": [
        "INSERT INTO asked_act (asker, key, act, fingerprint, result) VALUES ('ann', '', 'hold', '', 'null')",
        "INSERT INTO asked_act (asker, key, act, fingerprint, result)"
        " VALUES ('ann', repeat('k', 301), 'hold', '', 'null')",
    ],
    "ck_asked_answer_key": [NEW_ANSWER + " ('ann', '', '', 'c', now())"],
    "ck_asked_answer_status": [
        ANSWER.format("status = 199, headers = '{}', body = ''"),
        ANSWER.format("status = 500, headers = '{}', body = ''"),
    ],
    "ck_asked_answer_whole": [
        ANSWER.format("status = 200, headers = '{}'"),
        ANSWER.format("status = 200, body = ''"),
        ANSWER.format("body = ''"),
    ],
    "guard_asked": [
        "UPDATE asked_act SET result = '2'",
        "UPDATE asked_answer SET body = 'x' WHERE key = 'answered'",
        "UPDATE asked_answer SET claim = 'mine' WHERE key = 'answered'",
    ],
    "refuse_change": [
        "UPDATE seat_change SET actor_user_id = NULL",
        "DELETE FROM seat_change",
        "UPDATE staff_act SET subject = 'nothing'",
        "DELETE FROM staff_act",
        "UPDATE seat_change SET at = now() WHERE false",
        "UPDATE payment_step SET note = ''",
        "DELETE FROM payment_step",
        "UPDATE payment_notice SET status = 'paid'",
        "DELETE FROM payment_notice",
        "UPDATE ticket_reissue SET version = 3",
        "DELETE FROM ticket_reissue",
        *(
            f"TRUNCATE {tables}"
            for tables in (
                "seat CASCADE",
                "reservation CASCADE",
                "reservation_seat CASCADE",
                "seat_change",
                "ticket_reissue",
                "payment CASCADE",
                "payment_notice",
                "payment_step",
                "refund",
                "staff_act",
                "event CASCADE",
                "holder CASCADE",
                "area, section, category, seat, reservation, reservation_seat, seat_change, payment,"
                " payment_notice, payment_step, refund, discount_use, discount_code_category, ticket_reissue,"
                " party_concession, staff_act",
                "party_concession",
                "discount_use",
            )
        ),
    ],
}

# They stand in the way of nothing that a person would write: the target of another key.
NOT_ASKED = {"uq_section_event_id_area_id_id"}


def test_every_guard_refuses_what_it_is_there_for(
    psql: Psql, books: Books, subtests: pytest.Subtests
) -> None:
    with nothing_changes():
        for guard, statements in REFUSED.items():
            for statement in statements:
                with subtests.test(guard, statement=statement):
                    psql.is_refused(statement, by=guard, **books)


def test_no_guard_of_the_schema_is_without_a_question(psql: Psql) -> None:
    there = {
        row[0]
        for row in psql.run(
            "SELECT conname FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u', 'x')"
            " UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE relnamespace = 'public'::regnamespace AND indisunique AND NOT indisprimary"
            " UNION SELECT proname FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid"
            " WHERE pronamespace = 'public'::regnamespace AND NOT tgisinternal"
        )
    }
    assert there - NOT_ASKED == set(REFUSED)


# The state machines, step by step

SEATS = ("free", "held", "lapsed", "reserved", "blocked")
TARGETS = {
    "available": "'available', NULL, NULL, NULL",
    "held by its holder": "'held', coalesce(reservation_id, %(rival_hold)s), now() + interval '9 min', NULL",
    "held by a rival": "'held', %(rival_hold)s, now() + interval '9 min', NULL",
    "reserved by its holder": "'reserved', coalesce(reservation_id, %(hold)s), NULL, NULL",
    "reserved by a rival": "'reserved', %(rival_hold)s, NULL, NULL",
    "blocked": "'blocked', NULL, NULL, 'Camera'",
}
SEAT_STEPS = {
    *(("free", target) for target in ("available", "held by its holder", "held by a rival", "blocked")),
    *(("held", target) for target in ("available", "held by its holder", "reserved by its holder")),
    *(("lapsed", target) for target in TARGETS if target != "reserved by a rival"),
    *(("reserved", target) for target in ("available", "reserved by its holder")),
    *(("blocked", target) for target in ("available", "blocked")),
}


def test_a_seat_takes_the_steps_of_the_state_machine_and_no_other(
    psql: Psql, books: Books, subtests: pytest.Subtests
) -> None:
    with nothing_changes():
        for seat, (target, values) in product(SEATS, TARGETS.items()):
            step = (
                f"UPDATE seat SET (status, reservation_id, held_until, blocked_reason) = ROW({values})"
                f" WHERE id = %({seat})s"
            )
            with subtests.test(f"{seat} seat becomes {target}"):
                if (seat, target) in SEAT_STEPS:
                    psql.would_pass(step, **books)
                else:
                    psql.is_refused(step, by="guard_seat", **books)


STATUSES = ("held", "pending", "confirmed", "cancelled", "expired", "released")
RESERVATION_STEPS = {
    *(("held", status) for status in ("pending", "confirmed", "expired", "released")),
    *(("pending", status) for status in ("confirmed", "expired", "released")),
    ("confirmed", "cancelled"),
    *((status, status) for status in STATUSES),
}


def test_a_reservation_takes_the_steps_of_the_state_machine_and_no_other(
    psql: Psql, books: Books, subtests: pytest.Subtests
) -> None:
    for status in STATUSES:
        psql.run(
            "INSERT INTO reservation (event_id, holder_id, code, status, expires_at, confirmed_at, ended_at)"
            f" VALUES (%(event)s, %(fresh_holder)s, %(status)s, {_with_times(status)})",
            **books,
            status=status,
        )
    with nothing_changes():
        for before, after in product(STATUSES, STATUSES):
            step = (
                f"UPDATE reservation SET (status, expires_at, confirmed_at, ended_at) = ROW({_with_times(after)})"
                f" WHERE code = '{before}'"
            )
            with subtests.test(f"{before} reservation becomes {after}"):
                if (before, after) in RESERVATION_STEPS:
                    psql.would_pass(step, **books)
                else:
                    psql.is_refused(step, by="guard_reservation", **books)


def _with_times(status: str) -> str:
    confirmed_at = "now()" if status in ("confirmed", "cancelled") else "NULL::timestamptz"
    ended_at = "now()" if status in ("cancelled", "expired", "released") else "NULL::timestamptz"
    return f"'{status}', now(), {confirmed_at}, {ended_at}"


PAYMENT_STATUSES = ("open", "processing", "failed", "expired", "paid")
PAYMENT_STEPS = {
    *(("open", status) for status in PAYMENT_STATUSES),
    *(("processing", status) for status in ("failed", "expired", "paid")),
    # Money comes also after the end.
    ("failed", "paid"),
    ("expired", "paid"),
    *((status, status) for status in PAYMENT_STATUSES),
}


def test_a_payment_takes_the_steps_of_the_state_machine_and_no_other(
    psql: Psql, books: Books, subtests: pytest.Subtests
) -> None:
    for status in PAYMENT_STATUSES:
        # Each of a reservation of its own, as a reservation has one payment under way.
        psql.run(
            NEW_RESERVATION + ", expires_at, ended_at)"
            " VALUES (%(event)s, %(fresh_holder)s, %(status)s, 'expired', now(), now())",
            **books,
            status=status,
        )
        psql.run(
            NEW_PAYMENT + ", provider_ref, status, paid_at, settlement)"
            f" SELECT event_id, id, 'sandbox', 'EUR', now(), 4500, %(status)s, {_as_paid(status)}"
            " FROM reservation WHERE event_id = %(event)s AND code = %(status)s",
            **books,
            status=status,
        )
    with nothing_changes():
        for before, after in product(PAYMENT_STATUSES, PAYMENT_STATUSES):
            step = f"UPDATE payment SET (status, paid_at, settlement) = ROW({_as_paid(after)})"
            if before == after == "paid":
                step = "UPDATE payment SET status = 'paid'"
            step += f" WHERE provider_ref = '{before}'"
            with subtests.test(f"{before} payment becomes {after}"):
                if (before, after) in PAYMENT_STEPS:
                    psql.would_pass(step, **books)
                else:
                    psql.is_refused(step, by="guard_payment", **books)


def _as_paid(status: str) -> str:
    if status == "paid":
        return "'paid', now(), 'review'"
    return f"'{status}', NULL::timestamptz, NULL"


def test_one_buyer_does_not_use_a_code_more_often_than_each_may(psql: Psql, books: Books) -> None:
    psql.run(
        NEW_RESERVATION + ", confirmed_at) VALUES (%(of_once_each)s, %(ann)s, 'AAAAAA', 'confirmed', now())",
        **books,
    )
    psql.is_refused(
        "INSERT INTO discount_use (event_id, discount_code_id, reservation_id)"
        " SELECT event_id, %(once_each)s, id FROM reservation WHERE code = 'AAAAAA'",
        by="guard_discount_use",
        **books,
    )


def test_a_code_that_a_purchase_was_made_with_stays(psql: Psql, books: Books) -> None:
    psql.run(
        "UPDATE reservation SET status = 'pending', checkout_at = now(), payment_due_at = expires_at"
        " WHERE id = %(in_basket)s",
        **books,
    )
    psql.is_refused(
        "DELETE FROM discount_use WHERE reservation_id = %(in_basket)s", by="guard_discount_use", **books
    )


def test_no_more_of_a_party_pay_less_than_come_when_two_say_it_at_once(
    psql: Psql, database_url: str, books: Books
) -> None:
    """Each says it of two more, and one of them may: the second waits for the first, and counts it."""
    first = Psql(database_url)
    first.run("BEGIN")
    first.run(NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(student)s, 2)", **books)
    psql.run("SET lock_timeout = '300ms'")
    with pytest.raises(LockNotAvailable):
        psql.run(NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(senior)s, 2)", **books)
    first.run("COMMIT")
    first.close()
    psql.is_refused(
        NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(senior)s, 2)",
        by="guard_party_concession",
        **books,
    )


def test_what_went_back_is_not_promised_again(psql: Psql, books: Books) -> None:
    psql.run(REFUND.format("status = 'done', done_at = now()"))
    psql.is_refused(REFUND.format("status = 'due', done_at = NULL"), by="guard_refund")
    # A bank may send it back.
    psql.would_pass(REFUND.format("status = 'failed', done_at = NULL"))


def test_a_line_of_history_is_ended_once_and_never_rewritten(psql: Psql, books: Books) -> None:
    psql.run(
        "UPDATE reservation_seat SET ended_at = now(), outcome = 'expired' WHERE seat_id = %(lapsed)s",
        **books,
    )
    with nothing_changes():
        for statement in (
            "UPDATE reservation_seat SET ended_at = NULL, outcome = NULL WHERE seat_id = %(lapsed)s",
            "UPDATE reservation_seat SET outcome = 'cancelled' WHERE seat_id = %(lapsed)s",
            "UPDATE reservation_seat SET ended_at = now() WHERE seat_id = %(lapsed)s",
            "DELETE FROM reservation_seat WHERE seat_id = %(lapsed)s",
        ):
            psql.is_refused(statement, by="guard_reservation_seat", **books)


# What is allowed, so that the guards don't simply refuse everything


@pytest.mark.parametrize(
    "statement",
    [
        # Another area, another event, the next hour.
        NEW_SEAT + ", starts_at, ends_at) SELECT event_id, %(area)s, category_id, starts_at, ends_at"
        " FROM seat WHERE id = %(slot)s",
        NEW_SEAT + ", starts_at, ends_at) SELECT %(other_event)s, %(other_area)s, %(other_category)s,"
        " starts_at, ends_at FROM seat WHERE id = %(slot)s",
        NEW_SEAT + ", starts_at, ends_at) SELECT event_id, area_id, category_id, ends_at,"
        " ends_at + interval '1 h' FROM seat WHERE id = %(slot)s",
        # A seat without history goes, its neighbour of the same label in another area comes.
        "DELETE FROM seat WHERE id = %(unused)s",
        NEW_SEAT + ", label) VALUES (%(event)s, %(area)s, %(category)s, 'A1')",
        NEW_SEAT + ", label, status, blocked_reason)"
        " VALUES (%(event)s, %(area)s, %(category)s, 'Z1', 'blocked', 'Camera')",
        # Places of a standing area have no label, all of them.
        NEW_SEAT + ") VALUES (%(event)s, %(area)s, %(category)s), (%(event)s, %(area)s, %(category)s)",
        # What a timetable has no more keeps nobody from its time, and a room takes whom it takes.
        "UPDATE seat SET status = 'blocked', blocked_reason = 'removed by plan' WHERE id = %(slot)s; "
        + NEW_SEAT
        + ", starts_at, ends_at) SELECT event_id, area_id, category_id, starts_at, ends_at"
        " FROM seat WHERE id = %(slot)s",
        NEW_LINE + ", party_size) VALUES (%(event)s, %(hold)s, %(room_slot)s, 1, 6)",
        # A hold moves to the user whom a browser turns out to be; a holder has a hold at every event.
        "UPDATE reservation SET holder_id = %(fresh_holder)s WHERE id = %(hold)s",
        NEW_RESERVATION + ", expires_at) VALUES (%(event)s, %(fresh_holder)s, 'AAAAAA', 'held', now())",
        # A holder has as many purchases as there are, and a seat as many ended claims.
        NEW_RESERVATION + ", confirmed_at) SELECT event_id, holder_id, 'AAAAAA', 'confirmed', now()"
        " FROM reservation WHERE id = %(bought)s",
        NEW_LINE + ", ended_at, outcome) VALUES (%(event)s, %(rival_hold)s, %(held)s, 1, now(), 'expired')",
        NEW_LINE + ") VALUES (%(event)s, %(hold)s, %(free)s, 0)",
        NEW_CHANGE + " (%(event)s, %(free)s, 'available', 'held', 'hold')",
        # A fee is spread anew, beside a price that stays.
        "UPDATE reservation_seat SET price_minor = 4650, fee_minor = 150 WHERE seat_id = %(held)s",
        # A basket becomes cheaper, and its code is taken back.
        "UPDATE reservation_seat SET price_minor = 1, full_price_minor = 4500 WHERE seat_id = %(held)s",
        "DELETE FROM discount_use",
        # As many of a party pay less as come, and none of them after all; a line that comes brings them.
        NEW_FEWER + " VALUES (%(event)s, %(party_line)s, %(student)s, 2)",
        "DELETE FROM party_concession WHERE reservation_seat_id = %(party_line)s",
        "UPDATE reservation SET status = 'pending', checkout_at = now(), payment_due_at = expires_at"
        " WHERE id = %(party_hold)s; "
        + NEW_LINE
        + ", party_size) VALUES (%(event)s, %(party_hold)s, %(room_slot)s, 1, 2); "
        + NEW_FEWER
        + " SELECT event_id, id, %(child)s, 2 FROM reservation_seat WHERE seat_id = %(room_slot)s",
        # Money that somebody has to decide about, and an attempt after one that failed.
        OPEN_PAYMENT.format(PAY + "'review'"),
        NEW_PAYMENT + ", status) VALUES (%(online)s, %(pending)s, 'sandbox', 'EUR', now(), 4500, 'failed')",
    ],
)
def test_what_is_right_passes(psql: Psql, books: Books, statement: str) -> None:
    psql.would_pass(statement, **books)


def test_a_bought_seat_that_somebody_frees_by_hand_cannot_be_sold_again(psql: Psql, books: Books) -> None:
    """Legal steps in a wrong order: the seat's row says free, and the buyer's claim still stands."""
    psql.run("UPDATE seat SET status = 'available', reservation_id = NULL WHERE id = %(reserved)s", **books)
    psql.is_refused(
        NEW_LINE + ") VALUES (%(event)s, %(rival_hold)s, %(reserved)s, 1)",
        by="uq_reservation_seat_open_claim",
        **books,
    )


def test_a_live_hold_that_is_cut_short_by_hand_cannot_be_sold_twice(psql: Psql, books: Books) -> None:
    psql.run("UPDATE seat SET held_until = now() - interval '1 h' WHERE id = %(held)s", **books)
    psql.is_refused(
        NEW_LINE + ") VALUES (%(event)s, %(rival_hold)s, %(held)s, 1)",
        by="uq_reservation_seat_open_claim",
        **books,
    )
