"""A receiver, somebody of the staff who sets it up, and the turns of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from seatbook.config import Config
from seatbook.domain.accounts import create_account
from seatbook.domain.webhooks import (
    Brought,
    MadeEndpoint,
    Outside,
    bring_messages,
    create_endpoint,
    follow_logs,
)
from seatbook.extensions import db
from seatbook.models import WebhookDelivery, WebhookEndpoint
from tests.visitor import PASSWORD
from tests.webhook_receiver import Receiver, running_receiver

Subscribe = Callable[..., MadeEndpoint]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as server:
        yield server


@pytest.fixture
def config(app: Flask) -> Config:
    """With receivers on this machine allowed, as they are here."""
    found: Config = app.extensions["seatbook"]
    return replace(found, webhooks_private=True)


@pytest.fixture
def subscribe(app_context: object, config: Config, receiver: Receiver) -> Subscribe:
    """Make an endpoint at the receiver, of one member of the staff."""
    owner = create_account("otto", email="otto@example.org", password=PASSWORD, role="box_office")

    def make(*types: str, url: str = receiver.url) -> MadeEndpoint:
        return create_endpoint(
            url, name="Our till", types=types or ("seat.*",), actor_user_id=owner.id, config=config
        )

    return make


def turn(config: Config, *, deadline_seconds: float = 10.0) -> Brought:
    """What the worker does every few seconds."""
    db.session.rollback()
    follow_logs()
    return bring(config, deadline_seconds=deadline_seconds)


def bring(config: Config, *, deadline_seconds: float = 10.0) -> Brought:
    sender = Outside(private_allowed=True, deadline_seconds=deadline_seconds)
    return bring_messages(sender=sender, secret_key=config.secret_key)


def deliveries() -> list[Any]:
    """Every delivery, as the table has it now."""
    db.session.rollback()
    return list(db.session.execute(select(*WebhookDelivery.__table__.columns).order_by(WebhookDelivery.id)))


def endpoint_row(endpoint_id: int) -> Any:
    db.session.rollback()
    return db.session.execute(
        select(*WebhookEndpoint.__table__.columns).where(WebhookEndpoint.id == endpoint_id)
    ).one()


def all_due_now() -> None:
    """As if the pauses were over."""
    db.session.rollback()
    db.session.execute(
        text("UPDATE webhook_delivery SET next_attempt_at = clock_timestamp() WHERE status = 'waiting'")
    )
    db.session.execute(text("UPDATE webhook_endpoint SET paused_until = NULL"))
    db.session.commit()
