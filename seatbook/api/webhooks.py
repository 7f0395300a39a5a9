"""Webhooks: who is told of what happens, and the log of what was brought to them. For the box office."""

from __future__ import annotations

from typing import Annotated

from flask import current_app
from pydantic import Field

from seatbook.api.credentials import STAFF, user_id
from seatbook.api.routes import Routes
from seatbook.api.shapes import Answer, Body, Id, Instant, OneOf, Part, Query, Text, Whole
from seatbook.config import Config
from seatbook.domain import webhooks
from seatbook.domain.webhooks import ALL_TYPES, FAMILIES
from seatbook.errors import InvalidInput, NotFound, WrongState
from seatbook.models.webhook import DELIVERY_STATUSES, DISABLED_REASONS
from seatbook.queries.webhooks import MOST_LISTED as MOST_DELIVERIES
from seatbook.queries.webhooks import (
    DeliveryView,
    EndpointView,
    deliveries_of,
    load_delivery,
    load_endpoint,
)
from seatbook.queries.webhooks import endpoints as all_endpoints

routes = Routes("Webhooks")

MessageType = Annotated[str, OneOf(*FAMILIES, *ALL_TYPES)]
DeliveryStatus = Annotated[str, OneOf(*DELIVERY_STATUSES)]


class NewEndpoint(Body):
    """`types`: which messages; "seat.*" is all about places. `url` begins with https:// and is on the public
    internet."""

    url: Annotated[
        Text, Field(min_length=1, max_length=2_000, examples=["https://till.example.org/seatbook"])
    ]
    name: Annotated[Text, Field(min_length=1, max_length=80, examples=["Our till"])]
    types: Annotated[
        list[MessageType],
        Field(min_length=1, max_length=50, examples=[["reservation.*", "payment.paid"]]),
    ]


class ChosenTypes(Body):
    """All of them: what is not named is not sent any more."""

    types: Annotated[
        list[MessageType],
        Field(min_length=1, max_length=50, examples=[["reservation.*", "payment.paid"]]),
    ]


class Endpoint(Part):
    """`state` failing: it took nothing in lately, and is asked again at `paused_until`. off: nothing is written down
    for it until it is resumed. `waiting` counts up to 1000."""

    id: Id
    name: str
    url: str
    types: list[MessageType]
    made_by: str
    created_at: Instant
    state: Annotated[str, OneOf("on", "failing", "off")]
    failing_since: Instant | None
    paused_until: Instant | None
    disabled_at: Instant | None
    disabled_reason: Annotated[str, OneOf(*DISABLED_REASONS)] | None
    waiting: Annotated[int, Field(ge=0)]
    last_done_at: Instant | None


class EndpointList(Answer):
    endpoints: list[Endpoint]


class OneEndpoint(Answer):
    endpoint: Endpoint


class MadeEndpoint(Answer):
    """`secret` is shown here and never again: messages are signed with it."""

    endpoint: Endpoint
    secret: str


class NewSecret(Answer):
    """`secret` is shown here and never again. For a day messages are signed with the one before as well."""

    endpoint_id: Id
    secret: str


class WebhookDone(Answer):
    message: str


class TestSent(Answer):
    """Look at `deliveries/DELIVERY_ID/` for what became of it."""

    delivery_id: Id


class Delivery(Part):
    """`response_status` null: no answer came, and `last_error` says why. `attempts` since it was last asked for."""

    id: Id
    message_id: Annotated[str, Field(description="The same in each attempt: `webhook-id`.")]
    type: str
    status: DeliveryStatus
    attempts: Annotated[int, Field(ge=0)]
    created_at: Instant
    last_attempt_at: Instant | None
    next_attempt_at: Instant | None
    done_at: Instant | None
    response_status: int | None
    took_ms: int | None
    last_error: str


class DeliveryWithBody(Delivery):
    body: Annotated[str, Field(description="What is sent, byte for byte, in UTF-8.")]


class DeliveryList(Answer):
    deliveries: list[Delivery]
    next: Annotated[
        str | None, Field(description="Send it as `before` for the next page; null: there is none.")
    ]


class OneDelivery(Answer):
    delivery: DeliveryWithBody


class WhichDeliveries(Query):
    status: DeliveryStatus | None = None
    limit: Annotated[int, Whole(1, MOST_DELIVERIES)] = 50
    before: Annotated[
        str | None, Field(max_length=40, description="`next` of the page before.", pattern="^[0-9]{1,18}$")
    ] = None


@routes.get("/webhooks/", EndpointList, scope=STAFF)
def list_endpoints() -> EndpointList:
    """All endpoints, the oldest first."""
    return EndpointList(endpoints=[_endpoint(view) for view in all_endpoints()])


@routes.post("/webhooks/", MadeEndpoint, status=201, scope=STAFF, refuses=(InvalidInput,))
def create_endpoint(body: NewEndpoint) -> MadeEndpoint:
    """Tell an address of what happens from now on.

    docs/webhooks.md says what is sent, and how to verify it.
    """
    made = webhooks.create_endpoint(
        body.url, name=body.name, types=body.types, actor_user_id=user_id(), config=_config()
    )
    return MadeEndpoint(endpoint=_endpoint(load_endpoint(made.id)), secret=made.secret)


