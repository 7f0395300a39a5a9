"""Who is told: endpoints are made, tried, given a new secret, resumed and taken away, by staff."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Interval, Row, cast, func, insert, select, update
from sqlalchemy.orm import Session

from seatbook.config import Config
from seatbook.domain.transaction import run_transaction
from seatbook.domain.webhooks.addresses import checked_url
from seatbook.domain.webhooks.signature import secret_of
from seatbook.domain.webhooks.types import TEST, TRIED_FOR, checked_types
from seatbook.errors import N_, InvalidInput, NotFound, WrongState
from seatbook.models import WebhookDelivery, WebhookEndpoint

MOST_ENDPOINTS = 20
MAX_NAME_LENGTH = 80
# So long both secrets are good, for receivers that take theirs in at night.
BOTH_SECRETS_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class MadeEndpoint:
    """`secret` can be seen here and never again."""

    id: int
    secret: str
    created_at: datetime


def create_endpoint(
    url: str, *, name: str, types: Collection[str], actor_user_id: int, config: Config
) -> MadeEndpoint:
    """Tell `url` of these types from now on. Raises InvalidInput for what is not fit, and for one too many."""
    salt = secrets.token_bytes(32)
    made = run_transaction(
        partial(
            _create,
            name=_checked_name(name),
            url=checked_url(url, private_allowed=config.webhooks_private),
            types=checked_types(types),
            salt=salt,
            made_by_user_id=actor_user_id,
        )
    )
    return MadeEndpoint(made.id, secret_of(made.salt, secret_key=config.secret_key), made.created_at)


def change_types(endpoint_id: int, *, types: Collection[str]) -> None:
    """Tell the endpoint of these from now on. Repeating it changes nothing. Raises InvalidInput, NotFound."""
    chosen = checked_types(types)
    run_transaction(partial(_change, endpoint_id=endpoint_id, types=chosen))


def rotate_secret(endpoint_id: int, *, config: Config) -> str:
    """Give the endpoint a new secret; both are good for a day. Raises NotFound."""
    salt = secrets.token_bytes(32)
    now = func.clock_timestamp()
    kept = run_transaction(
        partial(
            _change,
            endpoint_id=endpoint_id,
            salt=salt,
            salt_before=WebhookEndpoint.salt,
            salt_before_until=now + cast(BOTH_SECRETS_FOR, Interval),
        )
    )
    return secret_of(kept.salt, secret_key=config.secret_key)


def resume_endpoint(endpoint_id: int) -> None:
    """Tell an endpoint again that was switched off, or that is left alone as it failed: what waits goes now.

    What happened while it was off was not written down for it. Repeating it changes nothing. Raises NotFound.
    """

    def act(session: Session) -> None:
        # Of one that is on, the place in the log stays: nothing shall be left out.
        was_off = (
            session.execute(_found(endpoint_id).where(WebhookEndpoint.disabled_at.is_not(None))).one_or_none()
            is not None
        )
        values: dict[str, Any] = {"failures": 0, "failing_since": None, "paused_until": None}
        if was_off:
            values |= {
                "disabled_at": None,
                "disabled_reason": None,
                "from_xid": func.pg_snapshot_xmin(func.pg_current_snapshot()),
            }
        _change(session, endpoint_id=endpoint_id, **values)
        now = func.clock_timestamp()
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.status == "waiting")
            .values(next_attempt_at=now, give_up_at=now + cast(TRIED_FOR, Interval))
            .execution_options(synchronize_session=False)
        )

    run_transaction(act)


def delete_endpoint(endpoint_id: int) -> None:
    """Tell it nothing any more. Its deliveries go in the background. Raises NotFound."""
    run_transaction(partial(_change, endpoint_id=endpoint_id, deleted_at=func.clock_timestamp()))


def send_test(endpoint_id: int) -> int:
    """Ask for a message that says nothing, to see whether it arrives; its delivery's id.

    Raises NotFound, WrongState when the endpoint is switched off.
    """
    return run_transaction(partial(_send_test, endpoint_id=endpoint_id, word=secrets.token_hex(8)))


def redeliver(endpoint_id: int, *, delivery_id: int) -> None:
    """Bring a message again, now, whatever became of it; it keeps its id. Safe to repeat.

    Raises NotFound, WrongState when the endpoint is switched off.
    """

    def act(session: Session) -> None:
        _refuse_when_off(session, endpoint_id)
        now = func.clock_timestamp()
        found = session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.id == delivery_id)
            .values(
                status="waiting",
                attempts=0,
                next_attempt_at=now,
                give_up_at=now + cast(TRIED_FOR, Interval),
                done_at=None,
            )
            .returning(WebhookDelivery.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if found is None:
            raise NotFound(what="delivery")

    run_transaction(act)


def _create(session: Session, *, made_by_user_id: int, **values: Any) -> Row[*tuple[Any, ...]]:
    there = session.scalar(
        select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.deleted_at.is_(None))
    )
    if there is not None and there >= MOST_ENDPOINTS:
        raise InvalidInput(
            field="url",
            reason=N_("There are %(most)s endpoints already. Please delete one that is not needed."),
            most=MOST_ENDPOINTS,
        )
    return session.execute(
        insert(WebhookEndpoint)
        .values(made_by_user_id=made_by_user_id, **values)
        .returning(WebhookEndpoint.id, WebhookEndpoint.salt, WebhookEndpoint.created_at)
    ).one()


def _found(endpoint_id: int) -> Any:
    return select(WebhookEndpoint.id).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.deleted_at.is_(None)
    )


def _change(session: Session, *, endpoint_id: int, **values: Any) -> Row[*tuple[Any, ...]]:
    row = session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.deleted_at.is_(None))
        .values(values)
        .returning(WebhookEndpoint.id, WebhookEndpoint.salt)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise NotFound(what="endpoint")
    return row


def _refuse_when_off(session: Session, endpoint_id: int) -> None:
    row = session.execute(
        _found(endpoint_id).add_columns(WebhookEndpoint.disabled_at.is_not(None).label("is_off"))
    ).one_or_none()
    if row is None:
        raise NotFound(what="endpoint")
    if row.is_off:
        raise WrongState(state="off")


def _send_test(session: Session, *, endpoint_id: int, word: str) -> int:
    _refuse_when_off(session, endpoint_id)
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    message_id = f"test-{endpoint_id}-{word}"
    body = {
        "id": message_id,
        "type": TEST,
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"endpoint_id": endpoint_id},
    }
    delivery_id: int = session.execute(
        insert(WebhookDelivery)
        .values(
            endpoint_id=endpoint_id,
            message_id=message_id,
            type=TEST,
            body=json.dumps(body),
            give_up_at=now + timedelta(hours=1),
        )
        .returning(WebhookDelivery.id)
    ).scalar_one()
    return delivery_id


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME_LENGTH or "\0" in clean:
        raise InvalidInput(
            field="name",
            reason=N_("Please give the endpoint a name of up to %(most)s characters, such as “Our till”."),
            most=MAX_NAME_LENGTH,
        )
    return clean
