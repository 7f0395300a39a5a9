"""Hears the announcements of other processes, and of this one, as long as Redis is there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from seatbook.live.announce import CHANNEL, connect, parse

log = logging.getLogger("seatbook.live")

RETRY_SECONDS = 1.0
# Redis may be gone without a word; a ping now and then finds out.
PATIENCE_SECONDS = 10.0


class Listener:
    """`on_word` is called with the event ids of each announcement, in a thread of the listener's own."""

    def __init__(self, redis_url: str, *, on_word: Callable[[set[int]], None]) -> None:
        self._redis_url = redis_url
        self._on_word = on_word
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="seatbook-listener", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        is_away = False
        while not self._stopped.is_set():
            try:
                with connect(self._redis_url, timeout_seconds=PATIENCE_SECONDS / 2) as redis:
                    redis.ping()
                    if is_away:
                        log.warning("Redis is back: changes are announced again.")
                        is_away = False
                    self._listen(redis)
            except (RedisError, OSError) as error:
                if not is_away:
                    log.warning("Redis is away (%s): pages are followed by the clock alone.", error)
                    is_away = True
            self._stopped.wait(RETRY_SECONDS)

    def _listen(self, redis: Redis) -> None:
        with redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(CHANNEL)
            while not self._stopped.is_set():
                word = subscription.get_message(timeout=PATIENCE_SECONDS)
                if word is None:
                    subscription.ping()
                elif word["type"] == "message" and (event_ids := parse(word["data"])):
                    self._on_word(event_ids)