@routes.get("/webhooks/<int:endpoint_id>/", OneEndpoint, scope=STAFF, refuses=(NotFound,))
def get_endpoint(endpoint_id: int) -> OneEndpoint:
    """One endpoint, and how it does."""
    return OneEndpoint(endpoint=_endpoint(load_endpoint(endpoint_id)))


@routes.post("/webhooks/<int:endpoint_id>/types/", OneEndpoint, scope=STAFF, refuses=(NotFound, InvalidInput))
def change_types(endpoint_id: int, body: ChosenTypes) -> OneEndpoint:
    """Change which messages an endpoint gets from now on.

    What is on its way stays on its way. Again changes nothing.
    """
    webhooks.change_types(endpoint_id, types=body.types)
    return OneEndpoint(endpoint=_endpoint(load_endpoint(endpoint_id)))


@routes.post("/webhooks/<int:endpoint_id>/delete/", WebhookDone, scope=STAFF, refuses=(NotFound,))
def delete_endpoint(endpoint_id: int) -> WebhookDone:
    """Tell it nothing any more, and forget what was brought to it."""
    webhooks.delete_endpoint(endpoint_id)
    return WebhookDone(message="The endpoint is deleted.")


@routes.post("/webhooks/<int:endpoint_id>/rotate-secret/", NewSecret, scope=STAFF, refuses=(NotFound,))
def rotate_secret(endpoint_id: int) -> NewSecret:
    """Make a new secret.

    For 24 hours each message has two signatures, one by each.
    """
    return NewSecret(endpoint_id=endpoint_id, secret=webhooks.rotate_secret(endpoint_id, config=_config()))


@routes.post("/webhooks/<int:endpoint_id>/test/", TestSent, scope=STAFF, refuses=(NotFound, WrongState))
def test_endpoint(endpoint_id: int) -> TestSent:
    """Send a message of the type webhook.test, within a few seconds."""
    return TestSent(delivery_id=webhooks.send_test(endpoint_id))


@routes.post("/webhooks/<int:endpoint_id>/resume/", OneEndpoint, scope=STAFF, refuses=(NotFound,))
def resume_endpoint(endpoint_id: int) -> OneEndpoint:
    """Tell an endpoint again that was switched off, or that fails: what waits goes now.

    What happened while it was off was not written down for it.
    """
    webhooks.resume_endpoint(endpoint_id)
    return OneEndpoint(endpoint=_endpoint(load_endpoint(endpoint_id)))


@routes.get("/webhooks/<int:endpoint_id>/deliveries/", DeliveryList, scope=STAFF, refuses=(NotFound,))
def list_deliveries(endpoint_id: int, query: WhichDeliveries) -> DeliveryList:
    """What was brought, is on its way, or was given up, the newest first. Kept for 30 days."""
    before = int(query.before) if query.before else None
    found = deliveries_of(endpoint_id, status=query.status, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    return DeliveryList(
        deliveries=[_delivery(view) for view in shown],
        next=str(shown[-1].id) if len(found) > len(shown) else None,
    )


@routes.get(
    "/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/",
    OneDelivery,
    scope=STAFF,
    refuses=(NotFound,),
)
def get_delivery(endpoint_id: int, delivery_id: int) -> OneDelivery:
    """One delivery with what it says."""
    view = load_delivery(endpoint_id, delivery_id=delivery_id)
    return OneDelivery(delivery=DeliveryWithBody(**_delivery(view).model_dump(), body=view.body))


@routes.post(
    "/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/redeliver/",
    WebhookDone,
    scope=STAFF,
    refuses=(NotFound, WrongState),
)
def redeliver(endpoint_id: int, delivery_id: int) -> WebhookDone:
    """Bring it again, within a few seconds, under the id that it has."""
    webhooks.redeliver(endpoint_id, delivery_id=delivery_id)
    return WebhookDone(message="It goes again.")


def _config() -> Config:
    config: Config = current_app.extensions["seatbook"]
    return config


def _endpoint(view: EndpointView) -> Endpoint:
    return Endpoint(
        id=view.id,
        name=view.name,
        url=view.url,
        types=list(view.types),
        made_by=view.made_by,
        created_at=view.created_at,
        state=view.state,
        failing_since=view.failing_since,
        paused_until=view.paused_until,
        disabled_at=view.disabled_at,
        disabled_reason=view.disabled_reason,
        waiting=view.waiting,
        last_done_at=view.last_done_at,
    )


def _delivery(view: DeliveryView) -> Delivery:
    return Delivery(
        id=view.id,
        message_id=view.message_id,
        type=view.type,
        status=view.status,
        attempts=view.attempts,
        created_at=view.created_at,
        last_attempt_at=view.last_attempt_at,
        next_attempt_at=view.next_attempt_at,
        done_at=view.done_at,
        response_status=view.response_status,
        took_ms=view.took_ms,
        last_error=view.last_error,
    )
