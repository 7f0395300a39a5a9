"""Webhooks as the box office sees them: made, tried, given a new secret, looked at, deleted."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from seatbook.domain.transaction import run_transaction
from seatbook.domain.webhooks import Outside, bring_messages, send_test
from seatbook.domain.webhooks.switch_off import switch_off
from seatbook.extensions import db
from seatbook.models import WebhookDelivery, WebhookEndpoint
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
FORM: dict[str, Any] = {
    "name": "Our till",
    "url": "https://till.example.org/",
    "type": ["seat.*", "payment.paid"],
}


def make(staff: Visitor, **fields: Any) -> int:
    answer = staff.send("/staff/webhooks", **{**FORM, **fields})
    assert answer.status_code == 200, answer.text
    db.session.rollback()
    newest = select(WebhookEndpoint.id).order_by(WebhookEndpoint.id.desc()).limit(1)
    endpoint_id: int = db.session.execute(newest).scalar_one()
    return endpoint_id


def secret_in(page: str) -> str:
    (secret,) = SECRET.findall(unescape(page))
    return str(secret)


def test_one_is_made_and_its_secret_is_shown_once(staff: Visitor) -> None:
    assert "Nobody is told yet" in staff.open("/staff/webhooks").text
    answer = staff.send("/staff/webhooks", **FORM)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert secret_in(answer.text)
    endpoint = db.session.execute(select(WebhookEndpoint)).scalar_one()
    assert (endpoint.name, endpoint.types) == ("Our till", ["seat.*", "payment.paid"])

    for path in ("/staff/webhooks", f"/staff/webhooks/{endpoint.id}"):
        page = staff.open(path)
        assert not SECRET.search(page.text)
        assert "Our till" in page.text
        assert "https://till.example.org/" in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "https://10.0.0.1/"}, "not on the public internet"),
        ({"url": "till"}, "complete address"),
        ({"type": []}, "choose what the endpoint shall be told of"),
        ({"type": ["seat.stolen"]}, "no message called “seat.stolen”"),
        ({"name": ""}, "give the endpoint a name"),
    ],
)
def test_what_is_not_fit_is_said_and_nothing_is_lost(
    staff: Visitor, fields: dict[str, Any], said: str
) -> None:
    answer = staff.send("/staff/webhooks", **{**FORM, **fields})
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    shown = {**FORM, **fields}
    assert f'value="{shown["url"]}"' in answer.text
    assert db.session.scalar(text("SELECT count(*) FROM webhook_endpoint")) == 0


def test_a_new_secret_is_another_one(staff: Visitor) -> None:
    endpoint_id = make(staff)
    path = f"/staff/webhooks/{endpoint_id}"
    first, second = [secret_in(staff.send(f"{path}/secret", page=path).text) for _ in range(2)]
    assert first != second


def test_a_test_message_is_sent_seen_and_brought_again(app: Flask, staff: Visitor, free_port: int) -> None:
    endpoint_id = make(staff)
    db.session.execute(
        text("UPDATE webhook_endpoint SET url = :url"), {"url": f"http://127.0.0.1:{free_port}/"}
    )
    db.session.commit()
    path = f"/staff/webhooks/{endpoint_id}"
    assert staff.send(f"{path}/test", page=path).status_code == 303
    bring_messages(sender=Outside(private_allowed=True), secret_key=app.extensions["seatbook"].secret_key)

    page = unescape(staff.open(path).text)
    assert "nobody listens there" in page
    assert "It takes nothing in since" in page
    assert "webhook.test" in unescape(staff.open(f"{path}?status=waiting").text)
    assert "webhook.test" not in unescape(staff.open(f"{path}?status=done").text)
    delivery_id = db.session.execute(select(WebhookDelivery.id)).scalar_one()
    of_delivery = f"{path}/deliveries/{delivery_id}"
    assert '"type": "webhook.test"' in unescape(staff.open(of_delivery).text)
    assert staff.send(f"{of_delivery}/again", page=of_delivery).status_code == 303
    db.session.rollback()
    row = db.session.execute(select(WebhookDelivery.status, WebhookDelivery.attempts)).one()
    assert tuple(row) == ("waiting", 0)


def test_one_that_is_off_is_resumed(staff: Visitor) -> None:
    endpoint_id = make(staff)
    send_test(endpoint_id)
    delivery_id = db.session.execute(select(WebhookDelivery.id)).scalar_one()
    db.session.execute(text("UPDATE webhook_endpoint SET disabled_at = now(), disabled_reason = 'failing'"))
    db.session.commit()
    path = f"/staff/webhooks/{endpoint_id}"
    assert "For three days it took nothing in" in staff.open(path).text
    of_delivery = f"{path}/deliveries/{delivery_id}"
    refused = staff.send(f"{of_delivery}/again", page=of_delivery)
    assert (refused.status_code, "it is switched off" in refused.text) == (409, True)
    assert staff.send(f"{path}/test", page=path).status_code == 409
    assert staff.send(f"{path}/resume", page=path).status_code == 303
    assert "For three days it took nothing in" not in staff.open(path).text


def test_it_is_deleted_after_a_question(staff: Visitor) -> None:
    endpoint_id = make(staff)
    path = f"/staff/webhooks/{endpoint_id}"
    assert "Delete it?" in staff.open(f"{path}/delete").text
    assert staff.send(f"{path}/delete").status_code == 303
    assert staff.open(path).status_code == 404
    assert "Nobody is told yet" in staff.open("/staff/webhooks").text


def test_many_deliveries_come_page_by_page(staff: Visitor) -> None:
    endpoint_id = make(staff)
    for _ in range(51):
        send_test(endpoint_id)
    path = f"/staff/webhooks/{endpoint_id}"
    page = staff.open(path).text
    assert page.count("data-row") == 50
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert staff.open(unescape(older)).text.count("data-row") == 1


def test_the_letter_about_one_that_is_off_is_among_the_letters(staff: Visitor) -> None:
    endpoint_id = make(staff)
    run_transaction(lambda session: switch_off(session, endpoint_id, reason="failing"))
    page = unescape(staff.open("/staff/mail").text)
    (path,) = re.findall(r'href="(/staff/mail/\d+)"', page)
    letter = unescape(staff.open(path).text)
    assert "for three days nothing that we sent to your endpoint “Our till” was taken in" in letter


def test_what_it_is_told_of_can_be_changed(staff: Visitor) -> None:
    endpoint_id = make(staff)
    path = f"/staff/webhooks/{endpoint_id}"
    page = staff.open(path).text
    assert re.search(r'value="payment.paid" checked', page)
    assert not re.search(r'value="reservation.\*" checked', page)

    done = staff.send(f"{path}/types", page=path, type=["reservation.*"])
    assert (done.status_code, done.headers["Location"]) == (303, path)
    db.session.rollback()
    assert db.session.scalar(select(WebhookEndpoint.types)) == ["reservation.*"]

    none = staff.send(f"{path}/types", page=path)
    assert none.status_code == 422
    assert "Please choose what the endpoint shall be told of." in none.text
    db.session.rollback()
    assert db.session.scalar(select(WebhookEndpoint.types)) == ["reservation.*"]
    assert staff.open(f"{path}/types").status_code == 303
