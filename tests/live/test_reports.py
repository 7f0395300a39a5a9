"""Web processes tell each other how their streams do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from redis import Redis

from seatbook.live import Live, Report, total
from seatbook.live import reports as reports_module
from seatbook.live.freshness import BUCKETS_SECONDS, Freshness
from seatbook.live.reports import KEY, NAMES, Reports
from tests.factories import make_event
from tests.live.ear import Ear
from tests.live.model_page import ModelPage
from tests.visitor import Visitor


def report(name: str, *seconds: float, since: datetime | None = None, streams: int = 0) -> Report:
    freshness = Freshness()
    for one in seconds:
        freshness.add(one)
    return Report(name, since, streams, 5, 1, 0, len(seconds), 0, 40, 9_000, freshness.figures())


def test_one_process_reads_what_another_wrote(redis_url: str) -> None:
    since = datetime(2026, 11, 20, 9, 30, 5, 123, tzinfo=UTC)
    theirs = report("b:2", 0.01, 0.2, 20.0, since=since, streams=7)
    mine = report("a:1", 0.01)
    Reports(redis_url, own=lambda: theirs).write()

    assert Reports(redis_url, own=lambda: mine).read() == ([mine, theirs], True)


def test_a_process_reads_itself_as_it_is_now_and_only_once(redis_url: str) -> None:
    mine = report("a:1", 0.01)
    reports = Reports(redis_url, own=lambda: mine)
    reports.write()

    mine = report("a:1", 0.01, 0.02)

    assert reports.read() == ([mine], True)


def test_a_process_that_is_gone_is_forgotten(redis_url: str) -> None:
    theirs = report("b:2")
    Reports(redis_url, own=lambda: theirs).write()
    with Redis.from_url(redis_url) as redis:
        assert 0 < int(redis.ttl(KEY + "b:2")) <= reports_module.FORGET_AFTER_SECONDS
        # Its time is over.
        redis.delete(KEY + "b:2")

        assert Reports(redis_url, own=lambda: report("a:1")).read() == ([report("a:1")], True)
        assert redis.smembers(NAMES) == set()


def test_without_redis_a_process_knows_itself() -> None:
    nobody = Reports("redis://127.0.0.1:1/0", own=lambda: report("a:1"))

    assert nobody.read() == ([report("a:1")], False)


def test_figures_of_several_are_added_up_since_the_first_began() -> None:
    early, late = datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC)

    whole = total(
        [
            report("a:1", *[0.01] * 98, since=late, streams=2),
            report("b:2", 0.3, 20.0, since=early, streams=3),
            report("c:3"),
        ]
    )

    assert (whole.streams, whole.opened, whole.changes, whole.since) == (5, 15, 100, early)
    assert whole.freshness.quantile(0.5) == BUCKETS_SECONDS[0]
    assert whole.freshness.quantile(0.99) == 0.35
    assert whole.freshness.quantile(1) == float("inf")


def test_nothing_added_up_is_nothing() -> None:
    assert total([]).freshness.quantile(0.99) is None
    assert total([report("a:1")]) == replace(report("a:1"), name="")


@pytest.mark.usefixtures("app_context")
def test_a_process_writes_from_its_first_stream_on(
    live_app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_module, "EVERY_SECONDS", 0.01)
    live: Live = live_app.extensions["seatbook_live"]
    hall = make_event(seats=3)
    written = threading.Event()
    monkeypatch.setattr(live.reports, "write", _then(live.reports.write, written.set))
    reader = Reports(redis_url, own=lambda: report("reader:1"))
    assert reader.read()[0] == [report("reader:1")]

    visitor = Visitor(live_app)
    since = ModelPage.of(visitor.open(f"/events/{hall.event_id}").text).cursor
    stream = visitor.open(f"/events/{hall.event_id}/stream?since={since}", buffered=False)
    ear = Ear(stream.response)  # type: ignore[arg-type]
    ear.wait_for("beat")

    assert written.wait(10)
    [_, seen] = reader.read()[0]
    assert seen.name == live.report().name
    assert seen.since is not None
    live.stop()


def _then(act: Callable[[], None], tell: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        act()
        tell()

    return both
