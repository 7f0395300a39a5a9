"""Places that are offered for a payment that came too late: shown, taken, declined."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from seatbook.domain.accounts import create_account
from seatbook.domain.holders import holder_of_user
from seatbook.domain.inventory import hold_seats
from seatbook.domain.orders import BegunCheckout, ask_due_payments, record_answer
from seatbook.domain.reference import format_reference
from seatbook.domain.tokens import make_token
from seatbook.extensions import db
from seatbook.models import Payment
from seatbook.payments import Answer
from tests.api.caller import Caller
from tests.factories import Hall, make_holder, statuses
from tests.paying import (
    go_to_checkout,
    let_deadline_pass,
    let_processing_end,
    make_online_event,
    make_till,
    pay,
    refunds_of,
)
from tests.visitor import PASSWORD


@dataclass(frozen=True)
class Late:
    """`lost` is the reference of what was paid too late."""

    hall: Hall
    buyer: Caller
    lost: str


@pytest.fixture
def late(app: Flask) -> Late:
    """Two places whose money came when somebody else had one of them."""
    with app.app_context():
        account = create_account("ann", email="ann@example.org", password=PASSWORD)
        token = make_token(account.id, name="Tests", scopes=("read", "book")).secret
        hall, till = make_online_event(seats=6, late_offer_seconds=600), make_till()
        begun = go_to_checkout(hall, holder=holder_of_user(account.id), till=till, places=(0, 1))
        pay(till, begun, after_seconds=3600)
        let_deadline_pass(begun, grace_too=True)
        ask_due_payments(till=till)
        let_processing_end(begun)
        hold_seats(hall.event_id, seat_ids=hall.seat_ids[:1], holder=make_holder())
        record_answer(hall.event_id, begun.payment_id or 0, answer=Answer("paid", 9000, "EUR"))
        return Late(hall, Caller(app, token), format_reference(hall.event_id, begun.code))


def test_what_is_offered_is_shown_with_its_end(late: Late) -> None:
    payment = late.buyer.get(f"/reservations/{late.lost}/").json["reservation"]["payment"]
    offer = payment["offer"]

    assert payment["settlement"] == "offered"
    assert [place["seat_number"] for place in offer["places"]] == ["A2", "A3"]
    assert (offer["total_price"], 500 < offer["expires_in_seconds"] <= 600) == ("90.00", True)
    other = late.buyer.get(f"/reservations/{offer['reservation_id']}/").json["reservation"]
    assert (other["status"], other["payment"]["offer"]["expires_at"]) == ("pending", offer["expires_at"])
    # It is paid, so nobody pays for it again.
    refused = late.buyer.post(f"/reservations/{offer['reservation_id']}/checkout/")
    assert (refused.status_code, refused.json["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("by", ["lost", "offered"])
def test_an_offer_is_taken(app: Flask, late: Late, ben: Caller, by: str) -> None:
    seen = late.buyer.get(f"/reservations/{late.lost}/").json["reservation"]
    offered = seen["payment"]["offer"]["reservation_id"]
    path = f"/reservations/{late.lost if by == 'lost' else offered}/offer/"
    assert ben.post(f"{path}accept/").status_code == 404

    for _ in range(2):
        taken = late.buyer.post(f"{path}accept/").json
        assert taken["message"] == f"{offered} is yours."
        assert (taken["reservation"]["status"], taken["reservation"]["seats"]) == ("confirmed", ["A2", "A3"])
        assert taken["reservation"]["payment"]["offer"] is None
    assert late.buyer.post(f"{path}decline/").json["code"] == "wrong_state"
    with app.app_context():
        assert refunds_of(late.hall) == []


@pytest.mark.parametrize("by", ["decline", "cancel"])
def test_an_offer_is_declined(app: Flask, late: Late, by: str) -> None:
    seen = late.buyer.get(f"/reservations/{late.lost}/").json["reservation"]
    offered = seen["payment"]["offer"]["reservation_id"]
    paths = {
        "decline": f"/reservations/{late.lost}/offer/decline/",
        "cancel": f"/reservations/{offered}/cancel/",
    }
    for _ in range(2):
        declined = late.buyer.post(paths[by])
        assert declined.status_code == 200
        assert declined.json["reservation"]["status"] == "released"

    assert late.buyer.post(f"/reservations/{late.lost}/offer/accept/").json["code"] == "offer_ended"
    with app.app_context():
        assert refunds_of(late.hall) == [(9000, "offer_declined", "due")]
        assert statuses(late.hall)[1:] == ["available"] * 5


def test_an_offer_that_is_over_is_not_shown_and_cannot_be_taken(app: Flask, late: Late) -> None:
    offer = late.buyer.get(f"/reservations/{late.lost}/").json["reservation"]["payment"]["offer"]
    with app.app_context():
        settled = db.session.scalars(select(Payment.settled_reservation_id)).one()
        offered = BegunCheckout(late.hall.event_id, settled or 0, "", "pending", 9000)
        let_deadline_pass(offered, grace_too=True)

    assert late.buyer.get(f"/reservations/{late.lost}/").json["reservation"]["payment"]["offer"] is None
    over = late.buyer.post(f"/reservations/{offer['reservation_id']}/offer/accept/")
    assert (over.status_code, over.json["code"]) == (410, "offer_ended")
    with app.app_context():
        assert refunds_of(late.hall) == [(9000, "offer_ended", "due")]


def test_where_nothing_was_offered_nothing_is_taken(app: Flask, ada: Caller) -> None:
    with app.app_context():
        hall = make_online_event(seats=1)
    ada.post(f"/events/{hall.event_id}/seats/{hall.seat_ids[0]}/lock/")
    order = ada.post(f"/events/{hall.event_id}/reserve/", {"seat_ids": list(hall.seat_ids)}).json

    for act in ("accept", "decline"):
        refused = ada.post(f"/reservations/{order['reservation_id']}/offer/{act}/")
        assert (refused.status_code, refused.json["code"]) == (409, "wrong_state")
