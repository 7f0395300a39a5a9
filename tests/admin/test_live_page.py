from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from seatbook.admin.freshness_chart import WIDTH, freshness_chart
from seatbook.live import Live, Report
from seatbook.live.freshness import Freshness, FreshnessFigures
from seatbook.live.reports import Reports
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("app_context")


def freshness(*seconds: float) -> FreshnessFigures:
    counted = Freshness()
    for one in seconds:
        counted.add(one)
    return counted.figures()


def other_process(redis_url: str, **figures: int) -> Report:
    """The figures of a process on another host, as they stand in Redis."""
    counts = dict.fromkeys(
        ("streams", "opened", "refused", "slow", "changes", "refetches", "frames", "bytes"), 0
    )
    report = Report(
        name="box2:17",
        since=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        freshness=freshness(*[0.04] * 98, 0.3, 0.3),
        **counts | figures,
    )
    Reports(redis_url, own=lambda: report).write()
    return report


def figures_of(text: str) -> dict[str, str]:
    return dict(re.findall(r'data-figure="(\w+)">([^<]*)<', text))


def test_before_the_first_change_the_page_says_so(staff: Visitor) -> None:
    page = staff.open("/staff/live").text

    assert figures_of(page) == {"streams": "0", "changes": "0", "p50": "–", "p99": "–"}
    assert "No change has been told to an open page yet." in page
    assert "1 web process" in page


def test_the_figures_of_all_processes_are_added_up(staff: Visitor, app: Flask, redis_url: str) -> None:
    other_process(redis_url, streams=1_200, changes=100, opened=1_500)

    page = staff.open("/staff/live").text

    assert figures_of(page) == {"streams": "1,200", "changes": "100", "p50": "≤ 50 ms", "p99": "≤ 350 ms"}
    assert "Slower than it should be" in page
    assert "2 web processes" in page
    assert "box2:17" in page
    own: Live = app.extensions["seatbook_live"]
    assert own.report().name in page


def test_for_htmx_come_the_figures_alone(staff: Visitor) -> None:
    answer = staff.open("/staff/live", headers={"HX-Request": "true"}).text

    assert answer.strip().startswith('<div id="live-figures">')
    assert "<main" not in answer


def test_german_staff_read_german(staff: Visitor, redis_url: str) -> None:
    other_process(redis_url, streams=1_200, changes=100)
    staff.open("/language?to=de&next=/")

    page = staff.open("/staff/live").text

    assert "Offene Seiten" in page
    assert "1.200" in page


def test_the_chart_has_a_bar_for_each_span_and_tells_which_are_late() -> None:
    chart = freshness_chart(freshness(0.01, 0.01, 0.01, 0.3, 20.0), aim_seconds=0.25)

    bars = {bar.label: bar for bar in chart.bars}
    assert (bars["up to 25 ms"].count, bars["up to 350 ms"].count, bars["longer"].count) == (3, 1, 1)
    assert bars["up to 25 ms"].share == 0.6
    assert not bars["up to 250 ms"].is_late
    assert bars["up to 350 ms"].is_late
    assert bars["up to 25 ms"].width == pytest.approx(3 * bars["longer"].width, abs=1)
    assert all(0 <= bar.width < WIDTH for bar in chart.bars)
    assert bars["up to 1 s"].width == 0
    assert sum(bar.count for bar in chart.bars) == 5


def test_a_chart_of_nothing_has_no_bars_to_be_seen() -> None:
    chart = freshness_chart(freshness(), aim_seconds=0.25)

    assert all(bar.width == 0 and bar.share == 0 for bar in chart.bars)
