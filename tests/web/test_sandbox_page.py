"""The trial payment service's page, and that it is not there where real money is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from seatbook import create_app
from seatbook.domain.orders import deliver_sandbox_notices
from seatbook.extensions import db
from seatbook.models import PaymentNotice, SandboxNotice, SandboxSession
from seatbook.web.paying import till
from tests.paying import make_online_event
from tests.snapshot import nothing_changes
from tests.visitor import Visitor
from tests.web.test_checkout import press_pay, unpaid

pytestmark = pytest.mark.usefixtures("app_context")


@pytest.fixture
def buyer(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.register("alice")
    return visitor


@pytest.fixture
def page(buyer: Visitor) -> str:
    """Where somebody with a basket of €45.00 pays."""
    hall = make_online_event(seats=1)
    buyer.pick(hall.event_id, hall.seat_ids[0])
    return press_pay(buyer, hall)


def session_status() -> str:
    db.session.rollback()
    return str(db.session.scalar(db.select(SandboxSession.status)))


def copies_owed() -> int:
    db.session.rollback()
    return int(db.session.scalar(db.select(db.func.coalesce(db.func.sum(SandboxNotice.copies), 0))) or 0)


def test_it_says_that_it_is_a_trial(app: Flask, page: str) -> None:
    # It plays somebody else's site: whoever has the address may look.
    text = Visitor(app).open(page).text
    assert "no real money moves here" in text
    assert "Pay €45.00" in text


@pytest.mark.parametrize(("becomes", "status"), [("paid", "paid"), ("failed", "failed")])
def test_paying_and_failing_lead_back(buyer: Visitor, page: str, becomes: str, status: str) -> None:
    answer = buyer.send(page, becomes=becomes)
    assert answer.status_code == 303
    assert answer.location is not None
    assert answer.location.startswith("/reservations/")
    assert session_status() == status
    # Pressing it again changes nothing any more.
    with nothing_changes():
        buyer.send(page, page="/account", becomes="paid")


def test_it_can_be_slow(buyer: Visitor, page: str) -> None:
    buyer.send(page, becomes="paid", after="3600")
    assert session_status() == "processing"
    assert "The payment is being worked on." in buyer.open(page).text


@pytest.mark.parametrize(("told", "copies"), [("once", 1), ("twice", 2), ("late", 1), ("never", 0)])
def test_the_box_office_is_told_in_every_way(buyer: Visitor, page: str, told: str, copies: int) -> None:
    buyer.send(page, becomes="paid", told=told)
    assert copies_owed() == copies


def test_who_pays_and_never_comes_back_is_heard_of_by_a_message(buyer: Visitor, page: str) -> None:
    answer = buyer.send(page, becomes="paid", told="twice", stay="1")
    assert (answer.status_code, answer.location) == (303, page)
    assert "This is paid." in buyer.open(page).text
    text = buyer.open("/reservations/").text
    assert "Not paid yet" in text
    assert deliver_sandbox_notices(till=till()) == 2
    text = buyer.open("/reservations/").text
    assert "Not paid yet" not in text
    assert "Reserved" in text
    # Two copies, one effect.
    assert db.session.scalar(db.select(db.func.count()).select_from(PaymentNotice)) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"becomes": "rich"}, {"becomes": "paid", "after": "7"}, {"becomes": "paid", "told": "x"}]
)
def test_what_no_button_sends_is_refused(buyer: Visitor, page: str, fields: dict[str, Any]) -> None:
    with nothing_changes():
        assert buyer.send(page, **fields).status_code == 422


def test_a_session_that_does_not_exist_is_not_there(buyer: Visitor, page: str) -> None:
    assert buyer.open("/sandbox/sb_nothing").status_code == 404
    assert buyer.send("/sandbox/sb_nothing", page="/account", becomes="paid").status_code == 404


def test_it_is_not_there_where_real_money_is_taken(app: Flask, buyer: Visitor, page: str) -> None:
    settings = replace(
        app.extensions["seatbook"],
        payment_provider="stripe",
        stripe_secret_key="sk_test_nobody",
        stripe_webhook_secret="whsec_nobody",
    )
    other = create_app(settings)
    visitor = Visitor(other)
    assert visitor.open(page).status_code == 404
    with nothing_changes():
        assert visitor.send(page, page="/sign-in", becomes="paid").status_code == 404
    # There the page of the real service may follow a form.
    assert (
        "form-action 'self' https://checkout.stripe.com"
        in visitor.open("/sign-in").headers["Content-Security-Policy"]
    )
    with other.app_context():
        db.engine.dispose()


def test_the_way_back_is_within_this_site(buyer: Visitor, page: str) -> None:
    hall = make_online_event(seats=1)
    buyer.pick(hall.event_id, hall.seat_ids[0])
    press_pay(buyer, hall)
    reference = unpaid(buyer, hall).rsplit("/", 1)[1]
    fields: dict[str, Any] = {"reservation_id": "1", "seat_ids": "1", "total": "1"}
    for forged in ("https://example.org/", "../../x", "", f"{hall.event_id + 1}-K2M9QX"):
        answer = buyer.send(
            f"/events/{hall.event_id}/checkout/pay", page="/account", reference=forged, **fields
        )
        assert answer.status_code == 422, (forged, reference)
