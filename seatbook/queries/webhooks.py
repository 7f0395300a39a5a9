"""Who is told of what happens over HTTP, how that goes, and each message with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from seatbook.errors import NotFound
from seatbook.extensions import db
from seatbook.models import User, WebhookDelivery, WebhookEndpoint
from seatbook.queries.moment import CLOCK

# What waits is counted so far and no further.
MOST_COUNTED = 1_000
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class EndpointView:
    """Times are aware, UTC. `state` is on, failing (it is asked again at `paused_until`) or off (`disabled_reason`
    says why). `waiting` counts up to MOST_COUNTED. `made_by` is a username."""

    id: int
    name: str
    url: str
    types: tuple[str, ...]
    made_by: str
    created_at: datetime
    state: str
    failing_since: datetime | None
    paused_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    waiting: int
    last_done_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """`status` is waiting, done or failed. `response_status` None: no answer came. `last_error` "": none."""

    id: int
    message_id: str
    type: str
    status: str
    attempts: int
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    done_at: datetime | None
    response_status: int | None
    took_ms: int | None
    last_error: str
    body: str = ""


def endpoints() -> tuple[EndpointView, ...]:
    """All of them, the oldest first."""
    return tuple(_view(row) for row in db.session.execute(_endpoints().order_by(WebhookEndpoint.id)))


def load_endpoint(endpoint_id: int) -> EndpointView:
    """Raises NotFound."""
    row = db.session.execute(_endpoints().where(WebhookEndpoint.id == endpoint_id)).one_or_none()
    if row is None:
        raise NotFound(what="endpoint")
    return _view(row)


def deliveries_of(
    endpoint_id: int, *, status: str | None = None, before: int | None = None, limit: int = MOST_LISTED
) -> tuple[DeliveryView, ...]:
    """The newest first, without what they said. `before`: older than this id. Raises NotFound."""
    load_endpoint(endpoint_id)
    query = _deliveries(endpoint_id).order_by(WebhookDelivery.id.desc()).limit(limit)
    if status is not None:
        query = query.where(WebhookDelivery.status == status)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    return tuple(DeliveryView(*row) for row in db.session.execute(query))


def load_delivery(endpoint_id: int, *, delivery_id: int) -> DeliveryView:
    """One with its body. Raises NotFound."""
    load_endpoint(endpoint_id)
    row = db.session.execute(
        _deliveries(endpoint_id).add_columns(WebhookDelivery.body).where(WebhookDelivery.id == delivery_id)
    ).one_or_none()
    if row is None:
        raise NotFound(what="delivery")
    return DeliveryView(*row)


def _endpoints() -> Select[*tuple[Any, ...]]:
    of_endpoint = WebhookDelivery.endpoint_id == WebhookEndpoint.id
    some_waiting = (
        select(literal_column("1").label("one"))
        .where(of_endpoint, WebhookDelivery.status == "waiting")
        .limit(MOST_COUNTED)
        .correlate(WebhookEndpoint)
        .subquery()
    )
    # Of those that are kept: up to thirty days.
    last_done = (
        select(WebhookDelivery.done_at)
        .where(of_endpoint, WebhookDelivery.status == "done")
        .order_by(WebhookDelivery.id.desc())
        .limit(1)
        .correlate(WebhookEndpoint)
        .scalar_subquery()
    )
    return (
        select(
            *WebhookEndpoint.__table__.columns,
            User.username.label("made_by"),
            select(func.count())
            .select_from(some_waiting)
            .correlate(WebhookEndpoint)
            .scalar_subquery()
            .label("waiting"),
            last_done.label("last_done_at"),
            CLOCK.label("now"),
        )
        .join(User, User.id == WebhookEndpoint.made_by_user_id)
        .where(WebhookEndpoint.deleted_at.is_(None))
    )


def _view(row: Any) -> EndpointView:
    state = "off" if row.disabled_at is not None else "failing" if row.failures > 0 else "on"
    return EndpointView(
        id=row.id,
        name=row.name,
        url=row.url,
        types=tuple(row.types),
        made_by=row.made_by,
        created_at=row.created_at,
        state=state,
        failing_since=row.failing_since,
        paused_until=row.paused_until if state == "failing" else None,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
        waiting=row.waiting,
        last_done_at=row.last_done_at,
    )


def _deliveries(endpoint_id: int) -> Select[*tuple[Any, ...]]:
    last_error: ColumnElement[str] = func.coalesce(WebhookDelivery.last_error, "")
    return select(
        WebhookDelivery.id,
        WebhookDelivery.message_id,
        WebhookDelivery.type,
        WebhookDelivery.status,
        WebhookDelivery.attempts,
        WebhookDelivery.created_at,
        WebhookDelivery.last_attempt_at,
        WebhookDelivery.next_attempt_at,
        WebhookDelivery.done_at,
        WebhookDelivery.response_status,
        WebhookDelivery.took_ms,
        last_error,
    ).where(WebhookDelivery.endpoint_id == endpoint_id)
