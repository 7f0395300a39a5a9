"""Says, after each commit that changed places, at which events: so that followers look at once.

The word goes over Redis and carries no news, only event ids. A word that is
lost makes a page a second late and never wrong, because every follower also
looks by its own clock. So this never fails, and hardly ever waits: after a
Redis that did not answer, nothing is said for a few seconds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import event
from sqlalchemy.orm import Session

from seatbook.domain.changed_events import take_changed
from seatbook.extensions import db

log = logging.getLogger("seatbook.live")

CHANNEL = "seatbook:changed"
# What a click may wait for a Redis that hangs, and how long it is then left alone.
TIMEOUT_SECONDS = 0.1
SILENCE_SECONDS = 5.0


def connect(redis_url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Redis:
    """A client that tells at once that Redis is away."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def parse(message: bytes) -> set[int]:
    """The event ids of an announcement; nothing for what nobody of us wrote."""
    return {int(part) for part in message.split(b",") if part.isdigit()}


class Announcer:
    def __init__(self, redis_url: str) -> None:
        # Connects when something is said, and anew in a forked child.
        self._redis = connect(redis_url)
        self._silent_until = 0.0

    def announce(self, event_ids: Collection[int]) -> None:
        """Say that places of these events changed, if anybody can hear it. Never raises."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._redis.publish(CHANNEL, ",".join(map(str, sorted(event_ids))))
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("Changes are not announced, as Redis is away (%s)", error)


@event.listens_for(db.session, "after_commit")
def _announce(session: Session) -> None:
    changed = take_changed(session)
    if changed:
        current_app.extensions["seatbook_announcer"].announce(changed)


@event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    take_changed(session)
